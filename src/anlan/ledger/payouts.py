"""Money that leaves: held first, sent by the worker through an adapter, and moved when the bank has said yes.

Exactly once: the bank knows each pay-out by a reference of its own and is asked about it before it is sent again. So
an answer that was lost, or a process that died after sending, pays nothing twice.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

import structlog
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from anlan.ledger import actions, moments
from anlan.ledger.bank_models import Payout
from anlan.ledger.checks import text_is_right
from anlan.ledger.refusals import UnknownTransfer

log = structlog.get_logger("anlan.ledger.payouts")

# What the bank may have paid by now must not be free again: such a hold ends by the bank's answer alone.
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)


@dataclass(frozen=True)
class Answer:
    """What a bank said of a pay-out: done, or refused for good, and why."""

    paid: bool
    said: str = ""


class Bank(Protocol):
    """An adapter. Anything it raises means that nobody knows, and that it is asked again later."""

    def ask(self, reference: str) -> Answer | None:
        """What became of the pay-out with this reference; None where the bank never heard of it."""
        ...

    def pay(self, reference: str, amount: int, currency: str, to: str) -> Answer:
        """Pay; the same reference pays once only, however often it is sent."""
        ...


def pay_out(order: actions.Order, *, to: str, now: datetime | None = None) -> Payout:
    """Hold the money and queue it for the bank; part of the caller's transaction, so that both happen or neither.

    `order.credit` is the bank's account. Raises what `transfer` raises; the same key queues it once.
    """
    text_is_right(to, "to", needed=True)
    moment = now or moments.now()
    held = replace(order, pending_until=_NEVER)
    with transaction.atomic():
        transfer = actions.transfer(held, now=moment)
        found, _made = Payout.objects.get_or_create(
            id=transfer.id,
            defaults={
                "amount": order.amount,
                "currency": order.currency,
                "to": to,
                "asked_at": moment,
                "due_at": moment,
            },
        )
    return found


def state_of(payout: UUID) -> Payout:
    """Raises UnknownTransfer."""
    found = Payout.objects.filter(id=payout).first()
    if found is None:
        raise UnknownTransfer(_("there is no such transfer"), field="payout")
    return found


def send_due(bank: Bank, *, now: datetime | None = None, limit: int = 100) -> int:
    """The worker's round: send what is due, the oldest first; how many were settled. Any number may run at once."""
    moment, settled = now or moments.now(), 0
    for _round in range(limit):
        sent = _send_one(bank, moment)
        if sent is None:
            break
        settled += sent
    return settled


def _send_one(bank: Bank, now: datetime) -> bool | None:
    """Whether the bank has settled it; None where nothing is due."""
    with transaction.atomic():
        due = Payout.objects.filter(state=Payout.State.QUEUED, due_at__lte=now).order_by("due_at")
        # Locked until the end: two workers never send the same one side by side.
        payout = due.select_for_update(skip_locked=True).first()
        if payout is None:
            return None
        reference = str(payout.id)
        try:
            answer = bank.ask(reference) if payout.attempts else None
            answer = answer or bank.pay(reference, payout.amount, payout.currency, payout.to)
        except Exception:
            log.exception("the bank gave no answer", payout=reference)
            answer = None
        payout.attempts += 1
        if answer is None:
            payout.due_at = now + min(_FIRST_PAUSE * 2 ** min(payout.attempts, 20), _LONGEST_PAUSE)
        else:
            settle = actions.post if answer.paid else actions.void
            settle(payout.id, key=f"payout:{reference}", now=now)
            payout.state = Payout.State.PAID if answer.paid else Payout.State.REFUSED
            payout.ended_at, payout.said = now, answer.said[:200]
        payout.save()
    return answer is not None
