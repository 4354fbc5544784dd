"""The grids of a community as GeoJSON (RFC 7946), in and out.

In: one FeatureCollection of polygons; `code` in the properties names a grid that is there, `name` and `households` may
stand beside it. Every fault is told with the number of its feature; nothing is taken in while there is one.
"""

import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from math import isfinite
from typing import Any

from django.utils.translation import gettext as _

from anlan.city.areas.geometry import Point, bd09_to_wgs84, gcj02_to_wgs84
from anlan.city.areas.grid_drawing import (
    MOST_CORNERS,
    MOST_GRIDS,
    Drawing,
    DrawingError,
    Grid,
    Ring,
    fault_of,
    free_name,
    noded,
    sound_or_empty,
)

MOST_BYTES = 4 * 1024 * 1024
MOST_HOUSEHOLDS = 1_000_000


class Datum(StrEnum):
    """In which coordinates a file is written; it has to be said, for nothing in it tells."""

    WGS84 = "WGS-84"
    GCJ02 = "GCJ-02"
    BD09 = "BD-09"


_TO_WGS84: Mapping[Datum, Callable[[float, float], Point]] = {
    Datum.WGS84: lambda lon, lat: (lon, lat),
    Datum.GCJ02: gcj02_to_wgs84,
    Datum.BD09: bd09_to_wgs84,
}


class BadGeoJson(DrawingError):
    """The file can't be taken in; `faults` says what is wrong with which feature."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("；".join(faults[:20]), "geojson")
        self.faults = faults


def written(drawing: Drawing) -> dict[str, Any]:
    """A drawing as a FeatureCollection in WGS-84; new grids have no code yet."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {
                    "code": "" if grid.is_new else grid.key,
                    "name": grid.name,
                    "households": grid.households,
                    **({"to": grid.to} if grid.to else {}),
                },
                "geometry": {"type": "Polygon", "coordinates": [[list(c) for c in (*grid.ring, grid.ring[0])]]},
            }
            for grid in drawing
            if grid.ring
        ],
    }


def read(content: bytes, datum: Datum, there: Drawing, outline: Ring) -> Drawing:
    """The drawing in a file for a community whose grids in force are `there`. Raises BadGeoJson."""
    features = _features(content)
    faults: list[str] = []
    grids: list[Grid] = []
    known = {grid.key: grid for grid in there}
    for number, feature in enumerate(features, start=1):
        try:
            grids.append(_grid(feature, number, datum, known, tuple(grids), outline))
        except DrawingError as error:
            faults.append(_("feature %(number)d: %(fault)s") % {"number": number, "fault": error.message})
    if faults:
        raise BadGeoJson(faults)
    return noded(grids)


