"""Once and only once: what was booked before is told again, what was not is booked, and what can't be is refused."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Protocol, TypeVar

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from anlan.ledger.models import Entry
from anlan.ledger.refusals import KeyReused, Refused
from anlan.ledger.store import Fault, Outcome


class Keyed(Protocol):
    """What is to be booked under a key."""

    @property
    def key(self) -> str: ...

    @property
    def digest(self) -> bytes: ...


Row = TypeVar("Row", bound=Keyed)


class _Raced(Exception):
    """Somebody else used a key in the same moment, so only a part was written: it is taken back."""


def once(
    rows: Sequence[Row],
    write: Callable[[Sequence[Row]], Outcome],
    refusal: Callable[[Row, Fault | None, int], Refused | None],
    *,
    alone_is_whole: bool = False,
) -> frozenset[str]:
    """Write all rows that were not written before, all or none; the keys of those that were.

    `refusal` says why a row (with its position) can't be written, or None where it might succeed by now. With
    `alone_is_whole` a single row needs no transaction around its statement. Raises KeyReused, or a refusal.
    """
    rest = _each_key_once(rows)
    told: frozenset[str] = frozenset()
    while rest:
        outcome = _written([row for _position, row in rest], write, alone=alone_is_whole)
        if outcome.entries == len(rest):
            break
        known = _digests([row.key for _position, row in rest])
        for position, row in rest:
            if known.get(row.key, row.digest) != row.digest:
                raise _reused(position)
        if known:
            told |= known.keys()
            rest = [(position, row) for position, row in rest if row.key not in known]
            continue
        position, row = rest[outcome.fault.entry if outcome.fault else 0]
        refused = refusal(row, outcome.fault, position)
        if refused is not None:
            raise refused
    return told


def _written(rows: Sequence[Row], write: Callable[[Sequence[Row]], Outcome], *, alone: bool) -> Outcome:
    outcome = Outcome(0, None)
    try:
        with nullcontext() if alone and len(rows) == 1 else transaction.atomic():
            outcome = write(rows)
            if outcome.entries != len(rows):
                raise _Raced
    except _Raced:
        return Outcome(0, outcome.fault)
    return outcome


def _each_key_once(rows: Sequence[Row]) -> list[tuple[int, Row]]:
    first: dict[str, tuple[int, Row]] = {}
    for position, row in enumerate(rows):
        if first.setdefault(row.key, (position, row))[1].digest != row.digest:
            raise _reused(position)
    return list(first.values())


def _digests(keys: Sequence[str]) -> Mapping[str, bytes]:
    found = Entry.objects.filter(key__in=keys).values_list("key", "digest")
    return {key: bytes(digest) for key, digest in found}


def _reused(position: int) -> KeyReused:
    return KeyReused(_("this key has been used for something else"), field="key", position=position)
