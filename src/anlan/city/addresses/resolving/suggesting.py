"""What somebody may be about to type: names that begin so, by characters or by pinyin, and the numbers below a name."""

import re
from collections.abc import Iterable
from typing import Final

from anlan.city.addresses.numbers import half_width
from anlan.city.addresses.parsing import parse
from anlan.city.addresses.resolving.asked import area_names
from anlan.city.addresses.resolving.lookups import ANY, Found, Key, names, numbers_below, rows_of
from anlan.city.addresses.resolving.names import Kind, Name, key_of

LONGEST = 60
MOST = 10
_MOST_NAMES: Final = 2_000
"""Of all districts, where those of one are wanted."""
_AREAS: Final = frozenset({"country", "prov", "city", "district", "town", "community"})
_NUMBER_BELOW: Final = re.compile(r"(?P<name>.*\D)(?P<number>\d{1,5})(?:号|弄|幢|栋|号楼)?")


def suggest(typed: str, *, area: str = "", limit: int = MOST) -> list[Found]:
    """Addresses that begin as what was typed, at most `limit`; those inside `area` (a path) first. Nothing for nothing
    and for what no name begins with. Never raises."""
    written = half_width(typed[:LONGEST]).strip()
    districts, rest = _without_areas(written)
    if not rest:
        return []
    index = names()
    below = _NUMBER_BELOW.fullmatch(rest)
    if below and (named := index.written(key_of(below["name"]))):
        found = numbers_below(_keys(named, districts, below["number"]), most=limit)
    else:
        keys = _keys(index.begin_with(rest, most=_MOST_NAMES if districts else 4 * limit), districts, "")[: 4 * limit]
        found = [row for rows in rows_of(keys) for row in rows[:1] if row.in_use]
    unique = {row.id: row for row in found}.values()
    return sorted(unique, key=lambda row: not _inside(row.area, area))[:limit]


def _without_areas(written: str) -> tuple[set[str], str]:
    """The districts named at the beginning, and what follows the areas."""
    districts, end = set[str](), 0
    for part in parse(written).parts:
        if part.label not in _AREAS:
            break
        if part.label == "district":
            districts |= area_names().districts(part.text)
        end = part.end
    return districts, written[end:]


def _keys(found: Iterable[Name], districts: set[str], number: str) -> list[Key]:
    """The key of each name in each of its districts, of those that were named where any was."""
    keys = []
    for name in found:
        for district in name.districts:
            if name.kind is Kind.ADDRESS or (districts and district not in districts):
                continue
            road = name.kind is Kind.ROAD
            keys.append(Key(name.kind, district, name.means, number if road else ANY, "" if road else number))
    return keys


def _inside(path: str, wider: str) -> bool:
    return bool(wider) and f"{path}.".startswith(f"{wider}.")
