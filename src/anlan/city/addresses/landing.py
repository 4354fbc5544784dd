"""Putting addresses into the base in bulk: every level of each once, whatever order they come in.

Of a thousand rooms of one road only the first brings the road. A batch asks for each level which of its addresses are
there, in one statement, and copies in those that aren't: so the work grows with the rows and not with the base, and
the same rows land twice without a trace.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from anlan.city.addresses.codes import area_digits, canonical, official, take_codes
from anlan.city.addresses.models import PLACED, Address, Level
from anlan.city.areas.atlas import Atlas
from anlan.city.areas.geometry import distance_m
from anlan.city.areas.reference import Level as AreaLevel
from anlan.foundation.database import set_locally
from anlan.foundation.identifiers import new_id

BATCH: Final = 5_000
MOVED_M: Final = 1.0
"""An address that is there is put elsewhere if it is found at least so far away."""

_LOCK: Final = 0x414E_4C41_4144_4452  # ANLAADDR: one batch at a time looks what is there and adds the rest
_ORDER: Final = (
    *(Level.DISTRICT, Level.TOWN, Level.COMMUNITY, Level.ROAD, Level.COMPOUND, Level.NUMBER),
    *(Level.BUILDING, Level.UNIT, Level.FLOOR, Level.ROOM, Level.POI),
)
"""Parents before children."""
_AREAS: Final = (Level.COMMUNITY, Level.TOWN, Level.DISTRICT)
_PARENTS: Final[Mapping[Level, tuple[Level, ...]]] = {
    Level.DISTRICT: (),
    Level.TOWN: (Level.DISTRICT,),
    Level.COMMUNITY: (Level.TOWN,),
    Level.ROAD: (Level.DISTRICT,),
    Level.COMPOUND: _AREAS,
    Level.NUMBER: (Level.ROAD, Level.COMPOUND, *_AREAS),
    Level.BUILDING: (Level.COMPOUND, Level.NUMBER, Level.ROAD, *_AREAS),
    Level.UNIT: (Level.BUILDING, Level.COMPOUND, Level.NUMBER, Level.ROAD, *_AREAS),
    Level.FLOOR: (Level.UNIT, Level.BUILDING, Level.COMPOUND, Level.NUMBER, Level.ROAD, *_AREAS),
    Level.ROOM: (Level.UNIT, Level.BUILDING, Level.COMPOUND, Level.NUMBER, Level.ROAD, *_AREAS),
    Level.POI: (Level.BUILDING, Level.COMPOUND, Level.NUMBER, Level.ROAD, *_AREAS),
}
"""The nearest of these that an address has is its parent."""
OWN_LEVELS: Final = tuple(level for level in _ORDER if level not in _AREAS)
"""The levels below the areas, by the names of their columns."""
_WRITTEN: Final = tuple(level for level in Level if level >= Level.ROAD)
"""The order in which an address is written: road, number, compound, building …"""
_COPIED: Final = (
    *("id", "code", "level", "parent_id", "name", "canonical", "text", "area", "district", "town", "community"),
    *("grid", "road", "number", "compound", "building", "unit", "floor", "room", "poi", "lon", "lat", "status"),
    *("valid_from", "source", "checked_on"),
)


def column(level: Level) -> str:
    """The column of `Address` that holds the canonical name of a level."""
    return level.name.lower()


@dataclass(frozen=True, slots=True)
class Given:
    """One address as it is to land: its area (a code of the atlas), the names of its levels, and where it is.

    `lon`, `lat` are WGS-84.
    """

    area: str
    names: Mapping[Level, str]
    lon: float | None = None
    lat: float | None = None
    checked_on: date | None = None


@dataclass(slots=True)
class Landed:
    """How many rows brought an address, or a better position of one; `addresses` counts every level made."""

    rows: int = 0
    moved: int = 0
    already_there: int = 0
    addresses: int = 0

    def add(self, other: "Landed") -> None:
        self.rows += other.rows
        self.moved += other.moved
        self.already_there += other.already_there
        self.addresses += other.addresses


@dataclass(slots=True)
class _Row:
    """A row on its way: its keys, and the ids found so far."""

    given: Given
    path: str
    keys: dict[Level, str]
    deepest: Level
    ids: dict[Level, UUID] = field(default_factory=dict)


def land(rows: Iterable[Given], atlas: Atlas, *, source: str, on: date) -> Landed:
    """Add what isn't there yet, in one transaction. Two batches at the same time come one after the other.

    Raises SequenceExhausted (codes.py); nothing has landed then.
    """
    landed = Landed()
    with transaction.atomic():
        # What a small part of a large table is asked for is found by its index, whatever the planner thinks of it.
        set_locally({"enable_hashjoin": "off", "enable_mergejoin": "off", "enable_seqscan": "off"})
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s::bigint)", [_LOCK])
        ready = [_ready(given, atlas) for given in rows]
        fresh: set[UUID] = set()
        for level in _ORDER:
            fresh |= _land_level(level, ready, atlas, source, on)
        landed.addresses = len(fresh)
        # The second row of the same address has come to something that is there, also within one batch.
        seen: set[UUID] = set()
        there = []
        for row in ready:
            own = row.ids[row.deepest]
            if own in fresh and own not in seen:
                landed.rows += 1
            else:
                there.append((own, row))
            seen.add(own)
        landed.moved = _update(there, atlas)
        landed.already_there = len(there) - landed.moved
    return landed


def _ready(given: Given, atlas: Atlas) -> _Row:
    path = atlas.paths[given.area]
    keys: dict[Level, str] = {}
    for code in path.split(".")[1 : AreaLevel.COMMUNITY]:
        keys[Level(Level.DISTRICT + len(keys))] = code
    for level, name in given.names.items():
        if key := canonical(level, name):
            keys[level] = key
    return _Row(given, ".".join(path.split(".")[: AreaLevel.COMMUNITY]), keys, max(keys, key=_ORDER.index))


def _parent(level: Level, row: _Row) -> UUID | None:
    return next((row.ids[above] for above in _PARENTS[level] if above in row.ids), None)


def _land_level(level: Level, rows: Sequence[_Row], atlas: Atlas, source: str, on: date) -> set[UUID]:
    """Find or make the addresses of one level and note their ids; returns those that were made."""
    firsts: dict[tuple[UUID | None, str], _Row] = {}
    for row in rows:
        if level in row.keys:
            wanted = _parent(level, row), row.keys[level]
            # The row that is about this very address tells its position, rather than one of its rooms.
            if wanted not in firsts or (firsts[wanted].deepest is not level and row.deepest is level):
                firsts[wanted] = row
    if not firsts:
        return set()
    ids = _there(level, firsts)
    made = {wanted: row for wanted, row in firsts.items() if wanted not in ids}
    ids |= _copy_in(level, made, atlas, source, on)
    for row in rows:
        if level in row.keys:
            row.ids[level] = ids[_parent(level, row), row.keys[level]]
    return {ids[wanted] for wanted in made}


def _there(level: Level, wanted: Iterable[tuple[UUID | None, str]]) -> dict[tuple[UUID | None, str], UUID]:
    pairs = list(wanted)
    with connection.cursor() as cursor:
        if level is Level.DISTRICT:
            cursor.execute(
                "SELECT id, parent_id, canonical FROM addresses_address "
                "WHERE parent_id IS NULL AND level = %s::int AND canonical = ANY(%s::text[]) AND status = 'in_use'",
                [int(level), [key for _parent_id, key in pairs]],
            )
        else:
            cursor.execute(
                # The limit holds the order of the two: before the table is first analysed, the planner would compare
                # every address of the level with everything that is wanted.
                "SELECT a.id, a.parent_id, a.canonical FROM unnest(%s::uuid[], %s::text[]) w(parent_id, canonical) "
                "CROSS JOIN LATERAL (SELECT id, parent_id, canonical FROM addresses_address "
                "WHERE parent_id = w.parent_id AND level = %s::int AND canonical = w.canonical AND status = 'in_use' "
                "LIMIT 1) a",
                [[parent for parent, _key in pairs], [key for _parent_id, key in pairs], int(level)],
            )
        return {(parent, key): id for id, parent, key in cursor.fetchall()}


def _copy_in(
    level: Level, made: Mapping[tuple[UUID | None, str], _Row], atlas: Atlas, source: str, on: date
) -> dict[tuple[UUID | None, str], UUID]:
    if not made:
        return {}
    own_code = level not in _AREAS
    codes = take_codes((_area_of(level, row), level) for row in made.values()) if own_code else {}
    ids = {}
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY addresses_address ({', '.join(_COPIED)}) FROM STDIN") as copy,
    ):
        for (parent, key), row in made.items():
            area = _area_of(level, row)
            code = codes[area_digits(area), level].next() if own_code else key
            ids[parent, key] = id = new_id()
            copy.write_row(
                (
                    id,
                    code,
                    int(level),
                    parent,
                    *_columns(level, row, area, key, atlas),
                    on,
                    source,
                    _checked(level, row),
                )
            )
    return ids


def _area_of(level: Level, row: _Row) -> str:
    """The path in which an address of this level lies: a road's is its district, for it may cross many communities."""
    labels = row.path.split(".")
    if level in _AREAS:
        return ".".join(labels[:level])
    return ".".join(labels[: AreaLevel.DISTRICT]) if level is Level.ROAD else row.path


