from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from anlan.city.areas.geometry import (
    Point,
    PointLocator,
    area_m2,
    bd09_to_gcj02,
    bd09_to_wgs84,
    centroid,
    contains,
    distance_m,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    valid_position,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)

WEST_LAKE = (120.1476, 30.2463)
SQUARE = ((120.0, 30.0), (120.25, 30.0), (120.25, 30.25), (120.0, 30.25))

china_lon = st.floats(75, 135)
china_lat = st.floats(18, 53)


def test_a_degree_of_latitude_is_about_111_km() -> None:
    assert distance_m(120, 30, 120, 31) == pytest.approx(111_195, abs=5)


def test_hangzhou_to_shanghai_is_about_165_km() -> None:
    assert distance_m(120.1551, 30.2741, 121.4737, 31.2304) == pytest.approx(164_600, rel=0.01)


@given(china_lon, china_lat, china_lon, china_lat)
def test_distance_is_the_same_both_ways_and_zero_only_to_itself(
    lon1: float, lat1: float, lon2: float, lat2: float
) -> None:
    assert distance_m(lon1, lat1, lon2, lat2) == pytest.approx(distance_m(lon2, lat2, lon1, lat1))
    assert distance_m(lon1, lat1, lon1, lat1) == 0


def test_the_other_side_of_the_earth_is_half_a_circumference_away() -> None:
    assert distance_m(0, 0, 180, 0) == pytest.approx(20_015_115, abs=10)


@pytest.mark.parametrize(
    ("lon", "lat", "valid"),
    [
        (*WEST_LAKE, True),
        (-180, -90, True),
        (180.01, 30, False),
        (120, 90.01, False),
        (float("nan"), 30, False),
        (120, float("inf"), False),
        (0, 0, False),
    ],
)
def test_a_position_is_valid_if_it_is_a_place_on_earth(lon: float, lat: float, valid: bool) -> None:
    assert valid_position(lon, lat) is valid


@pytest.mark.parametrize("ring", [SQUARE, SQUARE[::-1]])
def test_a_polygon_holds_what_is_inside_whichever_way_it_is_wound(ring: tuple[Point, ...]) -> None:
    assert contains(ring, 120.1, 30.1)
    assert not contains(ring, 120.3, 30.1)
    assert not contains(ring, 120.1, 30.3)


def test_a_notch_in_a_polygon_is_outside_it() -> None:
    notched = (*SQUARE, (120.1, 30.1))
    assert not contains(notched, 120.02, 30.12)
    assert contains(notched, 120.2, 30.1)


def test_a_border_point_belongs_to_the_area_east_or_north_of_it() -> None:
    assert contains(SQUARE, 120.0, 30.1)
    assert contains(SQUARE, 120.1, 30.0)
    assert not contains(SQUARE, 120.25, 30.1)
    assert not contains(SQUARE, 120.1, 30.25)


@given(
    st.tuples(st.floats(120.05, 120.2), st.floats(30.05, 30.2)),
    st.integers(0, 3),
    st.floats(0, 0.99),  # the far end of two spokes is on the outer border that belongs to the next area
)
@example((120.125, 30.125), 0, 0.0)
def test_a_point_on_a_common_edge_is_in_exactly_one_of_the_neighbours(middle: Point, spoke: int, part: float) -> None:
    quarters = [(SQUARE[i - 1], SQUARE[i], middle) for i in range(4)]
    corner = SQUARE[spoke]
    lon = middle[0] + part * (corner[0] - middle[0])
    lat = middle[1] + part * (corner[1] - middle[1])
    assert sum(contains(quarter, lon, lat) for quarter in quarters) == 1


def test_rounding_never_gives_a_border_point_to_both_sides_or_to_neither() -> None:
    random = Random(1)
    for _ in range(500):
        south, north = (random.uniform(80, 130), 20.0), (random.uniform(80, 130), 50.0)
        west_half = ((75.0, 20.0), south, north, (75.0, 50.0))
        east_half = (south, (135.0, 20.0), (135.0, 50.0), north)
        lat = random.uniform(20, 50)
        # The same place on the line, reckoned from either end, may differ in the last digit.
        for start, end in ((south, north), (north, south)):
            lon = start[0] + (lat - start[1]) * (end[0] - start[0]) / (end[1] - start[1])
            assert contains(west_half, lon, lat) != contains(east_half, lon, lat)


