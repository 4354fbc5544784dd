"""What the program finds wrong in the base by itself: each kind one statement over all addresses of an area.

A statement works out what is wrong now (`found`), settles what is no longer there, and adds what is new; what somebody
has said to be fine stays so while its value is the same. The numbers that count as impossible are settings.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection

from anlan.city.addresses.field_rules import findings as field_faults
from anlan.city.addresses.models import PLACED, Level
from anlan.city.people.access import scope_of, scoped, system
from anlan.foundation.rules import rulebook
from anlan.loop import clock
from anlan.services.inspection.models import Finding, Inspection
from anlan.services.inspection.scoring import measure

Kind = Finding.Kind

_LOCK: Final = 0x414E_4C41_494E_5350  # ANLAINSP: one inspection at a time
_NIGHT_BEGINS: Final = 2
"""The hour from which the night's inspection may run: after the day's imports, before anybody reads it."""

_IN_SCOPE = "a.status = 'in_use' AND a.area <@ %(path)s::text::ltree"
_ROW = "a.id, a.area, a.community"

_DUPLICATE = f"""
    SELECT id, area, community, 'same', first FROM (
        SELECT {_ROW}, a.code, min(a.code) OVER same AS first FROM addresses_address a
        WHERE {_IN_SCOPE} AND a.level >= 5
        WINDOW same AS (
            PARTITION BY a.level, a.area, a.road, a.number, a.compound, a.building, a.unit, a.floor, a.room, a.poi
        )
    ) a WHERE code <> first
    UNION
    SELECT {_ROW}, 'alias', b.code FROM addresses_address a
    JOIN addresses_alias l ON l.district = a.district AND l.canonical = a.canonical
        AND l.state = 'accepted' AND l.kind <> 'secondary'
    JOIN addresses_address b ON b.id = l.address_id AND b.id <> a.id AND b.level = a.level AND b.area = a.area
        AND b.status = 'in_use'
    WHERE {_IN_SCOPE} AND a.level IN (5, 7, 12)
"""

_ORPHAN = f"""
    SELECT {_ROW}, 'parent', p.code FROM addresses_address a JOIN addresses_address p ON p.id = a.parent_id
    WHERE {_IN_SCOPE} AND p.status <> 'in_use'
    UNION ALL
    SELECT {_ROW}, 'area', ltree2text(subpath(a.area, -1)) FROM addresses_address a
    LEFT JOIN areas_area r ON r.path = a.area AND r.valid_until IS NULL
    WHERE {_IN_SCOPE} AND r.code IS NULL
"""

_OUTSIDE = f"""
    SELECT {_ROW}, CASE WHEN a.grid = '' THEN 'none' WHEN own.code IS NULL THEN 'ended' ELSE 'position' END,
        CASE WHEN a.grid = '' THEN there.code ELSE a.grid END
    FROM addresses_address a
    LEFT JOIN grids own ON own.code = a.grid
    LEFT JOIN LATERAL (
        SELECT g.code FROM grids g
        WHERE a.grid = '' AND g.community = a.community AND g.border @> point(a.lon, a.lat) LIMIT 1
    ) there ON true
    WHERE {_IN_SCOPE} AND a.level = ANY(%(placed)s::int[]) AND a.lon IS NOT NULL AND CASE
        WHEN a.grid = '' THEN there.code IS NOT NULL
        ELSE own.code IS NULL OR own.community <> a.community OR NOT coalesce(own.border @> point(a.lon, a.lat), true)
    END
"""
_GRIDS = """
    grids AS MATERIALIZED (
        SELECT g.code, g.parent_id AS community, (
            SELECT ('(' || string_agg('(' || (corner ->> 0) || ',' || (corner ->> 1) || ')', ',') || ')')::polygon
            FROM jsonb_array_elements(g.boundary) corner
        ) AS border
        FROM areas_area g WHERE g.level = 5 AND g.valid_until IS NULL
    ),
"""

_MISSING = f"""
    SELECT {_ROW}, gap.about, a.name FROM addresses_address a
    CROSS JOIN LATERAL (VALUES
        ('community', a.level >= 6 AND a.community = ''),
        ('place', a.level = 8 AND a.compound = '' AND a.number = ''),
        ('building', a.level = 9 AND a.building = ''),
        ('building', a.level IN (10, 11) AND a.building = '' AND a.number = '' AND a.poi = '')
    ) gap (about, there)
    WHERE {_IN_SCOPE} AND gap.there
"""

_NUMBER = f"""
    SELECT {_ROW}, most.about, a.name FROM addresses_address a
    JOIN (VALUES
        (6, 'number', %(number)s::bigint), (8, 'building', %(building)s::bigint),
        (9, 'unit', %(unit)s::bigint), (10, 'floor', %(floor)s::bigint), (11, 'room', %(floor)s::bigint)
    ) most (level, about, highest) ON most.level = a.level
    CROSS JOIN LATERAL (
        SELECT CASE
            -- The floor that a room's number begins with: 1203 lies on the twelfth.
            WHEN a.level = 11 THEN substring(a.canonical from '^([0-9]+)[0-9][0-9]$')
            ELSE substring(a.canonical from '^[0-9]+')
        END AS digits
    ) said
    WHERE {_IN_SCOPE} AND said.digits IS NOT NULL AND CASE
        WHEN length(said.digits) > 9 THEN true
        ELSE said.digits::bigint > most.highest OR (said.digits::bigint = 0 AND a.level < 11)
    END
