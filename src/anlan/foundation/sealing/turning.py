"""Turning the keys: bring every sealed value to the current key, and every blind index to the index key.

It works through the owner's connection, since no scope holds every row, and writes one row at a time: the program may
run meanwhile, no lock is held on two rows, and whoever is interrupted begins anew and finds the rest.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import connections
from django.db.models import Model
from psycopg import sql

from anlan.foundation.database import OWNER
from anlan.foundation.sealing.configured import sealer
from anlan.foundation.sealing.fields import SealedTextField, blind_index
from anlan.foundation.sealing.keyring import CannotUnseal

BATCH = 1000
# Beside a sealed field `x` may stand its blind index `x_index`, of this kind.
INDEX_KINDS = {"phone": "phone", "holder_phone": "phone", "tracking": "code", "code": "code"}

Row = Sequence[Any]


class IndexedOtherwise(Exception):
    """What is stored can't be found or opened with the keys of this process; the message says which and what to do."""


@dataclass(frozen=True)
class Sealed:
    """A table with sealed columns, and the blind indexes that stand beside some of them."""

    model: type[Model]
    fields: tuple["SealedTextField[Any, Any]", ...]

    @property
    def columns(self) -> list[str]:
        """The sealed columns and then the columns of their indexes."""
        return [each.attname for each in self.fields] + [f"{each.name}_index" for each in self.indexed]

    @property
    def indexed(self) -> list["SealedTextField[Any, Any]"]:
        names = {each.name for each in self.model._meta.concrete_fields}
        return [each for each in self.fields if f"{each.name}_index" in names]

    def turned(self, row: Row) -> list[Any]:
        """What a row's columns should hold. Raises CannotUnseal."""
        values = dict(zip(self.columns, row, strict=True))
        for each in self.fields:
            if values[each.attname] is not None:
                values[each.attname] = sealer().reseal(values[each.attname], context=each.context)
        for each in self.indexed:
            if values[each.attname] is not None and values[f"{each.name}_index"] is not None:
                text = sealer().open(values[each.attname], context=each.context)
                values[f"{each.name}_index"] = blind_index(INDEX_KINDS[each.name], text)
        return list(values.values())


@dataclass
class Turned:
    """How many rows were looked at and changed, and which could not be opened."""

    rows: int = 0
    changed: int = 0
    shut: list[str] = field(default_factory=list)


def sealed_tables() -> list[Sealed]:
    """Every table with a sealed column, found in the models."""
    found = (
        Sealed(model, tuple(each for each in model._meta.concrete_fields if isinstance(each, SealedTextField)))
        for model in apps.get_models()
    )
    return [table for table in found if table.fields]


def count_rows() -> int:
    """How many rows `reseal` will look at."""
    return sum(table.model._default_manager.using(OWNER).count() for table in sealed_tables())


def reseal(after_rows: Callable[[int], None] = lambda rows: None) -> Turned:
    """Bring every row to the current keys; what can't be opened stays as it is and is named."""
    turned = Turned()
    with connections[OWNER].cursor() as cursor:
        # Each row is a commit of its own. What a crash takes back, the next run finds.
        cursor.execute("SET synchronous_commit = off")
        try:
            for table in sealed_tables():
                for batch in _batches(cursor, table):
                    for id, *row in batch:
                        _turn(cursor, table, id, row, turned)
                    turned.rows += len(batch)
                    after_rows(len(batch))
        finally:
            cursor.execute("RESET synchronous_commit")
    return turned


def refuse_other_indexes() -> None:
    """Raises IndexedOtherwise where the first or the last row of a table was indexed or sealed with a key that is
    not this process's: codes would no longer open their matters, and nobody would be told why."""
    with connections[OWNER].cursor() as cursor:
        for table in sealed_tables():
            if not table.indexed:
                continue
            for end in ("ASC", "DESC"):
                row = cursor.execute(_end(table, end)).fetchone()
                if row is not None:
                    _refuse(table, row)


def _refuse(table: Sealed, row: Row) -> None:
    indexes = len(table.indexed)
    try:
        found, wanted = row[-indexes:], table.turned(row)[-indexes:]
    except CannotUnseal as error:
        raise IndexedOtherwise(f"ANLAN_SEALING_KEYS: {error}; put back the key it was sealed with") from error
    if _bytes(found) != _bytes(wanted):
        raise IndexedOtherwise(
            f"ANLAN_INDEX_KEY: the blind indexes of {table.model._meta.label} were made with another key than "
            f"{sealer().keyring.index_key_id!r}; name that key again, or run `anlan reseal` to make them anew"
        )


def _turn(cursor: Any, table: Sealed, id: Any, row: Row, turned: Turned) -> None:
    try:
        wanted = table.turned(row)
    except CannotUnseal as error:
        turned.shut.append(f"{table.model._meta.label} {id}: {error}")
        return
    if _bytes(row) != _bytes(wanted):
        # Where the program has written the row in the meantime it has sealed it itself, and this changes nothing.
        cursor.execute(_update(table), [*wanted, id, *row])
        turned.changed += cursor.rowcount


def _batches(cursor: Any, table: Sealed) -> Iterator[list[Row]]:
    """The rows in the order of their keys: key, then the columns of the table."""
    batch = cursor.execute(_select(table, ""), [BATCH]).fetchall()
    while batch:
        yield batch
        batch = cursor.execute(_select(table, "WHERE {key} > %s"), [batch[-1][0], BATCH]).fetchall()


def _select(table: Sealed, where: str) -> sql.Composed:
    key = _key(table)
    return sql.SQL("SELECT {key}, {columns} FROM {table} {where} ORDER BY {key} LIMIT %s").format(
        key=key, columns=_columns(table), table=_name(table), where=sql.SQL(where).format(key=key)
    )


def _end(table: Sealed, order: str) -> sql.Composed:
    indexed = (sql.SQL("{} IS NOT NULL").format(sql.Identifier(f"{each.name}_index")) for each in table.indexed)
    return sql.SQL("SELECT {columns} FROM {table} WHERE {indexed} ORDER BY {key} {order} LIMIT 1").format(
        columns=_columns(table),
        table=_name(table),
        indexed=sql.SQL(" AND ").join(indexed),
        key=_key(table),
        order=sql.SQL(order),
    )


def _update(table: Sealed) -> sql.Composed:
    columns = [sql.Identifier(name) for name in table.columns]
    changes = sql.SQL(", ").join(sql.SQL("{} = %s").format(column) for column in columns)
    before = sql.SQL(" AND ").join(sql.SQL("{} IS NOT DISTINCT FROM %s").format(column) for column in columns)
    return sql.SQL("UPDATE {} SET {} WHERE {} = %s AND {}").format(_name(table), changes, _key(table), before)


def _columns(table: Sealed) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, table.columns))


def _name(table: Sealed) -> sql.Identifier:
    return sql.Identifier(table.model._meta.db_table)


def _key(table: Sealed) -> sql.Identifier:
    return sql.Identifier(table.model._meta.pk.attname)


def _bytes(row: Row) -> list[bytes | None]:
    return [None if value is None else bytes(value) for value in row]
