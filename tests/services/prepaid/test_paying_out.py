"""What merchants have earned and what goes back to consumers leaves once, by a bank, and only where one is named."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from anlan.ledger.actions import Order, transfer
from anlan.ledger.bank_models import Payout
from anlan.ledger.bank_simulator import BankSimulator
from anlan.ledger.queries import balance, trial_balance
from anlan.loop import clock
from anlan.services.prepaid.cards import repaying
from anlan.services.prepaid.cards.repayment_models import Repayment
from anlan.services.prepaid.merchants.actions import treasury
from anlan.services.prepaid.merchants.paying_out import pay_out_merchants, send_to_bank
from tests.services.prepaid.market import Market, key


@pytest.fixture
def bank(settings: Any, tmp_path: Path) -> BankSimulator:
    settings.ANLAN_BANK, settings.ANLAN_HOME = "simulator", tmp_path
    return BankSimulator(tmp_path / "bank")


def earn(market: Market, amount: int) -> None:
    transfer(Order(treasury().bank, market.merchant.payable, amount, key=str(uuid4())))


def test_a_merchant_is_paid_what_it_has_earned_once_a_day(market: Market, bank: BankSimulator) -> None:
    earn(market, 10_000)
    assert [pay_out_merchants(), pay_out_merchants()] == [1, 0]
    assert send_to_bank() == 1
    assert (list(bank.paid().values()), balance(market.merchant.payable).posted) == ([10_000], 0)
    earn(market, 20_000)
    assert pay_out_merchants() == 0, "it has had its pay-out of today"
    assert pay_out_merchants(clock.now() + timedelta(days=1)) == 1
    assert set(Payout.objects.values_list("to", flat=True)) == {f"merchant:{market.merchant.id}"}


def test_less_than_the_minimum_waits(market: Market, bank: BankSimulator) -> None:
    earn(market, 9_999)
    assert pay_out_merchants() == 0
    earn(market, 1)
    assert pay_out_merchants() == 1


def test_a_repayment_goes_back_by_the_bank_once(market: Market, bank: BankSimulator) -> None:
    card = market.bought().card
    again = key()
    for _time in range(2):
        repaying.give_back(card.id, Repayment.Cause.SEVEN_DAYS, by=market.cast.wang, key=again)
    assert [send_to_bank(), send_to_bank()] == [1, 0]
    assert Payout.objects.values_list("to", "amount", "state").get() == (f"card:{card.id}", 100_000, "paid")
    assert list(bank.paid().values()) == [100_000]
    assert (balance(treasury().refunds).posted, sum(row.posted for row in trial_balance())) == (0, 0)


def test_without_a_bank_nothing_leaves_and_refunds_wait(market: Market, settings: Any) -> None:
    settings.ANLAN_BANK = None
    earn(market, 50_000)
    repaying.give_back(market.bought().card.id, Repayment.Cause.SEVEN_DAYS, by=market.cast.wang, key=key())
    assert (pay_out_merchants(), send_to_bank()) == (0, 0)
    assert balance(market.merchant.payable).available == 50_000
    assert Payout.objects.get().state == Payout.State.QUEUED
