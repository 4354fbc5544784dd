"""The ledger's hand-written SQL: one statement checks, books, chains and guards any number of entries.

Accounts are locked in the order of their ids, so that no two postings wait for each other. In `running` each account
begins with a row of how it stands and goes on with what is done to it: sums over that window are its balances.
Nothing is written unless everything can be. Every entry has two lines, one on each account.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.db import connection
from psycopg.types.numeric import Int8

Why = Literal["unknown", "currency", "short", "large"]


@dataclass(frozen=True, slots=True)
class Ordered:
    """A transfer to be booked; with `pending_until` its money is held."""

    id: UUID
    key: str
    digest: bytes
    debit: UUID
    credit: UUID
    amount: int
    currency: str
    reason: str
    about: str
    pending_until: datetime | None


@dataclass(frozen=True, slots=True)
class Settled:
    """What becomes of a hold: `kind` is posted, voided or expired; without an amount all of it."""

    id: UUID
    key: str
    digest: bytes
    kind: str
    settles: UUID
    amount: int | None


@dataclass(frozen=True, slots=True)
class Fault:
    """The first entry that can't be booked, counted from 0, on which side, and why."""

    entry: int
    side: Literal["debit", "credit"]
    why: Why


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many entries were written. Fewer than asked with no fault: somebody else has just used a key, or settled."""

    entries: int
    fault: Fault | None


PACKED = """
    int8send(seq) || uuid_send(entry) || digest || timestamptz_send(entry_at) || int8send(posted)
    || int8send(reserved) || int8send(posted_after) || int8send(reserved_after) || timestamptz_send(at)
