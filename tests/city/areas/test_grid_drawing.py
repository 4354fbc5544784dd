"""Drawing grids: what is split and merged again is what it was, ground is neither lost nor won, faults are found."""

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.city.areas import grid_drawing as draw
from anlan.city.areas.geometry import area_m2, wgs84_to_gcj02
from anlan.city.areas.grid_drawing import Drawing, DrawingError, Grid
from anlan.city.areas.grid_exchange import BadGeoJson, Datum, read, written
from anlan.city.areas.grid_findings import Limits, Outlines, findings
from anlan.city.areas.layout import GridSizes

WEST, MIDDLE, EAST, SOUTH, NORTH = 120.10, 120.105, 120.11, 30.28, 30.29
LEFT = ((WEST, SOUTH), (MIDDLE, SOUTH), (MIDDLE, NORTH), (WEST, NORTH))
RIGHT = ((MIDDLE, SOUTH), (EAST, SOUTH), (EAST, NORTH), (MIDDLE, NORTH))
OUTLINE = ((WEST, SOUTH), (EAST, SOUTH), (EAST, NORTH), (WEST, NORTH))
TWO: Drawing = (Grid("330106013001001", "第一网格", LEFT, 400), Grid("330106013001002", "第二网格", RIGHT, 350))
LIMITS = Limits(GridSizes(300, 500, 3000, 200, 300), 1000)
ONE, OTHER = (grid.key for grid in TWO)


def found(drawing: Drawing, outlines: Outlines | None = None) -> set[str]:
    return {each.kind for each in findings(drawing, outlines or Outlines(OUTLINE, {}), LIMITS)}


def ground(drawing: Drawing) -> float:
    return sum(area_m2(grid.ring) for grid in drawing)


heights = st.floats(0.05, 0.95)


@settings(max_examples=60, deadline=None)
@given(heights, heights)
def test_a_grid_split_and_merged_again_is_what_it_was(left: float, right: float) -> None:
    def at(share: float) -> float:
        return SOUTH + share * (NORTH - SOUTH)

    parts = draw.split(TWO, ONE, [(WEST, at(left)), (MIDDLE, at(right))])
    assert len(parts) == 3
    assert ground(parts) == pytest.approx(ground(TWO), rel=1e-6)
    assert found(parts) == {"unknown"}
    merged = draw.merge(parts, [grid.key for grid in parts if grid.is_new])
    assert found(merged) == {"unknown"}
    there = next(grid for grid in merged if grid.is_new)
    assert area_m2(there.ring) == pytest.approx(area_m2(LEFT), rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.floats(-0.004, 0.004), st.floats(-0.004, 0.004))
def test_a_border_that_moves_takes_from_one_and_gives_to_the_other(south: float, north: float) -> None:
    ring = (LEFT[0], (MIDDLE + south, SOUTH), (MIDDLE + north, NORTH), LEFT[3])
    moved = draw.redraw(TWO, ONE, ring)
    assert ground(moved) == pytest.approx(ground(TWO), rel=1e-5)
    assert found(moved) <= {"unknown"}


def test_a_moved_border_makes_the_households_unknown_and_a_mere_corner_does_not() -> None:
    moved = draw.redraw(TWO, ONE, (LEFT[0], (MIDDLE + 0.001, SOUTH), (MIDDLE + 0.001, NORTH), LEFT[3]))
    assert [grid.households for grid in moved] == [None, None]
    with_corner = draw.with_rings(TWO, {ONE: [*LEFT[:1], ((WEST + MIDDLE) / 2, SOUTH), *LEFT[1:]]})
    assert [grid.households for grid in with_corner] == [400, 350]


def test_what_is_wrong_with_a_drawing_is_found() -> None:
    assert found(TWO) == set()
    assert found(()) == {"none"}
    assert "gap" in found(draw.remove(TWO, OTHER))
    wide = (LEFT[0], (MIDDLE + 0.001, SOUTH), (MIDDLE + 0.001, NORTH), LEFT[3])
    assert "overlap" in found(draw.redraw(TWO, ONE, wide, neighbours_follow=False))
    assert "outside" in found(draw.with_rings(TWO, {OTHER: (RIGHT[0], (EAST + 0.001, SOUTH), RIGHT[2], RIGHT[3])}))
    assert "shape" in found(draw.with_rings(TWO, {ONE: (LEFT[0], LEFT[2], LEFT[1], LEFT[3])}))
    assert "name" in found(draw.rename(TWO, ONE, "第二网格"))
    assert "size" in found(draw.count_households(TWO, ONE, 700))
    tiny = [(WEST, SOUTH + 0.0001), (WEST + 0.0002, SOUTH)]
    assert "small" in found(draw.split(TWO, ONE, tiny))
    assert found(TWO, Outlines((), {})) == {"no_outline"}


