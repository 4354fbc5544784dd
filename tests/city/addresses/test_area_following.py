"""The addresses follow when an area is called otherwise and when the grids around them are redrawn."""

from datetime import date

import pytest
from django.utils import timezone

from anlan.city.addresses.landing import Given, land
from anlan.city.addresses.models import Address, Level
from anlan.city.areas import changes, grid_changes
from anlan.city.areas.atlas import atlas
from anlan.city.areas.grid_drawing import split
from anlan.city.areas.models import Area, GridPlan
from tests.cast import Cast

DAY = date(2026, 3, 1)
COMMUNITY_CODE, GRID_CODE = "330106013001", "330106013001001"
WEST, MIDDLE, EAST, SOUTH, NORTH = 120.09, 120.10, 120.11, 30.28, 30.30


@pytest.fixture(autouse=True)
def _base(cast: Cast) -> None:
    """Two buildings in a community with one grid, one in its western and one in its eastern half, with a room each."""
    outline = [[WEST, SOUTH], [EAST, SOUTH], [EAST, NORTH], [WEST, NORTH]]
    Area.objects.filter(code__in=(COMMUNITY_CODE, GRID_CODE)).update(boundary=outline)
    atlas.cache_clear()
    rows = [
        Given(COMMUNITY_CODE, {Level.COMPOUND: "德加公寓", Level.BUILDING: building, Level.ROOM: "101"}, lon, 30.29)
        for building, lon in (("1", 120.095), ("2", 120.105))
    ]
    land(rows, atlas(), source="test", on=DAY)


def rename(code: str, name: str, *, on: date = DAY) -> None:
    changes.rename(Area.objects.get(code=code), name, on=on, today=DAY, by=None, reason="更名")


def texts() -> list[str]:
    return sorted(Address.objects.filter(level=Level.ROOM).values_list("text", flat=True))


def grids() -> list[str]:
    return list(Address.objects.filter(level=Level.BUILDING).order_by("canonical").values_list("grid", flat=True))


def redraw() -> GridPlan:
    """Split the grid in two halves, in force at once."""
    now = timezone.now()
    community = Area.objects.get(code=COMMUNITY_CODE)
    halves = split(grid_changes.grids_in_force(community), GRID_CODE, ((MIDDLE, 30.27), (MIDDLE, 30.31)))
    plan = grid_changes.begin(community, by=None, at=now, reason="分格", drawing=halves)
    plan.state, plan.effective_on = GridPlan.State.DECIDED, now.date()
    plan.save()
    assert grid_changes.carry_out(now.date(), now) == 1
    plan.refresh_from_db()
    return plan


@pytest.mark.parametrize(
    ("code", "name", "begins"),
    [
        ("330106", "新湖区", "杭州市新湖区文新街道德加社区"),
        ("330106013", "文新新街道", "杭州市西湖区文新新街道德加社区"),
        (COMMUNITY_CODE, "骆家庄社区", "杭州市西湖区文新街道骆家庄社区"),
    ],
)
def test_addresses_are_written_with_the_new_name_of_an_area(code: str, name: str, begins: str) -> None:
    rename(code, name)
    assert texts() == [f"{begins}德加公寓1幢101室", f"{begins}德加公寓2幢101室"]
    own = Address.objects.get(code=code)
    assert (own.name, own.text) == (name, begins[: begins.index(name)] + name)


def test_a_name_that_comes_into_force_later_is_written_on_its_day() -> None:
    rename(COMMUNITY_CODE, "骆家庄社区", on=date(2099, 1, 1))
    assert all("德加社区" in text for text in texts())
    changes.carry_out(date(2099, 1, 1))
    assert all("骆家庄社区德加公寓" in text for text in texts())


def test_addresses_elsewhere_keep_their_words() -> None:
    land([Given("330106004001", {Level.COMPOUND: "翠苑一区"})], atlas(), source="test", on=DAY)
    rename("330106013", "文新新街道")
    assert "翠苑街道" in Address.objects.get(level=Level.COMPOUND, name="翠苑一区").text


def test_addresses_lie_in_the_new_grids_by_their_positions() -> None:
    assert grids() == [GRID_CODE, GRID_CODE]
    plan = redraw()
    assert grids() == [f"{COMMUNITY_CODE}002", f"{COMMUNITY_CODE}003"]
    # Compound, building and room of each: whatever has a position.
    placed = Address.objects.exclude(lon=None).count()
    assert plan.moved["addresses"] == placed


def test_following_the_grids_twice_moves_no_address_twice() -> None:
    plan = redraw()
    GridPlan.objects.filter(id=plan.id).update(followed_at=None)
    grid_changes.carry_out(timezone.now().date(), timezone.now())
    plan.refresh_from_db()
    assert plan.moved["addresses"] == 0
