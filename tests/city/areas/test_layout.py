from collections import Counter, defaultdict
from itertools import pairwise

import pytest

from anlan.city.areas.geometry import PointLocator, area_m2, contains
from anlan.city.areas.layout import (
    SYNTHETIC_NOTE_EN,
    SYNTHETIC_NOTE_ZH,
    GridSizes,
    SyntheticArea,
    chinese_numeral,
    lay_out,
)
from anlan.city.areas.reference import AreaRow, Kind, Level, level_of, load, parent_code

SIZES = GridSizes(
    smallest=300,
    largest=500,
    large_community_above=3000,
    large_community_smallest=200,
    large_community_largest=300,
)


@pytest.fixture(scope="module")
def city() -> dict[str, SyntheticArea]:
    return {area.code: area for area in lay_out(load(), SIZES, seed=7)}


@pytest.fixture(scope="module")
def children(city: dict[str, SyntheticArea]) -> dict[str, list[SyntheticArea]]:
    below = defaultdict(list)
    for area in city.values():
        parent = parent_code(area.code)
        if parent is not None:
            below[parent].append(area)
    return below


def at(level: Level, city: dict[str, SyntheticArea]) -> list[SyntheticArea]:
    return [area for area in city.values() if level_of(area.code) is level]


def test_every_official_area_is_drawn_and_every_community_has_grids(
    city: dict[str, SyntheticArea], children: dict[str, list[SyntheticArea]]
) -> None:
    assert {code for code in city if len(code) < 15} == {row.code for row in load()}
    assert all(children[community.code] for community in at(Level.COMMUNITY, city))
    assert 12_000 < len(at(Level.GRID, city)) < 14_500


def test_every_area_says_that_it_is_synthetic(city: dict[str, SyntheticArea]) -> None:
    assert all(area.synthetic for area in city.values())
    assert "合成数据" in SYNTHETIC_NOTE_ZH
    assert "synthetic" in SYNTHETIC_NOTE_EN


def test_every_grid_is_within_the_size_rule_where_whole_grids_can_be(
    city: dict[str, SyntheticArea], children: dict[str, list[SyntheticArea]]
) -> None:
    exceptions = []
    for community in at(Level.COMMUNITY, city):
        smallest, largest = SIZES.limits(community.households)
        grids = [grid.households for grid in children[community.code]]
        if not all(smallest <= households <= largest for households in grids):
            exceptions.append((community.households, grids))
    assert exceptions, "the seed should draw some communities that no number of grids fits"
    for households, grids in exceptions:
        assert households < 300 or 500 < households < 600
        assert len(grids) == (1 if households < 300 else 2)
        assert max(grids) <= 500


def test_communities_over_3000_households_have_grids_of_200_to_300(
    city: dict[str, SyntheticArea], children: dict[str, list[SyntheticArea]]
) -> None:
    large = [community for community in at(Level.COMMUNITY, city) if community.households > 3000]
    assert len(large) > 50
    assert all(200 <= grid.households <= 300 for area in large for grid in children[area.code])


