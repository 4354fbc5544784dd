"""The tree as a process keeps it in memory: names, paths, and which area holds a point.

Areas change a few times a year and are asked for at every report, so each process reads them once and again
when told that they changed.
"""

import functools
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings

from anlan.city.areas.geometry import Point, PointLocator
from anlan.city.areas.models import Area
from anlan.city.areas.reference import place_name
from anlan.foundation import freshness


@dataclass(frozen=True, slots=True)
class _Drawn:
    code: str
    polygon: tuple[Point, ...]


@dataclass(frozen=True, eq=False)
class Atlas:
    """`paths` and `names` by code (names also of areas that have ended); `points` is a place inside each area that has
    one, `borders` the ring of each that is drawn. `schematic` are those whose border is synthetic."""

    paths: Mapping[str, str]
    names: Mapping[str, str]
    points: Mapping[str, Point]
    borders: Mapping[str, tuple[Point, ...]]
    schematic: frozenset[str]
    children: Mapping[str, tuple[str, ...]]
    locator: PointLocator

    def path(self, code: str | None) -> str:
        """The path of a code; of the whole city where the code is unknown or none."""
        return self.paths.get(code or "", settings.ANLAN_CITY)

    def locate(self, lon: float, lat: float) -> str | None:
        """The code of the smallest drawn area at a position (WGS-84), None outside the city."""
        return self.locator.locate(lon, lat)

    def full_name(self, path: str) -> str:
        """`西湖区文新街道德加社区`: the names from the district down."""
        labels = path.split(".")
        return "".join(self.names.get(label, label) for label in (labels[1:] or labels))


@functools.cache
def atlas() -> Atlas:
    """The areas in force today."""
    columns = ("code", "path", "name", "lon", "lat", "boundary", "synthetic", "parent")
    areas = list(Area.objects.filter(valid_until=None).order_by("code").values_list(*columns, named=True))
    # What was closed in a grid that has ended since is still called by its name.
    ended = Area.objects.exclude(valid_until=None).values_list("code", "name")
    borders = {area.code: tuple((lon, lat) for lon, lat in area.boundary) for area in areas if area.boundary}
    children: defaultdict[str, list[str]] = defaultdict(list)
    for area in areas:
        if area.parent:
            children[area.parent].append(area.code)
    return Atlas(
        paths={area.code: area.path for area in areas},
        names={code: place_name(name) for code, name in (*ended, *((area.code, area.name) for area in areas))},
        points={area.code: (area.lon, area.lat) for area in areas if None not in (area.lon, area.lat)},
        borders=borders,
        schematic=frozenset(area.code for area in areas if area.boundary and area.synthetic),
        children={code: tuple(below) for code, below in children.items()},
        locator=PointLocator(_Drawn(code, ring) for code, ring in borders.items()),
    )


freshness.keep("areas", atlas.cache_clear)