def test_the_area_of_a_square_degree_quarter_is_right_and_its_halves_add_up() -> None:
    assert area_m2(SQUARE) == pytest.approx(27_796 * 24_055, rel=0.003)
    halves = (SQUARE[0], SQUARE[1], SQUARE[2]), (SQUARE[0], SQUARE[2], SQUARE[3])
    assert sum(area_m2(half) for half in halves) == pytest.approx(area_m2(SQUARE), rel=1e-12)
    assert area_m2(SQUARE[::-1]) == area_m2(SQUARE)


def test_the_centroid_is_the_centre_of_mass_not_of_the_corners() -> None:
    assert centroid(SQUARE) == pytest.approx((120.125, 30.125))
    crowded = ((120.0, 30.0), (120.001, 30.0), (120.002, 30.0), *SQUARE[1:])
    assert centroid(crowded) == pytest.approx((120.125, 30.125))


def test_the_centroid_of_a_flat_polygon_lies_on_it() -> None:
    assert centroid([(120, 30), (121, 30), (122, 30)]) == (121, 30)


def test_known_points_convert_as_other_implementations_do() -> None:
    assert wgs84_to_gcj02(116.404, 39.915) == pytest.approx((116.41024449916938, 39.91640428150164), abs=1e-9)
    assert gcj02_to_bd09(116.404, 39.915) == pytest.approx((116.41036949371029, 39.92133699351021), abs=1e-9)


def test_a_gcj02_position_in_hangzhou_is_some_hundred_metres_off() -> None:
    assert 300 < distance_m(*WEST_LAKE, *wgs84_to_gcj02(*WEST_LAKE)) < 700


def test_outside_china_gcj02_is_wgs84() -> None:
    assert wgs84_to_gcj02(-77.0, 39.0) == (-77.0, 39.0)
    assert gcj02_to_wgs84(-77.0, 39.0) == (-77.0, 39.0)


@pytest.mark.parametrize(
    ("there", "back"),
    [
        (wgs84_to_gcj02, gcj02_to_wgs84),
        (gcj02_to_bd09, bd09_to_gcj02),
        (wgs84_to_bd09, bd09_to_wgs84),
        (gcj02_to_wgs84, wgs84_to_gcj02),
        (bd09_to_wgs84, wgs84_to_bd09),
    ],
)
@given(lon=china_lon, lat=china_lat)
def test_there_and_back_is_within_a_centimetre(
    there: Callable[[float, float], Point], back: Callable[[float, float], Point], lon: float, lat: float
) -> None:
    assert distance_m(lon, lat, *back(*there(lon, lat))) < 0.01


@dataclass(frozen=True)
class Drawing:
    code: str
    polygon: tuple[Point, ...]


def box(west: float, south: float, east: float, north: float) -> tuple[Point, ...]:
    return (west, south), (east, south), (east, north), (west, north)


TOWNS = [
    Drawing("330106", box(120, 30, 121, 31)),
    Drawing("330106001", box(120, 30, 120.5, 31)),
    Drawing("330106002", box(120.5, 30, 121, 31)),
    Drawing("330106002001", box(120.5, 30, 121, 30.5)),
]


@pytest.mark.parametrize(
    ("lon", "lat", "code"),
    [
        (120.2, 30.2, "330106001"),
        (120.7, 30.2, "330106002001"),
        (120.5, 30.2, "330106002001"),
        (120.7, 30.7, None),
        (121.0, 30.2, None),
        (119.0, 30.2, None),
        (float("nan"), 30.2, None),
    ],
)
def test_a_point_locates_to_the_smallest_drawn_area_or_to_none(lon: float, lat: float, code: str | None) -> None:
    assert PointLocator(TOWNS).locate(lon, lat) == code


def test_a_point_within_the_box_but_not_the_shape_of_an_area_has_no_area() -> None:
    triangle = Drawing("330106", ((120, 30), (121, 30), (120, 31)))
    assert PointLocator([triangle]).locate(120.9, 30.9) is None
    assert PointLocator([triangle]).locate(120.1, 30.1) == "330106"


def test_nothing_drawn_locates_nothing() -> None:
    assert PointLocator([]).locate(*WEST_LAKE) is None
