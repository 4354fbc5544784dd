"""Money is conserved to the fen and nothing is booked twice, whatever is killed while eight clients move it.

MONEY_SOAK_SECONDS in the environment makes a long soak of it.
"""

import json
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from anlan.foundation import postgres
from anlan.foundation.postgres import Server
from tests.faults.house import House, a_house, until

CLIENTS = 8
SOAK_SECONDS = float(os.environ.get("MONEY_SOAK_SECONDS", 3))


@pytest.fixture
def house(shared_directory: Path) -> Iterator[House]:
    with a_house(kept=shared_directory) as house:
        yield house


def start_postgres(house: House) -> None:
    """The clients use it too, so it stays when this process leaves it."""
    server = Server(house.home.resolve(), run_as=postgres._system_user())
    server.join()
    server.leave()


def test_kills_at_random_neither_make_nor_lose_money(house: House) -> None:
    chance = random.Random(7)
    crew = house.spawn("-m", "tests.faults.money", "clients", str(CLIENTS))
    assert crew.stdout is not None
    clients = json.loads(crew.stdout.readline())
    until(lambda: len(list(house.home.glob("client-*.log"))) == CLIENTS)
    end, kills = time.monotonic() + SOAK_SECONDS, 0
    while kills < 2 or time.monotonic() < end:
        time.sleep(chance.uniform(0.2, 1.2))
        if kills % 2:
            house.kill_postgres()
            start_postgres(house)
        elif len(clients) > CLIENTS // 2:
            os.kill(clients.pop(chance.randrange(len(clients))), signal.SIGKILL)
        kills += 1
    (house.home / "enough").touch()
    crew.communicate()
    assert crew.returncode == 0, "a client gave up"

    said = house.spawn("-m", "tests.faults.money", "state")
    told = json.loads(said.communicate()[0])
    assert told["answered"] > CLIENTS, "the clients have done something"
    assert (told["lost"], told["never_asked"], told["breaks"], told["below_zero"]) == ([], [], [], 0)
    assert told["holds"]
    assert told["paid_out"] > 0
    assert told["as_the_bank_has_it"], "each pay-out once, and to the fen"