"""
"""A line as it is hashed; `chain.packed` makes the same bytes."""

_ASKED_TO_TRANSFER = """
WITH asked AS (
    SELECT *, %(now)b::timestamptz AS at, CASE WHEN pending_until IS NULL THEN amount ELSE 0 END AS moved,
        CASE WHEN pending_until IS NULL THEN 0 ELSE amount END AS held,
        CASE WHEN pending_until IS NULL THEN 'moved' ELSE 'held' END AS kind, null::uuid AS settles
    FROM unnest(%(id)b::uuid[], %(key)b::text[], %(digest)b::bytea[], %(debit)b::uuid[], %(credit)b::uuid[],
        %(amount)b::bigint[], %(currency)b::text[], %(reason)b::text[], %(about)b::text[],
        %(pending_until)b::timestamptz[]) WITH ORDINALITY AS asked
        (id, key, digest, debit, credit, amount, currency, reason, about, pending_until, position)
)
"""
# Whoever removes the hold may settle it, once.
_ASKED_TO_SETTLE = """
WITH wanted AS (
    SELECT *, %(now)b::timestamptz AS at
    FROM unnest(%(id)b::uuid[], %(key)b::text[], %(digest)b::bytea[], %(kind)b::text[],
        %(settles)b::uuid[], %(amount)b::bigint[]) WITH ORDINALITY
        AS wanted (id, key, digest, kind, settles, amount, position)
), asked AS (
    DELETE FROM ledger_hold USING wanted WHERE ledger_hold.entry = wanted.settles
        AND (wanted.kind <> 'posted' OR coalesce(wanted.amount, 0) <= ledger_hold.amount
            AND ledger_hold.until > wanted.at)
    RETURNING wanted.id, key, digest, kind, settles, position, at, debit, credit, currency,
        coalesce(wanted.amount, ledger_hold.amount) AS amount, '' AS reason, '' AS about,
        null::timestamptz AS pending_until, -ledger_hold.amount AS held,
        CASE WHEN kind = 'posted' THEN coalesce(wanted.amount, ledger_hold.amount) ELSE 0 END AS moved
)
"""
# Nothing in it joins but the update, by the accounts' key, so that the one plan that is kept is good for any number.
_BOOKING = f"""
, locked AS (
    SELECT id, currency, may_overdraw, posted, reserved, seq, head, changed_at FROM ledger_account
    WHERE id = ANY (ARRAY(SELECT debit FROM asked UNION SELECT credit FROM asked)) ORDER BY id FOR UPDATE
), running AS (
    SELECT position, account, entry, digest, entry_at, posted, reserved, wanted_currency,
        sum(step) OVER so_far AS seq, sum(posted) OVER so_far AS posted_after,
        sum(reserved) OVER so_far AS reserved_after, max(at) OVER so_far AS at,
        first_value(position) OVER so_far = 0 AS known, first_value(currency) OVER so_far AS currency,
        first_value(may_overdraw) OVER so_far AS may_overdraw, first_value(head) OVER so_far AS head,
        lead(position) OVER so_far IS NULL AS is_last
    FROM (
        SELECT 0::bigint AS position, id AS account, seq AS step, posted, reserved, changed_at AS at, currency,
            may_overdraw, head, null::uuid AS entry, null::bytea AS digest, null::timestamptz AS entry_at,
            null::text AS wanted_currency
        FROM locked
        UNION ALL
        SELECT 2 * position, debit, 1, -moved, held, at, null, null, null, id, digest, at, currency FROM asked
        UNION ALL
        SELECT 2 * position + 1, credit, 1, moved, 0, at, null, null, null, id, digest, at, currency FROM asked
    ) moves
    WINDOW so_far AS (PARTITION BY account ORDER BY position)
), fault AS (
    SELECT position, CASE WHEN NOT known THEN 'unknown' WHEN currency <> wanted_currency THEN 'currency'
        WHEN posted_after < reserved_after AND NOT may_overdraw THEN 'short' ELSE 'large' END AS why
    FROM running WHERE position > 0 AND (NOT known OR currency <> wanted_currency OR abs(posted_after) > {2**62}
        OR NOT may_overdraw AND posted_after < reserved_after)
    ORDER BY position LIMIT 1
), booked AS (
    INSERT INTO ledger_entry (key, id, at, kind, debit, credit, amount, currency, reason, about, pending_until,
        settles, digest)
    SELECT key, id, at, kind, debit, credit, amount, currency, reason, about, pending_until, settles, digest
    FROM asked WHERE NOT EXISTS (SELECT FROM fault) ORDER BY key
    ON CONFLICT (key) DO NOTHING RETURNING id
), whole AS (
    SELECT count(*) = %(entries)b::bigint AS yes FROM booked
), packed AS (
    SELECT *, {PACKED} AS bytes FROM (
        SELECT account, seq::bigint, entry, digest, entry_at, posted, reserved, posted_after::bigint,
            reserved_after::bigint, at, head, is_last
        FROM running WHERE position > 0 AND (SELECT yes FROM whole)
    ) sized
), chained AS (
    SELECT *, CASE WHEN is_last THEN sha256(head || string_agg(bytes, '') OVER link) END AS hash FROM packed
    WINDOW link AS (PARTITION BY account ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
), line AS (
    INSERT INTO ledger_line (account, seq, entry, at, posted, reserved, posted_after, reserved_after, hash)
    SELECT account, seq, entry, at, posted, reserved, posted_after, reserved_after, hash FROM chained
), account AS (
    UPDATE ledger_account SET posted = posted_after, reserved = reserved_after, seq = chained.seq, head = hash,
        changed_at = at
    FROM chained WHERE ledger_account.id = chained.account AND is_last
)
"""
_HOLDING = """
, hold AS (
    INSERT INTO ledger_hold (entry, debit, credit, amount, currency, until)
    SELECT id, debit, credit, amount, currency, pending_until FROM asked
    WHERE pending_until IS NOT NULL AND (SELECT yes FROM whole)
)
"""
_OUTCOME = "SELECT (SELECT count(*) FROM booked), position, why FROM (VALUES (1)) one LEFT JOIN fault ON true"


_FEN, _NONE = "%(amount)b::bigint", "0::bigint"
# One order alone, the most frequent case: no windows, and no word on what is wrong with it. Both accounts are locked
# in the order of their ids here too, and the lines are those that `_BOOKING` would write.
_ALONE = f"""
WITH locked AS (
    SELECT id AS account, currency, may_overdraw, posted, reserved, seq, head, changed_at FROM ledger_account
    WHERE id IN (%(debit)b::uuid, %(credit)b::uuid) ORDER BY id FOR UPDATE
), line AS (
    SELECT *, sha256(head || {PACKED}) AS hash, currency = %(currency)b::text AND abs(posted_after) <= {2**62}
        AND (may_overdraw OR posted_after >= reserved_after) AS fits
    FROM (
        SELECT account, currency, may_overdraw, head, seq + 1 AS seq, greatest(changed_at, %(now)b::timestamptz) AS at,
            %(id)b::uuid AS entry, %(digest)b::bytea AS digest, %(now)b::timestamptz AS entry_at,
            change.posted, change.reserved, locked.posted + change.posted AS posted_after,
            locked.reserved + change.reserved AS reserved_after
        FROM locked, LATERAL (
            SELECT CASE account WHEN %(debit)b THEN -{{moved}} ELSE {{moved}} END AS posted,
                CASE account WHEN %(debit)b THEN {{held}} ELSE 0 END AS reserved
        ) change
    ) changed
), booked AS (
    INSERT INTO ledger_entry (key, id, at, kind, debit, credit, amount, currency, reason, about, pending_until, digest)
    SELECT %(key)b::text, %(id)b, %(now)b, '{{kind}}', %(debit)b, %(credit)b, {_FEN}, %(currency)b, %(reason)b::text,
        %(about)b::text, %(pending_until)b::timestamptz, %(digest)b
    WHERE (SELECT count(*) = 2 AND bool_and(fits) FROM line)
    ON CONFLICT (key) DO NOTHING RETURNING id
), written AS (
    INSERT INTO ledger_line (account, seq, entry, at, posted, reserved, posted_after, reserved_after, hash)
    SELECT account, seq, entry, at, posted, reserved, posted_after, reserved_after, hash FROM line, booked
), account AS (
    UPDATE ledger_account SET posted = posted_after, reserved = reserved_after, seq = line.seq, head = hash,
        changed_at = at
    FROM line, booked WHERE ledger_account.id = line.account
)
"""
_HOLDING_ALONE = f"""
, hold AS (
    INSERT INTO ledger_hold (entry, debit, credit, amount, currency, until)
    SELECT id, %(debit)b, %(credit)b, {_FEN}, %(currency)b, %(pending_until)b FROM booked
)
"""
_BOOKED_ALONE = "SELECT EXISTS (SELECT FROM booked)"


def _on_one_line(*parts: str) -> str:
    # psycopg remembers how it has taken a query apart only up to 4,096 characters.
    return " ".join("".join(parts).split())


_TRANSFER = _on_one_line(_ASKED_TO_TRANSFER, _BOOKING, _HOLDING, _OUTCOME)
_SETTLE = _on_one_line(_ASKED_TO_SETTLE, _BOOKING, _OUTCOME)
MOVE_ALONE = _on_one_line(_ALONE.format(kind="moved", moved=_FEN, held=_NONE), _BOOKED_ALONE)
HOLD_ALONE = _on_one_line(_ALONE.format(kind="held", moved=_NONE, held=_FEN), _HOLDING_ALONE, _BOOKED_ALONE)


def transfer(rows: Sequence[Ordered], now: datetime) -> Outcome:
    """Book them all; with a fault nothing has been written. Where keys were taken part may have been: roll back."""
    if len(rows) == 1 and _booked_alone(rows[0], now):
        return Outcome(1, None)
    return _run(_TRANSFER, _columns(rows, Ordered.__slots__), now)


def settle(rows: Sequence[Settled], now: datetime) -> Outcome:
    """Settle them all. Unless every entry was written: roll back, a hold may have been removed."""
    return _run(_SETTLE, _columns(rows, Settled.__slots__), now)


def _booked_alone(row: Ordered, now: datetime) -> bool:
    """Book it; if not nothing has been written, and the statement for many can tell why."""
    values = {name: getattr(row, name) for name in Ordered.__slots__}
    values["amount"], values["now"] = Int8(row.amount), now
    cursor = _kept_cursor()
    with connection.wrap_database_errors:
        cursor.execute(MOVE_ALONE if row.pending_until is None else HOLD_ALONE, values)
        return bool(cursor.fetchone()[0])


_kept = threading.local()


def _kept_cursor() -> Any:
    """The thread's own, straight from psycopg. A cursor learns how to send each type of value; to have each transfer
    begin with a new one would take a quarter of its time in Python."""
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    cursor = getattr(_kept, "cursor", None)
    if cursor is None or cursor.connection is not connection.connection:
        cursor = _kept.cursor = connection.connection.cursor()
    return cursor


def _columns(rows: Sequence[Any], names: Sequence[str]) -> dict[str, Any]:
    columns = {name: [getattr(row, name) for row in rows] for name in names}
    # Always in eight bytes: by the size of the numbers there would be three statements to prepare.
    columns["amount"] = [None if amount is None else Int8(amount) for amount in columns["amount"]]
    return columns | {"entries": Int8(len(rows))}


def _run(sql: str, values: Mapping[str, Any], now: datetime) -> Outcome:
    with connection.cursor() as cursor:
        cursor.execute(sql, {**values, "now": now})
        written, position, why = cursor.fetchone()
    if position is None:
        return Outcome(written, None)
    return Outcome(written, Fault(position // 2 - 1, "credit" if position % 2 else "debit", why))
