"""From a text to one coded address, or to an honest word on what is missing."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.city.addresses import changes
from anlan.city.addresses.landing import Given, land
from anlan.city.addresses.models import Address, Level
from anlan.city.addresses.parts import Parsed
from anlan.city.addresses.resolving import lookups
from anlan.city.addresses.resolving.asked import Asked, Named
from anlan.city.addresses.resolving.keys import keys_of
from anlan.city.addresses.resolving.names import How, Kind, NameIndex
from anlan.city.addresses.resolving.resolver import Resolution, Verdict, resolve, resolve_all
from anlan.city.addresses.resolving.reverse import Problem, reverse
from anlan.city.addresses.resolving.suggesting import suggest
from anlan.city.areas.atlas import atlas
from anlan.city.people.access import actor_of
from anlan.city.people.models import Account
from tests.cast import Cast, post

DEJIA, CUIYUAN = "330106013001", "330106004001"
ROOM = "西湖区文新街道文一西路98号德加公寓3幢2单元501室"


def _given(community: str, *names: str, lon: float = 120.1, lat: float = 30.29) -> Given:
    levels = (Level.ROAD, Level.NUMBER, Level.COMPOUND, Level.BUILDING, Level.UNIT, Level.ROOM)
    return Given(community, {level: name for level, name in zip(levels, names, strict=False) if name}, lon, lat)


@pytest.fixture
def base(db: None) -> Iterator[None]:
    rows = [
        _given(DEJIA, "文一西路", "98", "德加公寓", "3", "2", "501"),
        _given(DEJIA, "文一西路", "98", "德加公寓", "3", "1", "501"),
        _given(DEJIA, "文一西路", "98", "德加公寓", "3", "1", "502"),
        _given(DEJIA, "文一西路", "100", lon=120.11),
        _given(CUIYUAN, "古翠路", "7", "翠苑花园", "1", "", "101", lon=120.14),
        _given(CUIYUAN, "", "", "幸福里", "1", "", "101", lon=120.14),
        _given(DEJIA, "", "", "幸福里", "1", "", "101"),
    ]
    land(rows, atlas(), source="test", on=date(2024, 1, 1))
    lookups.names.cache_clear()
    yield
    lookups.names.cache_clear()


def best(found: Resolution) -> str:
    assert found.address is not None, (found.verdict, found.candidates)
    return found.address.text


def codes_of(found: Resolution) -> set[str]:
    return {reason.code for reason in found.candidates[0].reasons}


@pytest.mark.usefixtures("base")
class TestOneAddress:
    def test_what_is_written_as_in_the_base_is_exact(self) -> None:
        found = resolve(ROOM)
        assert found.verdict is Verdict.EXACT
        assert best(found).endswith("3幢2单元501室")
        assert found.candidates[0].score == 1

    @pytest.mark.parametrize(
        "text",
        [
            "德加公寓3幢2单元501室",
            "德加公寓3-2-501",
            "文一西路98号德加公寓三幢二单元五〇一室",
            "德加公寓３幢２单元５０１室",
            "麻烦到西湖区文新街道德加公寓3幢2单元501室，谢谢",
        ],
    )
    def test_the_same_room_is_found_however_it_is_written(self, text: str) -> None:
        assert best(resolve(text)).endswith("3幢2单元501室")

    def test_a_name_of_the_same_sound_is_recognised_and_says_so(self) -> None:
        found = resolve("文一西路98号得加公寓3幢2单元501室")
        assert best(found).endswith("3幢2单元501室")
        assert found.verdict is Verdict.RESOLVED
        assert "sound" in codes_of(found)

    def test_one_wrong_character_is_recognised_and_says_so(self) -> None:
        found = resolve("德如公寓3幢2单元501室")
        assert best(found).endswith("3幢2单元501室")
        assert "alike" in codes_of(found)

    def test_a_room_that_is_not_there_leads_to_its_building(self) -> None:
        found = resolve("德加公寓3幢2单元999室")
        assert best(found).endswith("3幢2单元")
        assert [reason.said for reason in found.candidates[0].reasons if reason.code == "not_in_base"] == ["999"]

    def test_a_wrong_district_is_put_right_and_named(self) -> None:
        found = resolve("西湖区翠苑街道德加公寓3幢2单元501室")
        assert best(found).endswith("3幢2单元501室")
        assert found.verdict is Verdict.RESOLVED
        assert ("differs", "town") in {(reason.code, reason.part) for reason in found.candidates[0].reasons}

    def test_reasons_are_told_in_both_languages(self) -> None:
        reason = next(each for each in resolve("德如公寓3幢2单元501室").candidates[0].reasons if each.code == "alike")
        assert reason.told_in("en") == "德如公寓 is written nearly like 德加公寓"
        assert reason.told_in("zh-hans") == "德如公寓 与 德加公寓 字形相近"


@pytest.mark.usefixtures("base")
class TestNoGuessing:
    def test_a_missing_unit_is_asked_for(self) -> None:
        found = resolve("德加公寓3幢501室")
        assert found.verdict is Verdict.AMBIGUOUS
        assert found.address is None
        assert found.question is not None
        assert (found.question.level, str(found.question)) == ("unit", "Which unit?")
        assert {choice.label for choice in found.question.choices} == {"1单元", "2单元"}

    def test_one_name_in_two_towns_is_asked_for_by_the_town(self) -> None:
        found = resolve("幸福里1幢101室")
        assert found.question is not None
        assert {choice.label for choice in found.question.choices} == {"文新街道", "翠苑街道"}
        assert best(resolve("翠苑街道幸福里1幢101室")).startswith("杭州市西湖区翠苑街道")

    def test_a_position_settles_what_the_words_leave_open(self) -> None:
        assert "翠苑街道" in best(resolve("幸福里1幢101室", near=(120.14, 30.29)))

    def test_the_area_of_the_asker_settles_it_too(self) -> None:
        assert "文新街道" in best(resolve("幸福里1幢101室", area="3301.330106.330106013"))

    def test_a_name_that_nothing_is_like_is_unknown(self) -> None:
        assert resolve("不存在的龙宫大街12号").verdict is Verdict.UNKNOWN

    def test_another_city_is_outside(self) -> None:
        assert resolve("北京市朝阳区文一西路98号").verdict is Verdict.OUTSIDE

    @pytest.mark.parametrize("text", ["", "   ", "\x00", "x" * 10_000, "Привет мир", "😀" * 50, "，。！"])
    def test_what_is_no_address_is_unknown(self, text: str) -> None:
        assert resolve(text).verdict is Verdict.UNKNOWN

    @given(st.text(max_size=60))
    def test_no_text_at_all_breaks_it(self, text: str) -> None:
        assert "".join(part.text for part in resolve(text).parsed.parts) == text

    def test_many_are_answered_in_their_order(self) -> None:
        found = list(resolve_all([ROOM, "", "文一西路100号"] * 100))
        assert len(found) == 300
        assert best(found[-1]).endswith("文一西路100号")
        assert found[1].verdict is Verdict.UNKNOWN


@pytest.mark.usefixtures("base")
class TestReverse:
    def test_an_exchange_of_longitude_and_latitude_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(type(atlas()), "locate", lambda self, lon, lat: DEJIA if lon > lat else None)
        assert reverse(30.29, 120.1).problem is Problem.SWAPPED
        found = reverse(120.1101, 30.29)
        assert found.nearest[0][1].number == "100"
        assert found.nearest[0][0] < 20
        assert reverse(120.3, 30.29).problem is Problem.NONE_NEAR

    def test_a_place_outside_the_city_is_said(self) -> None:
        assert reverse(2.35, 48.85).problem is Problem.OUTSIDE
        assert reverse(0, 0).problem is Problem.NO_POSITION


@pytest.mark.usefixtures("base")
class TestSuggestions:
    @pytest.mark.parametrize("typed", ["文一", "wyxl", "wenyi", "西湖区文一"])
    def test_a_road_is_offered_by_characters_and_by_pinyin(self, typed: str) -> None:
        assert [row.road for row in suggest(typed)] == ["文一西路"]

    def test_numbers_below_a_road_are_offered(self) -> None:
        assert [row.number for row in suggest("文一西路1")] == ["100"]

    def test_nothing_is_offered_for_nothing(self) -> None:
        assert suggest("") == suggest("%") == suggest("龙") == []

    def test_what_has_ended_is_not_offered(self) -> None:
        assert all(row.in_use for row in suggest("德加"))
        assert suggest("djgy")[0].text.endswith("德加公寓")
        assert Address.objects.filter(compound="德加公寓").exists()


def test_names_are_told_from_each_other_by_what_is_wrong_with_them() -> None:
    index = NameIndex.of([(Kind.ROAD, name, name, "330106") for name in ("文新路", "林语路", "学院路")])
    assert [each.how for each in index.recognise("文新路")] == [How.EXACT]
    assert [each.how for each in index.recognise("文欣路")] == [How.SOUND]
    assert index.recognise("宁语路")[0].how is How.ROUGH_SOUND
    assert index.recognise("学原路")[0].name.text == "学院路"
    assert index.recognise("人民大道") == []


def _decided(cast: Cast) -> changes.Decision:
    account = Account.objects.create_user("mei", name="梅")
    post(account, "ADMINISTRATOR", "3301.330106")
    day = date(2026, 3, 1)
    return changes.Decision(actor_of(account, on=day), day, day, "门牌整治")


def _at(**keys: str | Level) -> Address:
    return Address.objects.get(**keys, status=Address.Status.IN_USE)


@pytest.mark.usefixtures("base")
class TestWhatHasEnded:
    def test_the_name_of_a_merged_road_leads_to_the_numbers_of_the_other(self, cast: Cast) -> None:
        old, new = _at(level=Level.ROAD, road="古翠路"), _at(level=Level.ROAD, road="文一西路")
        changes.merge(old, new, _decided(cast))
        lookups.names.cache_clear()
        found = resolve("古翠路98号")
        assert best(found).endswith("文一西路98号")
        assert "alias" in codes_of(found)

    def test_a_merged_building_leads_to_the_one_that_took_its_place(self, cast: Cast) -> None:
        old = _at(level=Level.UNIT, compound="德加公寓", unit="2")
        changes.merge(old, _at(level=Level.UNIT, compound="德加公寓", unit="1"), _decided(cast))
        lookups.names.cache_clear()
        found = resolve("文一西路98号德加公寓3幢2单元")
        assert best(found).endswith("3幢1单元")
        assert "led_on" in codes_of(found)

    def test_what_was_demolished_is_unknown_and_says_that_it_has_ended(self, cast: Cast) -> None:
        changes.demolish(_at(level=Level.COMPOUND, compound="翠苑花园"), _decided(cast))
        lookups.names.cache_clear()
        found = resolve("翠苑花园")
        assert found.verdict is Verdict.UNKNOWN
        assert "ended" in codes_of(found)


@pytest.mark.usefixtures("base")
def test_a_crossing_is_both_of_its_roads() -> None:
    found = resolve("西湖区文一西路与古翠路交叉口")
    assert found.verdict is Verdict.RESOLVED
    assert {each.address.road for each in found.candidates} == {"文一西路", "古翠路"}
    assert "crossing" in codes_of(found)


@pytest.mark.usefixtures("base")
def test_many_keys_are_asked_for_in_one_statement(django_assert_num_queries: Any) -> None:
    lookups.names()
    with django_assert_num_queries(1):
        resolve("文一西路98号德加公寓3幢501室")


@pytest.mark.usefixtures("base")
def test_texts_of_one_batch_that_speak_of_one_compound_find_the_same_as_alone() -> None:
    texts = [ROOM, "德加公寓3幢", ROOM, "翠苑花园1幢101室", "某处"]
    together = [[each.address.code for each in found.candidates] for found in resolve_all(texts)]
    assert together == [[each.address.code for each in resolve(text).candidates] for text in texts]


@pytest.mark.usefixtures("base")
def test_a_floor_is_said_to_lie_within_what_holds_it() -> None:
    found = resolve("文一西路98号德加公寓3幢5层")
    assert best(found).endswith("德加公寓3幢")
    assert found.verdict is Verdict.RESOLVED
    assert "floor_within" in codes_of(found)
    assert "floor_within" not in codes_of(resolve(ROOM))


def test_of_many_names_one_character_away_the_one_in_the_district_named_is_looked_up() -> None:
    elsewhere = [(f"{first}春坪", "330109") for first in "荷申祥泉安港永兴和嘉宁德丰云松竹兰梅桂枫"]
    names = [*elsewhere, ("康春坪", "330106")]
    index = NameIndex.of((Kind.COMPOUND, name, name, district) for name, district in names)
    said = Named.of("奉春坪", index.recognise("奉春坪"))
    asked = Asked(Parsed("奉春坪", ()), districts=frozenset({"330106"}), names=[said])
    looked_up = {key.name for key in keys_of(asked)}
    assert "康春坪" in looked_up
    assert len(looked_up) < len(names)
