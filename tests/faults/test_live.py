"""Live streams outlive their database, and end with their process."""

import http.client
import json
from collections.abc import Iterator

import pytest

from tests.faults.house import PATIENCE_SECONDS, House, a_house, until


@pytest.fixture
def house() -> Iterator[House]:
    with a_house() as house:
        yield house


class Stream:
    """One open stream over HTTP."""

    def __init__(self, house: House, code: str) -> None:
        # The streams are one port further; it opens a moment after the pages answer.
        until(lambda: _opens(house.port + 1))
        self._connection = http.client.HTTPConnection("127.0.0.1", house.port + 1, timeout=PATIENCE_SECONDS)
        self._connection.request("GET", f"/live/t/{code}")
        self._answer = self._connection.getresponse()
        assert self._answer.status == 200
        self.version()

    def version(self) -> int | None:
        """The version of the matter in the next event: None for a sign of life, 0 at the end."""
        name, version = "", None
        while line := self._answer.readline().decode():
            if line.startswith("event: "):
                name = line.removeprefix("event: ").strip()
            elif line.startswith("data: "):
                version = json.loads(line.removeprefix("data: ")).get("version")
            elif not line.strip() and name:
                assert name in ("here", "matter"), name
                return version
        return 0

    def next_version(self) -> int:
        """The same, signs of life left out."""
        while (version := self.version()) is None:
            pass
        return version


def _opens(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    try:
        connection.connect()
    except OSError:
        return False
    connection.close()
    return True


def test_a_stream_outlives_a_restart_of_the_database_without_a_gap(house: House) -> None:
    house.start()
    code = house.report("路灯不亮")
    assert code is not None
    stream = Stream(house, code)
    house.inside("speak")
    before = stream.next_version()
    house.kill_postgres()
    # Whoever joins a house starts its server where it does not run: this is said before the listener is back.
    house.inside("speak")
    house.inside("speak")
    heard = [stream.next_version(), stream.next_version()]
    assert heard == [before + 1, before + 2]
    assert house.stop() == 0


def test_stopping_in_order_ends_every_stream(house: House) -> None:
    house.start()
    code = house.report("路灯不亮")
    assert code is not None
    streams = [Stream(house, code) for _ in range(5)]
    assert house.stop() == 0
    assert [stream.next_version() for stream in streams] == [0] * 5
