"""What the machine itself can do, measured in the same run and by turns with what is held against it.

    A B A B …

The machine's speed swings by a factor of two within minutes; taking turns lets the noise hit both sides alike.
"""

import os
import re
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from django.core.management.base import CommandError
from psycopg.conninfo import make_conninfo

from bench.measuring.ground import Ground, embedded, owner_parameters

CLIENTS = 8
PGBENCH = f"pgbench, {CLIENTS} clients, one single-row INSERT into a copy of the event table per transaction"
BLOCK = b"\0" * 8192
"""What PostgreSQL writes to its log at the least."""
# A line of the history as an ordinary transition writes it.
_INSERT = """\
INSERT INTO bench_limit (matter_id, seq, at, kind, from_state, to_state, actor_kind, actor_id, actor_role, area,
 data, suite, previous, hash)
VALUES (gen_random_uuid(), 1, now(), 'arrive', 'accepted', 'on_scene', 'staff', gen_random_uuid(), 'RESPONDER',
 '3301.330106.330106013.330106013001.330106013001001', '{"lat": "30.290000", "lon": "120.100000"}', 1,
 sha256('before'), sha256('after'));
"""

T = TypeVar("T")


@dataclass(frozen=True)
class Pace:
    """So many things in so many seconds."""

    count: float
    seconds: float

    @property
    def rate(self) -> float:
        return self.count / self.seconds


def by_turns(rounds: int, limit: Callable[[], Pace], measured: Callable[[], T]) -> tuple[list[Pace], list[T]]:
    """Limit, measured, limit, measured …"""
    limits, found = [], []
    for _ in range(rounds):
        limits.append(limit())
        found.append(measured())
    return limits, found


def together(paces: list[Pace]) -> float:
    """The rate over all rounds."""
    return sum(pace.count for pace in paces) / sum(pace.seconds for pace in paces)


class Pgbench:
    """Single-row commits as fast as this server takes them. Raises CommandError where pgbench is missing."""

    def __init__(self, ground: Ground) -> None:
        server = embedded()
        binary = server.binary("pgbench") if server else shutil.which("pgbench")
        if binary is None:
            raise CommandError("pgbench is not on the PATH; it comes with PostgreSQL (postgresql-contrib)")
        ground.as_owner("CREATE TABLE bench_limit (LIKE loop_event INCLUDING INDEXES)")
        self._script = ground.home / "limit.sql"
        self._script.write_text(_INSERT.replace("\n ", " "), encoding="utf-8")
        parameters = owner_parameters()
        password = parameters.pop("password", None)
        self._surroundings = os.environ | ({"PGPASSWORD": str(password)} if password else {})
        self._command = [str(binary), "--no-vacuum", "--protocol=prepared", f"--client={CLIENTS}", "--jobs=2"]
        self._command += [f"--file={self._script}"]
        self._conninfo = make_conninfo("", **parameters)

    def run(self, seconds: int) -> Pace:
        done = subprocess.run(
            [*self._command, f"--time={seconds}", self._conninfo],
            env=self._surroundings,
            capture_output=True,
            text=True,
        )
        tps = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
        if done.returncode != 0 or tps is None:
            raise CommandError(f"pgbench said: {done.stderr.strip()}")
        return Pace(float(tps[1]) * seconds, seconds)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Does anything listen there?"""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def flush_ms(times: int = 100) -> float | None:
    """The median time to bring one block onto the disk the data lie on; None where the server isn't ours."""
    server = embedded()
    if server is None:
        return None
    # As PostgreSQL does it: over a file that has its size already.
    flush = getattr(os, "fdatasync", os.fsync)
    with tempfile.TemporaryFile(dir=_of_the_same_disk(server.data), buffering=0) as file:
        file.write(BLOCK * times)
        os.fsync(file.fileno())
        file.seek(0)
        return statistics.median(_timed(lambda: (file.write(BLOCK), flush(file.fileno()))) for _ in range(times))


def _timed(do: Callable[[], object]) -> float:
    begun = time.perf_counter()
    do()
    return (time.perf_counter() - begun) * 1_000


def _of_the_same_disk(data: Path) -> Path:
    # Never inside the data themselves.
    return data.parent
