"""Several tills at the same moment: the same order, the last of the money, the same hold."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any

from django.db import connections
from django.utils import timezone

from anlan.ledger.actions import Order, post, transfer, transfer_many, void
from anlan.ledger.queries import Balance, balance
from anlan.ledger.refusals import Refused
from anlan.ledger.verification import verify
from tests.ledger.money import accounts, fill, fresh_key, order, sum_of_all

TILLS = 4


def at_once(works: Iterable[Callable[[], Any]]) -> list[Any]:
    """What each gave, or how it was refused."""
    listed = list(works)
    ready = Barrier(len(listed))

    def work(one: Callable[[], Any]) -> Any:
        ready.wait()
        try:
            return one()
        except Refused as refused:
            return refused.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(listed)) as pool:
        return list(pool.map(work, listed))


def test_tills_that_work_at_once_book_each_thing_once(committed: str) -> None:
    bank, purse, shop = accounts("bank", "purse", "shop")
    fill(bank, purse, 100)
    connections.close_all()

    for turn in range(5):
        same = partial(transfer, Order(purse, shop, 10, f"same {turn}"))
        assert len({each.id for each in at_once([same] * TILLS)}) == 1
    assert balance(purse) == Balance(50, 0)

    # The last of it is asked for four times over.
    said = at_once([lambda: transfer(order(purse, shop, 30)).state] * TILLS)
    assert sorted(said) == ["not_enough", "not_enough", "not_enough", "posted"]

    # Both ways, one by one and many together: whoever comes second waits, and nobody for ever.
    there = [order(bank, shop, 1) for _ in range(40)]
    back = [order(shop, bank, 1) for _ in range(40)]
    at_once([lambda: transfer_many(there), lambda: transfer_many(back), lambda: [transfer(each) for each in there]])
    assert balance(shop) == Balance(80, 0)

    held = transfer(order(purse, shop, 20, pending_until=timezone.now() + timedelta(hours=1))).id
    said = at_once([lambda: post(held, key=fresh_key()).state, lambda: void(held, key=fresh_key()).state] * 2)
    assert said.count("not_pending") == 3
    assert balance(purse).reserved == 0
    assert (sum_of_all(), verify().holds) == (0, True)
