"""Clients who move money without pause, whatever is killed: run as a process of its own in a house.

Each writes to a file of its own what it is about to order, and what it was answered. What got no answer is sent again
under the same key, as a till would; sometimes what was answered is sent again too, and every clock goes wrong.
"""

import json
import os
import random
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import django
import psutil
from django.utils import timezone

from anlan.foundation import postgres

HOME = Path(os.environ.get("ANLAN_HOME", "."))
PURSES = 12
ATTEMPTS, GAVE_UP = 600, 3


def clients(number: int) -> None:
    """Open the accounts, fork the clients, tell their process ids, and wait until all have ended."""
    from django.db import connections

    from anlan.ledger.actions import NewAccount, Order, open_accounts, transfer

    opened = open_accounts([NewAccount("bank", may_overdraw=True), *[NewAccount("purse")] * PURSES])
    for purse in opened[1:]:
        transfer(Order(opened[0], purse, 1_000, f"first:{purse}"))
    connections.close_all()
    children, test = [], os.getppid()
    for each in range(number):
        child = os.fork()
        if child == 0:
            _client(each, opened, test)
        children.append(child)
    print(json.dumps(children), flush=True)
    ends = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    sys.exit(GAVE_UP if GAVE_UP in ends else 0)


def state() -> None:
    """Send what is still to be paid out, and tell what became of it all."""
    from anlan.ledger.bank_simulator import BankSimulator
    from anlan.ledger.models import Entry, Payout
    from anlan.ledger.payouts import send_due
    from anlan.ledger.queries import balances
    from anlan.ledger.verification import verify

    asked, answered = _told()
    bank = BankSimulator(HOME / "bank")
    while Payout.objects.filter(state=Payout.State.QUEUED).exists():
        send_due(bank, now=timezone.now() + timedelta(days=3_650))
    paid = {str(id): amount for id, amount in Payout.objects.filter(state="paid").values_list("id", "amount")}
    known = {key: str(id) for key, id in Entry.objects.values_list("key", "id")}
    ours = [key for key in known if not key.startswith(("first:", "expired:", "payout:"))]
    found = verify()
    print(
        json.dumps(
            {
                "answered": len(answered),
                "asked": len(asked),
                "lost": [key for key, id in answered.items() if known.get(key) != id],
                "never_asked": [key for key in ours if key not in asked],
                "paid_out": len(paid),
                "as_the_bank_has_it": paid == bank.paid(),
                "holds": found.holds,
                "lines": found.lines,
                "breaks": [each.what for each in found.breaks],
                "below_zero": sum(each.posted < 0 for each in balances(_purses()).values()),
            }
        )
    )


def _purses() -> list[UUID]:
    from anlan.ledger.models import Account

    return list(Account.objects.filter(kind="purse").values_list("id", flat=True))


def _told() -> tuple[set[str], dict[str, str]]:
    asked, answered = set(), {}
    for file in HOME.glob("client-*.log"):
        for line in file.read_text(encoding="utf-8").splitlines():
            key, _, id = line.partition(" ")
            if id:
                answered[key] = id
            else:
                asked.add(key)
    return asked, answered


def _client(number: int, opened: list[UUID], test: int) -> None:
    from django.db import DatabaseError, connection

    from anlan.ledger.actions import Order, expire_due, post, transfer, transfer_many, void
    from anlan.ledger.bank_simulator import BankSimulator
    from anlan.ledger.payouts import pay_out, send_due
    from anlan.ledger.refusals import Refused

    chance, log, done = random.Random(number), (HOME / f"client-{number}.log").open("a", buffering=1), 0
    earlier: list[Callable[[], Any]] = []
    bank = BankSimulator(HOME / "bank", loses=lambda: chance.random() < 0.2)

    def until_answered(keys: list[str], send: Callable[[], Any]) -> Any:
        for key in keys:
            log.write(f"{key}\n")
        for _ in range(ATTEMPTS):
            try:
                return send()
            except Refused:
                return None
            except DatabaseError:
                # Whoever killed PostgreSQL starts it again.
                connection.close()
                time.sleep(0.1)
        os._exit(GAVE_UP)

    def key() -> str:
        nonlocal done
        done += 1
        return f"{number}-{done}-{os.getpid()}"

    def order(**more: Any) -> Order:
        debit, credit = chance.sample(opened, 2)
        return Order(debit, credit, chance.randint(1, 400), key(), **more)

    # Where the test itself was killed nobody says that it is enough.
    while psutil.pid_exists(test) and not (HOME / "enough").exists():
        now = timezone.now() + timedelta(hours=chance.randint(-48, 48))
        what = chance.random()
        if what < 0.5:
            orders = [order() for _ in range(chance.choice((1, 1, 1, 5, 20)))]
            send = partial(transfer_many, orders, now=now)
            for booked in until_answered([each.key for each in orders], send) or []:
                log.write(f"{booked.key} {booked.id}\n")
            earlier = [*earlier[-20:], send]
        elif what < 0.8:
            one = order(pending_until=now + timedelta(hours=1))
            held = until_answered([one.key], partial(transfer, one, now=now))
            if held is not None:
                log.write(f"{held.key} {held.id}\n")
                end = key()
                until_answered([end], partial(chance.choice((post, void)), held.id, key=end, now=now))
        elif what < 0.85 and earlier:
            until_answered([], chance.choice(earlier))
        elif what < 0.9:
            out = Order(chance.choice(opened[1:]), opened[0], chance.randint(1, 50), key())
            until_answered([out.key], partial(pay_out, out, to="card", now=now))
        elif what < 0.95:
            until_answered([], partial(send_due, bank, now=now, limit=5))
        else:
            until_answered([], partial(expire_due, now))
    os._exit(0)


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "anlan.settings"
    postgres.ensure(HOME)
    django.setup()
    if sys.argv[1] == "clients":
        clients(int(sys.argv[2]))
    else:
        state()
