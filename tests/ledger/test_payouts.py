"""Money leaves exactly once, whatever gets lost on the way."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from anlan.ledger.actions import Order, expire_due
from anlan.ledger.bank_simulator import BankSimulator
from anlan.ledger.models import Payout
from anlan.ledger.payouts import Answer, pay_out, send_due
from anlan.ledger.queries import Balance, balance
from anlan.ledger.refusals import NotEnough, WrongText
from tests.ledger.money import accounts, fill, sum_of_all

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 1, tzinfo=UTC)
MUCH_LATER = NOW + timedelta(days=2)


@pytest.fixture
def escrow() -> tuple[UUID, UUID]:
    """A bank, and an account with 500 fen."""
    bank, purse = accounts("bank", "escrow")
    fill(bank, purse, 500)
    return bank, purse


def ask(escrow: tuple[UUID, UUID], amount: int = 300, to: str = "card-1") -> Payout:
    bank, purse = escrow
    return pay_out(Order(purse, bank, amount, f"refund {amount}"), to=to, now=NOW)


def test_money_is_held_until_the_bank_has_paid(escrow: tuple[UUID, UUID], tmp_path: Path) -> None:
    payout, bank = ask(escrow), BankSimulator(tmp_path)
    assert balance(escrow[1]) == Balance(500, 300)
    assert send_due(bank, now=NOW) == 1
    payout.refresh_from_db()
    assert (payout.state, bank.paid()) == (Payout.State.PAID, {str(payout.id): 300})
    assert (balance(escrow[1]), sum_of_all()) == (Balance(200, 0), 0)
    assert send_due(bank, now=MUCH_LATER) == 0


def test_the_same_order_is_queued_once(escrow: tuple[UUID, UUID], tmp_path: Path) -> None:
    assert ask(escrow).id == ask(escrow).id
    assert send_due(BankSimulator(tmp_path), now=NOW) == 1
    assert balance(escrow[1]) == Balance(200, 0)


def test_a_lost_answer_pays_nothing_twice(escrow: tuple[UUID, UUID], tmp_path: Path) -> None:
    ask(escrow)
    deaf = BankSimulator(tmp_path, loses=lambda: True)
    assert send_due(deaf, now=NOW) == 0
    assert (balance(escrow[1]), len(deaf.paid())) == (Balance(500, 300), 1), "the bank has paid and nobody knows"
    assert send_due(deaf, now=NOW) == 0, "it is not tried again at once"
    assert send_due(deaf, now=MUCH_LATER) == 1, "asked first, and so not sent again"
    assert (balance(escrow[1]), list(deaf.paid().values())) == (Balance(200, 0), [300])


def test_a_worker_that_dies_after_sending_pays_nothing_twice(escrow: tuple[UUID, UUID], tmp_path: Path) -> None:
    payout, bank = ask(escrow), BankSimulator(tmp_path)
    bank.pay(str(payout.id), 300, "CNY", "card-1")  # its transaction was lost with it
    assert send_due(bank, now=NOW) == 1
    assert (balance(escrow[1]), list(bank.paid().values())) == (Balance(200, 0), [300])


def test_what_the_bank_refuses_is_free_again(escrow: tuple[UUID, UUID], tmp_path: Path) -> None:
    payout = ask(escrow, to="closed-1")
    assert send_due(BankSimulator(tmp_path), now=NOW) == 1
    payout.refresh_from_db()
    assert (payout.state, payout.said) == (Payout.State.REFUSED, "account closed")
    assert balance(escrow[1]) == Balance(500, 0)


def test_one_that_gets_no_answer_does_not_keep_the_others(escrow: tuple[UUID, UUID], tmp_path: Path) -> None:
    first, second = ask(escrow, 100), ask(escrow, 200)
    answers = BankSimulator(tmp_path)

    class HalfDeaf:
        def ask(self, reference: str) -> Answer | None:
            return answers.ask(reference)

        def pay(self, reference: str, amount: int, currency: str, to: str) -> Answer:
            if amount == 100:
                raise OSError("no line")
            return answers.pay(reference, amount, currency, to)

    assert send_due(HalfDeaf(), now=NOW) == 1
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.attempts, second.state) == (Payout.State.QUEUED, 1, Payout.State.PAID)


def test_time_alone_frees_nothing_that_is_on_its_way(escrow: tuple[UUID, UUID]) -> None:
    ask(escrow)
    assert expire_due(NOW + timedelta(days=36_500)) == 0
    assert balance(escrow[1]) == Balance(500, 300)


def test_nobody_is_paid_more_than_there_is_or_nowhere(escrow: tuple[UUID, UUID]) -> None:
    with pytest.raises(NotEnough):
        ask(escrow, 501)
    with pytest.raises(WrongText) as refused:
        ask(escrow, to="")
    assert (refused.value.field, Payout.objects.count()) == ("to", 0)