def test_households_are_spread_around_1300_and_add_up_at_every_level(
    city: dict[str, SyntheticArea], children: dict[str, list[SyntheticArea]]
) -> None:
    drawn = sorted(area.households for area in at(Level.COMMUNITY, city))
    assert 1200 < drawn[len(drawn) // 2] < 1400
    assert drawn[0] >= 120
    assert drawn[-1] <= 6000
    assert all(city[code].households == sum(a.households for a in below) for code, below in children.items())


def test_children_cover_their_parent_exactly(
    city: dict[str, SyntheticArea], children: dict[str, list[SyntheticArea]]
) -> None:
    for code, below in children.items():
        assert sum(area_m2(area.polygon) for area in below) == pytest.approx(area_m2(city[code].polygon), rel=1e-9)


@pytest.mark.parametrize("level", [Level.DISTRICT, Level.TOWN, Level.COMMUNITY, Level.GRID])
def test_areas_of_a_level_share_every_edge_with_one_neighbour_or_with_the_edge_of_the_city(
    city: dict[str, SyntheticArea], level: Level
) -> None:
    # All rings run the same way round, so a common edge runs once in each direction. Areas that overlapped
    # would share an edge in the same direction or cut one that has no counterpart.
    edges = Counter(edge for area in at(level, city) for edge in edges_of(area))
    assert max(edges.values()) == 1
    outer = {edge for edge in edges if edge[::-1] not in edges}
    if level is Level.GRID:
        assert outer == set(edges_of(city["3301"]))
    else:
        assert {edge[0] for edge in outer} <= set(city["3301"].polygon)


def edges_of(area: SyntheticArea) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    return list(pairwise([*area.polygon, area.polygon[0]]))


def test_the_point_of_every_area_lies_inside_it(city: dict[str, SyntheticArea]) -> None:
    assert [area.code for area in city.values() if not contains(area.polygon, area.lon, area.lat)] == []


def test_the_point_of_every_grid_locates_to_that_grid(city: dict[str, SyntheticArea]) -> None:
    locator = PointLocator(city.values())
    lost = [grid.code for grid in at(Level.GRID, city) if locator.locate(grid.lon, grid.lat) != grid.code]
    assert lost == []


def test_every_corner_inside_the_city_belongs_to_exactly_one_grid(
    city: dict[str, SyntheticArea],
) -> None:
    rim = set(city["3301"].polygon)
    corners = {p for grid in at(Level.GRID, city) if grid.code.startswith("330108") for p in grid.polygon} - rim
    grids = at(Level.GRID, city)
    assert len(corners) > 300
    for lon, lat in sorted(corners)[::10]:
        assert sum(contains(grid.polygon, lon, lat) for grid in grids) == 1


def test_grids_are_numbered_in_rows_from_north_to_south_and_west_to_east_within_a_row(
    children: dict[str, list[SyntheticArea]],
) -> None:
    for code, grids in children.items():
        if len(code) != 12:
            continue
        assert [grid.code[12:] for grid in grids] == [f"{number:03}" for number in range(1, len(grids) + 1)]
        rows = [[grids[0]]]
        for grid in grids[1:]:
            if grid.lon < rows[-1][-1].lon:
                rows.append([])
            rows[-1].append(grid)
        for north, south in pairwise(rows):
            assert min(grid.lat for grid in north) >= max(grid.lat for grid in south)


def test_grids_bear_names_in_the_address_form(children: dict[str, list[SyntheticArea]]) -> None:
    names = [grid.name for grid in max((c for code, c in children.items() if len(code) == 12), key=len)]
    assert names[:2] == ["第一网格", "第二网格"]
    assert names[9:12] == ["第十网格", "第十一网格", "第十二网格"]


def test_districts_lie_roughly_where_they_do_in_truth(city: dict[str, SyntheticArea]) -> None:
    place = {area.name: area for area in at(Level.DISTRICT, city)}
    west_to_east = ["淳安县", "建德市", "桐庐县", "富阳区", "滨江区", "萧山区", "钱塘区"]
    assert west_to_east == sorted(west_to_east, key=lambda name: place[name].lon)
    south_to_north = ["建德市", "桐庐县", "富阳区", "萧山区", "上城区", "拱墅区", "临平区"]
    assert south_to_north == sorted(south_to_north, key=lambda name: place[name].lat)
    assert place["临安区"].lon < place["余杭区"].lon
    assert place["临安区"].lat > place["桐庐县"].lat
    assert max(place.values(), key=lambda area: area_m2(area.polygon)).name == "淳安县"
    assert min(place.values(), key=lambda area: area_m2(area.polygon)).name == "滨江区"


def test_the_city_lies_in_the_box_of_hangzhou(city: dict[str, SyntheticArea]) -> None:
    assert all(118.34 <= lon <= 120.72 and 29.19 <= lat <= 30.57 for lon, lat in city["3301"].polygon)


def test_the_same_seed_gives_the_same_layout_and_another_seed_another(city: dict[str, SyntheticArea]) -> None:
    assert lay_out(reversed(load()), SIZES, seed=7) == list(city.values())
    other = {area.code: area for area in lay_out(load(), SIZES, seed=8)}
    assert other["330106"].polygon != city["330106"].polygon
    assert other["330106013001"].households != city["330106013001"].households


def test_other_seeds_also_give_maps_without_gap_or_overlap() -> None:
    for seed in range(3):
        grids = [area for area in lay_out(load(), SIZES, seed) if level_of(area.code) is Level.GRID]
        edges = Counter(edge for grid in grids for edge in edges_of(grid))
        assert max(edges.values()) == 1
        assert all(area_m2(grid.polygon) > 10_000 for grid in grids)


def test_a_part_of_the_city_can_be_drawn_alone() -> None:
    rows = [row for row in load() if row.code == "3301" or row.code.startswith("330108")]
    drawn = lay_out(rows, SIZES, seed=1)
    assert {area.code for area in drawn if len(area.code) < 15} == {row.code for row in rows}
    assert PointLocator(drawn).locate(drawn[1].lon, drawn[1].lat) is not None


def test_rows_that_make_no_whole_tree_are_refused_by_code() -> None:
    rows = [row for row in load() if row.code == "3301" or row.code.startswith("330108")]
    with pytest.raises(ValueError, match=r"330108001 .* without its parent 330108"):
        lay_out([row for row in load() if row.code != "330108"], SIZES, seed=1)
    with pytest.raises(ValueError, match=r"330108001 .* no communities"):
        lay_out([row for row in rows if row.parent != "330108001"], SIZES, seed=1)
    elsewhere = AreaRow("330203", "海曙区", Level.DISTRICT, "3301", "3301.330203", Kind.URBAN_DISTRICT)
    with pytest.raises(ValueError, match=r"330203 .* no place on the map"):
        lay_out([*rows, elsewhere], SIZES, seed=1)


def test_the_sizes_passed_in_decide_the_grids() -> None:
    rows = [row for row in load() if row.code == "3301" or row.code.startswith("330108")]
    coarse = GridSizes(1000, 2000, 100_000, 500, 1000)
    sizes = [area.households for area in lay_out(rows, coarse, seed=1) if len(area.code) == 15]
    assert max(sizes) > 1000
    assert max(sizes) <= 2000


@pytest.mark.parametrize(
    ("numbers", "named"),
    [((0, 500, 3000, 200, 300), "largest"), ((300, 500, 3000, 300, 200), "large_community_largest")],
)
def test_sizes_that_make_no_range_are_refused_by_name(numbers: tuple[int, int, int, int, int], named: str) -> None:
    with pytest.raises(ValueError, match=rf"GridSizes\.{named}:"):
        GridSizes(*numbers)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1, "一"),
        (10, "十"),
        (12, "十二"),
        (20, "二十"),
        (99, "九十九"),
        (100, "一百"),
        (105, "一百零五"),
        (110, "一百一十"),
    ],
)
def test_numbers_are_written_as_chinese_counts(number: int, text: str) -> None:
    assert chinese_numeral(number) == text


@pytest.mark.parametrize("number", [0, -1, 1000])
def test_a_number_without_a_grid_code_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="number"):
        chinese_numeral(number)
