"""The ledger's verbs: the only code that books.

Each is one transaction, or part of the caller's. A refusal leaves that transaction usable, with nothing of the refused
call in it. The same key with the same content gives the first answer again, however often and whoever asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from anlan.foundation.identifiers import new_id
from anlan.ledger import chain, moments, store
from anlan.ledger.booking import once
from anlan.ledger.checks import amount_is_right, currency_is_right, key_is_right, moment_is_right, text_is_right
from anlan.ledger.models import Account, Entry, Hold
from anlan.ledger.refusals import CurrencyDiffers, NotEnough, NotPending, Refused, UnknownAccount, WrongAmount
from anlan.ledger.store import Fault, Ordered, Settled
from anlan.ledger.transfers import State, Transfer, by_keys, get

SWEPT_AT_ONCE = 1_000


@dataclass(frozen=True)
class NewAccount:
    """`may_overdraw` only for the world outside (a bank, a payer): its balance below zero is what came in from it."""

    kind: str
    name: str = ""
    currency: str = "CNY"
    may_overdraw: bool = False


@dataclass(frozen=True)
class Order:
    """Take `amount` fen from `debit` and give it to `credit`; with `pending_until` only hold it until then.

    `key` makes it happen once. `about` is the caller's own reference, `reason` is for people.
    """

    debit: UUID
    credit: UUID
    amount: int
    key: str
    reason: str = ""
    about: str = ""
    pending_until: datetime | None = None
    currency: str = "CNY"


def open_accounts(accounts: Sequence[NewAccount], *, now: datetime | None = None) -> list[UUID]:
    """Open accounts with a balance of zero; their ids, in the order given. Raises WrongText, CurrencyDiffers."""
    moment = now or moments.now()
    rows = []
    for position, account in enumerate(accounts):
        text_is_right(account.kind, "kind", position, longest=40, needed=True)
        text_is_right(account.name, "name", position)
        currency_is_right(account.currency, position)
        id = new_id()
        head = chain.first_head(id, account.kind, account.currency, account.may_overdraw, moment)
        rows.append(Account(id=id, head=head, opened_at=moment, changed_at=moment, **vars(account)))
    Account.objects.bulk_create(rows)
    return [row.id for row in rows]


def transfer(order: Order, *, now: datetime | None = None) -> Transfer:
    """Book one order, in one statement. Raises what `transfer_many` raises."""
    return transfer_many([order], now=now)[0]


def transfer_many(orders: Sequence[Order], *, now: datetime | None = None) -> list[Transfer]:
    """Book all orders in their order, in one statement, or none of them; what was booked before is only told again.

    Raises NotEnough, UnknownAccount, CurrencyDiffers, WrongAmount, WrongText, WrongMoment or KeyReused, with the
    field and the position of the order at fault.
    """
    moment = now or moments.now()
    rows = [_ordered(order, position) for position, order in enumerate(orders)]
    known = once(rows, lambda rest: store.transfer(rest, moment), _why_not_booked, alone_is_whole=True)
    told = by_keys(known) if known else {}
    return [told.get(row.key) or _as_booked(row, moment) for row in rows]


def post(transfer: UUID, *, key: str, amount: int | None = None, now: datetime | None = None) -> Transfer:
    """Move the held money, or `amount` of it and release the rest.

    Raises NotPending (also where its time is over), UnknownTransfer, WrongAmount, WrongText or KeyReused.
    """
    if amount is not None:
        amount_is_right(amount)
    return _settle(transfer, Entry.Kind.POSTED, key, amount, now)


def void(transfer: UUID, *, key: str, now: datetime | None = None) -> Transfer:
    """Release the held money. Raises NotPending, UnknownTransfer, WrongText or KeyReused."""
    return _settle(transfer, Entry.Kind.VOIDED, key, None, now)


def expire_due(now: datetime | None = None) -> int:
    """Release the money of all pending transfers whose time is over; how many there were. Any number of sweeps may
    run at once."""
    moment, expired = now or moments.now(), 0
    while True:
        with transaction.atomic():
            due = Hold.objects.filter(until__lte=moment).order_by("until").select_for_update(skip_locked=True)
            found = list(due.values_list("entry", flat=True)[:SWEPT_AT_ONCE])
            # Nobody sends these again, so each has a new key: the hold itself is there only once.
            rows = [_settled(hold, Entry.Kind.EXPIRED, f"expired:{new_id()}", None) for hold in found]
            once(rows, lambda rest: store.settle(rest, moment), _why_not_settled)
        if not found:
            return expired
        expired += len(found)


def _settle(transfer: UUID, kind: Entry.Kind, key: str, amount: int | None, now: datetime | None) -> Transfer:
    key_is_right(key)
    moment = now or moments.now()
    once([_settled(transfer, kind, key, amount)], lambda rest: store.settle(rest, moment), _why_not_settled)
    return get(transfer)


def _ordered(order: Order, position: int) -> Ordered:
    amount_is_right(order.amount, position)
    key_is_right(order.key, position)
    text_is_right(order.reason, "reason", position)
    text_is_right(order.about, "about", position)
    currency_is_right(order.currency, position)
    if order.pending_until is not None:
        moment_is_right(order.pending_until, "pending_until", position)
    if order.debit == order.credit:
        raise UnknownAccount(_("an account can't pay itself"), field="credit", position=position)
    content = (order.debit, order.credit, order.amount, order.currency, order.reason, order.about, order.pending_until)
    return Ordered(new_id(), order.key, chain.digest((order.key, *content)), *content)


def _settled(hold: UUID, kind: Entry.Kind, key: str, amount: int | None) -> Settled:
    return Settled(new_id(), key, chain.digest((key, kind.value, hold, amount)), kind.value, hold, amount)


def _as_booked(row: Ordered, at: datetime) -> Transfer:
    pending = row.pending_until is not None
    return Transfer(
        id=row.id,
        state=State.PENDING if pending else State.POSTED,
        debit=row.debit,
        credit=row.credit,
        amount=row.amount,
        moved=0 if pending else row.amount,
        currency=row.currency,
        key=row.key,
        reason=row.reason,
        about=row.about,
        at=at,
        pending_until=row.pending_until,
        settled_at=None if pending else at,
    )


def _why_not_booked(row: Ordered, fault: Fault | None, position: int) -> Refused | None:
    if fault is None:
        return None  # a key was taken and given up again in the meantime
    match fault.why:
        case "unknown":
            return UnknownAccount(_("there is no such account"), field=fault.side, position=position)
        case "currency":
            message = _("the account is not kept in this currency")
            return CurrencyDiffers(message, field=fault.side, position=position)
        case "large":
            return WrongAmount(_("no account holds so much"), field="amount", position=position)
        case "short":
            return NotEnough(_("the account does not have this much available"), field="amount", position=position)


def _why_not_settled(row: Settled, fault: Fault | None, position: int) -> Refused | None:
    transfer = get(row.settles)
    if row.amount is not None and row.amount > transfer.amount:
        return WrongAmount(_("more than was held"), field="amount", position=position)
    return NotPending(_("the transfer is not pending any more"), field="transfer", position=position)
