"""What the ledger tells: balances now and as of a moment, statements, the trial balance."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Count, Sum
from django.utils.translation import gettext_lazy as _

from anlan.ledger.models import Account, Entry, Line
from anlan.ledger.refusals import UnknownAccount


@dataclass(frozen=True, slots=True)
class Balance:
    """In fen: what is booked, and what of it is promised to pending transfers."""

    posted: int
    reserved: int

    @property
    def available(self) -> int:
        return self.posted - self.reserved


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One line of an account: `posted` and `reserved` are what changed, `balance` how it stood afterwards."""

    seq: int
    at: datetime
    entry: UUID
    kind: Entry.Kind
    other: UUID
    posted: int
    reserved: int
    balance: Balance
    reason: str
    about: str


@dataclass(frozen=True, slots=True)
class TrialRow:
    """All accounts of one kind and currency together."""

    kind: str
    currency: str
    accounts: int
    posted: int
    reserved: int


def balance(account: UUID) -> Balance:
    """As it is now. Raises UnknownAccount."""
    found = balances([account])
    if not found:
        raise UnknownAccount(_("there is no such account"), field="account")
    return found[account]


def balances(accounts: Iterable[UUID]) -> dict[UUID, Balance]:
    """By account; one that does not exist is left out."""
    found = Account.objects.filter(id__in=list(accounts)).values_list("id", "posted", "reserved")
    return {id: Balance(posted, reserved) for id, posted, reserved in found}


def balance_as_of(account: UUID, moment: datetime) -> Balance:
    """With all that was booked until and at that moment. Raises UnknownAccount."""
    seq = _newest(account, moment)
    if seq == 0:
        return Balance(0, 0)
    line = Line.objects.get(account=account, seq=seq)
    return Balance(line.posted_after, line.reserved_after)


def statement(account: UUID, since: datetime, until: datetime) -> list[StatementLine]:
    """The lines after `since`, until and at `until`, the oldest first. Raises UnknownAccount."""
    first, last = _newest(account, since), _newest(account, until)
    lines = list(Line.objects.filter(account=account, seq__gt=first, seq__lte=last).order_by("seq"))
    entries = {entry.id: entry for entry in Entry.objects.filter(id__in=[line.entry for line in lines])}
    return [_told(line, entries[line.entry]) for line in lines]


def trial_balance() -> list[TrialRow]:
    """By kind and currency. In each currency `posted` sums up to zero: what one account has, another gave."""
    rows = Account.objects.values("kind", "currency").annotate(
        accounts=Count("id"), total=Sum("posted"), held=Sum("reserved")
    )
    return [
        TrialRow(row["kind"], row["currency"], row["accounts"], int(row["total"]), int(row["held"]))
        for row in rows.order_by("currency", "kind")
    ]


# A search by halves: moments never run backwards within an account, so they need no index beside the key.
_NEWEST = """
    WITH RECURSIVE search (low, high) AS (
        SELECT 0::bigint, seq FROM ledger_account WHERE id = %(account)s
        UNION ALL
        SELECT CASE WHEN line.at <= %(moment)s THEN line.seq ELSE low END,
            CASE WHEN line.at <= %(moment)s THEN high ELSE line.seq - 1 END
        FROM search JOIN ledger_line line ON line.account = %(account)s AND line.seq = (low + high + 1) / 2
        WHERE low < high
    )
    SELECT low FROM search WHERE low = high
"""


def _newest(account: UUID, moment: datetime) -> int:
    """The number of the account's newest line at a moment, 0 where there was none."""
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, {"account": account, "moment": moment})
        found = cursor.fetchone()
    if found is None:
        raise UnknownAccount(_("there is no such account"), field="account")
    return int(found[0])


def _told(line: Line, entry: Entry) -> StatementLine:
    return StatementLine(
        seq=line.seq,
        at=line.at,
        entry=entry.id,
        kind=Entry.Kind(entry.kind),
        other=entry.credit if line.account == entry.debit else entry.debit,
        posted=line.posted,
        reserved=line.reserved,
        balance=Balance(line.posted_after, line.reserved_after),
        reason=entry.reason,
        about=entry.about,
    )
