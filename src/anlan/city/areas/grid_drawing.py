"""The grids of one community while they are being drawn: split, merged, moved, handed over. Pure values, no database.

Corners are WGS-84 degrees of seven decimals (about a centimetre). What two grids share they share corner by corner
(`noded`), so that a border moved on one side moves on the other and nothing is left between.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import cos, hypot, radians

import shapely
from django.utils.translation import gettext as _
from shapely.geometry import LineString, Polygon
from shapely.ops import split as cut_by_line

from anlan.city.areas.geometry import EARTH_RADIUS_M, Point, centroid, valid_position
from anlan.city.areas.layout import chinese_numeral

Ring = tuple[Point, ...]
Drawing = tuple["Grid", ...]

STEP = 1e-7
"""Degrees between two corners that can be told apart."""
SLIVER = 6e-7
"""Degrees: what is narrower (some six centimetres) comes of rounding and is no gap and no overlap."""
REACH = 1e-5
"""Degrees: how far a line that splits is drawn on at both ends, about a metre, so that it crosses the border."""
MOST_GRIDS = 999
"""The code has three digits for a grid."""
MOST_CORNERS = 2_000


class DrawingError(ValueError):
    """Something can't be drawn like that. `message` is for the reader, `field` names what was wrong."""

    def __init__(self, message: str, field: str = "drawing") -> None:
        super().__init__(message)
        self.message = message
        self.field = field


@dataclass(frozen=True, slots=True)
class Grid:
    """One grid of a drawing.

    `key` is its code, or `n1`, `n2` … for one that has none yet. `households` is empty where nobody has said how many
    live in what was drawn. `to` is the code of the community it is handed over to.
    """

    key: str
    name: str
    ring: Ring
    households: int | None = None
    to: str = ""

    @property
    def is_new(self) -> bool:
        return self.key.startswith("n")


def of(drawing: Drawing, key: str) -> Grid:
    """The grid with this key. Raises DrawingError."""
    found = next((grid for grid in drawing if grid.key == key), None)
    if found is None:
        raise DrawingError(_("there is no grid “%(key)s” in this plan") % {"key": key[:20]}, "grid")
    return found


def split(drawing: Drawing, key: str, line: Sequence[Point]) -> Drawing:
    """Cut a grid in two along a line from border to border. The old grid ends, both parts are new ones; the larger
    keeps the name. Raises DrawingError where the line doesn't make two parts."""
    grid = of(drawing, key)
    if len(set(line)) < 2:
        raise DrawingError(_("a line needs two points"), "line")
    pieces = [piece for piece in cut_by_line(sound(grid.ring), _drawn_on(line)).geoms if not is_sliver(piece)]
    if len(pieces) != 2:
        told = {"name": grid.name, "count": len(pieces)}
        words = _("the line has to cross “%(name)s” once, from border to border; like this it makes %(count)d parts")
        raise DrawingError(words % told, "line")
    pieces.sort(key=lambda piece: piece.area, reverse=True)
    names = (grid.name, free_name(drawing))
    keys = _free_keys(drawing, 2)
    parts = [
        replace(grid, key=new, name=name, ring=ring_of(piece), households=None)
        for new, name, piece in zip(keys, names, pieces, strict=True)
    ]
    return noded([each for old in drawing for each in (parts if old is grid else [old])])


def merge(drawing: Drawing, keys: Sequence[str], name: str = "") -> Drawing:
    """Make one new grid of several that lie side by side. Raises DrawingError where they don't make one piece."""
    chosen = [of(drawing, key) for key in dict.fromkeys(keys)]
    if len(chosen) < 2:
        raise DrawingError(_("choose two grids or more"), "grids")
    if len({grid.to for grid in chosen}) > 1:
        raise DrawingError(_("one of them is handed over to another community"), "grids")
    whole = one_piece([sound(grid.ring) for grid in chosen])
    if whole is None:
        raise DrawingError(_("these grids don't lie side by side: they make no single piece"), "grids")
    known = [grid.households for grid in chosen if grid.households is not None]
    households = sum(known) if len(known) == len(chosen) else None
    (new,) = _free_keys(drawing, 1)
    merged = Grid(new, name.strip() or chosen[0].name, ring_of(whole), households, chosen[0].to)
    kept = [merged if grid is chosen[0] else grid for grid in drawing if grid not in chosen[1:]]
    return noded(kept)


def redraw(drawing: Drawing, key: str, ring: Sequence[Point], *, neighbours_follow: bool = True) -> Drawing:
    """Give a grid another border. With `neighbours_follow` those beside it give way, and what it leaves goes to the one
    with the longest common border. Raises DrawingError."""
    grid = of(drawing, key)
    shape = sound(ring)
    others = [each for each in drawing if each is not grid]
    households = grid.households if _same(sound_or_empty(grid.ring), shape) else None
    moved = replace(grid, ring=ring_of(shape), households=households)
    if not neighbours_follow:
        return noded([moved if each is grid else each for each in drawing])
    given = _given_way(others, shape, left=sound_or_empty(grid.ring).difference(shape))
    return noded([moved if each is grid else given[each.key] for each in drawing])


