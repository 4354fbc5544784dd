"""Codes and names of addresses: what is official, and where nothing is, what is ours.

**Codes.** Districts, towns and communities carry their official code (GB/T 2260, GB/T 10114-2003, statistical codes).
Below them no rule that binds Hangzhou was found, so the code is our own: the twelve digits of the area (a wider area is
filled up with zeros, as the statistical codes do), two for the level, six in sequence. It says where an address was
first entered and never changes, also when the area is renumbered later.

**Names.** `official` is how a level is written (12幢), `canonical` how it is compared (12).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from django.db import connection

from anlan.city.addresses.canonical import canonical as canonical_part
from anlan.city.addresses.models import Level
from anlan.city.addresses.numbers import half_width
from anlan.city.addresses.parts import Part

AREA_DIGITS: Final = 12
MOST_IN_SEQUENCE: Final = 999_999

_SUFFIXES: Final[Mapping[Level, str]] = {
    Level.NUMBER: "号",
    Level.BUILDING: "幢",
    Level.UNIT: "单元",
    Level.FLOOR: "层",
    Level.ROOM: "室",
}
_LABELS: Final[Mapping[Level, str]] = {
    Level.ROAD: "road",
    Level.NUMBER: "roadno",
    Level.COMPOUND: "poi",
    Level.BUILDING: "houseno",
    Level.UNIT: "cellno",
    Level.FLOOR: "floorno",
    Level.ROOM: "roomno",
    Level.POI: "poi",
}
"""The label that a parser gives to the part of each level."""
_BUILT: Final = ("楼", "房", "馆", "厅", "阁")
NONE_WRITTEN: Final = frozenset({"无", "/", "-", "—", "－"})
"""What forms hold where there is no building or unit: the rule asks for 无, people draw a line."""


class SequenceExhausted(Exception):
    """An area has given all its numbers of a level; `area` and `level` say which."""

    def __init__(self, area: str, level: Level) -> None:
        super().__init__(f"area {area}: more than {MOST_IN_SEQUENCE} addresses of level {level}")
        self.area = area
        self.level = level


@lru_cache(maxsize=200_000)
def canonical(level: Level, name: str) -> str:
    """A level's own name as it is compared: `12号楼`, `十二栋` and `12幢` are all `12`; "" for nothing or 无."""
    written = name.strip()
    if not written or written in NONE_WRITTEN:
        return ""
    return canonical_part(Part(_LABELS[level], written, 0, len(written)))


@lru_cache(maxsize=200_000)
def official(level: Level, name: str) -> str:
    """A level's own name as it is officially written, by the unified address rules of 6.3: `12幢`, `3单元`, `3层`.

    What has a name instead of a number (东楼) keeps it.
    """
    suffix = _SUFFIXES.get(level)
    if suffix is None:
        return "".join(half_width(name).split())
    key = canonical(level, name)
    if _is_number(key):
        return key + suffix
    return f"{key}楼" if level is Level.BUILDING and key and not key.endswith(_BUILT) else key


def area_digits(area: str) -> str:
    """The twelve digits of the narrowest area of a path, as codes begin with them: `330106` is `330106000000`."""
    return area.rpartition(".")[2].ljust(AREA_DIGITS, "0")[:AREA_DIGITS]


def take_codes(wanted: Iterable[tuple[str, Level]]) -> dict[tuple[str, Level], "Codes"]:
    """Numbers for so many addresses of each (area path, level), in one statement. For a transaction.

    Raises SequenceExhausted.
    """
    counts = Counter((area_digits(area), level) for area, level in wanted)
    if not counts:
        return {}
    # In one order, so that two who take numbers at the same time never wait for each other crosswise.
    places = sorted(counts)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO addresses_sequence AS s (area, level, last)
            SELECT * FROM unnest(%s::text[], %s::int[], %s::int[]) ORDER BY 1, 2
            ON CONFLICT (area, level) DO UPDATE SET last = s.last + excluded.last
            RETURNING area, level, last
            """,
            [
                [area for area, _level in places],
                [int(level) for _area, level in places],
                [counts[place] for place in places],
            ],
        )
        last = {(area, Level(level)): number for area, level, number in cursor.fetchall()}
    for (area, level), number in last.items():
        if number > MOST_IN_SEQUENCE:
            raise SequenceExhausted(area, level)
    return {place: Codes(*place, last[place] - counts[place]) for place in places}


class Codes:
    """The codes taken for one area and level, handed out one by one."""

    def __init__(self, area: str, level: Level, before: int) -> None:
        self._start = f"{area}{int(level):02d}"
        self._last = before

    def next(self) -> str:
        self._last += 1
        return f"{self._start}{self._last:06d}"


def _is_number(key: str) -> bool:
    return key.isascii() and any(char.isalnum() for char in key)
