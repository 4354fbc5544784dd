"""The loop's only hand-written SQL: one statement takes the lock and reads, one writes a whole change.

Rows travel as JSON and PostgreSQL reads them back by the tables' own types, so a new column needs no line here.
The rest of the program reads through the ORM and never writes these tables.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection
from django.db.models import Field, GeneratedField, Model
from django.utils.translation import gettext as _

from anlan.foundation.sealing.fields import SealedTextField
from anlan.loop.change import Change
from anlan.loop.models import Attachment, Deadline, Event, Matter, Notice, Party, Submission
from anlan.loop.refusals import Stale


def _fields(model: type[Model], *, without: Sequence[str] = ()) -> "list[Field[Any, Any]]":
    return [
        field
        for field in model._meta.concrete_fields
        if not isinstance(field, GeneratedField) and field.attname not in without
    ]


_PERMANENT = (
    "id",
    "number",
    "opened_at",
    "tracking",
    "tracking_index",
    "reporter_id",
    "procedure",
    "channel",
)
_MATTER = _fields(Matter, without=("number",))
_CHANGING = _fields(Matter, without=_PERMANENT)


def _columns(fields: "Iterable[Field[Any, Any]]", prefix: str = "") -> str:
    return ", ".join(f'{prefix}"{field.attname}"' for field in fields)


def _inserting(model: type[Model]) -> str:
    """`INSERT … SELECT` of JSON rows; takes one parameter."""
    table, columns = model._meta.db_table, _columns(_fields(model))
    return f"INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_recordset(null::{table}, %s::jsonb)"


def _replacing(model: type[Model]) -> str:
    """The same, where a row that is there already is brought up to date."""
    columns = ", ".join(f'"{f.attname}" = excluded."{f.attname}"' for f in _fields(model, without=("id",)))
    return f"{_inserting(model)} ON CONFLICT (id) DO UPDATE SET {columns}"


_INSERT_MATTER = (
    f"INSERT INTO loop_matter ({_columns(_MATTER)}) "
    f"SELECT {_columns(_MATTER)} FROM jsonb_populate_record(null::loop_matter, %s::jsonb) RETURNING number"
)
_UPDATE_MATTER = (
    f"UPDATE loop_matter m SET ({_columns(_CHANGING)}) = ROW({_columns(_CHANGING, 'new.')}) "
    "FROM jsonb_populate_record(null::loop_matter, %s::jsonb) new "
    "WHERE m.id = new.id AND m.version = %s RETURNING m.number"
)
# Whoever reported this matter, or one that was merged into it, and left a number to be reached under.
_TELL_REPORTERS = (
    'INSERT INTO loop_notice (id, matter_id, area, "to", party_id, kind, event_seq, state, attempts, due_at, desk, error) '
    "SELECT gen_random_uuid(), p.matter_id, p.area, 'reporter', p.id, %s, %s, 'waiting', 0, %s, '', '' FROM loop_party p "
    "WHERE p.part = 'reporter' AND p.phone IS NOT NULL AND (p.matter_id = %s "
    "OR p.matter_id IN (SELECT id FROM loop_matter WHERE merged_into_id = %s))"
)
# Whoever had to wait for the lock gets the matter as it is now, but its clocks as they were before the wait: the
# last column tells them apart.
_LOCK = (
    f"SELECT {_columns(Matter._meta.concrete_fields, 'm.')}, "
    "(SELECT coalesce(jsonb_agg(to_jsonb(d) ORDER BY d.name), '[]') FROM loop_deadline d "
    "WHERE d.matter_id = m.id AND d.ended_at IS NULL)::text, "
    "coalesce((SELECT before.version = m.version FROM loop_matter before WHERE before.id = m.id), false) "
    "FROM loop_matter m WHERE m.id = %s FOR UPDATE OF m"
)


@dataclass
class Additions:
    """What may be written along with a change, in the same statement."""

    parties: Sequence[Party] = ()
    attachments: Sequence[Attachment] = ()
    submission: Submission | None = None


def lock(matter_id: UUID) -> tuple[Matter, list[Deadline]] | None:
    """The matter, locked until the transaction ends, and its running clocks; None if the scope holds no such one."""
    with connection.cursor() as cursor:
        row = cursor.execute(_LOCK, [matter_id]).fetchone()
        if row is not None and not row[-1]:
            row = cursor.execute(_LOCK, [matter_id]).fetchone()
    if row is None:
        return None
    names = [field.attname for field in Matter._meta.concrete_fields]
    values = [_from_row(f, value) for f, value in zip(Matter._meta.concrete_fields, row, strict=False)]
    matter = Matter.from_db("default", names, values)
    return matter, [_deadline(found) for found in json.loads(row[-2])]


def insert(change: Change, additions: Additions) -> None:
    """Write a new matter with all that belongs to it; sets its number. Raises AlreadySubmitted."""
    try:
        (change.matter.number,) = _write(change, additions, _INSERT_MATTER, [_json(_MATTER, change.matter)])
    except IntegrityError as error:
        if additions.submission and Submission._meta.db_table in str(error):
            raise AlreadySubmitted from error
        raise


def update(change: Change, additions: Additions) -> None:
    """Write what a verb did to a matter that was read at `version - len(events)`. Raises Stale."""
    before = change.matter.version - len(change.events)
    row = _write(change, additions, _UPDATE_MATTER, [_json(_CHANGING, change.matter, id=change.matter.id), before])
    if row is None:
        raise Stale(_("the matter was changed by someone else in the meantime"))
    if change.moved:
        for model in (Deadline, Party, Notice, Attachment):
            model.objects.filter(matter_id=change.matter.id).update(area=change.matter.area)


class AlreadySubmitted(Exception):
    """The idempotency key has been used before."""


def _write(change: Change, additions: Additions, matter_sql: str, matter_values: list[Any]) -> Any:
    """One statement: the matter, its events, clocks and notices, and what is added."""
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
            values.append(_json_rows(rows))
    if change.tell_reporters:
        event, id = change.events[-1], change.matter.id
        parts.append(f"telling AS ({_TELL_REPORTERS})")
        values += [event.kind, event.seq, change.at, id, id]
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {', '.join(parts)} SELECT number FROM matter", values)
        return cursor.fetchone()


_EVENTS, _NOTICES, _PARTIES, _ATTACHMENTS, _SUBMISSIONS = map(
    _inserting, (Event, Notice, Party, Attachment, Submission)
)
_DEADLINES = _replacing(Deadline)


def _json_rows(rows: Sequence[Model]) -> str:
    fields = _fields(type(rows[0]))
    return json.dumps([_plain_row(fields, row) for row in rows], ensure_ascii=False)


def _json(fields: "Iterable[Field[Any, Any]]", row: Model, **more: Any) -> str:
    return json.dumps({**_plain_row(fields, row), **{name: _plain(value) for name, value in more.items()}})


def _plain_row(fields: "Iterable[Field[Any, Any]]", row: Model) -> dict[str, Any]:
    return {field.attname: _plain(_sealed(field, getattr(row, field.attname))) for field in fields}


def _sealed(field: "Field[Any, Any]", value: Any) -> Any:
    return field.get_db_prep_value(value, connection) if isinstance(field, SealedTextField) else value


def _plain(value: Any) -> Any:
    """As JSON that PostgreSQL reads back by the column's type."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return "\\x" + bytes(value).hex()
    if isinstance(value, list):
        # Only sets of paths are lists here; as a literal they pass into any array type.
        return "{" + ",".join(value) + "}"
    return value


def _from_row(field: "Field[Any, Any]", value: Any) -> Any:
    convert = getattr(field, "from_db_value", None)
    return convert(value, None, connection) if convert else value


def _deadline(found: dict[str, Any]) -> Deadline:
    values = [_parsed(field, found[field.attname]) for field in Deadline._meta.concrete_fields]
    return Deadline.from_db("default", [f.attname for f in Deadline._meta.concrete_fields], values)


def _parsed(field: "Field[Any, Any]", value: Any) -> Any:
    return field.to_python(value) if value is not None else None