def _features(content: bytes) -> list[Any]:
    if len(content) > MOST_BYTES:
        raise BadGeoJson([_("the file is larger than %(size)d MB") % {"size": MOST_BYTES // 1024**2}])
    try:
        told = json.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BadGeoJson([_("this is no JSON in UTF-8")]) from error
    if not isinstance(told, dict) or told.get("type") != "FeatureCollection":
        raise BadGeoJson([_("this is no FeatureCollection")])
    features = told.get("features")
    if not isinstance(features, list) or not 0 < len(features) <= MOST_GRIDS:
        raise BadGeoJson([_("it has to hold 1 to %(count)d features") % {"count": MOST_GRIDS}])
    return features


def _grid(feature: Any, number: int, datum: Datum, known: Mapping[str, Grid], sofar: Drawing, outline: Ring) -> Grid:
    if not isinstance(feature, dict):
        raise DrawingError(_("this is no feature"))
    told = feature.get("properties") or {}
    if not isinstance(told, dict):
        raise DrawingError(_("the properties are no object"))
    code, name = str(told.get("code") or "").strip(), str(told.get("name") or "").replace("\x00", "").strip()
    if code and code not in known:
        raise DrawingError(_("code: %(code)s is no grid of this community") % {"code": code[:20]})
    if code in {grid.key for grid in sofar}:
        raise DrawingError(_("code: %(code)s stands here twice") % {"code": code})
    if len(name) > 60:
        raise DrawingError(_("name: has more than 60 characters"))
    ring = _ring(feature.get("geometry"), datum, outline)
    if not name:
        name = known[code].name if code else free_name((*sofar, *known.values()))
    return Grid(code or f"n{number}", name, ring, _households(told.get("households")))


def _households(told: Any) -> int | None:
    if told is None:
        return None
    if isinstance(told, bool) or not isinstance(told, int) or not 0 <= told <= MOST_HOUSEHOLDS:
        raise DrawingError(_("households: give a whole number, or nothing"))
    return told


def _ring(geometry: Any, datum: Datum, outline: Ring) -> Ring:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    rings = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if kind == "MultiPolygon" and isinstance(rings, list) and len(rings) == 1:
        kind, rings = "Polygon", rings[0]
    if kind != "Polygon" or not isinstance(rings, list) or not rings:
        raise DrawingError(_("geometry: a grid is one polygon"))
    if len(rings) > 1:
        raise DrawingError(_("geometry: a grid has no holes"))
    told = rings[0]
    if not isinstance(told, list) or len(told) > MOST_CORNERS + 1:
        raise DrawingError(_("geometry: a border has at most %(count)d corners") % {"count": MOST_CORNERS})
    corners = [_corner(each) for each in told]
    if len(corners) < 4 or corners[0] != corners[-1]:
        raise DrawingError(_("geometry: the border is not closed (the last corner has to be the first)"))
    ring = _converted(corners[:-1], datum)
    if _swapped(corners, outline):
        raise DrawingError(_("geometry: longitude and latitude look swapped; GeoJSON has the longitude first"))
    if wrong := fault_of(ring):
        raise DrawingError(_("geometry: %(fault)s") % {"fault": wrong})
    _require_here(ring, datum, outline)
    return ring


def _corner(told: Any) -> Point:
    numbers = told[:2] if isinstance(told, list) else ()
    if len(numbers) < 2 or any(isinstance(n, bool) or not isinstance(n, int | float) for n in numbers):
        raise DrawingError(_("geometry: a corner is [longitude, latitude]"))
    try:
        lon, lat = float(numbers[0]), float(numbers[1])
    except OverflowError as error:
        raise DrawingError(_("geometry: a corner is [longitude, latitude]")) from error
    if not (isfinite(lon) and isfinite(lat)):
        raise DrawingError(_("geometry: a corner is [longitude, latitude]"))
    return lon, lat


def _converted(corners: list[Point], datum: Datum) -> Ring:
    convert = _TO_WGS84[datum]
    placed = [convert(lon, lat) if abs(lon) <= 180 and abs(lat) <= 90 else (lon, lat) for lon, lat in corners]
    rounded = [(round(lon, 7), round(lat, 7)) for lon, lat in placed]
    return tuple(corner for at, corner in enumerate(rounded) if corner != rounded[at - 1])


def _swapped(corners: list[Point], outline: Ring) -> bool:
    """Whether the corners lie nowhere near, and would with their numbers swapped. Without a border to compare with: a
    latitude beyond the pole."""
    if not outline:
        return any(abs(lat) > 90 >= abs(lon) for lon, lat in corners)
    return not _near(corners, outline) and _near([(lat, lon) for lon, lat in corners], outline)


def _near(corners: list[Point], outline: Ring) -> bool:
    wide = 0.5  # degrees: any datum, any mistake but swapping, stays within
    lons, lats = zip(*outline, strict=True)
    return all(
        min(lons) - wide <= lon <= max(lons) + wide and min(lats) - wide <= lat <= max(lats) + wide
        for lon, lat in corners
    )


def _require_here(ring: Ring, datum: Datum, outline: Ring) -> None:
    """A grid that lies elsewhere altogether, or lies here once it is read in other coordinates."""
    if not outline:
        return
    community, shape = sound_or_empty(outline), sound_or_empty(ring)
    share = community.intersection(shape).area / shape.area
    if share > 0.9:
        return
    if datum is Datum.WGS84:
        for other in (Datum.GCJ02, Datum.BD09):
            moved = sound_or_empty(_converted(list(ring), other))
            if moved.area and community.intersection(moved).area / moved.area > max(share + 0.2, 0.9):
                words = _("geometry: it lies beside the community, and inside if these are %(datum)s coordinates")
                raise DrawingError(words % {"datum": other.value})
    if share == 0:
        raise DrawingError(_("geometry: it lies outside the community"))