"""

_CODE = f"""
    SELECT {_ROW}, 'code', a.code FROM addresses_address a
    WHERE {_IN_SCOPE} AND a.level >= 5 AND CASE
        WHEN a.code !~ '^[0-9]{{20}}$' THEN true
        ELSE substr(a.code, 13, 2)::int <> a.level
            OR NOT EXISTS (SELECT FROM area_codes k WHERE k.digits = left(a.code, 12))
    END
"""
_AREA_CODES = """
    area_codes AS MATERIALIZED (SELECT rpad(code, 12, '0') AS digits FROM areas_area WHERE level < 5),
"""

_FIELD = f"""
    SELECT {_ROW}, wrong.field, a.name FROM addresses_address a
    JOIN unnest(%(levels)s::int[], %(names)s::text[], %(fields)s::text[]) wrong (level, name, field)
        ON wrong.level = a.level AND wrong.name = a.name
    WHERE {_IN_SCOPE}
"""

_STALE = f"""
    SELECT {_ROW}, 'checked', coalesce(a.checked_on, a.valid_from)::text FROM addresses_address a
    WHERE {_IN_SCOPE} AND a.level = ANY(%(placed)s::int[])
        AND coalesce(a.checked_on, a.valid_from) < %(fresh_since)s::date
"""

_FOUND: Final[Mapping[str, tuple[str, str]]] = {
    Kind.DUPLICATE: ("", _DUPLICATE),
    Kind.ORPHAN: ("", _ORPHAN),
    Kind.OUTSIDE: (_GRIDS, _OUTSIDE),
    Kind.MISSING: ("", _MISSING),
    Kind.NUMBER: ("", _NUMBER),
    Kind.CODE: (_AREA_CODES, _CODE),
    Kind.FIELD: ("", _FIELD),
    Kind.STALE: ("", _STALE),
}
"""For each kind what has to be worked out first, and the statement for (address, area, community, about, value)."""

_KEEP = """
    WITH {first} found (address_id, area, community, about, value) AS MATERIALIZED ({found}),
    gone AS (
        UPDATE inspection_finding f SET settled_at = %(at)s::timestamptz, settled_how = 'gone'
        WHERE f.kind = %(kind)s::text AND f.settled_at IS NULL AND f.area <@ %(path)s::text::ltree AND NOT EXISTS (
            SELECT FROM found o WHERE o.address_id = f.address_id AND o.about = f.about AND left(o.value, 200) = f.value
        )
    )
    INSERT INTO inspection_finding
        (address_id, kind, about, value, area, community, since, settled_how, reason)
    SELECT DISTINCT o.address_id, %(kind)s::text, o.about, left(o.value, 200), o.area, o.community,
        %(at)s::timestamptz, '', ''
    FROM found o WHERE NOT EXISTS (
        SELECT FROM inspection_finding k
        WHERE k.address_id = o.address_id AND k.kind = %(kind)s::text AND k.about = o.about
            AND k.value = left(o.value, 200) AND (k.settled_at IS NULL OR k.settled_how = 'fine')
    )
"""

_FIELDS: Final[Mapping[int, str]] = {
    Level.TOWN: "town",
    Level.COMMUNITY: "community",
    Level.COMPOUND: "compound",
    Level.BUILDING: "building",
    Level.UNIT: "unit",
    Level.FLOOR: "floor",
}
"""The levels that a field rule speaks of. Grids have their rule too; they are looked at on the grid map."""


def inspect(path: str) -> dict[str, int]:
    """Look through the addresses of an area (path) now; returns how many findings of each kind are new. The scores of
    its communities are measured anew. For whoever may: `access.require_over`."""
    with scoped(scope_of(system())), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s::bigint)", [_LOCK])
        known = {"path": path, "at": clock.now(), **_limits(), **_wrong_fields(path)}
        new = {}
        for kind, (first, found) in _FOUND.items():
            cursor.execute(_KEEP.format(first=first, found=found), {**known, "kind": kind})
            new[str(kind)] = cursor.rowcount
        measure(path)
        Inspection.objects.update_or_create(area=path, defaults={"at": clock.now()})
    return new


def inspect_nightly() -> int:
    """The whole city, once a night; the first time at once. Returns how many findings are new. For the worker."""
    city, now = settings.ANLAN_CITY, clock.local(clock.now())
    with scoped(scope_of(system())):
        last = Inspection.objects.filter(area=city).first()
    if last and (clock.local(last.at).date() >= now.date() or now.hour < _NIGHT_BEGINS):
        return 0
    return sum(inspect(city).values())


def _limits() -> dict[str, Any]:
    def setting(name: str) -> int:
        return int(rulebook().at(f"inspection.{name}", clock.today()).value or 0)

    return {
        "placed": [int(level) for level in PLACED],
        "fresh_since": clock.today() - timedelta(days=setting("stale_days")),
        **{name: setting(f"highest_{name}") for name in ("number", "building", "unit", "floor")},
    }


def _wrong_fields(path: str) -> dict[str, Any]:
    """The names that break a field rule: each name is judged once, however many addresses have it."""
    wrong = list(_broken(path))
    return {
        "levels": [level for level, _name, _field in wrong],
        "names": [name for _level, name, _field in wrong],
        "fields": [field for _level, _name, field in wrong],
    }


def _broken(path: str) -> Iterator[tuple[int, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT level, name FROM addresses_address a WHERE {_IN_SCOPE} AND level = ANY(%(all)s::int[])",
            {"path": path, "all": [int(level) for level in _FIELDS]},
        )
        for level, name in cursor.fetchall():
            for fault in field_faults({_FIELDS[level]: name}):
                yield level, name, fault.field