def draw(drawing: Drawing, ring: Sequence[Point], name: str = "") -> Drawing:
    """Add a grid; where it lies on others they give way. Raises DrawingError."""
    if len(drawing) >= MOST_GRIDS:
        raise DrawingError(_("a community has at most %(count)d grids") % {"count": MOST_GRIDS})
    shape = sound(ring)
    (key,) = _free_keys(drawing, 1)
    given = _given_way(drawing, shape, left=Polygon())
    return noded([*given.values(), Grid(key, name.strip() or free_name(drawing), ring_of(shape))])


def remove(drawing: Drawing, key: str) -> Drawing:
    """Take a grid out; its ground is free then, which the check will say."""
    gone = of(drawing, key)
    return tuple(grid for grid in drawing if grid is not gone)


def rename(drawing: Drawing, key: str, name: str) -> Drawing:
    """Raises DrawingError for a name that is empty, too long, or another grid's."""
    name = name.strip()
    if not 0 < len(name) <= 60:
        raise DrawingError(_("give a name of 1 to 60 characters"), "name")
    grid = of(drawing, key)
    return _put(drawing, grid, replace(grid, name=name))


def count_households(drawing: Drawing, key: str, households: int | None) -> Drawing:
    """Say how many households live in what was drawn; None where it is not known."""
    grid = of(drawing, key)
    return _put(drawing, grid, replace(grid, households=households))


def hand_over(drawing: Drawing, key: str, to: str) -> Drawing:
    """Let a grid belong to another community from the day on; with an empty `to` it stays."""
    grid = of(drawing, key)
    return _put(drawing, grid, replace(grid, to=to))


def with_rings(drawing: Drawing, rings: Mapping[str, Sequence[Point]]) -> Drawing:
    """The drawing with the borders as a map has them. They may cross and overlap: the check says so."""
    for key in rings:
        of(drawing, key)
    moved = []
    for grid in drawing:
        ring = tuple(_rounded(corner) for corner in rings.get(grid.key, grid.ring))
        same = ring == grid.ring or _same(sound_or_empty(ring), sound_or_empty(grid.ring))
        moved.append(replace(grid, ring=ring, households=grid.households if same else None))
    return noded(moved)


def sound(ring: Sequence[Point], field: str = "ring") -> Polygon:
    """The polygon of a ring. Raises DrawingError saying what is wrong with it, and where."""
    if wrong := fault_of(ring):
        raise DrawingError(wrong, field)
    return Polygon(ring)


def sound_or_empty(ring: Sequence[Point]) -> Polygon:
    """The same, and an empty one where the ring is none."""
    return Polygon() if fault_of(ring) else Polygon(ring)


def fault_of(ring: Sequence[Point]) -> str:
    """What is wrong with a ring, in words; empty if it is a simple polygon."""
    if len(ring) > MOST_CORNERS:
        return _("a border has at most %(count)d corners") % {"count": MOST_CORNERS}
    if bad := next((corner for corner in ring if not valid_position(*corner)), None):
        return _("%(corner)s is no position in degrees") % {"corner": "{}, {}".format(*bad)}
    if len(set(ring)) < 3:
        return _("a border needs three corners or more")
    shape = Polygon(ring)
    if not shape.is_valid:
        # "Self-intersection[120.1 30.29]"
        where = shapely.is_valid_reason(shape).partition("[")[2].rstrip("]").replace(" ", ", ")
        return _("the border crosses or touches itself at %(where)s") % {"where": where or "?"}
    return "" if shape.area > 0 else _("the border encloses nothing")


def one_piece(shapes: Iterable[Polygon]) -> Polygon | None:
    """The union, if it is one polygon without a hole."""
    whole = shapely.union_all(list(shapes), grid_size=STEP)
    pieces = [piece for piece in polygons(whole) if not is_sliver(piece)]
    if len(pieces) != 1 or any(not is_sliver(Polygon(hole)) for hole in pieces[0].interiors):
        return None
    return Polygon(pieces[0].exterior)


def polygons(shape: shapely.Geometry) -> Iterator[Polygon]:
    """The polygons of whatever an operation has left: lines and points are none."""
    if isinstance(shape, Polygon):
        if not shape.is_empty:
            yield shape
        return
    for part in getattr(shape, "geoms", ()):
        yield from polygons(part)


def is_sliver(shape: shapely.Geometry) -> bool:
    """Whether a piece is so narrow that it comes of rounding."""
    return bool(shape.buffer(-SLIVER / 2).is_empty)


