"""A transfer as the journal tells it: what was ordered, and what became of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from anlan.ledger.models import Entry
from anlan.ledger.refusals import UnknownTransfer


class State(StrEnum):
    """Where a transfer stands."""

    PENDING = "pending"
    POSTED = "posted"
    VOIDED = "voided"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Transfer:
    """`amount` was ordered, `moved` has moved: nothing while it is pending, less where only a part was posted.

    `at` is when it was ordered, `settled_at` when its state became final.
    """

    id: UUID
    state: State
    debit: UUID
    credit: UUID
    amount: int
    moved: int
    currency: str
    key: str
    reason: str
    about: str
    at: datetime
    pending_until: datetime | None
    settled_at: datetime | None


def get(transfer: UUID) -> Transfer:
    """As it stands now. Raises UnknownTransfer."""
    entry = Entry.objects.filter(id=transfer, settles=None).first()
    if entry is None:
        raise UnknownTransfer(_("there is no such transfer"), field="transfer")
    return _told([entry])[entry.key]


def by_keys(keys: Iterable[str]) -> dict[str, Transfer]:
    """The transfers that were ordered under these keys, by key; a key that none has is left out."""
    return _told(list(Entry.objects.filter(key__in=list(keys), settles=None)))


def _told(entries: list[Entry]) -> dict[str, Transfer]:
    held = [entry.id for entry in entries if entry.kind == Entry.Kind.HELD]
    ends = {end.settles: end for end in Entry.objects.filter(settles__in=held)} if held else {}
    return {entry.key: _transfer(entry, ends.get(entry.id)) for entry in entries}


def _transfer(entry: Entry, end: Entry | None) -> Transfer:
    if entry.kind == Entry.Kind.MOVED:
        end = entry
    state = State.PENDING if end is None else _STATES[end.kind]
    return Transfer(
        id=entry.id,
        state=state,
        debit=entry.debit,
        credit=entry.credit,
        amount=entry.amount,
        moved=end.amount if end is not None and state is State.POSTED else 0,
        currency=entry.currency,
        key=entry.key,
        reason=entry.reason,
        about=entry.about,
        at=entry.at,
        pending_until=entry.pending_until,
        settled_at=end.at if end is not None else None,
    )


_STATES = {
    Entry.Kind.MOVED.value: State.POSTED,
    Entry.Kind.POSTED.value: State.POSTED,
    Entry.Kind.VOIDED.value: State.VOIDED,
    Entry.Kind.EXPIRED.value: State.EXPIRED,
}
