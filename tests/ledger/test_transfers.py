"""Orders are booked once, all or none, or refused with the field that is wrong."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from anlan.ledger.actions import NewAccount, Order, open_accounts, transfer, transfer_many
from anlan.ledger.models import Entry, Line
from anlan.ledger.queries import Balance, balance, balances
from anlan.ledger.refusals import (
    CurrencyDiffers,
    KeyReused,
    NotEnough,
    UnknownAccount,
    WrongAmount,
    WrongMoment,
    WrongText,
)
from anlan.ledger.transfers import State
from tests.ledger.money import accounts, fill, order, sum_of_all

pytestmark = pytest.mark.django_db


def test_money_goes_from_one_account_to_the_other() -> None:
    bank, purse = accounts("bank", "purse")
    booked = transfer(Order(bank, purse, 500, "top-up 1", reason="充值", about="card 7"))
    assert (booked.state, booked.amount, booked.moved, booked.reason) == (State.POSTED, 500, 500, "充值")
    assert balances([bank, purse]) == {bank: Balance(-500, 0), purse: Balance(500, 0)}
    assert sum_of_all() == 0


def test_nobody_pays_what_they_do_not_have() -> None:
    bank, purse, shop = accounts("bank", "purse", "shop")
    fill(bank, purse, 99)
    with pytest.raises(NotEnough) as refused:
        transfer(order(purse, shop, 100))
    assert refused.value.field == "amount"
    transfer(order(purse, shop, 99))
    assert (balance(purse).posted, balance(shop).posted) == (0, 99)


def test_a_refusal_leaves_the_callers_transaction_usable() -> None:
    bank, purse, shop = accounts("bank", "purse", "shop")
    with transaction.atomic():
        fill(bank, purse, 10)
        for orders in ([order(purse, shop, 11)], [order(purse, shop, 5), order(purse, shop, 6)]):
            with pytest.raises(NotEnough):
                transfer_many(orders)
        transfer(order(purse, shop, 10))
    assert (balance(purse).posted, balance(shop).posted) == (0, 10)


def test_the_same_key_with_the_same_content_gives_the_first_answer_again() -> None:
    bank, purse = accounts("bank", "purse")
    first = transfer(order(bank, purse, 5, "again"))
    assert transfer(order(bank, purse, 5, "again")) == first
    assert balance(purse).posted == 5


def test_the_first_answer_comes_even_when_the_money_is_gone_by_now() -> None:
    bank, purse, shop = accounts("bank", "purse", "shop")
    fill(bank, purse, 5)
    first = transfer(order(purse, shop, 5, "all of it"))
    assert transfer(order(purse, shop, 5, "all of it")).id == first.id


@pytest.mark.parametrize("other", [{"amount": 6}, {"reason": "another"}, {"about": "another"}])
def test_the_same_key_with_other_content_is_refused(other: dict[str, Any]) -> None:
    bank, purse = accounts("bank", "purse")
    transfer(Order(bank, purse, 5, "taken"))
    with pytest.raises(KeyReused) as refused:
        transfer(replace(Order(bank, purse, 5, "taken"), **other))
    assert refused.value.field == "key"
    assert balance(purse).posted == 5


def test_many_orders_are_booked_in_their_order() -> None:
    bank, purse, shop = accounts("bank", "purse", "shop")
    booked = transfer_many([order(bank, purse, 10), order(purse, shop, 4), order(purse, shop, 6)])
    assert [each.amount for each in booked] == [10, 4, 6]
    assert [line.posted_after for line in Line.objects.filter(account=purse).order_by("seq")] == [10, 6, 0]


def test_of_many_orders_all_are_booked_or_none() -> None:
    bank, purse, shop = accounts("bank", "purse", "shop")
    with pytest.raises(NotEnough) as refused:
        # At the end there would be enough, but not when the second one is due.
        transfer_many([order(bank, purse, 3), order(purse, shop, 4), order(bank, purse, 3)])
    assert refused.value.position == 1
    assert (balance(purse).posted, Entry.objects.count(), Line.objects.count()) == (0, 0, 0)


def test_of_many_orders_those_booked_before_are_only_told_again() -> None:
    bank, purse = accounts("bank", "purse")
    first = transfer(order(bank, purse, 1, "one"))
    told = transfer_many([order(bank, purse, 2, "two"), order(bank, purse, 1, "one"), order(bank, purse, 2, "two")])
    assert (told[1].id, told[2].amount) == (first.id, 2)
    assert balance(purse).posted == 3
    assert transfer_many([]) == []


def test_one_key_twice_with_different_content_refuses_all() -> None:
    bank, purse = accounts("bank", "purse")
    with pytest.raises(KeyReused) as refused:
        transfer_many([order(bank, purse, 1, "same"), order(bank, purse, 2, "same")])
    assert (refused.value.position, balance(purse).posted) == (1, 0)


@pytest.mark.parametrize("amount", [0, -1, 1.0, True, "5", None, 10**15 + 1, float("nan")])
def test_only_whole_fen_within_reason_are_an_amount(amount: Any) -> None:
    bank, purse = accounts("bank", "purse")
    with pytest.raises(WrongAmount) as refused:
        transfer(order(bank, purse, amount))
    assert refused.value.field == "amount"


def test_an_account_that_does_not_exist_is_named_by_its_side() -> None:
    bank, _purse = accounts("bank", "purse")
    for one, field in ((order(uuid4(), bank, 1), "debit"), (order(bank, uuid4(), 1), "credit")):
        with pytest.raises(UnknownAccount) as refused:
            transfer(one)
        assert refused.value.field == field
    with pytest.raises(UnknownAccount):
        balance(uuid4())


def test_an_account_does_not_pay_itself() -> None:
    (bank,) = accounts("bank")
    with pytest.raises(UnknownAccount):
        transfer(order(bank, bank, 1))


def test_currencies_are_not_mixed() -> None:
    bank, yuan, dollars = open_accounts(
        [NewAccount("bank", may_overdraw=True), NewAccount("purse"), NewAccount("purse", currency="USD")]
    )
    with pytest.raises(CurrencyDiffers) as refused:
        transfer(order(bank, dollars, 1))
    assert refused.value.field == "credit"
    for currency in ("USD", "yuan", None):
        with pytest.raises(CurrencyDiffers):
            transfer(Order(bank, yuan, 1, "dollars", currency=currency))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"key": ""}, "key"),
        ({"key": " "}, "key"),
        ({"key": "k" * 101}, "key"),
        ({"reason": "\x00"}, "reason"),
        ({"reason": "长" * 201}, "reason"),
        ({"about": "\ud800"}, "about"),
    ],
)
def test_texts_that_cannot_be_stored_are_refused(told: dict[str, Any], field: str) -> None:
    bank, purse = accounts("bank", "purse")
    with pytest.raises(WrongText) as refused:
        transfer(replace(Order(bank, purse, 1, "k"), **told))
    assert refused.value.field == field


def test_a_moment_without_a_time_zone_is_refused() -> None:
    bank, purse = accounts("bank", "purse")
    with pytest.raises(WrongMoment):
        transfer(order(bank, purse, 1, pending_until=datetime(2027, 1, 1)))


def test_an_account_never_holds_more_than_a_balance_can() -> None:
    bank, purse = accounts("bank", "purse")
    for _ in range(4):
        transfer_many([order(bank, purse, 10**15) for _ in range(1_000)])
    with pytest.raises(WrongAmount, match="so much"):
        transfer_many([order(bank, purse, 10**15) for _ in range(1_000)])
