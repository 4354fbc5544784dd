"""What was acknowledged is there, whatever is killed: the server, or PostgreSQL under it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.house import House, a_house, until


@pytest.fixture
def house(shared_directory: Path) -> Iterator[House]:
    with a_house(kept=shared_directory) as house:
        yield house


@pytest.mark.parametrize("killed", [House.kill, House.kill_postgres], ids=["the server", "PostgreSQL"])
def test_a_kill_under_load_loses_nothing_and_repeats_nothing(house: House, killed: Callable[[House], None]) -> None:
    house.inside("queue")
    house.start()
    with house.load() as acknowledged:
        # In the middle of everything: reports come in and notices go out.
        until(lambda: len(acknowledged) >= 30 and len(house.delivered()) >= 5)
        before = house.delivered()
        killed(house)
    if killed is House.kill_postgres:
        assert house.stop() == 0

    house.start()
    later = house.report("重新开始之后")
    assert later is not None
    state = house.inside("state")
    until(lambda: house.delivered() >= set(state["notices"]))
    assert house.stop() == 0

    state = house.inside("state")
    assert {*acknowledged, later} <= set(state["codes"])
    assert (state["chains"], state["broken"]) == (len(state["codes"]), 0)
    # The sink keeps one file for each identifier: as many as there are notices, and not one more.
    assert before < house.delivered() == set(state["notices"])
    assert set(state["notices"].values()) == {"sent"}