def square_metres(shape: shapely.Geometry) -> float:
    """The area of a small shape on the ground."""
    if shape.is_empty:
        return 0.0
    degree = radians(1) * EARTH_RADIUS_M
    return float(shape.area) * degree * degree * cos(radians(shape.centroid.y))


def ring_of(shape: Polygon) -> Ring:
    """The corners of a polygon, rounded, the first one not repeated."""
    corners = [_rounded(corner) for corner in shape.exterior.coords[:-1]]
    return tuple(corner for at, corner in enumerate(corners) if corner != corners[at - 1])


def noded(grids: Iterable[Grid]) -> Drawing:
    """The grids with every corner that lies on a neighbour's border made a corner of the neighbour too."""
    grids = tuple(grids)
    corners = {corner for grid in grids for corner in grid.ring}
    tree_points = list(corners)
    if not tree_points:
        return grids
    tree = shapely.STRtree(shapely.points(tree_points))
    return tuple(replace(grid, ring=_with_corners(grid.ring, tree, tree_points)) for grid in grids)


def free_name(drawing: Drawing) -> str:
    """`第N网格` with the next number that no grid of the drawing has (the form of the unified address rules)."""
    taken = {grid.name for grid in drawing}
    return next(
        name for number in range(1, MOST_GRIDS + 1) if (name := f"第{chinese_numeral(number)}网格") not in taken
    )


def reading_order(grids: Iterable[Grid]) -> list[Grid]:
    """From west to east, those alike from north to south: the order in which grids are numbered."""
    return sorted(grids, key=lambda grid: (round(centre(grid.ring)[0], 4), -centre(grid.ring)[1]))


def centre(ring: Ring) -> Point:
    """A point inside, for the name."""
    lon, lat = centroid(ring)
    shape = sound_or_empty(ring)
    if shape.is_empty or shape.contains(shapely.Point(lon, lat)):
        return lon, lat
    inside = shape.representative_point()
    return inside.x, inside.y


def _given_way(others: Sequence[Grid], shape: Polygon, left: shapely.Geometry) -> dict[str, Grid]:
    """The other grids without `shape`; the pieces of `left` go to whoever has the longest border with each."""
    ground = {grid.key: sound_or_empty(grid.ring) for grid in others}
    shapes = {key: before.difference(shape) for key, before in ground.items()}
    for piece in polygons(left):
        border = {key: each.intersection(piece.boundary.buffer(SLIVER)).area for key, each in shapes.items()}
        nearest = max(border, key=lambda key: border[key], default="")
        if nearest and border[nearest] > 0:
            shapes[nearest] = shapely.union_all([shapes[nearest], piece], grid_size=STEP)
    return {grid.key: _after(grid, ground[grid.key], shapes[grid.key]) for grid in others}


def _after(grid: Grid, before: Polygon, after: shapely.Geometry) -> Grid:
    if before.equals(after):
        return grid
    whole = one_piece(list(polygons(after)))
    if whole is None:
        raise DrawingError(_("like this “%(name)s” would be no single piece any more") % {"name": grid.name}, "ring")
    return replace(grid, ring=ring_of(whole), households=grid.households if _same(before, after) else None)


def _same(one: shapely.Geometry, other: shapely.Geometry) -> bool:
    """Whether two shapes differ by rounding only."""
    return is_sliver(one.symmetric_difference(other))


def _put(drawing: Drawing, old: Grid, new: Grid) -> Drawing:
    return tuple(new if each is old else each for each in drawing)


def _free_keys(drawing: Drawing, count: int) -> list[str]:
    taken = {int(grid.key[1:]) for grid in drawing if grid.is_new}
    highest = max(taken, default=0)
    return [f"n{highest + more}" for more in range(1, count + 1)]


def _drawn_on(line: Sequence[Point]) -> LineString:
    """The line, a little longer at both ends."""
    return LineString([_beyond(line[1], line[0]), *line[1:-1], _beyond(line[-2], line[-1])])


def _beyond(start: Point, end: Point) -> Point:
    length = hypot(end[0] - start[0], end[1] - start[1]) or 1.0
    return end[0] + (end[0] - start[0]) / length * REACH, end[1] + (end[1] - start[1]) / length * REACH


def _with_corners(ring: Ring, tree: shapely.STRtree, points: Sequence[Point]) -> Ring:
    own, noded_ring = set(ring), []
    for start, end in zip(ring, [*ring[1:], *ring[:1]], strict=True):
        noded_ring.append(start)
        edge = LineString([start, end])
        near = [points[at] for at in tree.query(edge, predicate="dwithin", distance=STEP)]
        between = [corner for corner in near if corner not in own]
        noded_ring += sorted(between, key=lambda corner: edge.project(shapely.Point(corner)))
    return tuple(noded_ring)


def _rounded(corner: Sequence[float]) -> Point:
    return round(corner[0], 7), round(corner[1], 7)
