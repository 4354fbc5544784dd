"""The bank's file beside the ledger's own account of the bank: what matches, what is missing, what is different.

A bank's line and the ledger's meet by reference: a pay-out's is the id of its transfer, any other entry's its key.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.foundation.chain import canonical
from anlan.ledger import moments, queries
from anlan.ledger.bank_files import BankRow, Rejected, read
from anlan.ledger.bank_models import Comparison
from anlan.ledger.checks import text_is_right
from anlan.ledger.models import Account, Entry
from anlan.ledger.refusals import NotPending, UnknownAccount, UnknownTransfer

Kind = Comparison.Kind


@dataclass(frozen=True)
class Imported:
    """What an import brought: new comparisons by kind, rows that were known already, rows that can't be read."""

    new: dict[str, int]
    known: int
    rejected: list[Rejected]


@dataclass(frozen=True)
class _Booked:
    """A line of the ledger's account of the bank, in the bank's own sign."""

    entry: UUID
    reference: str
    amount: int
    at: datetime


def import_file(content: bytes, account: UUID) -> Imported:
    """Compare a bank's file with the ledger's account of that bank, for the days the file has. Twice changes nothing.

    Raises Unreadable or UnknownAccount.
    """
    rows, rejected = read(content)
    with transaction.atomic():
        # Locked, so that two imports come one after the other.
        owner = Account.objects.select_for_update().filter(id=account).first()
        if owner is None:
            raise UnknownAccount(_("there is no such account"), field="account")
        wrong = [row for row in rows if row.currency != owner.currency]
        message = _("the account is not kept in this currency")
        rejected += [Rejected(row.number, "currency", message) for row in wrong]
        fitting = _told_apart([row for row in rows if row.currency == owner.currency])
        known = _of(account).filter(row__in=list(fitting)).values_list("row", flat=True)
        seen = {bytes(row) for row in known if row is not None}
        fresh = {row: each for row, each in fitting.items() if row not in seen}
        new = _compare(account, fresh, list(fitting.values()))
    return Imported(dict(new), len(seen), rejected)


def settle(comparison: UUID, *, by: UUID, reason: str, now: datetime | None = None) -> Comparison:
    """Somebody has looked into what does not match. Raises WrongText, UnknownTransfer or NotPending."""
    text_is_right(reason, "reason", needed=True)
    with transaction.atomic():
        found = Comparison.objects.select_for_update().filter(id=comparison).first()
        if found is None:
            raise UnknownTransfer(_("there is no such comparison"), field="comparison")
        if found.kind == Kind.MATCHED or found.settled_at is not None:
            raise NotPending(_("there is nothing left to settle"), field="comparison")
        found.settled_at, found.settled_by, found.reason = now or moments.now(), by, reason
        found.save()
    return found


def open_ones(account: UUID) -> list[Comparison]:
    """What nobody has settled yet, the oldest first."""
    return list(_of(account).exclude(kind=Kind.MATCHED).filter(settled_at=None).order_by("day", "id"))


def _of(account: UUID) -> "QuerySet[Comparison]":
    return Comparison.objects.filter(account=account)


def _told_apart(rows: Sequence[BankRow]) -> dict[bytes, BankRow]:
    """Each row under a digest: of two that look the same the second is another one."""
    times: Counter[tuple[str, int, str, str]] = Counter()
    told = {}
    for row in rows:
        look = (row.day.isoformat(), row.amount, row.reference, row.text)
        times[look] += 1
        told[hashlib.sha256(canonical([*look, times[look]])).digest()] = row
    return told


def _compare(account: UUID, fresh: dict[bytes, BankRow], whole: Sequence[BankRow]) -> Counter[str]:
    """Write a comparison for each fresh row, and for each line of the ledger that the bank's days lack."""
    if not whole:
        return Counter()
    days = [row.day for row in whole]
    booked = {each.reference: each for each in _booked(account, days, [row.reference for row in whole])}
    kept = {each.entry: each for each in _of(account).filter(entry__in=[each.entry for each in booked.values()])}
    taken = {entry for entry, each in kept.items() if each.bank_amount is not None}
    written = []
    for digest, row in fresh.items():
        ours = booked.get(row.reference)
        if ours is not None and ours.entry in taken:
            ours = None  # the bank has it twice
        found = kept.get(ours.entry) if ours is not None else None
        comparison = found or Comparison(account=account, day=row.day)
        comparison.row, comparison.bank_amount = digest, row.amount
        comparison.day, comparison.reference, comparison.text = row.day, row.reference, row.text
        comparison.kind = Kind.ONLY_BANK
        if ours is not None:
            taken.add(ours.entry)
            comparison.entry, comparison.ledger_amount = ours.entry, ours.amount
            comparison.kind = Kind.MATCHED if ours.amount == row.amount else Kind.DIFFERENT
        comparison.save(force_insert=found is None)
        written.append(comparison)
    for each in booked.values():
        day = timezone.localdate(each.at)
        if each.entry not in taken and each.entry not in kept and min(days) <= day <= max(days):
            written.append(
                Comparison.objects.create(
                    account=account,
                    kind=Kind.ONLY_LEDGER,
                    day=day,
                    reference=each.reference,
                    entry=each.entry,
                    ledger_amount=each.amount,
                )
            )
    return Counter(str(each.kind) for each in written)


def _booked(account: UUID, days: Sequence[date], references: Sequence[str]) -> list[_Booked]:
    """What the ledger has for these references, and all that it has within these days."""
    begin = timezone.make_aware(datetime.combine(min(days), time.min))
    end = timezone.make_aware(datetime.combine(max(days), time.min)) + timedelta(days=1, microseconds=-1)
    within = [line.entry for line in queries.statement(account, begin - timedelta(microseconds=1), end)]
    named = (
        Q(key__in=references) | Q(settles__in=[UUID(each) for each in references if _is_id(each)]) | Q(id__in=within)
    )
    ours = Entry.objects.filter(named, Q(debit=account) | Q(credit=account))
    return [
        _Booked(
            entry=entry.id,
            reference=str(entry.settles or entry.key),
            # What the ledger takes from the world outside came in at the bank.
            amount=entry.amount if entry.debit == account else -entry.amount,
            at=entry.at,
        )
        for entry in ours.filter(kind__in=[Entry.Kind.MOVED, Entry.Kind.POSTED])
    ]


def _is_id(reference: str) -> bool:
    try:
        return str(UUID(reference)) == reference
    except ValueError:
        return False
