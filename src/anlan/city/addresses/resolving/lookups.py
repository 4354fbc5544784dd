"""What the table of addresses is asked: exact keys, many at once, in one statement each.

The names are known by heart (`names.py`); what differs between a district's million rows is found by an index.
"""

import functools
import gc
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Q

from anlan.city.addresses import queries
from anlan.city.addresses.models import Address, Alias, Level
from anlan.city.addresses.resolving.names import Kind, NameIndex
from anlan.foundation import freshness

ANY = "*"
"""Instead of a key's number, building or unit: whatever it is there."""
MOST_OF_A_KEY = 12
"""More rows than this nobody chooses from; they only have to be seen to be several."""

MANY_NAMES = 10_000
"""Of fewer the garbage collector walks all in no time."""


class Key(NamedTuple):
    """One exact question: `kind` is a road's, a compound's or a place's. Below a compound a number counts in hamlets,
    whose houses are numbered without a road; else it is ANY."""

    kind: Kind
    district: str
    name: str
    number: str = ""
    building: str = ""
    unit: str = ""
    room: str = ""


class Found(NamedTuple):
    """A row of the base, as far as resolving needs it."""

    id: UUID
    code: str
    level: int
    text: str
    area: str
    district: str
    town: str
    community: str
    grid: str
    road: str
    number: str
    compound: str
    building: str
    unit: str
    floor: str
    room: str
    poi: str
    lon: float | None
    lat: float | None
    status: str
    parent: UUID | None

    @property
    def in_use(self) -> bool:
        return self.status == Address.Status.IN_USE


_COLUMNS = ", ".join(
    "a.area::text" if column == "area" else "a.parent_id" if column == "parent" else f"a.{column}"
    for column in Found._fields
)
# A column of the keys each, as JSON, since of it the planner guesses always the same number: so it soon keeps one plan
# for all. Of arrays it knows the length, and takes for planning anew three times as long as the rows take to be found.
_KEYS = (
    f"ROWS FROM ({', '.join(['json_array_elements_text(%s::json)'] * len(Key._fields))})"
    f" WITH ORDINALITY AS k({', '.join(Key._fields)}, nth)"
)
_OPEN = f"'{ANY}' IN (k.building, k.unit)"
_BELOW = "AND a.building = k.building AND a.unit = k.unit AND a.room = k.room"
# A key that leaves something open; the names alone narrow it down to some hundred rows.
_BELOW_OPEN = (
    f"AND (k.building = '{ANY}' OR a.building = k.building) AND (k.unit = '{ANY}' OR a.unit = k.unit)"
    " AND a.room = k.room"
)
_ROAD = "a.district = k.district AND a.road = k.name AND a.road <> '' AND a.number = k.number"
_COMPOUND = (
    "a.district = k.district AND a.compound = k.name AND a.compound <> ''"
    f" AND (k.number = '{ANY}' OR a.number = k.number)"
    # Asked for a hamlet nobody means all of its houses.
    f" AND (k.number || k.building || k.room <> '{ANY}' OR a.level = {Level.COMPOUND})"
)
_POI = "a.district = k.district AND a.poi = k.name AND a.poi <> ''"


def _branch(kind: Kind, condition: str, first: Level, *, open: bool | None = None) -> str:
    """What is asked for a key of one kind, and nothing for the others: the conditions on the key alone are decided once
    for each, before the table is touched. The row of the name itself comes `first`, before whatever else has its
    key."""
    of_kind = f"k.kind = '{kind}'" + ("" if open is None else f" AND {'' if open else 'NOT '}({_OPEN})")
    return (
        f"(SELECT {_COLUMNS} FROM addresses_address a WHERE {of_kind} AND {condition} AND a.level <> {Level.FLOOR}"
        f" ORDER BY a.status = 'in_use' DESC, a.level <> {first}, a.level LIMIT {MOST_OF_A_KEY})"
    )


# The LIMIT of each branch keeps the planner at one walk down the index for each key.
_ROWS_OF_KEYS = (
    f"SELECT k.nth, a.* FROM {_KEYS}, LATERAL ("
    + " UNION ALL ".join(
        (
            _branch(Kind.ROAD, f"{_ROAD} {_BELOW}", Level.ROAD, open=False),
            _branch(Kind.ROAD, f"{_ROAD} {_BELOW_OPEN}", Level.ROAD, open=True),
            _branch(Kind.COMPOUND, f"{_COMPOUND} {_BELOW}", Level.COMPOUND, open=False),
            _branch(Kind.COMPOUND, f"{_COMPOUND} {_BELOW_OPEN}", Level.COMPOUND, open=True),
            _branch(Kind.PLACE, _POI, Level.POI),
        )
    )
    + ") a"
)


