"""A small till to play with: accounts by kind, of which the bank may owe, and a short way to order."""

from datetime import UTC, datetime
from itertools import count
from uuid import UUID

from anlan.ledger.actions import NewAccount, Order, open_accounts, transfer
from anlan.ledger.queries import trial_balance

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
_numbers = count()


def accounts(*kinds: str) -> list[UUID]:
    """One account of each kind; of those the bank may be overdrawn."""
    return open_accounts([NewAccount(kind, may_overdraw=kind == "bank") for kind in kinds], now=LONG_AGO)


def fresh_key() -> str:
    return f"key-{next(_numbers)}"


def order(debit: UUID, credit: UUID, amount: int, key: str = "", pending_until: datetime | None = None) -> Order:
    return Order(debit, credit, amount, key or fresh_key(), pending_until=pending_until)


def fill(bank: UUID, purse: UUID, amount: int) -> None:
    transfer(order(bank, purse, amount))


def sum_of_all() -> int:
    """What all accounts hold together: zero, or money was made or lost."""
    return sum(row.posted for row in trial_balance())
