"""The tree as a process keeps it in memory: names, paths, and which area holds a point.

Areas change a few times a year and are asked for at every report, so each process reads them once and again
when told that they changed.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings

from anlan.city.areas.geometry import Point, PointLocator
from anlan.city.areas.models import Area
from anlan.city.areas.reference import place_name


@dataclass(frozen=True, slots=True)
class _Drawn:
    code: str
    polygon: tuple[Point, ...]


@dataclass(frozen=True, eq=False)
class Atlas:
    """`paths` and `names` by code; `points` is a place inside each area that has one."""

    paths: Mapping[str, str]
    names: Mapping[str, str]
    points: Mapping[str, Point]
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
    """The areas in force today. `atlas.cache_clear()` after a change."""
    areas = list(Area.objects.filter(valid_until=None).values_list("code", "path", "name", "lon", "lat", "boundary"))
    return Atlas(
        paths={code: path for code, path, *_ in areas},
        names={code: place_name(name) for code, _, name, *_ in areas},
        points={code: (lon, lat) for code, _, _, lon, lat, _ in areas if lon is not None and lat is not None},
        locator=PointLocator(
            _Drawn(code, tuple((lon, lat) for lon, lat in boundary)) for code, *_, boundary in areas if boundary
        ),
    )
