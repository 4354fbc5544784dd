"""What stands against a drawing of grids, in words and on the map.

The rules: each grid one closed and simple polygon in one community, no overlap, the community covered in full
(field rules 2.2, pages on grid mapping), households by the opinion of 2022 (`areas.grid_households…` in `rules.toml`),
and a smallest area that is this house's own setting.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import combinations

import shapely
from django.utils.translation import gettext as _
from shapely.geometry import Polygon

from anlan.city.areas.demo import grid_sizes
from anlan.city.areas.grid_drawing import (
    MOST_GRIDS,
    Drawing,
    Ring,
    fault_of,
    is_sliver,
    one_piece,
    polygons,
    ring_of,
    sound_or_empty,
    square_metres,
)
from anlan.city.areas.layout import GridSizes
from anlan.foundation.rules import rulebook


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a grid is, as the rules in force on a day say."""

    households: GridSizes
    least_m2: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. `stops` keeps the plan from being decided, else it is only told; `grids` are the keys it is
    about, `rings` where on the map it is."""

    kind: str
    words: str
    stops: bool
    grids: tuple[str, ...] = ()
    rings: tuple[Ring, ...] = ()


@dataclass(frozen=True, slots=True)
class Outlines:
    """The borders that a plan has to keep to: the community's own (empty where it was never drawn), and by code those
    of the communities that grids are handed over to."""

    own: Ring
    others: Mapping[str, Ring]


def limits_on(day: date) -> Limits:
    """The limits in force on a day."""
    least = rulebook().at("areas.grid_least_m2", day)
    return Limits(grid_sizes(day), int(least.value or 0))


def findings(drawing: Drawing, outlines: Outlines, limits: Limits) -> list[Finding]:
    """Everything found, what stops the plan first."""
    found = [
        *_count(drawing),
        *_shapes(drawing),
        *_names(drawing),
        *_overlaps(drawing),
        *_cover(drawing, outlines.own),
        *_handed_over(drawing, outlines),
        *_areas(drawing, limits.least_m2),
        *_households(drawing, limits.households),
    ]
    return sorted(found, key=lambda each: not each.stops)


def _count(drawing: Drawing) -> Iterator[Finding]:
    if not drawing:
        yield Finding("none", _("no grid has been drawn yet"), stops=True)
    if len(drawing) > MOST_GRIDS:
        yield Finding("many", _("a community has at most %(count)d grids") % {"count": MOST_GRIDS}, stops=True)


def _shapes(drawing: Drawing) -> Iterator[Finding]:
    for grid in drawing:
        if wrong := fault_of(grid.ring):
            yield Finding("shape", f"{grid.name}：{wrong}", True, (grid.key,), (grid.ring,))


def _names(drawing: Drawing) -> Iterator[Finding]:
    for name, times in Counter(grid.name for grid in drawing).items():
        if times > 1:
            keys = tuple(grid.key for grid in drawing if grid.name == name)
            words = _("%(count)d grids are called “%(name)s”") % {"count": times, "name": name}
            yield Finding("name", words, True, keys, tuple(grid.ring for grid in drawing if grid.name == name))


def _overlaps(drawing: Drawing) -> Iterator[Finding]:
    shapes = [(grid, sound_or_empty(grid.ring)) for grid in drawing]
    for (one, first), (other, second) in combinations(shapes, 2):
        if not first.intersects(second):
            continue
        both = [piece for piece in polygons(first.intersection(second)) if not is_sliver(piece)]
        if both:
            told = {"one": one.name, "other": other.name, "area": _m2(both)}
            words = _("“%(one)s” and “%(other)s” overlap: %(area)s m²") % told
            yield Finding("overlap", words, True, (one.key, other.key), tuple(map(ring_of, both)))


def _cover(drawing: Drawing, outline: Ring) -> Iterator[Finding]:
    if not outline:
        words = _("the community's own border is not known: whether it is covered can't be checked")
        yield Finding("no_outline", words, stops=False)
        return
    whole = _mended(outline)
    shapes = {grid.key: sound_or_empty(grid.ring) for grid in drawing}
    gaps = [
        piece for piece in polygons(whole.difference(shapely.union_all(list(shapes.values())))) if not is_sliver(piece)
    ]
    for gap in gaps if drawing else ():
        words = _("no grid covers this part of the community: %(area)s m²") % {"area": _m2([gap])}
        yield Finding("gap", words, True, (), (ring_of(gap),))
    for grid in drawing:
        outside = [piece for piece in polygons(shapes[grid.key].difference(whole)) if not is_sliver(piece)]
        if outside:
            told = {"name": grid.name, "area": _m2(outside)}
            words = _("“%(name)s” lies in part outside the community: %(area)s m²") % told
            yield Finding("outside", words, True, (grid.key,), tuple(map(ring_of, outside)))


def _handed_over(drawing: Drawing, outlines: Outlines) -> Iterator[Finding]:
    going = [grid for grid in drawing if grid.to]
    if not going:
        return
    if len(going) == len(drawing):
        yield Finding("all_go", _("a community can't hand over all its grids"), stops=True)
    for to in dict.fromkeys(grid.to for grid in going):
        there = [grid for grid in going if grid.to == to]
        keys, rings = tuple(grid.key for grid in there), tuple(grid.ring for grid in there)
        outline = outlines.others.get(to, ())
        if not outline:
            yield Finding("no_target", _("the border of the other community is not known"), True, keys, rings)
        elif one_piece([_mended(outline), *(sound_or_empty(ring) for ring in rings)]) is None:
            words = _("%(names)s and the other community make no single piece")
            said = words % {"names": "、".join(f"“{grid.name}”" for grid in there)}
            yield Finding("apart", said, True, keys, rings)
    staying = [sound_or_empty(grid.ring) for grid in drawing if not grid.to]
    if staying and one_piece(staying) is None:
        yield Finding("torn", _("what is left of the community is no single piece"), stops=True)


def _areas(drawing: Drawing, least: int) -> Iterator[Finding]:
    for grid in drawing:
        area = square_metres(sound_or_empty(grid.ring))
        if 0 < area < least:
            told = {"name": grid.name, "area": f"{area:,.0f}", "least": f"{least:,}"}
            words = _("“%(name)s” has %(area)s m²; a grid has at least %(least)s m² (house setting)") % told
            yield Finding("small", words, True, (grid.key,), (grid.ring,))


def _households(drawing: Drawing, sizes: GridSizes) -> Iterator[Finding]:
    total = sum(grid.households or 0 for grid in drawing)
    fewest, most = sizes.limits(total)
    for grid in drawing:
        if grid.households is None:
            words = _("“%(name)s”: how many households live in it is not known") % {"name": grid.name}
            yield Finding("unknown", words, False, (grid.key,), (grid.ring,))
        elif not fewest <= grid.households <= most:
            told = {"name": grid.name, "count": grid.households, "fewest": fewest, "most": most}
            words = _("“%(name)s” has %(count)d households; in principle it is %(fewest)d to %(most)d (local policy)")
            yield Finding("size", words % told, False, (grid.key,), (grid.ring,))


def _mended(ring: Ring) -> Polygon:
    """A border in force, whatever is wrong with it."""
    shape = Polygon(ring)
    return shape if shape.is_valid else shape.buffer(0)


def _m2(pieces: list[Polygon]) -> str:
    return f"{sum(square_metres(piece) for piece in pieces):,.0f}"
