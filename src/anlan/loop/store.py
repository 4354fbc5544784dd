"""The loop's only hand-written SQL: one statement takes the lock and reads, one writes a whole change.

Rows travel as JSON and PostgreSQL reads them back by the tables' own types, so a new column needs no line here.
The rest of the program reads through the ORM and never writes these tables.
"""

import functools
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Field, GeneratedField, Model
from django.utils.translation import gettext as _

from anlan.foundation.ltree import LTreeArrayField
from anlan.foundation.sealing.fields import SealedTextField
from anlan.loop.announcer import announcer
from anlan.loop.change import Change
from anlan.loop.models import Announcement, Attachment, Deadline, Event, Matter, Notice, Party, Submission
from anlan.loop.refusals import Stale

NUMBERED = ("number",)
"""What the database itself gives a new matter."""
STAMPED = ("transaction", "at")
"""What it gives an announcement."""
PERMANENT = (
    *("number", "opened_at", "tracking", "tracking_index", "procedure"),
    *("channel", "source_id", "title", "description", "address", "lon", "lat"),
)
"""What no verb ever changes."""


_moving: list[type[Model]] = [Deadline, Party, Notice, Attachment]


def moves_along(*models: type[Model]) -> None:
    """Let a service's rows, which hold a matter's area beside its identifier, follow the matter into another area."""
    _moving.extend(model for model in models if model not in _moving)


@dataclass
class Additions:
    """What may be written along with a change, in the same statement."""

    parties: Sequence[Party] = ()
    attachments: Sequence[Attachment] = ()
    submission: Submission | None = None


class AlreadySubmitted(Exception):
    """The idempotency key has been used before."""


@dataclass(frozen=True, slots=True)
class _Column:
    """A column, what makes its value fit for JSON (where it needs that), and how its field reads one back."""

    name: str
    convert: Callable[[Any], Any] | None
    parse: Callable[[Any], Any]


@functools.cache
def _columns(model: type[Model], without: tuple[str, ...] = ()) -> tuple[_Column, ...]:
    """What of a model is written: all but what the database computes."""
    return tuple(
        _Column(field.attname, _converter(field), field.to_python)
        for field in model._meta.concrete_fields
        if not isinstance(field, GeneratedField) and field.attname not in without
    )


def _converter(field: "Field[Any, Any]") -> Callable[[Any], Any] | None:
    if isinstance(field, SealedTextField):
        return functools.partial(field.get_db_prep_value, connection=connection)
    return _array if isinstance(field, LTreeArrayField) else None


def _array(paths: Sequence[str]) -> str:
    """An array as PostgreSQL writes it; paths hold digits and dots only."""
    return "{" + ",".join(paths) + "}"


def _listed(names: Iterable[str], form: str = '"{}"') -> str:
    return ", ".join(form.format(name) for name in names)


def _inserting(model: type[Model], without: tuple[str, ...] = ()) -> str:
    """`INSERT … SELECT` of JSON rows; takes one parameter."""
    table, columns = model._meta.db_table, _listed(column.name for column in _columns(model, without))
    return f"INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_recordset(null::{table}, %s::jsonb)"


def _replacing(model: type[Model]) -> str:
    """The same, where a row that is there already is brought up to date."""
    names = (column.name for column in _columns(model, ("id",)))
    changes = _listed(names, '"{0}" = excluded."{0}"')
    return f"{_inserting(model)} ON CONFLICT (id) DO UPDATE SET {changes}"


_CHANGING = [column.name for column in _columns(Matter, (*PERMANENT, "id"))]
_INSERT_MATTER = f"{_inserting(Matter, NUMBERED)} RETURNING number"
_UPDATE_MATTER = f"""
    UPDATE loop_matter m SET ({_listed(_CHANGING)}) = ROW({_listed(_CHANGING, 'new."{}"')})
    FROM jsonb_populate_recordset(null::loop_matter, %s::jsonb) new
    WHERE m.id = new.id AND m.version = %s RETURNING m.number
"""
# Whoever had to wait for the lock gets the matter as it is now, but its clocks as they were before the wait: the
# last column tells them apart.
_LOCK = f"""
    SELECT {_listed((field.attname for field in Matter._meta.concrete_fields), 'm."{}"')},
        (SELECT coalesce(jsonb_agg(to_jsonb(d) ORDER BY d.name), '[]') FROM loop_deadline d
            WHERE d.matter_id = m.id AND d.ended_at IS NULL)::text,
        coalesce((SELECT before.version = m.version FROM loop_matter before WHERE before.id = m.id), false)
    FROM loop_matter m WHERE m.id = %s FOR UPDATE OF m
"""


