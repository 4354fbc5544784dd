"""Live streams outlive their database, and end with their process."""

import http.client
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.house import PATIENCE_SECONDS, House, a_house, until


@pytest.fixture
def house(shared_directory: Path) -> Iterator[House]:
    with a_house(kept=shared_directory) as house:
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
        assert self.event()[0] == "here"

    def event(self) -> tuple[str, int | None]:
        """The next event's name and the version of the matter it tells of; `("", None)` at the end."""
        name, version = "", None
        while line := self._answer.readline().decode():
            if line.startswith("event: "):
                name = line.removeprefix("event: ").strip()
            elif line.startswith("data: "):
                version = json.loads(line.removeprefix("data: ")).get("version")
            elif not line.strip() and name:
                return name, version
        return "", None

    def next(self) -> tuple[str, int | None]:
        """The same, signs of life left out."""
        while (event := self.event())[0] == "here":
            pass
        return event


def _opens(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    try:
        connection.connect()
    except OSError:
        return False
    connection.close()
    return True


@pytest.fixture
def stream(house: House) -> Stream:
    house.start()
    code = house.report("路灯不亮")
    assert code is not None
    stream = Stream(house, code)
    house.inside("speak")
    assert stream.next()[0] == "matter"
    return stream


def test_a_stream_outlives_an_orderly_restart_of_the_database_without_a_gap(house: House, stream: Stream) -> None:
    house.stop_postgres()
    # Whoever joins a house starts its server where it does not run: this is said before the listener is back.
    spoken = [house.inside("speak"), house.inside("speak")]
    heard = []
    while spoken[-1] not in heard:
        name, version = stream.next()
        assert name == "matter"
        heard.append(version)
    assert set(spoken) <= set(heard)
    assert house.stop() == 0


def test_after_a_crash_of_the_database_a_stream_says_so_and_goes_on(house: House, stream: Stream) -> None:
    house.kill_postgres()
    house.inside("speak")
    # What was said meanwhile can't be told for certain: the page is to load itself anew.
    while (event := stream.next())[0] == "matter":
        pass
    assert event == ("reset", None)
    spoken = house.inside("speak")
    while (event := stream.next()) != ("matter", spoken):
        assert event[0] == "matter"
    assert house.stop() == 0


def test_stopping_in_order_ends_every_stream(house: House) -> None:
    house.start()
    code = house.report("路灯不亮")
    assert code is not None
    streams = [Stream(house, code) for _ in range(5)]
    assert house.stop() == 0
    for stream in streams:
        # The worker may have moved the matter before the end came; the answer ends in order all the same.
        while (event := stream.next())[0] == "matter":
            pass
        assert event == ("", None)
