"""What a report's address means in the loop: a position wins, equals are asked about, and nothing holds a report up."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.test import Client

from anlan.city.addresses.landing import Given, land
from anlan.city.addresses.models import Address, Level
from anlan.city.addresses.resolving import lookups
from anlan.city.areas.atlas import atlas
from anlan.city.areas.geometry import PointLocator
from anlan.city.people import access
from anlan.city.people.access import scope_of, scoped, system
from anlan.loop.doors import tracking_index
from anlan.loop.models import Event, Matter
from anlan.loop.queries import by_code
from anlan.loop.refusals import BadInput
from anlan.services.intake.actions import preview, report
from anlan.services.intake.queries import previewed
from anlan.services.intake.reading import read_report
from anlan.services.intake.schemas import ReportIn
from tests.cast import COMMUNITY, CUIYUAN, Cast

DEJIA, CUIYUAN_ONE = "330106013001", "330106004001"
ROOM = "文一西路98号德加公寓3幢2单元501室"
TWICE = "幸福里1幢101室"


@pytest.fixture
def base(db: None) -> Iterator[None]:
    levels = (Level.ROAD, Level.NUMBER, Level.COMPOUND, Level.BUILDING, Level.UNIT, Level.ROOM)

    def given(community: str, *names: str, lon: float, lat: float) -> Given:
        return Given(community, {level: name for level, name in zip(levels, names, strict=True) if name}, lon, lat)

    rows = [
        given(DEJIA, "文一西路", "98", "德加公寓", "3", "2", "501", lon=120.11, lat=30.29),
        given(DEJIA, "", "", "幸福里", "1", "", "101", lon=120.11, lat=30.29),
        given(CUIYUAN_ONE, "", "", "幸福里", "1", "", "101", lon=120.14, lat=30.28),
    ]
    land(rows, atlas(), source="test", on=date(2024, 1, 1))
    lookups.names.cache_clear()
    yield
    lookups.names.cache_clear()


def said(address: str, **more: Any) -> ReportIn:
    return ReportIn.model_validate({"text": "楼道灯不亮", "address": address, **more})


def opened(given: ReportIn) -> tuple[Matter, dict[str, Any]]:
    """The new matter, and the first line of its history."""
    matter = report(given, by=access.anonymous()).matter
    with scoped(scope_of(system())):
        return matter, Event.objects.get(matter=matter, kind="opened").data


@pytest.mark.usefixtures("base")
class TestOneAddress:
    def test_area_and_position_follow_from_it_where_none_was_told(self) -> None:
        matter, told = opened(said(ROOM))
        assert (matter.area, matter.lon, matter.lat) == (COMMUNITY, 120.11, 30.29)
        assert told["address"]["verdict"] in ("exact", "resolved")
        assert told["address"]["gave_position"] is True
        assert any(reason["kind"] == "address" for reason in told["triage"]["reasons"])

    def test_the_history_keeps_the_code_and_not_the_words(self) -> None:
        _, told = opened(said(ROOM))
        (code,) = told["address"]["codes"]
        assert Address.objects.get(code=code).text.endswith("501室")
        assert "501" not in str(told["triage"])
        assert set(told["address"]) == {"verdict", "gave_position", "codes"}

    def test_a_position_that_was_told_wins_and_the_contradiction_is_said(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(PointLocator, "locate", lambda *_: CUIYUAN_ONE)
        matter, told = opened(said(ROOM, lon="120.14", lat="30.28"))
        assert (matter.area, matter.lon) == (f"{CUIYUAN}.{CUIYUAN_ONE}", 120.14)
        assert told["address"]["gave_position"] is False
        (reason,) = [each for each in told["triage"]["reasons"] if each["kind"] == "address"]
        assert "the position is taken" in reason["text_en"]

    def test_an_area_that_was_told_stands_and_takes_no_position_from_elsewhere(self) -> None:
        matter, told = opened(said(ROOM, area=CUIYUAN.rpartition(".")[2]))
        assert (matter.area, matter.lon) == (CUIYUAN, None)
        assert told["address"]["gave_position"] is False

    def test_an_area_that_was_told_is_narrowed_to_the_address_inside_it(self) -> None:
        matter, _ = opened(said(ROOM, area="330106013"))
        assert matter.area == COMMUNITY

    def test_a_grid_that_has_ended_gives_way_to_its_community(self) -> None:
        Address.objects.update(grid="330106013001999")
        assert opened(said(ROOM))[0].area == COMMUNITY

    def test_a_code_that_the_words_cannot_stand_for_is_refused_by_name(self) -> None:
        with pytest.raises(BadInput) as refused:
            report(said(ROOM, address_code="nothing"), by=access.anonymous())
        assert refused.value.field == "address_code"


@pytest.mark.usefixtures("base")
class TestSeveralAlike:
    def test_one_question_with_its_choices_would_settle_it(self) -> None:
        understood = previewed(said(TWICE)).understood
        assert understood is not None
        assert understood.verdict == "ambiguous"
        assert understood.question
        assert {each.label for each in understood.choices} == {"文新街道", "翠苑街道"}

    def test_the_report_is_taken_without_a_choice_and_nothing_is_guessed(self) -> None:
        matter, told = opened(said(TWICE))
        assert (matter.area, matter.lon) == ("3301", None)
        assert told["address"]["verdict"] == "ambiguous"
        assert len(told["address"]["codes"]) == 2

    def test_a_choice_settles_it(self) -> None:
        understood = previewed(said(TWICE)).understood
        assert understood is not None
        code = next(each.code for each in understood.choices if each.label == "翠苑街道")
        matter, told = opened(said(TWICE, address_code=code))
        assert matter.area == f"{CUIYUAN}.{CUIYUAN_ONE}"
        assert told["address"] == {"verdict": "resolved", "gave_position": True, "codes": [code]}


@pytest.mark.usefixtures("base")
@pytest.mark.parametrize(
    ("address", "verdict"), [("火星基地7号舱", "unknown"), ("上海市浦东新区世纪大道1号", "outside"), ("🙂", "unknown")]
)
def test_an_address_that_is_not_ours_is_harmless(address: str, verdict: str) -> None:
    matter, told = opened(said(address))
    assert (matter.address, matter.lon) == (address, None)
    assert told["address"] == {"verdict": verdict, "gave_position": False, "codes": []}


@pytest.mark.usefixtures("base")
def test_ten_thousand_characters_are_refused_by_name() -> None:
    with pytest.raises(BadInput) as refused:
        read_report({"text": "灯", "address": "文" * 10_000})
    assert refused.value.field == "address"


@pytest.mark.usefixtures("base")
def test_two_hundred_characters_of_names_are_read(cast: Cast) -> None:
    assert preview(said("文一西路德加公寓" * 25)).address is not None


def test_without_an_address_or_a_base_nothing_is_asked(db: None, django_assert_num_queries: Any) -> None:
    lookups.names.cache_clear()
    assert preview(said(ROOM)).address is None  # reads the names once
    with django_assert_num_queries(0):
        assert preview(said(ROOM)).address is None
        assert preview(said("")).address is None


@pytest.mark.usefixtures("base")
class TestOnThePages:
    def step_three(self, client: Client, address: str) -> str:
        where = client.post("/report", {"text": "楼道灯不亮"})["Location"]
        return str(client.post(where, {"address": address})["Location"])

    def test_the_third_step_says_what_was_understood(self, client: Client) -> None:
        page = client.get(self.step_three(client, ROOM), headers={"accept-language": "en"}).content.decode()
        assert "We understood:" in page
        assert "501室" in page

    def test_an_unknown_address_says_that_it_is_sent_as_it_is(self, client: Client) -> None:
        page = client.get(self.step_three(client, "火星基地7号舱"), headers={"accept-language": "en"}).content.decode()
        assert "It is sent as you wrote it" in page

    def test_the_question_is_asked_with_none_of_these_chosen(self, client: Client) -> None:
        page = client.get(self.step_three(client, TWICE), headers={"accept-language": "en"}).content.decode()
        radios = re.findall(r'<input type="radio" name="address_code" value="([^"]*)"( checked)?>', page)
        assert len(radios) == 3
        assert radios[-1] == ("", " checked")

    @pytest.mark.parametrize("code", ["", "made up"])
    def test_whatever_is_answered_it_is_sent(self, client: Client, code: str) -> None:
        answer = client.post(self.step_three(client, TWICE), {"address_code": code})
        assert answer.status_code == 302

    def test_the_chosen_address_brings_it_to_its_office(self, client: Client) -> None:
        send = self.step_three(client, TWICE)
        page = client.get(send, headers={"accept-language": "en"}).content.decode()
        first = re.findall(r'name="address_code" value="([^"]+)"', page)[0]
        receipt = client.post(send, {"address_code": first})["Location"]
        code = receipt.split("/")[2]
        matter = by_code(tracking_index(code))
        assert matter.area == atlas().path(Address.objects.get(code=first).community)

    def test_the_matters_page_shows_the_official_address(self, client: Client, cast: Cast) -> None:
        from anlan.city.people.models import Account

        matter, _ = opened(said(ROOM))
        client.force_login(Account.objects.get(username="chen"))
        page = client.get(f"/matters/{matter.id}", headers={"accept-language": "en"}).content.decode()
        assert "the position is the address" in page
        assert Address.objects.get(level=Level.ROOM, unit="2").text in page