def lock(matter_id: UUID) -> tuple[Matter, list[Deadline]] | None:
    """The matter, locked until the transaction ends, and its running clocks; None if the scope holds no such one."""
    with connection.cursor() as cursor:
        row = cursor.execute(_LOCK, [matter_id]).fetchone()
        if row is not None and not row[-1]:
            row = cursor.execute(_LOCK, [matter_id]).fetchone()
    if row is None:
        return None
    *values, clocks, _now = row
    fields = Matter._meta.concrete_fields
    read = [_from_row(field, value) for field, value in zip(fields, values, strict=True)]
    matter = Matter.from_db("default", [field.attname for field in fields], read)
    return matter, [_deadline(found) for found in json.loads(clocks)]


def insert(change: Change, additions: Additions) -> None:
    """Write a new matter with all that belongs to it; sets its number. Raises AlreadySubmitted."""
    (change.matter.number,) = _write(
        change, additions, _INSERT_MATTER, [_json([change.matter], _columns(Matter, NUMBERED))]
    )


def update(change: Change, additions: Additions) -> None:
    """Write what a verb did to a matter that was read at `version - len(events)`. Raises Stale or
    AlreadySubmitted."""
    before = change.matter.version - len(change.events)
    row = _write(change, additions, _UPDATE_MATTER, [_json([change.matter], _columns(Matter, PERMANENT)), before])
    if row is None:
        raise Stale(_("the matter was changed by someone else in the meantime"))
    if change.moved:
        for model in _moving:
            model._default_manager.filter(matter_id=change.matter.id).update(area=change.matter.area)
    if change.shared:
        Deadline.objects.filter(matter_id=change.matter.id).update(shared_with=change.matter.shared_with)


def _write(change: Change, additions: Additions, matter_sql: str, matter_values: list[Any]) -> Any:
    """One statement: the matter, its events, clocks and notices, the line for live pages, and what is added."""
    parts, values = [f"matter AS ({matter_sql})"], matter_values
    for name, sql, rows in (
        ("event", _EVENTS, change.events),
        ("deadline", _DEADLINES, change.deadlines),
        ("notice", _NOTICES, change.notices),
        ("party", _PARTIES, additions.parties),
        ("attachment", _ATTACHMENTS, additions.attachments),
        ("submission", _SUBMISSIONS, [additions.submission] if additions.submission else []),
    ):
        if rows:
            parts.append(f"{name} AS ({sql})")
            values.append(_json(rows, _columns(type(rows[0]))))
    parts.append(f"announcement AS ({_ANNOUNCEMENT})")
    values.append(_json([change.announcement()], _columns(Announcement, STAMPED)))
    transaction.on_commit(announcer.wake)
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"WITH {', '.join(parts)} SELECT number FROM matter", values)
            return cursor.fetchone()
    except IntegrityError as error:
        if additions.submission and Submission._meta.db_table in str(error):
            raise AlreadySubmitted from error
        raise


_EVENTS, _NOTICES, _PARTIES, _ATTACHMENTS, _SUBMISSIONS = map(
    _inserting, (Event, Notice, Party, Attachment, Submission)
)
_DEADLINES = _replacing(Deadline)
_ANNOUNCEMENT = _inserting(Announcement, STAMPED)


def _json(rows: Sequence[Model], columns: Sequence[_Column]) -> str:
    return json.dumps([_row(vars(row), columns) for row in rows], ensure_ascii=False, default=_plain)


def _row(values: dict[str, Any], columns: Sequence[_Column]) -> dict[str, Any]:
    return {
        column.name: column.convert(values[column.name]) if column.convert else values[column.name]
        for column in columns
    }


def _plain(value: Any) -> str:
    """What JSON does not know, as PostgreSQL reads it back by the column's type."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return "\\x" + bytes(value).hex()
    raise TypeError(f"{type(value).__name__} has no form in a row")


def _from_row(field: "Field[Any, Any]", value: Any) -> Any:
    convert = getattr(field, "from_db_value", None)
    return convert(value, None, connection) if convert else value


def _deadline(found: dict[str, Any]) -> Deadline:
    columns = _columns(Deadline)
    values = [None if found[column.name] is None else column.parse(found[column.name]) for column in columns]
    return Deadline.from_db("default", [column.name for column in columns], values)