def _checked(level: Level, row: _Row) -> date | None:
    return row.given.checked_on if level is row.deepest else None


def _columns(level: Level, row: _Row, area: str, key: str, atlas: Atlas) -> Iterator[Any]:
    """Everything between the parent and the day, in the order of `_COPIED`."""
    has = _levels_above(level, row)
    codes = [*area.split(".")[1:], "", "", ""][:3]
    names = {each: official(each, row.given.names[each]) for each in has}
    lon, lat = (row.given.lon, row.given.lat) if level is row.deepest or level in PLACED else (None, None)
    yield names[level] if level in names else atlas.names[key]
    yield key
    yield (
        atlas.names[area.split(".")[0]]
        + atlas.full_name(area)
        + "".join(names[each] for each in _WRITTEN if each in names)
    )
    yield area
    yield from codes
    yield _grid(lon, lat, atlas)
    for each in _WRITTEN:
        yield row.keys[each] if each in names else ""
    yield lon
    yield lat
    yield Address.Status.IN_USE.value


def _levels_above(level: Level, row: _Row) -> list[Level]:
    """The levels below the areas that an address of this level is written with, its own included."""
    if level in _AREAS:
        return []
    has: list[Level] = [level]
    above = next((each for each in _PARENTS[level] if each in row.keys), None)
    while above is not None and above not in _AREAS:
        has.append(above)
        above = next((each for each in _PARENTS[above] if each in row.keys), None)
    # A compound is written with the road and number that it stands at; a room with its floor.
    if Level.COMPOUND in has:
        has += [each for each in (Level.ROAD, Level.NUMBER) if each in row.keys and each not in has]
    if level is Level.ROOM and Level.FLOOR in row.keys:
        has.append(Level.FLOOR)
    return has


