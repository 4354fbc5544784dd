"""A whole Anlan in a home of its own: real processes, which can be stopped in order or killed."""

import fcntl
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from anlan.foundation import postgres
from anlan.foundation.environment import REPOSITORY
from anlan.foundation.postgres import Server

# Only so that a failed test ends: nothing is said about how fast anything is.
PATIENCE_SECONDS = 120


class House:
    """One home, its server, and the load on it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = _free_port()
        self.sink = home / "sink"
        self.codes = home / "codes"
        self.server: subprocess.Popen[str] | None = None

    @property
    def surroundings(self) -> dict[str, str]:
        elsewhere = (postgres.HOME_VARIABLE, "DATABASE_URL", "DATABASE_APP_URL", "DJANGO_SETTINGS_MODULE")
        kept = {name: value for name, value in os.environ.items() if name not in elsewhere}
        return kept | {
            "ANLAN_HOME": str(self.home),
            "ANLAN_NOTICE_SINK": f"file://{self.sink}",
            "ANLAN_CODE_SINK": f"file://{self.codes}",
            "PYTHONPATH": f"{REPOSITORY / 'src'}:{REPOSITORY}",
        }

    def spawn(self, *arguments: str) -> "subprocess.Popen[str]":
        """A Python process in this house and in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, *arguments],
            env=self.surroundings,
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def inside(self, word: str) -> Any:
        """Do something of `tests.faults.inside`; returns what it printed as JSON, if anything."""
        done = self.spawn("-m", "tests.faults.inside", word)
        said, _ = done.communicate()
        assert done.returncode == 0, word
        return json.loads(said) if said else None

    def command(self, *arguments: str) -> tuple[int, str]:
        """Run `anlan …`; returns the exit code and what it wrote to either stream."""
        done = subprocess.run(
            [sys.executable, "-m", "anlan", *arguments],
            env=self.surroundings,
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.returncode, done.stdout

    def start(self, *arguments: str) -> str:
        """Start `anlan serve`; returns the line in which it gives its address, once it answers."""
        self.server = self.spawn("-m", "anlan", "serve", "--port", str(self.port), *arguments)
        assert self.server.stdout is not None
        return self.server.stdout.readline()

    def stop(self) -> int:
        """Stop the server in order; returns its exit code."""
        assert self.server is not None
        self.server.terminate()
        self.server.communicate()
        return self.server.returncode

    def kill(self) -> None:
        """SIGKILL to every process of the server; PostgreSQL is none of them."""
        assert self.server is not None
        os.killpg(self.server.pid, signal.SIGKILL)
        self.server.communicate()

    def kill_postgres(self) -> None:
        """SIGKILL to PostgreSQL's first process."""
        os.kill(self._postmaster(), signal.SIGKILL)

    def stop_postgres(self) -> None:
        """Let PostgreSQL stop in order, though it is in use."""
        server = psutil.Process(self._postmaster())
        server.send_signal(signal.SIGINT)
        server.wait()

    def _postmaster(self) -> int:
        return int((self.home / "postgres" / "data" / "postmaster.pid").read_text().split()[0])

    def processes(self) -> list[psutil.Process]:
        """The children of the server."""
        assert self.server is not None
        return psutil.Process(self.server.pid).children(recursive=True)

    def report(self, text: str) -> str | None:
        """Report something over HTTP; returns the code if, and only if, it was acknowledged."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        try:
            body = json.dumps({"title": text, "text": f"{text}，请处理"})
            connection.request("POST", "/api/v1/reports", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            said = answer.read()
            return str(json.loads(said)["code"]).replace("-", "") if answer.status == 201 else None
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def get(self, path: str) -> str:
        """What the server answers to a GET."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", path)
        text = connection.getresponse().read().decode()
        connection.close()
        return text

    @contextmanager
    def load(self, clients: int = 4) -> Iterator[list[str]]:
        """Clients who report without pause, each until its first failure; yields the acknowledged codes."""
        acknowledged: list[str] = []

        def client(number: int) -> None:
            while code := self.report(f"路灯不亮 {number}"):
                acknowledged.append(code)

        threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
        for thread in threads:
            thread.start()
        try:
            yield acknowledged
        finally:
            for thread in threads:
                thread.join()

    def delivered(self) -> set[str]:
        """The identifiers of the notices at the sink."""
        return {file.stem for file in self.sink.glob("*.json")}


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < PATIENCE_SECONDS, "it never came"
        time.sleep(0.02)


def the_town(house: House) -> None:
    """Fill a house with the tables and the small town of the tests."""
    house.inside("seed")


@contextmanager
def a_house(fill: Callable[[House], None] = the_town, *, kept: Path | None = None) -> Iterator[House]:
    """A house that `fill` has filled, cleared away at the end whatever happened in it.

    With `kept`, a directory that outlives the house, it is filled once and copied from then on.
    """
    # Not pytest's own directory: it is shut to the user PostgreSQL runs as.
    directory = Path(tempfile.mkdtemp(prefix="anlan-house-"))
    house = House(directory / "home")
    try:
        if kept is None:
            fill(house)
        else:
            _fill_or_copy(house, fill, kept)
        yield house
    finally:
        if house.server is not None and house.server.poll() is None:
            house.kill()
        _stop_postgres(house)
        shutil.rmtree(directory)


def _fill_or_copy(house: House, fill: Callable[[House], None], kept: Path) -> None:
    filled = kept / f"house-{fill.__module__}.{fill.__qualname__}"
    with filled.with_suffix(".lock").open("w") as lock:
        # Another worker may be filling it now.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if filled.exists():
            _copy(filled, house.home)
            return
        fill(house)
        _stop_postgres(house)
        _copy(house.home, half := filled.with_suffix(".half"))
        half.rename(filled)


def _copy(home: Path, to: Path) -> None:
    # Each file stays its owner's: as root, PostgreSQL's are another user's.
    subprocess.run(["cp", "-a", str(home), str(to)], check=True)


def _stop_postgres(house: House) -> None:
    Server(house.home.resolve(), run_as=postgres._system_user()).stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