def rows_of(keys: Sequence[Key]) -> list[list[Found]]:
    """The rows of each key, those in use first; at most MOST_OF_A_KEY of one. One statement, whatever the keys; none
    for none."""
    found: list[list[Found]] = [[] for _ in keys]
    if not keys:
        return found
    with connection.cursor() as cursor:
        cursor.execute(_ROWS_OF_KEYS, [json.dumps(column) for column in zip(*keys, strict=True)])
        for nth, *row in cursor.fetchall():
            found[nth - 1].append(Found._make(row))
    return found


def rows_by_id(ids: Iterable[UUID]) -> dict[UUID, Found]:
    """The rows with these ids."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_COLUMNS} FROM addresses_address a WHERE a.id = ANY(%s)", [list(ids)])
        return {row[0]: Found(*row) for row in cursor.fetchall()}


def numbers_below(keys: Sequence[Key], *, most: int) -> list[Found]:
    """Road numbers and buildings that begin as the keys' do, the shortest first. One statement."""
    roads = [(key.district, key.name, key.number) for key in keys if key.kind is Kind.ROAD]
    compounds = [(key.district, key.name, key.building) for key in keys if key.kind is Kind.COMPOUND]
    found = []
    with connection.cursor() as cursor:
        for statement, wanted in ((_NUMBERS_OF_ROAD, roads), (_BUILDINGS_OF_COMPOUND, compounds)):
            if wanted:
                districts, names_, numbers = map(list, zip(*wanted, strict=True))
                cursor.execute(statement, [districts, names_, numbers, most])
                found += [Found(*row) for row in cursor.fetchall()]
    return found


_BEGUN = "unnest(%s::text[], %s::text[], %s::text[]) AS k(district, name, number)"
_NUMBERS_OF_ROAD = (
    f"SELECT {_COLUMNS} FROM {_BEGUN}, addresses_address a WHERE a.district = k.district AND a.road = k.name"
    " AND a.road <> '' AND a.level = 6 AND a.status = 'in_use' AND starts_with(a.number, k.number)"
    " ORDER BY length(a.number), a.number LIMIT %s"
)
_BUILDINGS_OF_COMPOUND = (
    f"SELECT {_COLUMNS} FROM {_BEGUN}, addresses_address a WHERE a.district = k.district AND a.compound = k.name"
    " AND a.compound <> '' AND a.level = 8 AND a.status = 'in_use' AND starts_with(a.building, k.number)"
    " ORDER BY length(a.building), a.building LIMIT %s"
)


@functools.cache
def names() -> NameIndex:
    """The names of the base as it stands."""
    index = NameIndex.of(_names())
    if len(index) > MANY_NAMES:
        # They stay until the base changes: the collector need not walk them again and again.
        gc.collect()
        gc.freeze()
    return index


freshness.keep("addresses", names.cache_clear)

_KINDS = {Level.ROAD: Kind.ROAD, Level.COMPOUND: Kind.COMPOUND, Level.POI: Kind.PLACE}


def _names() -> Iterator[tuple[Kind, str, str, str]]:
    """The base's own names with their other names, and whole other names of single addresses."""
    for each in queries.names():
        yield _KINDS[each.level], each.name, each.means, each.district
    yield from _ended_names()
    accepted = Alias.objects.filter(state=Alias.State.ACCEPTED, address__status=Address.Status.IN_USE)
    rest = accepted.exclude(Q(address__level__in=queries.NAMED) & ~Q(kind=Alias.Kind.SECONDARY))
    for name, address, district in rest.values_list("name", "address_id", "district").iterator(10_000):
        yield Kind.ADDRESS, name, str(address), district


def _ended_names() -> Iterator[tuple[Kind, str, str, str]]:
    """Names that ended: each means what has taken its place; of what was demolished only itself is left to be told."""
    for each in Address.objects.filter(level__in=queries.NAMED).exclude(status=Address.Status.IN_USE):
        places = queries.leads_to(each) or [each]
        for place in places:
            yield _KINDS[Level(each.level)], each.canonical, place.canonical, place.district


def led_on(row: Found) -> list[Found]:
    """The rows in use that have taken the place of one that has ended."""
    address = Address.objects.filter(id=row.id).first()
    return list(rows_by_id(each.id for each in queries.leads_to(address)).values()) if address else []
