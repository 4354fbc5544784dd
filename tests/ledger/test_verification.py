"""A ledger that was tampered with is found out, and one that was not holds."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connections, transaction

from anlan.foundation.database import OWNER
from anlan.ledger.actions import expire_due, post, transfer, transfer_many, void
from anlan.ledger.verification import verify
from tests.ledger.money import accounts, fill, fresh_key, order

NOW = datetime(2026, 11, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def a_days_work() -> None:
    """Every kind of entry, one by one and together."""
    bank, purse, shop = accounts("bank", "purse", "shop")
    fill(bank, purse, 1_000)
    transfer_many([order(purse, shop, amount) for amount in (1, 2, 3)] + [order(bank, purse, 4)])
    held = [transfer(order(purse, shop, 10, pending_until=LATER), now=NOW).id for _ in range(4)]
    post(held[0], key=fresh_key(), now=NOW)
    post(held[1], key=fresh_key(), amount=3, now=NOW)
    void(held[2], key=fresh_key(), now=NOW)
    expire_due(LATER)


@pytest.mark.django_db
def test_an_untouched_ledger_holds() -> None:
    a_days_work()
    read: list[int] = []
    found = verify(read.append)
    assert found.holds, found.breaks
    assert (found.accounts, found.lines, sum(read)) == (3, 2 * 13, 2 * 13)


TAMPERINGS = {
    "UPDATE ledger_line SET posted = posted + 1 WHERE posted = 2": "the line is not what its entry says",
    "UPDATE ledger_line SET at = at + interval '1 year' WHERE seq = 1": "it does not follow the line before it",
    "UPDATE ledger_entry SET amount = amount + 1 WHERE amount = 2": "its entry is not what was ordered",
    "UPDATE ledger_entry SET reason = 'gift' WHERE amount = 1": "its entry is not what was ordered",
    "UPDATE ledger_entry SET at = at - interval '1 day' WHERE amount = 2": "its content is not what was hashed",
    "DELETE FROM ledger_line WHERE seq = 2": "the line is missing",
    "UPDATE ledger_account SET posted = posted + 5 WHERE kind = 'shop'": "the balance is not the sum of the lines",
    "UPDATE ledger_account SET may_overdraw = true WHERE kind = 'purse'": "its content is not what was hashed",
    "UPDATE ledger_account SET head = sha256(head)": "the account does not end in the last line of its chain",
}


def test_a_changed_ledger_is_found_out(committed: str) -> None:
    a_days_work()
    for tampering, what in TAMPERINGS.items():
        with transaction.atomic(using=OWNER):
            connections[OWNER].cursor().execute(tampering)
            found = verify(using=OWNER)
            transaction.set_rollback(True, using=OWNER)
        assert not found.holds, tampering
        assert what in {each.what for each in found.breaks}, tampering

    call_command("ledger", "verify", stdout=StringIO())
    connections[OWNER].cursor().execute("UPDATE ledger_account SET posted = posted + 5 WHERE kind = 'shop'")
    said = StringIO()
    with pytest.raises(SystemExit):
        call_command("ledger", "verify", "--json", stdout=said)
    told = json.loads(said.getvalue())
    assert (told["holds"], told["broken"], told["unbalanced"]) == (False, 1, ["CNY"])


@pytest.mark.django_db
def test_a_transfer_taken_back_by_the_caller_leaves_the_chain_whole() -> None:
    bank, purse = accounts("bank", "purse")
    fill(bank, purse, 5)
    with transaction.atomic():
        fill(bank, purse, 7)
        transaction.set_rollback(True)
    fill(bank, purse, 6)
    assert verify().holds
