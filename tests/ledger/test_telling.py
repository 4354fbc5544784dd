"""Balances as of a moment, statements, and what nobody may change."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import ProgrammingError, connection, transaction

from anlan.ledger import moments
from anlan.ledger.actions import NewAccount, open_accounts, post, transfer
from anlan.ledger.models import Entry
from anlan.ledger.queries import Balance, TrialRow, balance_as_of, statement, trial_balance
from anlan.ledger.refusals import UnknownAccount
from tests.ledger.money import accounts, fresh_key, order

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 1, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_a_balance_is_told_as_of_any_moment() -> None:
    bank, purse = accounts("bank", "purse")
    for hour in range(9):
        transfer(order(bank, purse, 10), now=NOON + hour * HOUR)
    assert [balance_as_of(purse, NOON + HOUR * at).posted for at in (-1, 0, 0.5, 4, 7.9, 8, 99)] == [
        *(0, 10, 10, 50, 80, 90, 90)
    ]
    with pytest.raises(UnknownAccount):
        balance_as_of(uuid4(), NOON)


def test_a_clock_that_jumps_back_does_not_reorder_an_account() -> None:
    bank, purse = accounts("bank", "purse")
    transfer(order(bank, purse, 1), now=NOON)
    transfer(order(bank, purse, 2), now=NOON - HOUR)
    assert balance_as_of(purse, NOON - HOUR) == Balance(0, 0)
    assert [line.at for line in statement(purse, NOON - 2 * HOUR, NOON)] == [NOON, NOON]


def test_a_statement_has_each_line_with_the_other_side_and_the_balance() -> None:
    bank, purse, shop = accounts("bank", "purse", "shop")
    transfer(order(bank, purse, 100), now=NOON)
    held = transfer(order(purse, shop, 30, pending_until=NOON + 9 * HOUR), now=NOON + HOUR)
    post(held.id, key=fresh_key(), amount=20, now=NOON + 2 * HOUR)
    lines = statement(purse, NOON - HOUR, NOON + 2 * HOUR)
    assert [(line.kind, line.other, line.posted, line.reserved, line.balance) for line in lines] == [
        (Entry.Kind.MOVED, bank, 100, 0, Balance(100, 0)),
        (Entry.Kind.HELD, shop, 0, 30, Balance(100, 30)),
        (Entry.Kind.POSTED, shop, -20, -30, Balance(80, 0)),
    ]
    assert [line.seq for line in statement(purse, NOON, NOON + HOUR)] == [2], "after the first moment, at the second"


def test_the_trial_balance_is_by_kind_and_currency() -> None:
    bank, purse, other = accounts("bank", "purse", "purse")
    open_accounts([NewAccount("purse", currency="USD")])
    transfer(order(bank, purse, 70))
    transfer(order(bank, other, 30))
    assert trial_balance() == [
        TrialRow("bank", "CNY", 1, -100, 0),
        TrialRow("purse", "CNY", 2, 100, 0),
        TrialRow("purse", "USD", 1, 0, 0),
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET amount = 1",
        "DELETE FROM ledger_entry",
        "UPDATE ledger_line SET posted = 1",
        "DELETE FROM ledger_line",
        "DELETE FROM ledger_line_0",
        "SELECT FROM ledger_entry_0",
        "TRUNCATE ledger_line",
        "DELETE FROM ledger_account",
        "UPDATE ledger_account SET may_overdraw = true",
        "UPDATE ledger_hold SET amount = 1",
    ],
)
def test_the_application_can_not_change_what_was_booked(statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(statement)


def test_the_time_is_told_by_whoever_provides_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moments, "_tell", moments._tell)
    moments.provide(lambda: NOON)
    bank, purse = accounts("bank", "purse")
    assert transfer(order(bank, purse, 1)).at == NOON
