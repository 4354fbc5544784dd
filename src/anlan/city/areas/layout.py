"""A synthetic layout of the city: households, grids and boundaries, for demonstration and rehearsal.

Names and codes down to the community are real (`reference.py`). Household counts, grids and every
boundary are drawn from a seed and are not real; only the rough order of the districts on the map follows
the geography. Each area returned says so (`synthetic`), and so should every page that shows them
(`SYNTHETIC_NOTE_ZH`, `SYNTHETIC_NOTE_EN`).

The map is made by cutting: the outline of the city is cut by straight lines into districts, these into towns,
communities and grids. What a cut separates shares the cut, so areas of a level cover their parent without
overlap, and neighbours have every vertex of their common border in common.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, cos, isqrt, log, radians, sin
from random import Random

from anlan.city.areas.geometry import Point, centroid, signed_area
from anlan.city.areas.reference import AreaRow, Level

SYNTHETIC_NOTE_ZH = "网格、户数与边界为合成数据，非真实"
SYNTHETIC_NOTE_EN = "Grids, household counts and boundaries are synthetic"


@dataclass(frozen=True, slots=True)
class GridSizes:
    """Households of a grid, as the rule in force sets them."""

    smallest: int
    largest: int
    large_community_above: int  # households of a community from which the two below hold
    large_community_smallest: int
    large_community_largest: int

    def __post_init__(self) -> None:
        for field, low, high in (
            ("largest", self.smallest, self.largest),
            ("large_community_largest", self.large_community_smallest, self.large_community_largest),
        ):
            if not 0 < low <= high:
                raise ValueError(f"GridSizes.{field}: {low} to {high} households is no range of sizes")

    def limits(self, households: int) -> tuple[int, int]:
        """Fewest and most households of a grid in a community of that many households."""
        if households > self.large_community_above:
            return self.large_community_smallest, self.large_community_largest
        return self.smallest, self.largest


@dataclass(frozen=True, slots=True)
class SyntheticArea:
    """An area as drawn: households, a point inside it, and its ring of (lon, lat) corners in WGS-84."""

    code: str
    name: str
    households: int
    lon: float
    lat: float
    polygon: tuple[Point, ...]
    synthetic: bool = True


def lay_out(rows: Iterable[AreaRow], sizes: GridSizes, seed: int) -> list[SyntheticArea]:
    """Draw these areas of Hangzhou and the grids of their communities, parents before children.

    The same rows, sizes and seed give the same layout. Districts keep their place when others are left out.
    ValueError if a row stands without its parent, without communities, or is a district of another city.
    """
    rows = sorted(rows, key=lambda row: (row.level, row.code))
    _check_complete(rows)
    random = Random(seed)
    mesh = _Mesh()
    children: defaultdict[str | None, list[AreaRow]] = defaultdict(list)
    for row in rows:
        children[row.parent].append(row)
    grids = {
        row.code: _grid_households(_community_households(random), sizes, random)
        for row in rows
        if row.level is Level.COMMUNITY
    }
    households: dict[str, int] = defaultdict(int, {code: sum(parts) for code, parts in grids.items()})
    for row in reversed(rows):
        if row.parent is not None:
            households[row.parent] += households[row.code]

    corners: dict[str, list[Point]] = {}
    for row in rows:
        if row.level is Level.CITY:
            corners[row.code] = list(_OUTLINE)
            corners.update(_place_districts(mesh, corners[row.code], random))
        elif row.level < Level.COMMUNITY:
            parts = children[row.code]
            pieces = _share_out(mesh, corners[row.code], [households[part.code] for part in parts], random)
            corners.update((part.code, piece) for part, piece in zip(parts, pieces, strict=True))

    drawn = [(row.code, row.name, households[row.code], corners[row.code]) for row in rows]
    for code, sizes_of_grids in grids.items():
        pieces = _share_out(mesh, corners[code], sizes_of_grids, random)
        in_order = _reading_order(list(zip(sizes_of_grids, pieces, strict=True)))
        drawn += [
            (f"{code}{number:03}", f"第{chinese_numeral(number)}网格", size, piece)
            for number, (size, piece) in enumerate(in_order, start=1)
        ]
    return [
        SyntheticArea(code, name, size, *centroid(piece), polygon=tuple(mesh.ring(piece)))
        for code, name, size, piece in drawn
    ]


def _check_complete(rows: Sequence[AreaRow]) -> None:
    codes = {row.code for row in rows}
    parents = {row.parent for row in rows}
    for row in rows:
        if row.parent is not None and row.parent not in codes:
            raise ValueError(f"rows: {row.code} {row.name} stands without its parent {row.parent}")
        if row.level is Level.DISTRICT and row.code not in _LAND_KM2:
            raise ValueError(f"rows: {row.code} {row.name} has no place on the map of Hangzhou")
        if row.level < Level.COMMUNITY and row.code not in parents:
            raise ValueError(f"rows: {row.code} {row.name} has no communities to share its land")


# Households and grids

_MEDIAN_HOUSEHOLDS = 1300  # with this spread the city comes to some 4.9 million households and 13,000 grids
_SPREAD = 0.5
_FEWEST_HOUSEHOLDS, _MOST_HOUSEHOLDS = 120, 6000


def _community_households(random: Random) -> int:
    drawn = random.lognormvariate(log(_MEDIAN_HOUSEHOLDS), _SPREAD)
    return round(min(max(drawn, _FEWEST_HOUSEHOLDS), _MOST_HOUSEHOLDS))


def _grid_households(households: int, sizes: GridSizes, random: Random) -> list[int]:
    """The sizes of a community's grids.

    All are within the rule where whole grids can be: not in a community smaller than the smallest grid, nor
    in one between two fitting numbers of grids (e.g. 501-599 by a rule of 300-500). There grids are smaller
    than the rule: one person can look after fewer households, not after more.
    """
    smallest, largest = sizes.limits(households)
    wanted = round(households / ((smallest + largest) / 2))
    count = max(ceil(households / largest), min(households // smallest, wanted))
    grids = [households // count + (position < households % count) for position in range(count)]
    for left, right in zip(range(0, count - 1, 2), range(1, count, 2), strict=False):
        moved = random.randint(0, max(0, min(largest - grids[left], grids[right] - smallest)))
        grids[left] += moved
        grids[right] -= moved
    return grids


def _reading_order(grids: list[tuple[int, list[Point]]]) -> list[tuple[int, list[Point]]]:
    """Grids in rows from north to south, each row from west to east (the order in which codes are given)."""
    placed = sorted(((centroid(grid[1]), grid) for grid in grids), key=lambda item: -item[0][1])
    width = ceil(len(placed) / isqrt(len(placed)))
    lines = [sorted(placed[start : start + width]) for start in range(0, len(placed), width)]
    return [grid for line in lines for _, grid in line]


_DIGITS = "零一二三四五六七八九"


def chinese_numeral(number: int) -> str:
    """1 to 999 as Chinese counts: 十, 十二, 二十, 一百零三, 一百一十二."""
    if not 1 <= number <= 999:
        raise ValueError(f"number: {number} is not between 1 and 999")
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    text = f"{_DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        text += "十" if tens == 1 and not hundreds else f"{_DIGITS[tens]}十"
    elif hundreds and ones:
        text += "零"
    return text + (_DIGITS[ones] if ones else "")


# Where the districts lie

# A convex outline inside 118.34-120.72 E, 29.19-30.57 N, counter-clockwise from the west. Larger than the
# city, whose true border is not convex.
_OUTLINE: tuple[Point, ...] = (
    (118.34, 29.62),
    (118.72, 29.20),
    (119.30, 29.19),
    (120.25, 29.72),
    (120.72, 30.22),
    (120.66, 30.42),
    (120.10, 30.57),
    (119.30, 30.47),
    (118.80, 30.20),
)

# Land area in km²: approximate, from general knowledge and not checked against a yearbook.
# Only the proportions matter here.
_LAND_KM2 = {
    "330102": 122,  # 上城
    "330105": 119,  # 拱墅
    "330106": 312,  # 西湖
    "330108": 72,  # 滨江
    "330109": 931,  # 萧山
    "330110": 942,  # 余杭
    "330111": 1821,  # 富阳
    "330112": 3119,  # 临安
    "330113": 286,  # 临平
    "330114": 532,  # 钱塘
    "330122": 1830,  # 桐庐
    "330127": 4417,  # 淳安
    "330182": 2314,  # 建德
}


@dataclass(frozen=True, slots=True)
class _Cut:
    """A line between two groups of districts. `towards` is where the second lies seen from the first,
    in degrees counter-clockwise from east: 0 east, 90 north, -45 south-east."""

    towards: float
    first: "_Cut | str"
    second: "_Cut | str"


_SOUTH_WEST = _Cut(0, "330127", _Cut(55, "330182", "330122"))
_CENTRE = _Cut(0, "330106", _Cut(90, "330102", "330105"))
_NORTH_BANK = _Cut(-15, _Cut(60, _CENTRE, "330113"), "330114")
_SOUTH_BANK = _Cut(-20, "330108", "330109")
_DISTRICTS = _Cut(
    0,
    _Cut(60, _SOUTH_WEST, "330112"),
    _Cut(75, "330111", _Cut(-5, "330110", _Cut(105, _SOUTH_BANK, _NORTH_BANK))),
)
_DISTRICT_TILT = 3.0  # degrees by which a seed may turn a cut between districts


def _place_districts(mesh: "_Mesh", outline: list[Point], random: Random) -> dict[str, list[Point]]:
    def place(part: _Cut | str, corners: list[Point]) -> dict[str, list[Point]]:
        if isinstance(part, str):
            return {part: corners}
        share = _land(part.first) / _land(part)
        tilt = random.uniform(-_DISTRICT_TILT, _DISTRICT_TILT)
        first, second = mesh.cut(corners, part.towards + tilt, share)
        return place(part.first, first) | place(part.second, second)

    return place(_DISTRICTS, outline)


def _land(part: _Cut | str) -> int:
    return _LAND_KM2[part] if isinstance(part, str) else _land(part.first) + _land(part.second)


# Cutting

_TILT = 12.0  # degrees by which a seed turns a cut off the parallel or meridian
_DECIMALS = 7  # of a degree: about a centimetre


def _share_out(mesh: "_Mesh", corners: list[Point], weights: Sequence[int], random: Random) -> list[list[Point]]:
    """One piece for each weight, in their order, of area in proportion: halved again and again across the
    longer side, so that pieces stay compact."""
    if len(weights) == 1:
        return [corners]
    total = sum(weights)
    sums = list(accumulate(weights[:-1]))
    half = min(range(len(sums)), key=lambda at: abs(2 * sums[at] - total))
    towards = _longer_side(corners) + random.uniform(-_TILT, _TILT)
    first, second = mesh.cut(corners, towards, sums[half] / total)
    return [
        *_share_out(mesh, first, weights[: half + 1], random),
        *_share_out(mesh, second, weights[half + 1 :], random),
    ]


def _longer_side(corners: list[Point]) -> float:
    """0 if the piece is longer from west to east, 90 if from south to north."""
    lons, lats = zip(*corners, strict=True)
    width = (max(lons) - min(lons)) * cos(radians(lats[0]))
    return 0.0 if width > max(lats) - min(lats) else 90.0


class _Mesh:
    """Cuts convex polygons, and remembers where each edge was divided so that the neighbour on its other side
    gets the same vertices: borders stay the same chain of points on both sides, with no sliver between."""

    def __init__(self) -> None:
        self._divided: dict[tuple[Point, Point], Point] = {}

    def ring(self, corners: Sequence[Point]) -> list[Point]:
        """The polygon with every vertex that cuts have put on its edges, on either side of them."""
        ring: list[Point] = []
        for start, end in zip(corners, [*corners[1:], corners[0]], strict=True):
            ring.append(start)
            self._add_between(start, end, ring)
        return ring

    def cut(self, corners: list[Point], towards: float, share: float) -> tuple[list[Point], list[Point]]:
        """Cut along a straight line so that the first piece has this share of the area and the second lies
        `towards` (degrees counter-clockwise from east) of it."""
        ring = self.ring(corners)
        east, north = cos(radians(towards)), sin(radians(towards))
        heights = [lon * east + lat * north for lon, lat in ring]
        line = _line_at(ring, heights, share)
        first: list[Point] = []
        second: list[Point] = []
        for start, end, above_start, above_end in _edges(ring, heights, line):
            (first if above_start < 0 else second).append(start)
            if (above_start < 0) != (above_end < 0):
                crossing = _crossing(start, end, above_start, above_end)
                first.append(crossing)
                second.append(crossing)
                if crossing not in (start, end):
                    self._divided[_undirected(start, end)] = crossing
        return list(dict.fromkeys(first)), list(dict.fromkeys(second))

    def _add_between(self, start: Point, end: Point, ring: list[Point]) -> None:
        middle = self._divided.get(_undirected(start, end))
        if middle is not None:
            self._add_between(start, middle, ring)
            ring.append(middle)
            self._add_between(middle, end, ring)


def _undirected(start: Point, end: Point) -> tuple[Point, Point]:
    return (start, end) if start < end else (end, start)


def _edges(ring: list[Point], heights: list[float], line: float) -> Iterator[tuple[Point, Point, float, float]]:
    """Each edge with the heights of its two ends above the line."""
    for at in range(len(ring)):
        yield ring[at - 1], ring[at], heights[at - 1] - line, heights[at] - line


def _crossing(start: Point, end: Point, above_start: float, above_end: float) -> Point:
    part = above_start / (above_start - above_end)
    lon = start[0] + part * (end[0] - start[0])
    lat = start[1] + part * (end[1] - start[1])
    return round(lon, _DECIMALS), round(lat, _DECIMALS)


def _line_at(ring: list[Point], heights: list[float], share: float) -> float:
    """The height below which this share of the area lies, to a hundred-thousandth of the ring's height."""
    low, high = min(heights), max(heights)
    wanted = share * _area_below(ring, heights, high)
    for _ in range(17):
        middle = (low + high) / 2
        if _area_below(ring, heights, middle) < wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _area_below(ring: list[Point], heights: list[float], line: float) -> float:
    """Area in square degrees of the part of a counter-clockwise ring that lies below the line."""
    below: list[Point] = []
    for start, end, above_start, above_end in _edges(ring, heights, line):
        if above_start <= 0:
            below.append(start)
        if (above_start <= 0) != (above_end <= 0):
            below.append(_crossing(start, end, above_start, above_end))
    return signed_area(below) if below else 0.0
