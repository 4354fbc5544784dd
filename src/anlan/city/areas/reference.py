"""The reference city: official codes of areas, what they mean, and the table of Hangzhou.

The table `hangzhou.csv` holds the names and codes published by the National Bureau of Statistics (2023
edition, as of 2023-06-30): 1 city, 13 districts and counties, 191 towns and streets, 3,311 communities and
villages. Names stand as published, with the organisation's ending (村民委员会, 居委会); `AreaRow.place_name`
is the form that addresses use.

Left out: the bureau's five statistical pseudo-units in Xiaoshan (330109401, 403, 501, 503, 505), which are
nobody's town government, and the nine communities that exist only under them (the bureau lists 3,320).
"""

import csv
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from importlib import resources


class Level(IntEnum):
    """How deep an area stands in the administrative tree."""

    CITY = 1
    DISTRICT = 2
    TOWN = 3
    COMMUNITY = 4
    GRID = 5

    @property
    def zh(self) -> str:
        return _LEVEL_LABELS[self][0]

    @property
    def en(self) -> str:
        return _LEVEL_LABELS[self][1]


_LEVEL_LABELS = {
    Level.CITY: ("市", "City"),
    Level.DISTRICT: ("区县市", "District or county"),
    Level.TOWN: ("镇街", "Town or street"),
    Level.COMMUNITY: ("村社", "Community or village"),
    Level.GRID: ("网格", "Grid"),
}


class Kind(StrEnum):
    """What sort of area a code names; the value is the Chinese word."""

    CITY = "市"
    PREFECTURE = "地区、自治州、盟"
    URBAN_DISTRICT = "区"
    COUNTY = "县"
    COUNTY_CITY = "县级市"
    STREET = "街道"
    TOWN = "镇"
    TOWNSHIP = "乡"
    TOWN_LIKE = "类似乡级单位"
    COMMUNITY = "社区"
    VILLAGE = "村"
    COMMUNITY_LIKE = "类似社区"
    VILLAGE_LIKE = "类似村"
    GRID = "网格"

    @property
    def en(self) -> str:
        return _KIND_ENGLISH[self]


_KIND_ENGLISH = {
    Kind.CITY: "City",
    Kind.PREFECTURE: "Prefecture",
    Kind.URBAN_DISTRICT: "District",
    Kind.COUNTY: "County",
    Kind.COUNTY_CITY: "County-level city",
    Kind.STREET: "Street",
    Kind.TOWN: "Town",
    Kind.TOWNSHIP: "Township",
    Kind.TOWN_LIKE: "Town-like statistical unit",
    Kind.COMMUNITY: "Community",
    Kind.VILLAGE: "Village",
    Kind.COMMUNITY_LIKE: "Community-like statistical unit",
    Kind.VILLAGE_LIKE: "Village-like statistical unit",
    Kind.GRID: "Grid",
}

# Units that exist for statistics: a matter there has no elected committee or town government to go to.
STATISTICAL = frozenset({Kind.TOWN_LIKE, Kind.COMMUNITY_LIKE, Kind.VILLAGE_LIKE})

_LENGTH = {Level.CITY: 4, Level.DISTRICT: 6, Level.TOWN: 9, Level.COMMUNITY: 12, Level.GRID: 15}
_LEVEL_BY_LENGTH = {length: level for level, length in _LENGTH.items()}


@dataclass(frozen=True, slots=True)
class _Numbering:
    """The standard that numbers one level, and which numbers mean which kind."""

    source: str
    kinds: tuple[tuple[int, int, Kind], ...]


_NUMBERING = {
    Level.CITY: _Numbering(
        "GB/T 2260",
        ((1, 20, Kind.CITY), (21, 50, Kind.PREFECTURE), (51, 70, Kind.CITY), (90, 90, Kind.COUNTY_CITY)),
    ),
    Level.DISTRICT: _Numbering(
        "GB/T 2260",
        ((1, 20, Kind.URBAN_DISTRICT), (21, 80, Kind.COUNTY), (81, 99, Kind.COUNTY_CITY)),
    ),
    Level.TOWN: _Numbering(
        "GB/T 10114-2003",
        ((1, 99, Kind.STREET), (100, 199, Kind.TOWN), (200, 399, Kind.TOWNSHIP), (400, 599, Kind.TOWN_LIKE)),
    ),
    Level.COMMUNITY: _Numbering(
        "统计用区划代码",
        (
            (1, 199, Kind.COMMUNITY),
            (200, 399, Kind.VILLAGE),
            (400, 499, Kind.COMMUNITY_LIKE),
            (500, 599, Kind.VILLAGE_LIKE),
        ),
    ),
    # No published rule for Zhejiang's grid codes was found: three digits in sequence are our own choice.
    Level.GRID: _Numbering("Anlan", ((1, 999, Kind.GRID),)),
}


