"""Whatever is done in whatever order, the ledger agrees with a model of a few lines."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from anlan.ledger.actions import Order, expire_due, post, transfer, transfer_many, void
from anlan.ledger.queries import Balance, balances
from anlan.ledger.refusals import NotEnough
from anlan.ledger.verification import verify
from tests.ledger.money import accounts, fresh_key

NOW = datetime(2026, 11, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
WHO = st.integers(0, 3)
AMOUNTS = st.integers(1, 60)


class Till(RuleBasedStateMachine):
    """A bank that may owe and three purses that may not; `posted` and `reserved` are the model."""

    orders = Bundle("orders")
    holds = Bundle("holds")

    @initialize()
    def begin(self) -> None:
        self.ids: list[UUID] = accounts("bank", "purse", "purse", "shop")
        self.posted, self.reserved = [0] * 4, [0] * 4

    def can_pay(self, who: int, amount: int) -> bool:
        return who == 0 or self.posted[who] - self.reserved[who] >= amount

    @rule(target=orders, debit=WHO, step=st.integers(1, 3), amount=AMOUNTS)
    def pay(self, debit: int, step: int, amount: int) -> Any:
        credit = (debit + step) % 4
        order = Order(self.ids[debit], self.ids[credit], amount, fresh_key())
        if not self.can_pay(debit, amount):
            with pytest.raises(NotEnough):
                transfer(order)
            return multiple()
        booked = transfer(order)
        self.posted[debit] -= amount
        self.posted[credit] += amount
        return order, booked.id

    @rule(steps=st.lists(st.tuples(WHO, st.integers(1, 3), AMOUNTS), min_size=2, max_size=6))
    def pay_many(self, steps: list[tuple[int, int, int]]) -> None:
        before, possible = list(self.posted), True
        for debit, step, amount in steps:
            possible = possible and self.can_pay(debit, amount)
            self.posted[debit] -= amount
            self.posted[(debit + step) % 4] += amount
        orders = [Order(self.ids[d], self.ids[(d + step) % 4], amount, fresh_key()) for d, step, amount in steps]
        if possible:
            transfer_many(orders)
        else:
            self.posted = before
            with pytest.raises(NotEnough):
                transfer_many(orders)

    @rule(told=orders)
    def send_again(self, told: tuple[Order, UUID]) -> None:
        assert transfer(told[0]).id == told[1]

    @rule(target=holds, debit=WHO, step=st.integers(1, 3), amount=AMOUNTS)
    def hold(self, debit: int, step: int, amount: int) -> Any:
        credit = (debit + step) % 4
        order = Order(self.ids[debit], self.ids[credit], amount, fresh_key(), pending_until=LATER)
        if not self.can_pay(debit, amount):
            with pytest.raises(NotEnough):
                transfer(order, now=NOW)
            return multiple()
        self.reserved[debit] += amount
        return transfer(order, now=NOW).id, debit, credit, amount

    @rule(held=consumes(holds), part=st.integers(1, 60))
    def post_it(self, held: tuple[UUID, int, int, int], part: int) -> None:
        id, debit, credit, amount = held
        moved = min(part, amount)
        post(id, key=fresh_key(), amount=moved, now=NOW)
        self.reserved[debit] -= amount
        self.posted[debit] -= moved
        self.posted[credit] += moved

    @rule(held=consumes(holds))
    def let_go(self, held: tuple[UUID, int, int, int]) -> None:
        id, debit, _credit, amount = held
        void(id, key=fresh_key(), now=NOW)
        self.reserved[debit] -= amount

    @invariant()
    def the_balances_agree(self) -> None:
        expected = {
            id: Balance(posted, reserved)
            for id, posted, reserved in zip(self.ids, self.posted, self.reserved, strict=True)
        }
        assert balances(self.ids) == expected
        assert sum(self.posted) == 0

    def teardown(self) -> None:
        # Whatever is still held is let go by time, for all at once.
        expire_due(LATER)
        found = balances(self.ids)
        assert [(found[id].posted, found[id].reserved) for id in self.ids] == [(each, 0) for each in self.posted]


@pytest.mark.django_db
def test_the_ledger_agrees_with_the_model() -> None:
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    run_state_machine_as_test(
        Till,
        settings=settings(
            max_examples=12, stateful_step_count=25, deadline=None, database=None, suppress_health_check=checks
        ),
    )
    assert verify().holds
