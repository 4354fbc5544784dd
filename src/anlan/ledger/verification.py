"""Proof that no booking was changed: every digest, every link, every balance, and nothing made or lost."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from django.db import connections, transaction
from django.utils.translation import gettext as _
from psycopg.rows import args_row

from anlan.foundation.database import APPLICATION
from anlan.ledger.chain import digest, first_head, link, packed
from anlan.ledger.models import Account, Entry

BATCH = 5_000
NAMED = 100
"""How many broken accounts are named; all are counted."""


@dataclass(frozen=True, slots=True)
class Break:
    """Where an account's chain breaks; line 0 is the account as a whole."""

    account: str
    seq: int
    what: str


@dataclass(frozen=True)
class Verification:
    """`unbalanced` are currencies whose accounts do not sum up to zero; `loose` entries have not two lines."""

    accounts: int
    lines: int
    broken: int
    loose: int
    unbalanced: tuple[str, ...]
    breaks: tuple[Break, ...]

    @property
    def holds(self) -> bool:
        return not (self.broken or self.loose or self.unbalanced)


@dataclass(slots=True)
class _Line:
    """A line with its entry."""

    account: UUID
    seq: int
    at: datetime
    posted: int
    reserved: int
    posted_after: int
    reserved_after: int
    hash: bytes | None
    id: UUID
    key: str
    entry_at: datetime
    kind: str
    debit: UUID
    credit: UUID
    amount: int
    currency: str
    reason: str
    about: str
    pending_until: datetime | None
    settles: UUID | None
    digest: bytes


_LINES = """
    SELECT line.account, line.seq, line.at, line.posted, line.reserved, line.posted_after, line.reserved_after,
        line.hash, entry.id, entry.key, entry.at, entry.kind, entry.debit, entry.credit, entry.amount, entry.currency,
        entry.reason, entry.about, entry.pending_until, entry.settles, entry.digest
    FROM ledger_line line JOIN ledger_entry entry ON entry.id = line.entry ORDER BY line.account, line.seq
"""
_LOOSE = """
    SELECT count(*) FROM (
        SELECT FROM ledger_entry entry LEFT JOIN ledger_line line ON line.entry = entry.id
        GROUP BY entry.id HAVING count(line.entry) <> 2
    ) loose
"""
_UNBALANCED = """
    SELECT currency FROM ledger_account GROUP BY currency HAVING sum(posted) <> 0 ORDER BY currency
"""
_COUNT = "SELECT count(*) FROM ledger_line"


def verify(counted: Callable[[int], None] = lambda lines: None, *, using: str = APPLICATION) -> Verification:
    """Check everything; `counted` hears how many more lines were read."""
    accounts = lines = broken = 0
    breaks: list[Break] = []

    def told(more: int) -> None:
        nonlocal lines
        lines += more
        counted(more)

    with transaction.atomic(using=using):
        for account, own in _chains(using, told):
            accounts += 1
            found = _first_break(account, own)
            if found is not None:
                broken += 1
                breaks += [Break(str(account.id), *found)] if broken <= NAMED else []
        with connections[using].cursor() as cursor:
            cursor.execute(_LOOSE)
            (loose,) = cursor.fetchone()
            cursor.execute(_UNBALANCED)
            unbalanced = tuple(currency for (currency,) in cursor.fetchall())
    return Verification(accounts, lines, broken, loose, unbalanced, tuple(breaks))


@contextmanager
def snapshot(using: str) -> Iterator[None]:
    """Read all of it as of one moment."""
    with transaction.atomic(using=using):
        with connections[using].cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def count_lines(using: str) -> int:
    """How many lines there are to check."""
    with connections[using].cursor() as cursor:
        cursor.execute(_COUNT)
        return int(cursor.fetchone()[0])


def _chains(using: str, counted: Callable[[int], None]) -> Iterator[tuple[Account, Iterator[_Line]]]:
    """Each account with its lines, which may be none."""
    nothing: tuple[UUID | None, Iterator[_Line]] = (None, iter(()))
    groups = groupby(_lines(using, counted), key=attrgetter("account"))
    id, own = next(groups, nothing)
    for account in Account.objects.using(using).order_by("id").iterator(chunk_size=BATCH):
        if id == account.id:
            yield account, own
            id, own = next(groups, nothing)
        else:
            yield account, iter(())


def _lines(using: str, counted: Callable[[int], None]) -> Iterator[_Line]:
    # Binary and straight into rows: the ORM's conversions would take longer than all the hashing.
    with connections[using].connection.cursor("ledger_lines", binary=True, row_factory=args_row(_Line)) as cursor:
        cursor.execute(_LINES)
        while batch := cursor.fetchmany(BATCH):
            counted(len(batch))
            yield from batch


def _first_break(account: Account, lines: Iterator[_Line]) -> tuple[int, str] | None:
    """The first line that does not hold and why; None where the whole chain does."""
    head = first_head(account.id, account.kind, account.currency, account.may_overdraw, account.opened_at)
    posted = reserved = seq = 0
    at, open_link = account.opened_at, b""
    for line in lines:
        seq += 1
        posted, reserved = posted + line.posted, reserved + line.reserved
        if line.seq != seq:
            return seq, _("the line is missing")
        if line.digest not in _digests(line):
            return seq, _("its entry is not what was ordered")
        if line.posted != _moved(line) or account.currency != line.currency:
            return seq, _("the line is not what its entry says")
        if (line.posted_after, line.reserved_after) != (posted, reserved) or line.at < at:
            return seq, _("it does not follow the line before it")
        if reserved < 0 or (posted < reserved and not account.may_overdraw):
            return seq, _("the account is overdrawn")
        changes = (line.posted, line.reserved, line.posted_after, line.reserved_after)
        open_link += packed(line.seq, line.id, line.digest, line.entry_at, *changes, line.at)
        if line.hash is not None:
            head, open_link = link(head, open_link), b""
            if line.hash != head:
                return seq, _("its content is not what was hashed")
        at = line.at
    if open_link or (account.seq, bytes(account.head)) != (seq, head):
        return 0, _("the account does not end in the last line of its chain")
    if (account.posted, account.reserved) != (posted, reserved):
        return 0, _("the balance is not the sum of the lines")
    return None


def _digests(line: _Line) -> tuple[bytes, ...]:
    """What may have been ordered: a hold is posted by its amount or without one."""
    if line.settles is None:
        content = (line.debit, line.credit, line.amount, line.currency, line.reason, line.about, line.pending_until)
        return (digest((line.key, *content)),)
    whole = digest((line.key, line.kind, line.settles, None))
    return (whole, digest((line.key, line.kind, line.settles, line.amount)))


def _moved(line: _Line) -> int:
    """What the entry did to this account's booked money."""
    if line.kind not in (Entry.Kind.MOVED, Entry.Kind.POSTED):
        return 0
    return line.amount if line.account == line.credit else -line.amount