class AreaCodeError(ValueError):
    """The text is no area code at all: wrong length or other characters than digits."""

    def __init__(self, code: str) -> None:
        super().__init__(f"area code {code!r}: expected 4, 6, 9, 12 or 15 digits")
        self.code = code


@dataclass(frozen=True, slots=True)
class CodeWarning:
    """A well-formed code that the standards would not give to an ordinary area."""

    code: str
    zh: str
    en: str


def level_of(code: str) -> Level:
    """The level that the length of the code stands for; AreaCodeError if it is none."""
    level = _LEVEL_BY_LENGTH.get(len(code))
    if level is None or not (code.isascii() and code.isdigit()):
        raise AreaCodeError(code)
    return level


def parent_code(code: str) -> str | None:
    """The code of the area that holds this one; None for a city, the root of its tree."""
    level = level_of(code)
    return None if level is Level.CITY else code[: _LENGTH[Level(level - 1)]]


def lineage(code: str) -> tuple[str, ...]:
    """The codes from the city down to this area, itself included."""
    return tuple(code[: _LENGTH[level]] for level in Level if level <= level_of(code))


def path_of(code: str) -> str:
    """The ltree path of official codes, e.g. "3301.330106.330106013"."""
    return ".".join(lineage(code))


def kind_of(code: str) -> Kind | None:
    """What sort of area the code's last part names; None if the standard gives that number no meaning."""
    level = level_of(code)
    start = 2 if level is Level.CITY else _LENGTH[Level(level - 1)]
    number = int(code[start:])
    return next((kind for low, high, kind in _NUMBERING[level].kinds if low <= number <= high), None)


def validate_code(code: str) -> list[CodeWarning]:
    """What the standards find odd in a code, part by part; AreaCodeError if it is malformed.

    Ranges: GB/T 2260 (city, district), GB/T 10114-2003 (town), statistical codes (community). They are
    warnings because the national list itself has units outside the ordinary ranges.
    """
    warnings = []
    for ancestor in lineage(code):
        kind = kind_of(ancestor)
        level = level_of(ancestor)
        if kind is None:
            source = _NUMBERING[level].source
            warnings.append(
                CodeWarning(
                    code=ancestor,
                    zh=f"{ancestor}：{level.zh}级编码不在 {source} 的取值范围内",
                    en=f"{ancestor}: no {level.en.lower()} number of {source}",
                )
            )
        elif kind in STATISTICAL:
            warnings.append(
                CodeWarning(
                    code=ancestor,
                    zh=f"{ancestor}：{kind}，仅用于统计",
                    en=f"{ancestor}: {kind.en.lower()}, exists for statistics only",
                )
            )
    return warnings


@dataclass(frozen=True, slots=True)
class AreaRow:
    """One official area of the table."""

    code: str
    name: str
    level: Level
    parent: str | None
    path: str
    kind: Kind

    @property
    def place_name(self) -> str:
        """The name as addresses write it: "XX村" or "XX社区", never the committee (unified address rules)."""
        return place_name(self.name)


_COMMITTEES = (("居民委员会", "社区"), ("居委会", "社区"), ("村民委员会", "村"), ("村委会", "村"))


def place_name(name: str) -> str:
    """The place for which a committee is named: "下姜村村民委员会" is 下姜村, "大洋居委会" 大洋社区."""
    for committee, place in _COMMITTEES:
        if name.endswith(committee):
            base = place_name(name.removesuffix(committee))  # one published name carries its ending twice
            return base if base.endswith(place) else base + place
    return name


def load() -> list[AreaRow]:
    """The areas of Hangzhou from the city down to the communities, parents before children."""
    table = resources.files(__package__).joinpath("hangzhou.csv")
    with table.open(encoding="utf-8") as lines:
        return [_row(line["code"], line["name"]) for line in csv.DictReader(lines)]


def _row(code: str, name: str) -> AreaRow:
    kind = kind_of(code)
    if kind is None:
        raise AreaCodeError(code)
    return AreaRow(code, name, level_of(code), parent_code(code), path_of(code), kind)
