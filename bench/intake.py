"""Matters created over HTTP by 8 clients against `anlan serve`; against pgbench's single-row inserts."""

import io
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psutil
from django.core.management.base import CommandError
from django.db import connection
from django.test import override_settings

from anlan.city.areas.models import Area
from anlan.foundation.environment import REPOSITORY
from anlan.insight.rehearsal.arrivals import SAYINGS
from bench.measuring import http_load, limits
from bench.measuring.ground import Ground
from bench.measuring.limits import CLIENTS, Pace, together
from bench.measuring.result import Goal, Result

PATH = "/api/v1/reports"
BODIES = 500
WARM_UP_SECONDS = 2
TRACED = 20
PEER_PER_S = 30
PEER = "Signalen: 30 creates/s, 41 statements, 60 ms of CPU each; quoted from a run on two such cores, not measured now"


@dataclass(frozen=True)
class Turn:
    """What one stretch of load brought, and the processor seconds it cost; PostgreSQL's only where it is ours."""

    created: Pace
    latencies_ms: list[float]
    web_seconds: float
    postgres_seconds: float | None
    client_seconds: float


def run(ground: Ground, *, small: bool) -> Result:
    rounds, seconds = (1, 1) if small else (4, 5)
    ground.build_city(small=small)
    bodies = reports()
    statements = statements_of_one(bodies)
    before = ground.count("loop_matter")
    pgbench, flush = limits.Pgbench(ground), limits.flush_ms()
    with served(ground) as (port, server):
        turns = [under_load(ground, port, [], bodies, WARM_UP_SECONDS)]
        web = answering(server)
        limit, found = limits.by_turns(
            rounds, lambda: pgbench.run(seconds), lambda: under_load(ground, port, web, bodies, seconds)
        )
        memory = max(process.memory_info().rss for process in web) / 2**20
    stored, acknowledged = ground.count("loop_matter") - before, sum(turn.created.count for turn in turns + found)
    if stored != acknowledged:
        raise CommandError(f"{acknowledged:.0f} matters were acknowledged, {stored} are there")
    return _result(found, limit, statements=statements, flush_ms=flush, rss_mb=memory, workers=len(web))


def _result(found: list[Turn], limit: list[Pace], *, statements: float, **more: Any) -> Result:
    created = sum(turn.created.count for turn in found)
    rate = together([turn.created for turn in found])
    python_ms = 1_000 * sum(turn.web_seconds for turn in found) / created
    postgres = [turn.postgres_seconds for turn in found if turn.postgres_seconds is not None]
    postgres_ms = 1_000 * sum(postgres) / created if len(postgres) == len(found) else None
    cpu_ms = python_ms + postgres_ms if postgres_ms is not None else None
    percentiles = statistics.quantiles([each for turn in found for each in turn.latencies_ms], n=100)
    return Result(
        value=rate,
        unit="creates/s",
        limit=together(limit),
        limit_name=limits.PGBENCH,
        more={
            "statements": statements,
            "cpu_ms": cpu_ms,
            "python_ms": python_ms,
            "postgres_ms": postgres_ms,
            "client_ms": 1_000 * sum(turn.client_seconds for turn in found) / created,
            "p50_ms": percentiles[49],
            "p95_ms": percentiles[94],
            **more,
            "clients": CLIENTS,
            "created": int(created),
            "times_peer": rate / PEER_PER_S,
            "peer": PEER,
            "rounds": [turn.created.rate for turn in found],
            "limit_rounds": [pace.rate for pace in limit],
        },
        goals=(
            Goal("statements", statements, "at most", 8),
            Goal("cpu_ms", cpu_ms, "at most", 1.5),
            Goal("times_peer", rate / PEER_PER_S, "at least", 30),
            Goal("rss_mb", more["rss_mb"], "at most", 200),
        ),
        notes=(
            "statements are what goes over the wire for one create, BEGIN, SET LOCAL and COMMIT among them",
            "cpu_ms is python_ms (the web processes) and postgres_ms (all of PostgreSQL's) for one create",
            "the clients run on the same cores; client_ms is what they take of them for one create",
        ),
    )


def reports() -> list[bytes]:
    """Bodies as residents send them: a title, a text that names the place, a telephone number."""
    communities = Area.objects.filter(level=Area.Level.COMMUNITY).order_by("code").select_related("parent")
    places = [f"{community.parent.name}{community.name}" for community in communities if community.parent]
    sayings = [saying for channel in SAYINGS.values() for saying in channel]
    return [
        json.dumps(
            {
                "title": sayings[number % len(sayings)][0],
                "text": places[number * 7 % len(places)] + sayings[number % len(sayings)][1],
                "contact": {"phone": f"1990000{number:04}"},
            },
            ensure_ascii=False,
        ).encode()
        for number in range(BODIES)
    ]