def test_a_grid_handed_over_has_to_touch_the_other_community() -> None:
    beside = ((EAST, SOUTH), (EAST + 0.01, SOUTH), (EAST + 0.01, NORTH), (EAST, NORTH))
    away = tuple((lon + 0.02, lat) for lon, lat in beside)
    going = draw.hand_over(TWO, OTHER, "330106013002")
    assert found(going, Outlines(OUTLINE, {"330106013002": beside})) == set()
    assert "apart" in found(going, Outlines(OUTLINE, {"330106013002": away}))
    assert "all_go" in found(draw.hand_over(going, ONE, "330106013002"))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ([(WEST, 30.285)], "two points"),
        ([(119.0, 30.285), (119.1, 30.286)], "from border to border"),
        ([(WEST - 0.001, 30.285), (WEST + 0.001, 30.285)], "from border to border"),
    ],
)
def test_a_line_that_makes_no_two_parts_is_refused(line: list[tuple[float, float]], says: str) -> None:
    with pytest.raises(DrawingError, match=says):
        draw.split(TWO, ONE, line)


def test_grids_that_do_not_touch_are_not_merged() -> None:
    three = draw.split(TWO, OTHER, [((MIDDLE + EAST) / 2, SOUTH), ((MIDDLE + EAST) / 2, NORTH)])
    far = max((grid for grid in three if grid.is_new), key=lambda grid: grid.ring[0][0] + grid.ring[1][0])
    with pytest.raises(DrawingError, match="side by side"):
        draw.merge(three, [ONE, far.key])


# GeoJSON


def as_bytes(told: object) -> bytes:
    return json.dumps(told).encode()


def collection(**changes: object) -> dict[str, object]:
    told = written(TWO)
    told["features"][0]["geometry"].update(changes)
    return told


def test_what_is_written_is_read_again() -> None:
    assert read(as_bytes(written(TWO)), Datum.WGS84, TWO, OUTLINE) == TWO


def test_a_file_in_chinese_coordinates_is_moved_where_it_belongs_and_suspected_where_it_is_not_said() -> None:
    shifted = tuple(
        Grid(grid.key, grid.name, tuple(wgs84_to_gcj02(*corner) for corner in grid.ring), grid.households)
        for grid in TWO
    )
    there = read(as_bytes(written(shifted)), Datum.GCJ02, TWO, OUTLINE)
    assert ground(there) == pytest.approx(ground(TWO), rel=1e-3)
    with pytest.raises(BadGeoJson, match="GCJ-02"):
        read(as_bytes(written(shifted)), Datum.WGS84, TWO, OUTLINE)


SWAPPED = [[[lat, lon] for lon, lat in (*LEFT, LEFT[0])]]
CROSSING = [[list(corner) for corner in (LEFT[0], LEFT[2], LEFT[1], LEFT[3], LEFT[0])]]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe{", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "no FeatureCollection"),
        (as_bytes({"type": "FeatureCollection", "features": []}), "1 to 999"),
        (as_bytes(collection(coordinates=SWAPPED)), "feature 1.*swapped"),
        (as_bytes(collection(coordinates=CROSSING)), "feature 1.*crosses"),
        (as_bytes(collection(coordinates=[[[1, 2], [3, 4], [1, 2]]])), "feature 1.*not closed"),
        (as_bytes(collection(coordinates=[[["a", "b"]]])), "feature 1.*longitude"),
        (as_bytes(collection(coordinates=[[[float("nan"), 1.0]]])), "feature 1.*longitude"),
        (as_bytes(collection(type="Point", coordinates=[1, 2])), "feature 1.*one polygon"),
        (as_bytes({**written(TWO), "features": [*written(TWO)["features"], 3]}), "feature 3"),
    ],
)
def test_a_bad_file_is_refused_by_feature_and_fault(content: bytes, says: str) -> None:
    with pytest.raises(BadGeoJson, match=says):
        read(content, Datum.WGS84, TWO, OUTLINE)


@settings(max_examples=80, deadline=None)
@given(st.recursive(st.none() | st.floats() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=6)))
def test_no_coordinates_make_the_reader_fail(coordinates: object) -> None:
    with pytest.raises(BadGeoJson):
        read(as_bytes(collection(coordinates=coordinates)), Datum.WGS84, TWO, OUTLINE)


def test_the_sizes_come_from_the_rules_of_the_day() -> None:
    from anlan.city.areas.grid_findings import limits_on

    limits = limits_on(date(2026, 1, 1))
    assert (limits.households.limits(1000), limits.households.limits(4000)) == ((300, 500), (200, 300))
    assert limits.least_m2 > 0
