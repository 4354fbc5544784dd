"""What an auditor reads in the books: the trial balance as of a day, accounts, and what of the bank does not match."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from anlan.ledger.models import Account
from anlan.ledger.queries import TrialRow, trial_balance
from anlan.loop import clock

# Each account's newest line at that moment; the key of lines is (account, seq), and moments never run backwards in one.
_AS_OF: Final = """
    SELECT a.kind, a.currency, count(*), coalesce(sum(l.posted_after), 0)::bigint,
        coalesce(sum(l.reserved_after), 0)::bigint
    FROM ledger_account a
    LEFT JOIN LATERAL (
        SELECT posted_after, reserved_after FROM ledger_line
        WHERE account = a.id AND at < %(moment)s ORDER BY seq DESC LIMIT 1
    ) l ON true
    WHERE a.opened_at < %(moment)s
    GROUP BY a.kind, a.currency ORDER BY a.currency, a.kind
"""


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial balance; `totals` by currency, each of which has to be zero."""

    rows: Sequence[TrialRow]
    totals: dict[str, int]

    @property
    def balances(self) -> bool:
        """Has everything that one account has been given by another?"""
        return not any(self.totals.values())


def trial(day: date) -> Trial:
    """As the books stood at the end of a day; of today, as they stand now."""
    if day >= clock.today():
        rows = trial_balance()
    else:
        with connection.cursor() as cursor:
            cursor.execute(_AS_OF, {"moment": end_of_day(day)})
            rows = [TrialRow(*row) for row in cursor.fetchall()]
    totals: dict[str, int] = {}
    for row in rows:
        totals[row.currency] = totals.get(row.currency, 0) + row.posted
    return Trial(rows, totals)


def accounts(*, kind: str = "", within: UUID | None = None) -> QuerySet[Account]:
    """The accounts of a kind, or the one with this id; those with most money first."""
    found = Account.objects.all()
    if kind:
        found = found.filter(kind=kind)
    if within is not None:
        found = found.filter(id=within)
    return found.order_by("-posted", "id")


def end_of_day(day: date) -> datetime:
    """The moment at which a day is over."""
    return datetime.combine(day + timedelta(days=1), time.min, clock.LOCAL)