def statements_of_one(bodies: list[bytes]) -> float:
    """What one create sends to the database, read off libpq's own trace, in this process."""
    with override_settings(ALLOWED_HOSTS=["localhost"]):
        for body in bodies[:TRACED]:  # what is prepared or cached at first use is so from now on
            call(body)
        with tempfile.TemporaryFile() as trace:
            connection.connection.pgconn.trace(trace.fileno())
            for body in bodies[:TRACED]:
                call(body)
            connection.connection.pgconn.untrace()
            trace.seek(0)
            sent = [line.split(b"\t")[1:4] for line in trace.read().splitlines()]
    connection.close()
    return (
        sum(who == b"F" and what in (b"Query", b"Execute") for who, _, what in (s for s in sent if len(s) == 3))
        / TRACED
    )


def call(body: bytes) -> None:
    """One create straight through the WSGI application. Raises CommandError where it is not answered with 201."""
    from anlan.web.wsgi import application

    said: list[str] = []

    def start(status: str, headers: list[tuple[str, str]], error: Any = None, /) -> Callable[[bytes], object]:
        said.append(status)
        return io.BytesIO().write

    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": PATH,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_IDEMPOTENCY_KEY": os.urandom(16).hex(),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "http",
    }
    response = application(environ, start)
    answer = b"".join(response)
    response.close()
    if not said[0].startswith("201"):
        raise CommandError(f"a create was answered with {said[0]}: {answer.decode(errors='replace')[:400]}")


@contextmanager
def served(ground: Ground) -> Iterator[tuple[int, psutil.Process]]:
    """`anlan serve` with a web process a core and without the worker, which would send on what has come in: its port
    and its first process."""
    port = limits.free_port()
    log = ground.home / "serve.log"
    with log.open("w") as errors:
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "anlan", "serve", "--port", str(port)),
                *("--workers", str(os.cpu_count()), "--no-worker", "--no-live"),
            ],
            env=ground.environment(),
            cwd=ground.home,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    try:
        assert server.stdout is not None
        if not server.stdout.readline():
            raise CommandError(f"anlan serve ended at once: {log.read_text(encoding='utf-8')[-2_000:]}")
        yield port, psutil.Process(server.pid)
    finally:
        server.terminate()
        try:
            server.wait(timeout=60)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)


def answering(server: psutil.Process) -> list[psutil.Process]:
    """The web processes: those that hold a port. The worker for deadlines and notices holds none."""
    return [child for child in server.children(recursive=True) if child.net_connections(kind="inet")]


def under_load(ground: Ground, port: int, web: list[psutil.Process], bodies: list[bytes], seconds: float) -> Turn:
    """Raises CommandError where anything was not created."""
    web_before, postgres_before = _seconds(web), _postgres_seconds(ground)
    done = subprocess.run(
        [sys.executable, http_load.__file__, str(port), str(CLIENTS), str(seconds)],
        input=b"\n".join(bodies),
        capture_output=True,
        cwd=REPOSITORY,
    )
    web_after, postgres_after = _seconds(web), _postgres_seconds(ground)
    if done.returncode != 0:
        raise CommandError(f"the clients ended: {done.stderr.decode(errors='replace')[-2_000:]}")
    told = json.loads(done.stdout)
    if told["refused"]:
        raise CommandError(f"not everything was created: {told['refused']}")
    return Turn(
        created=Pace(told["created"], told["seconds"]),
        latencies_ms=told["latencies_ms"],
        web_seconds=_spent(web_before, web_after),
        postgres_seconds=None
        if postgres_before is None or postgres_after is None
        else _spent(postgres_before, postgres_after),
        client_seconds=told["cpu_seconds"],
    )


def _postgres_seconds(ground: Ground) -> dict[int, float] | None:
    processes = ground.server_processes()
    return None if processes is None else _seconds(processes)


def _seconds(processes: list[psutil.Process]) -> dict[int, float]:
    """Processor time so far, by process; one that has just ended is left out."""
    spent = {}
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            spent[process.pid] = times.user + times.system
    return spent


def _spent(before: dict[int, float], after: dict[int, float]) -> float:
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())
