"""Money that leaves the platform: what merchants have earned, once a day, and what goes back to a consumer, at once.

Whom a token means (`merchant:…`, `card:…`) the bank's adapter knows: the account the merchant has named, and the one
that the card's money came from. No account number is kept with a pay-out.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from uuid import UUID

from django.conf import settings

from anlan.ledger import payouts
from anlan.ledger.actions import Order
from anlan.ledger.bank_models import Payout
from anlan.ledger.bank_simulator import BankSimulator
from anlan.ledger.queries import balances
from anlan.ledger.refusals import KeyReused, NotEnough
from anlan.ledger.transfers import by_keys
from anlan.loop import clock
from anlan.services.prepaid.figures import figure
from anlan.services.prepaid.merchants.actions import treasury
from anlan.services.prepaid.merchants.models import Merchant

_AT_ONCE = 1_000


def bank() -> payouts.Bank | None:
    """The adapter that `ANLAN_BANK` names; None where no money leaves."""
    return BankSimulator(settings.ANLAN_HOME / "bank") if settings.ANLAN_BANK == "simulator" else None


def send_to_bank() -> int:
    """The worker's job: send what is due; how many pay-outs the bank has settled. Without a bank they wait."""
    named = bank()
    return payouts.send_due(named) if named else 0


def pay_out_merchants(now: datetime | None = None) -> int:
    """The worker's job: queue what merchants have earned, each at most once a day, from a minimum on (a setting); how
    many. Without a bank it stays with the merchant's account, where repayments can still be met from it."""
    if bank() is None:
        return 0
    moment = now or clock.now()
    merchants = list(Merchant.objects.order_by("id").values_list("id", "payable"))
    return sum(_paid_out(merchants[start : start + _AT_ONCE], moment) for start in range(0, len(merchants), _AT_ONCE))


def pay_back(repayment: UUID, *, card: UUID, amount: int, now: datetime) -> Payout:
    """Queue a repayment for the bank, in the caller's transaction, with the money that lies ready for refunds. Once,
    however often it is asked for."""
    house = treasury()
    order = Order(house.refunds, house.bank, amount, key=f"prepaid.paid_back.{repayment}", about=str(repayment))
    return payouts.pay_out(order, to=f"card:{card}", now=now)


def _paid_out(merchants: Sequence[tuple[UUID, UUID]], now: datetime) -> int:
    day = clock.local(now).date()
    least, standing = figure("payout_minimum", day), balances(payable for _merchant, payable in merchants)
    earned = [
        Order(payable, treasury().bank, standing[payable].available, key=_key(merchant, day), about=str(merchant))
        for merchant, payable in merchants
        if standing[payable].available >= max(least, 1)
    ]
    known, paid = by_keys(order.key for order in earned), 0
    for order in earned:
        # A repayment, or another worker, may have been faster.
        with suppress(NotEnough, KeyReused):
            if order.key not in known:
                payouts.pay_out(order, to=f"merchant:{order.about}", now=now)
                paid += 1
    return paid


def _key(merchant: UUID, day: date) -> str:
    return f"prepaid.earned.{merchant}.{day}"