def _grid(lon: float | None, lat: float | None, atlas: Atlas) -> str:
    code = atlas.locate(lon, lat) if lon is not None and lat is not None else None
    return code if code is not None and len(code) > len("330106013001") else ""


def _update(there: Sequence[tuple[UUID, _Row]], atlas: Atlas) -> int:
    """Give what was there the position and the day of its check that rows about it tell; returns how many changed."""
    told = {id: row for id, row in there if row.given.lon is not None or row.given.checked_on is not None}
    if not told:
        return 0
    changed = []
    for old in Address.objects.filter(id__in=list(told)).only("id", "lon", "lat", "checked_on"):
        given = told[old.id].given
        moved = (
            given.lon is not None
            and given.lat is not None
            and (old.lon is None or old.lat is None or distance_m(old.lon, old.lat, given.lon, given.lat) >= MOVED_M)
        )
        later = given.checked_on is not None and (old.checked_on is None or given.checked_on > old.checked_on)
        if moved:
            old.lon, old.lat = given.lon, given.lat
            old.grid = _grid(old.lon, old.lat, atlas)
        if later:
            old.checked_on = given.checked_on
        if moved or later:
            changed.append(old)
    Address.objects.bulk_update(changed, ["lon", "lat", "grid", "checked_on"], batch_size=1_000)
    return len(changed)
