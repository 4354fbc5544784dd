"""Saying where a matter is: from an address or an area its grid and desk follow; what was told stays as it was."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from anlan.city.addresses.changes import Decision, demolish
from anlan.city.addresses.landing import Given, land
from anlan.city.addresses.models import Address, Level
from anlan.city.addresses.resolving import lookups
from anlan.city.areas.atlas import atlas
from anlan.city.people.access import scope_of, scoped, system
from anlan.loop import clock, engine
from anlan.loop.models import Announcement, Event, Matter
from anlan.loop.placing import code_of, place
from anlan.loop.refusals import BadInput, NotAllowed, NotPossible, Refused, Unknown
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import COMMUNITY, CUIYUAN, CUIYUAN_GRID, GRID, WENXIN, Cast, lamp
from tests.loop import stories
from tests.loop.test_pages import browser, morning, text

__all__ = ["morning"]

DEJIA, CUIYUAN_ONE = "330106013001", "330106004001"
TWICE = "幸福里1幢101室"


@pytest.fixture
def rooms(db: None) -> Iterator[dict[str, Address]]:
    """A room of the same words in two communities, by its community."""
    names = {Level.COMPOUND: "幸福里", Level.BUILDING: "1", Level.ROOM: "101"}
    given = [Given(DEJIA, names, 120.11, 30.29), Given(CUIYUAN_ONE, names, 120.14, 30.28)]
    land(given, atlas(), source="test", on=date(2024, 1, 1))
    lookups.names.cache_clear()
    yield {each.community: each for each in Address.objects.filter(level=Level.ROOM)}
    lookups.names.cache_clear()


@pytest.fixture
def matter(cast: Cast, rooms: dict[str, Address], morning: clock.ManualClock) -> Matter:
    """A report whose words fit both rooms."""
    codes = [rooms[community].code for community in (DEJIA, CUIYUAN_ONE)]
    told = {"address": {"verdict": "ambiguous", "codes": codes, "gave_position": False}}
    opening = lamp(area=WENXIN, address=TWICE, lon=None, lat=None)
    return engine.open_matter(Dispatching, opening, by=cast.wang, told=told).matter


def lines(matter: Matter) -> list[Event]:
    with scoped(scope_of(system())):
        return list(Event.objects.filter(matter_id=matter.id).order_by("seq"))


def test_an_ambiguous_place_is_settled_by_one_press_on_the_page(
    cast: Cast, matter: Matter, rooms: dict[str, Address]
) -> None:
    client, code = browser("chen"), rooms[DEJIA].code
    page = text(client.get(f"/matters/{matter.id}"))
    assert "Which town or street?" in page
    assert page.count("It is here") == 2
    told = {"version": str(matter.version), "address_code": code, "reason": "r"}
    assert client.post(f"/matters/{matter.id}/verbs/place", told).status_code == 302
    assert stories.now_of(matter.id).area == COMMUNITY
    assert lines(matter)[-1].data == {
        "from": {"area": WENXIN, "address_code": ""},
        "to": {"area": COMMUNITY, "address_code": code},
        "reason": "r",
    }
    page = text(client.get(f"/matters/{matter.id}"))
    assert "confirmed by a person" in page
    assert "Which town or street?" not in page


@pytest.mark.parametrize(("community", "stays"), [(DEJIA, True), (CUIYUAN_ONE, False)])
def test_the_board_asks_too_and_stays_with_what_is_still_the_desks(
    cast: Cast, matter: Matter, rooms: dict[str, Address], community: str, stays: bool
) -> None:
    client = browser("chen")
    assert text(client.get(f"/board?matter={matter.id}")).count("It is here") == 2
    told = {"version": str(matter.version), "address_code": rooms[community].code, "reason": "r"}
    answer = client.post(f"/board/{matter.id}/place", told)
    assert ("matter=" in answer["Location"]) == stays
    assert rooms[community].community in stories.now_of(matter.id).area
    assert client.post(f"/board/{matter.id}/place", told).status_code == (409 if stays else 404)


def test_a_place_at_another_desk_takes_everything_along_and_tells_it(
    cast: Cast, matter: Matter, rooms: dict[str, Address]
) -> None:
    place(matter.id, by=cast.chen, reason="r", address_code=rooms[CUIYUAN_ONE].code)
    moved = stories.now_of(matter.id)
    assert moved.area == f"{CUIYUAN}.{CUIYUAN_ONE}"
    assert {each.area for each in stories.clocks(matter.id).values()} == {moved.area}
    assert stories.desks_told(matter.id)[-1] == moved.area
    with scoped(scope_of(system())):
        heard = Announcement.objects.filter(matter_id=matter.id).latest("version")
    assert (heard.kind, heard.area, heard.left_areas) == ("placed", moved.area, [WENXIN])


def test_what_was_told_stays_as_it_was_told(cast: Cast, matter: Matter, rooms: dict[str, Address]) -> None:
    place(matter.id, by=cast.chen, reason="r", address_code=rooms[DEJIA].code)
    after = stories.now_of(matter.id)
    assert (after.address, after.lon, after.lat) == (TWICE, None, None)


def test_an_area_alone_is_corrected_and_leaves_no_address_that_lies_elsewhere(
    cast: Cast, matter: Matter, rooms: dict[str, Address]
) -> None:
    place(matter.id, by=cast.chen, reason="r", address_code=rooms[DEJIA].code)
    place(matter.id, by=cast.chen, reason="r", in_area=GRID)
    assert stories.now_of(matter.id).area == GRID
    with scoped(scope_of(system())):
        assert code_of(matter.id) == ""


def test_an_area_is_picked_by_its_name_and_the_reporter_reads_of_it(cast: Cast, matter: Matter) -> None:
    told = {"version": str(matter.version), "in_area": atlas().full_name(COMMUNITY), "reason": "r"}
    assert browser("chen").post(f"/matters/{matter.id}/verbs/place", told).status_code == 302
    page = text(browser("wang").get(f"/t/{matter.tracking}", follow=True))
    assert "Place confirmed" in page
    assert "德加社区" in page


def test_what_says_nothing_new_or_nowhere_is_refused_naming_the_field(
    cast: Cast, matter: Matter, rooms: dict[str, Address]
) -> None:
    def refused(kind: type[Refused], **told: Any) -> str | None:
        with pytest.raises(kind) as wrong:
            place(matter.id, by=cast.chen, reason="r", **told)
        return wrong.value.field

    assert refused(BadInput) == "address_code"
    assert refused(Unknown, address_code="none") == "address_code"
    assert refused(BadInput, in_area="3301.99") == "in_area"
    assert refused(BadInput, address_code=rooms[DEJIA].code, in_area=CUIYUAN) == "in_area"
    assert refused(NotPossible, in_area=WENXIN) == "in_area"
    demolish(rooms[DEJIA], Decision(by=system(), on=date(2024, 2, 1), today=clock.today(), reason="r"))
    assert refused(BadInput, address_code=rooms[DEJIA].code) == "address_code"
    assert len(lines(matter)) == 1


def test_a_unit_does_not_lose_what_it_has_in_hand_but_its_grid_may_be_corrected(cast: Cast, matter: Matter) -> None:
    matter = stories.assigned(cast)
    with pytest.raises(NotPossible):
        place(matter.id, by=cast.chen, reason="r", in_area=CUIYUAN_GRID)
    assert place(matter.id, by=cast.chen, reason="r", in_area=COMMUNITY).area == COMMUNITY


def test_only_the_desk_says_where_it_is(cast: Cast) -> None:
    matter = stories.assigned(cast)
    with pytest.raises(NotAllowed):
        place(matter.id, by=cast.li, reason="r", in_area=COMMUNITY)
    with pytest.raises(Unknown):
        place(matter.id, by=cast.zhou, reason="r", in_area=COMMUNITY)
