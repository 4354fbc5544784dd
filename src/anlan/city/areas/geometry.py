"""Positions, distances and polygons in WGS-84 degrees, and the way from Chinese map coordinates to them.

A polygon is a ring of (lon, lat) corners, the first one not repeated at the end, wound either way.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import asin, atan2, cos, hypot, isfinite, pi, radians, sin, sqrt
from typing import Protocol

from anlan.city.areas.reference import parent_code

Point = tuple[float, float]

EARTH_RADIUS_M = 6_371_008.8  # IUGG mean radius


def valid_position(lon: float, lat: float) -> bool:
    """Whether this is a place on earth. (0, 0) is what a device sends when it has no position."""
    return isfinite(lon) and isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90 and (lon, lat) != (0, 0)


def distance_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Great-circle distance in metres (haversine; within 0.6 % of the ellipsoid)."""
    phi1, phi2 = radians(lat1), radians(lat2)
    chord = sin((phi2 - phi1) / 2) ** 2 + cos(phi1) * cos(phi2) * sin(radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(sqrt(min(1.0, chord)))


def contains(polygon: Sequence[Point], lon: float, lat: float) -> bool:
    """Whether the polygon holds the point.

    A point on a border belongs to the area east of it, on a border along a parallel to the area north of it:
    of two polygons that share the edge exactly one holds the point. The edge is computed from its southern
    end in both, so that rounding can't give the point to both or to neither.
    """
    inside = False
    lon1, lat1 = polygon[-1]
    for lon2, lat2 in polygon:
        if (lat1 > lat) != (lat2 > lat):
            if lat1 < lat2:
                border = lon1 + (lat - lat1) * (lon2 - lon1) / (lat2 - lat1)
            else:
                border = lon2 + (lat - lat2) * (lon1 - lon2) / (lat1 - lat2)
            if lon < border:
                inside = not inside
        lon1, lat1 = lon2, lat2
    return inside


def area_m2(polygon: Sequence[Point]) -> float:
    """Area in square metres on the sphere (within 0.5 % of the ellipsoid); areas of neighbours add up."""
    # A cylindrical equal-area projection: flat areas are true, and the shoelace sum is exact for it.
    flat = [(radians(lon), sin(radians(lat))) for lon, lat in polygon]
    return EARTH_RADIUS_M**2 * abs(signed_area(flat))


def centroid(polygon: Sequence[Point]) -> Point:
    """The centre of mass in degrees; inside the polygon if that is convex."""
    lon0, lat0 = polygon[0]  # near origin: the products of small numbers lose no digits
    shifted = [(lon - lon0, lat - lat0) for lon, lat in polygon]
    area = signed_area(shifted)
    if area == 0:
        return sum(p[0] for p in polygon) / len(polygon), sum(p[1] for p in polygon) / len(polygon)
    sum_x = sum_y = 0.0
    x1, y1 = shifted[-1]
    for x2, y2 in shifted:
        cross = x1 * y2 - x2 * y1
        sum_x += (x1 + x2) * cross
        sum_y += (y1 + y2) * cross
        x1, y1 = x2, y2
    return lon0 + sum_x / (6 * area), lat0 + sum_y / (6 * area)


def signed_area(polygon: Sequence[Point]) -> float:
    """Flat area in the square of the corners' unit; positive if they run counter-clockwise."""
    total = 0.0
    x1, y1 = polygon[-1]
    for x2, y2 in polygon:
        total += x1 * y2 - x2 * y1
        x1, y1 = x2, y2
    return total / 2


def simplified(ring: Sequence[Point], tolerance: float) -> list[Point]:
    """The ring without the corners that lie nearer than `tolerance` (degrees) to what is left (Douglas-Peucker).

    It starts at its first corner and at the one farthest from that; at least three corners are kept.
    """
    far = max(range(len(ring)), key=lambda at: hypot(ring[at][0] - ring[0][0], ring[at][1] - ring[0][1]))
    kept = {0, far}
    closed = [*ring, ring[0]]
    open_chains = [(0, far), (far, len(ring))]
    while open_chains:
        start, end = open_chains.pop()
        between = range(start + 1, end)
        if not between:
            continue
        farthest = max(between, key=lambda at: _off_line(closed[at], closed[start], closed[end]))
        if _off_line(closed[farthest], closed[start], closed[end]) > tolerance or len(kept) < 3:
            kept.add(farthest)
            open_chains += [(start, farthest), (farthest, end)]
    return [ring[at] for at in sorted(kept)]


def _off_line(point: Point, start: Point, end: Point) -> float:
    """How far a point lies from the stretch between two others."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    x, y = point[0] - start[0], point[1] - start[1]
    length2 = dx * dx + dy * dy
    along = min(1.0, max(0.0, (x * dx + y * dy) / length2)) if length2 else 0.0
    return hypot(x - along * dx, y - along * dy)


# Chinese map coordinates. GCJ-02 shifts WGS-84 by up to about 700 m inside mainland China; BD-09 shifts
# GCJ-02 once more. Neither is published: these are the formulas in general use, good to about a metre.

_KRASSOVSKY_AXIS_M = 6_378_245.0
_KRASSOVSKY_ECCENTRICITY2 = 0.006_693_421_622_965_943
_BD_WAVE = pi * 3000 / 180


def wgs84_to_gcj02(lon: float, lat: float) -> Point:
    if not (72.004 <= lon <= 137.8347 and 0.8293 <= lat <= 55.8271):
        return lon, lat  # outside China GCJ-02 is WGS-84
    x, y = lon - 105, lat - 35
    ripple = (20 * sin(6 * pi * x) + 20 * sin(2 * pi * x)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + ripple
    east += (20 * sin(pi * x) + 40 * sin(pi * x / 3) + 150 * sin(pi * x / 12) + 300 * sin(pi * x / 30)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + ripple
    north += (20 * sin(pi * y) + 40 * sin(pi * y / 3) + 160 * sin(pi * y / 12) + 320 * sin(pi * y / 30)) * 2 / 3
    phi = radians(lat)
    flattening = 1 - _KRASSOVSKY_ECCENTRICITY2 * sin(phi) ** 2
    metres_per_radian_lon = _KRASSOVSKY_AXIS_M / sqrt(flattening) * cos(phi)
    metres_per_radian_lat = _KRASSOVSKY_AXIS_M * (1 - _KRASSOVSKY_ECCENTRICITY2) / flattening**1.5
    return lon + east * 180 / (metres_per_radian_lon * pi), lat + north * 180 / (metres_per_radian_lat * pi)


def gcj02_to_wgs84(lon: float, lat: float) -> Point:
    return _invert(wgs84_to_gcj02, lon, lat)


def gcj02_to_bd09(lon: float, lat: float) -> Point:
    radius = hypot(lon, lat) + 0.00002 * sin(lat * _BD_WAVE)
    angle = atan2(lat, lon) + 0.000003 * cos(lon * _BD_WAVE)
    return radius * cos(angle) + 0.0065, radius * sin(angle) + 0.006


def bd09_to_gcj02(lon: float, lat: float) -> Point:
    return _invert(gcj02_to_bd09, lon, lat)


def wgs84_to_bd09(lon: float, lat: float) -> Point:
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))


def bd09_to_wgs84(lon: float, lat: float) -> Point:
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


def _invert(forward: Callable[[float, float], Point], lon: float, lat: float) -> Point:
    """The point that `forward` sends to (lon, lat): the shift changes slowly, so taking it back converges."""
    guess_lon, guess_lat = lon, lat
    for _ in range(6):  # each round leaves about a hundredth of the error; the first starts within 1.5 km
        shifted_lon, shifted_lat = forward(guess_lon, guess_lat)
        guess_lon += lon - shifted_lon
        guess_lat += lat - shifted_lat
    return guess_lon, guess_lat


class Drawn(Protocol):
    """An area with a boundary."""

    @property
    def code(self) -> str: ...

    @property
    def polygon(self) -> Sequence[Point]: ...


@dataclass(slots=True)
class _Node:
    code: str
    polygon: Sequence[Point]
    west: float
    south: float
    east: float
    north: float
    children: "list[_Node]" = field(default_factory=list)


class PointLocator:
    """Finds the smallest area that holds a point, walking down the tree from the cities.

    The children of an area are expected to lie inside it without overlap. Where they leave a hole, a point in
    the hole has no area.
    """

    def __init__(self, areas: Iterable[Drawn]) -> None:
        nodes = {area.code: _node(area) for area in areas}
        children: defaultdict[str | None, list[_Node]] = defaultdict(list)
        for node in nodes.values():
            children[parent_code(node.code)].append(node)
        for code, node in nodes.items():
            node.children = children[code]
        self._roots = [node for node in nodes.values() if parent_code(node.code) not in nodes]

    def locate(self, lon: float, lat: float) -> str | None:
        """The code of the grid at this position (of the smallest drawn area, if no grids are), or None."""
        level = self._roots
        while True:
            near = [n for n in level if n.west <= lon <= n.east and n.south <= lat <= n.north]
            if not near:
                return None
            # The last candidate needs no test of its long border: were the point not inside, then it would be
            # in no leaf below either, and leaves are tested.
            found = next((node for node in near[:-1] if contains(node.polygon, lon, lat)), near[-1])
            if not found.children:
                return found.code if contains(found.polygon, lon, lat) else None
            level = found.children


def _node(area: Drawn) -> _Node:
    lons = [lon for lon, _ in area.polygon]
    lats = [lat for _, lat in area.polygon]
    return _Node(area.code, area.polygon, min(lons), min(lats), max(lons), max(lats))
