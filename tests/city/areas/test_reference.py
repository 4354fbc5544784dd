import csv
from collections import Counter
from importlib import resources

import pytest

from anlan.city.areas.reference import (
    AreaCodeError,
    Kind,
    Level,
    kind_of,
    level_of,
    lineage,
    load,
    parent_code,
    path_of,
    place_name,
    validate_code,
)

ROWS = load()
BY_CODE = {row.code: row for row in ROWS}
GRID = "330106013001001"

TOWNS_AND_COMMUNITIES = {
    "330102": (14, 203),
    "330105": (18, 178),
    "330106": (12, 222),
    "330108": (3, 67),
    "330109": (22, 576),  # published as 27 and 585: less 5 statistical pseudo-units and their 9 communities
    "330110": (12, 223),
    "330111": (24, 350),
    "330112": (18, 319),
    "330113": (8, 196),
    "330114": (7, 127),
    "330122": (14, 218),
    "330127": (23, 361),
    "330182": (16, 271),
}


def test_the_table_holds_one_city_13_districts_191_towns_and_3311_communities() -> None:
    assert Counter(row.level for row in ROWS) == {
        Level.CITY: 1,
        Level.DISTRICT: 13,
        Level.TOWN: 191,
        Level.COMMUNITY: 3311,
    }


def test_each_district_has_the_published_number_of_towns_and_communities() -> None:
    counted = Counter((row.code[:6], row.level) for row in ROWS)
    assert {
        code: (counted[code, Level.TOWN], counted[code, Level.COMMUNITY]) for code in TOWNS_AND_COMMUNITIES
    } == TOWNS_AND_COMMUNITIES


def test_the_towns_are_93_streets_75_towns_and_23_townships_and_are_named_so() -> None:
    towns = [row for row in ROWS if row.level is Level.TOWN]
    assert Counter(row.kind for row in towns) == {Kind.STREET: 93, Kind.TOWN: 75, Kind.TOWNSHIP: 23}
    assert [row for row in towns if not row.name.endswith(row.kind)] == []


def test_every_area_but_the_city_has_its_parent_before_it_in_the_table() -> None:
    seen: set[str] = set()
    for row in ROWS:
        assert row.parent in seen or (row.code == "3301" and row.parent is None)
        seen.add(row.code)


def test_codes_paths_and_names_within_a_parent_are_unique() -> None:
    assert len(BY_CODE) == len(ROWS)
    assert len({row.path for row in ROWS}) == len(ROWS)
    assert len({(row.parent, row.place_name) for row in ROWS}) == len(ROWS)


def test_the_level_column_agrees_with_the_codes() -> None:
    table = resources.files("anlan.city.areas").joinpath("hangzhou.csv")
    with table.open(encoding="utf-8") as lines:
        assert [line["code"] for line in csv.DictReader(lines) if int(line["level"]) != level_of(line["code"])] == []


def test_no_community_name_is_blank_or_padded() -> None:
    assert [row for row in ROWS if not row.name or row.name != row.name.strip()] == []


def test_the_only_real_codes_with_warnings_are_sixteen_statistical_units() -> None:
    warned = [row for row in ROWS if validate_code(row.code)]
    assert {row.level for row in warned} == {Level.COMMUNITY}
    assert Counter(row.kind for row in warned) == {Kind.COMMUNITY_LIKE: 14, Kind.VILLAGE_LIKE: 2}


def test_a_residents_committee_never_bears_a_village_number_or_the_reverse() -> None:
    endings = {Kind.COMMUNITY: "社区", Kind.VILLAGE: "村"}
    mismatched = [row for row in ROWS if row.kind in endings and not row.place_name.endswith(endings[row.kind])]
    assert mismatched == []


@pytest.mark.parametrize(
    ("code", "level", "parent"),
    [
        ("3301", Level.CITY, None),
        ("330106", Level.DISTRICT, "3301"),
        ("330106013", Level.TOWN, "330106"),
        ("330106013001", Level.COMMUNITY, "330106013"),
        (GRID, Level.GRID, "330106013001"),
    ],
)
def test_the_length_of_a_code_gives_its_level_and_parent(code: str, level: Level, parent: str | None) -> None:
    assert level_of(code) is level
    assert parent_code(code) == parent


def test_the_path_of_a_grid_names_all_areas_above_it() -> None:
    assert path_of(GRID) == "3301.330106.330106013.330106013001.330106013001001"
    assert lineage("330106") == ("3301", "330106")


@pytest.mark.parametrize("code", ["", "33", "33010", "33010a", "３３０１０６", "²301", " 330106", "3301060130010010"])
def test_a_malformed_code_is_refused_and_named(code: str) -> None:
    for refuse in (level_of, parent_code, path_of, kind_of, validate_code):
        with pytest.raises(AreaCodeError, match="area code") as refused:
            refuse(code)
        assert refused.value.code == code


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("3301", Kind.CITY),
        ("3322", Kind.PREFECTURE),
        ("330106", Kind.URBAN_DISTRICT),
        ("330122", Kind.COUNTY),
        ("330182", Kind.COUNTY_CITY),
        ("330106099", Kind.STREET),
        ("330106100", Kind.TOWN),
        ("330106200", Kind.TOWNSHIP),
        ("330109401", Kind.TOWN_LIKE),
        ("330106013199", Kind.COMMUNITY),
        ("330106013200", Kind.VILLAGE),
        ("330109403498", Kind.COMMUNITY_LIKE),
        ("330109501503", Kind.VILLAGE_LIKE),
        (GRID, Kind.GRID),
        ("330106000", None),
        ("330106013600", None),
        ("330106013001000", None),
    ],
)
def test_the_number_of_a_code_says_what_kind_of_area_it_is(code: str, kind: Kind | None) -> None:
    assert kind_of(code) is kind


def test_warnings_name_every_odd_part_of_a_code_in_both_languages() -> None:
    warnings = validate_code("330109401600")
    assert [warning.code for warning in warnings] == ["330109401", "330109401600"]
    assert "仅用于统计" in warnings[0].zh
    assert "statistics only" in warnings[0].en
    assert "取值范围" in warnings[1].zh


def test_an_ordinary_code_has_no_warnings() -> None:
    assert validate_code(GRID) == []


@pytest.mark.parametrize(
    ("published", "place"),
    [
        ("清波门社区", "清波门社区"),
        ("下姜村村民委员会", "下姜村"),
        ("陇西村委会", "陇西村"),
        ("墨香湖社区居委会", "墨香湖社区"),
        ("大洋居委会", "大洋社区"),
        ("沈冠村村委会村委会", "沈冠村"),
    ],
)
def test_a_committee_gives_way_to_its_place_in_addresses(published: str, place: str) -> None:
    assert place_name(published) == place


def test_every_level_and_kind_has_a_label_in_both_languages() -> None:
    assert [level.zh for level in Level] == ["市", "区县市", "镇街", "村社", "网格"]
    assert all(level.en.isascii() for level in Level)
    assert all(kind.en.isascii() for kind in Kind)
