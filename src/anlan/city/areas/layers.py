"""The base of every map: the borders of areas as GeoJSON, made from the atlas without a statement.

Coordinates are WGS-84 with five decimals (about a metre); corners that nobody could see at the level's scale are
left out, so that the districts of a whole city are small enough for a telephone.
"""

import functools
import json
from typing import Any

from anlan.city.areas.atlas import Atlas
from anlan.city.areas.geometry import simplified
from anlan.city.areas.reference import Level

DECIMALS = 5
MOST_AREAS = 2_000
"""In one layer; more than that no screen can show apart."""

# Degrees: about a third of a pixel where an area of the level is a few hundred pixels wide.
_TOLERANCE = {
    Level.CITY: 0.001,
    Level.DISTRICT: 0.0005,
    Level.TOWN: 0.0001,
    Level.COMMUNITY: 0.00003,
    Level.GRID: 0.00001,
}


class NoLayer(Exception):
    """There is no such layer. `field` is the parameter at fault."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


@functools.lru_cache(maxsize=512)
def layer(atlas: Atlas, within: str, level: Level) -> bytes:
    """The areas of a level inside one area, as a GeoJSON FeatureCollection in UTF-8; those never drawn are left out.

    Each feature has `code`, `name`, `level` and `point` (a place inside, for its name); the whole says with
    `schematic` whether any of its borders is synthetic. Raises NoLayer for `within` that is no area, and for a
    `level` that is not below it or has more than MOST_AREAS areas.
    """
    if within not in atlas.paths:
        raise NoLayer("within")
    codes = [within]
    depth = level_at(atlas, within)
    if level <= depth:
        raise NoLayer("level")
    for _ in range(level - depth):
        codes = [child for code in codes for child in atlas.children.get(code, ())]
    if len(codes) > MOST_AREAS:
        raise NoLayer("level")
    drawn = [code for code in codes if code in atlas.borders]
    collection = {
        "type": "FeatureCollection",
        "schematic": any(code in atlas.schematic for code in drawn),
        "features": [_feature(atlas, code, level) for code in drawn],
    }
    return json.dumps(collection, ensure_ascii=False, separators=(",", ":")).encode()


def level_at(atlas: Atlas, code: str) -> Level:
    """The level of an area that is there."""
    return Level(atlas.paths[code].count(".") + 1)


def _feature(atlas: Atlas, code: str, level: Level) -> dict[str, Any]:
    ring = [_rounded(corner) for corner in simplified(atlas.borders[code], _TOLERANCE[level])]
    point = atlas.points.get(code)
    return {
        "type": "Feature",
        "id": code,
        "properties": {
            "code": code,
            "name": atlas.names[code],
            "level": int(level),
            "point": _rounded(point) if point else ring[0],
        },
        "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
    }


def _rounded(point: tuple[float, float]) -> list[float]:
    return [round(point[0], DECIMALS), round(point[1], DECIMALS)]
