"""Each fault that is planted in the base is found once, with what it is, and gone when it is gone."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from anlan.city.addresses import aliases
from anlan.city.addresses.changes import Decision, demolish
from anlan.city.addresses.models import Address, AddressChange, Alias, Level
from anlan.city.areas.models import Area
from anlan.city.people.access import scope_of, scoped, system
from anlan.foundation.identifiers import new_id
from anlan.loop import clock
from anlan.services.inspection.detection import inspect, inspect_nightly
from anlan.services.inspection.findings import reopen, settle, told
from anlan.services.inspection.models import Finding, Score
from anlan.services.inspection.scoring import points
from tests.cast import CITY, COMMUNITY, GRID, WENXIN, Cast
from tests.services.inspection.conftest import CODE, address


def found(path: str = CITY) -> set[tuple[str, str, str]]:
    """What is open after looking, as (kind, about, name)."""
    inspect(path)
    return {(each.kind, each.about, each.address.name) for each in open_findings()}


def open_findings() -> list[Finding]:
    with scoped(scope_of(system())):
        return list(Finding.objects.filter(settled_at=None).select_related("address"))


def copy(of: Address, **changes: object) -> Address:
    """Another row like one, under another parent."""
    values = {field.attname: getattr(of, field.attname) for field in Address._meta.concrete_fields}
    return Address.objects.create(**{**values, "id": new_id(), "code": "33010601300106999999", **changes})


def change(of: Address, **changes: object) -> None:
    Address.objects.filter(id=of.id).update(**changes)


def twice() -> None:
    house = address(Level.NUMBER, "7号")
    copy(house, parent_id=address(Level.COMPOUND, "德加公寓").id)


def called_alike() -> None:
    road = address(Level.ROAD, "文一路")
    compound = address(Level.COMPOUND, "德加公寓")
    other = copy(compound, name="新名苑", canonical="新名苑", compound="新名苑", code="33010601300107999999")
    reason = {"reason": "俗称", "by": system()}
    alias = aliases.propose(compound, "新名苑", Alias.Kind.COLLOQUIAL, **reason)  # type: ignore[arg-type]
    aliases.accept(alias, by=system(), reason="是")
    assert other.area == compound.area
    assert road


def without_parent() -> None:
    road = address(Level.ROAD, "文一路")
    ended = AddressChange.objects.create(
        address=road, kind="demolished", effective_on=clock.today(), recorded_at=timezone.now(), reason="试"
    )
    change(road, status="demolished", ended_by=ended, valid_until=clock.today())


def area_ended() -> None:
    Area.objects.filter(path=COMMUNITY).update(valid_until=clock.today())


def outside() -> None:
    change(address(Level.NUMBER, "7号"), lon=120.2)


def no_grid() -> None:
    change(address(Level.NUMBER, "7号"), grid="")


def grid_ended() -> None:
    change(address(Level.NUMBER, "7号"), grid="330106013001099")


def missing_building() -> None:
    unit = Address.objects.filter(level=Level.UNIT).order_by("code")[0]
    change(unit, building="")


def missing_community() -> None:
    change(address(Level.NUMBER, "7号"), community="")


def number_too_high() -> None:
    change(address(Level.NUMBER, "7号"), name="99999号", canonical="99999")


def huge_number() -> None:
    change(address(Level.NUMBER, "7号"), name="1" * 40, canonical="1" * 40)


def floor_too_high() -> None:
    room = Address.objects.filter(level=Level.ROOM).order_by("code")[0]
    change(room, name="99901室", canonical="99901")


def bad_code() -> None:
    change(address(Level.NUMBER, "7号"), code="33010601300107000007")


def unknown_area() -> None:
    change(address(Level.NUMBER, "7号"), code="99999999999906000007")


def bad_name() -> None:
    change(address(Level.COMPOUND, "德加公寓"), name="德加公寓•A")


def long_ago() -> None:
    change(address(Level.NUMBER, "7号"), valid_from=clock.today() - timedelta(days=800))


PLANTED = [
    (twice, ("duplicate", "same", "7号")),
    (called_alike, ("duplicate", "alias", "新名苑")),
    (without_parent, ("orphan", "parent", "7号")),
    (area_ended, ("orphan", "area", "7号")),
    (outside, ("outside", "position", "7号")),
    (no_grid, ("outside", "none", "7号")),
    (grid_ended, ("outside", "ended", "7号")),
    (missing_building, ("missing", "building", "1单元")),
    (missing_community, ("missing", "community", "7号")),
    (number_too_high, ("number", "number", "99999号")),
    (huge_number, ("number", "number", "1" * 40)),
    (floor_too_high, ("number", "room", "99901室")),
    (bad_code, ("code", "code", "7号")),
    (unknown_area, ("code", "code", "7号")),
    (bad_name, ("field", "compound", "德加公寓•A")),
    (long_ago, ("stale", "checked", "7号")),
]


def test_nothing_is_found_in_a_sound_base(base: Cast) -> None:
    assert found() == set()


@pytest.mark.parametrize(("plant", "fault"), PLANTED, ids=[plant.__name__ for plant, _fault in PLANTED])
def test_what_is_planted_is_found_and_says_what_it_is(
    base: Cast, plant: Callable[[], None], fault: tuple[str, str, str]
) -> None:
    plant()
    assert fault in found()
    said = next(told(each) for each in open_findings() if each.kind == fault[0] and each.about == fault[1])
    assert "%(" not in said.words
    assert said.source


def test_a_field_rule_is_named_with_its_source(base: Cast) -> None:
    bad_name()
    found()
    (finding,) = open_findings()
    assert "Chinese characters only" in told(finding).words
    assert told(finding).source == "unified address rules of Xihu district"


def test_a_finding_is_kept_once_and_settles_itself_when_it_is_gone(base: Cast) -> None:
    outside()
    inspect(CITY)
    assert sum(inspect(CITY).values()) == 0
    (finding,) = open_findings()
    change(address(Level.NUMBER, "7号"), lon=120.10)
    inspect(CITY)
    with scoped(scope_of(system())):
        finding.refresh_from_db()
    assert (finding.settled_how, open_findings()) == ("gone", [])


def test_what_is_said_to_be_fine_stays_fine_until_its_value_changes(base: Cast) -> None:
    number_too_high()
    inspect(CITY)
    (finding,) = open_findings()
    assert settle([finding.id], reason="门牌确实如此", by=base.wu) == 1
    assert found() == set()
    change(finding.address, name="88888号", canonical="88888")
    assert found() == {("number", "number", "88888号")}


def test_what_was_said_to_be_fine_can_be_opened_again(base: Cast) -> None:
    outside()
    inspect(CITY)
    (finding,) = open_findings()
    settle([finding.id], reason="看错了", by=base.wu)
    assert reopen([finding.id], reason="没有看错", by=base.wu) == 1
    assert [each.id for each in open_findings()] == [finding.id]


def test_looking_through_one_community_leaves_the_others_findings_alone(base: Cast) -> None:
    outside()
    inspect(CITY)
    inspect("3301.330106.330106004")
    assert len(open_findings()) == 1


def test_the_city_is_looked_through_once_a_night(base: Cast) -> None:
    outside()
    assert inspect_nightly() == 1
    bad_code()
    assert inspect_nightly() == 0


def test_a_demolished_address_is_not_looked_at(base: Cast) -> None:
    outside()
    day = clock.today()
    demolish(address(Level.NUMBER, "7号"), Decision(by=system(), on=day, today=day, reason="拆除"))
    assert found() == set()


def test_the_scores_are_of_the_base(base: Cast) -> None:
    outside()
    inspect(WENXIN)
    with scoped(scope_of(system())):
        score = Score.objects.get(community=CODE)
        placed = Address.objects.filter(community=CODE, level__in=(6, 7, 8)).count()
    assert score.in_grid == pytest.approx(1 - 1 / placed)
    assert (score.uniqueness, score.completeness, score.aliases) == (1, 1, None)
    reached = points(score)
    assert reached is not None
    assert 99 < reached < 100
    assert GRID.startswith(score.area)
