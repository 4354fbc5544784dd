"""A small base in Wenxin: a compound of three buildings, its rooms, and houses along a road; the grid is drawn."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from anlan.city.addresses.landing import Given, land
from anlan.city.addresses.models import Address, Level
from anlan.city.areas.atlas import atlas
from anlan.city.areas.models import Area
from anlan.loop import clock
from tests.cast import COMMUNITY, GRID, Cast

CODE = COMMUNITY.rpartition(".")[2]
INSIDE = (120.10, 30.29)
SQUARE = [[120.09, 30.28], [120.11, 30.28], [120.11, 30.30], [120.09, 30.30], [120.09, 30.28]]


@pytest.fixture
def base(cast: Cast) -> Iterator[Cast]:
    Area.objects.filter(path=GRID).update(boundary=SQUARE)
    atlas.cache_clear()
    rows = [Given(CODE, {Level.ROAD: "文一路", Level.NUMBER: str(number)}, *INSIDE) for number in range(1, 41)]
    rows += [
        Given(
            CODE,
            {Level.COMPOUND: "德加公寓", Level.BUILDING: f"{building}", Level.UNIT: "1", Level.ROOM: "101"},
            *INSIDE,
        )
        for building in (1, 2, 3)
    ]
    land(rows, atlas(), source="tests", on=clock.today() - timedelta(days=30))
    yield cast
    atlas.cache_clear()


def address(level: Level, name: str) -> Address:
    """The address of a level and name."""
    return Address.objects.get(level=level, name=name)
