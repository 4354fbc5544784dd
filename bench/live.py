"""2,000 listeners on one live process, changes through the engine: from the commit to the last listener."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

import psutil
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.management.base import CommandError

from anlan.city.people.models import Account
from anlan.foundation.environment import REPOSITORY
from anlan.loop import engine
from anlan.services.dispatch.procedure import Dispatching
from anlan.web.live.serving import allow_files
from bench.measuring import limits, listeners
from bench.measuring.crew import Crew, crews
from bench.measuring.ground import Ground
from bench.measuring.result import Goal, Result

LISTENERS, CHANGES, PAUSE_SECONDS = 2_000, 200, 0.2
STREAMS_A_SESSION = 10
PATIENCE_SECONDS = 3.0
PEER_MS = 126.0
PEER = "mosquitto, 5,000 subscribers: 126 ms; quoted from a run on two such cores, not measured now"


def run(ground: Ground, *, small: bool) -> Result:
    number, changes, pause = (50, 5, 0.05) if small else (LISTENERS, CHANGES, PAUSE_SECONDS)
    ground.build_city(small=small)
    allow_files(number + 200)
    (crew,) = crews(1)
    cookies = sessions(crew, -(-number // STREAMS_A_SESSION))
    port = limits.free_port()
    heads = [
        f"GET /live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookies[each // STREAMS_A_SESSION]}\r\n\r\n"
        for each in range(number)
    ]
    with live_process(ground, port, number) as process, crowd(port, heads) as reading:
        before = process.cpu_times()
        committed = change(crew, changes, pause)
        time.sleep(PATIENCE_SECONDS)
        told, errors = reading.communicate("over\n")
        after, memory = process.cpu_times(), process.memory_info().rss / 2**20
    if reading.returncode != 0:
        raise CommandError(f"the listeners ended: {errors[-2_000:]}")
    found = json.loads(told.splitlines()[-1])
    late = [(found["last"][event][0] - at) * 1_000 for event, at in committed.items() if event in found["last"]]
    heard = sum(count for event, (_, count) in found["last"].items() if event in committed)
    if found["lost"] or heard != number * changes:
        raise CommandError(f"{number * changes - heard} events were not heard, {found['lost']} streams were lost")
    spent = after.user + after.system - before.user - before.system
    percentiles = statistics.quantiles(late, n=100, method="inclusive")
    return Result(
        value=percentiles[98],
        unit="ms",
        limit=PEER_MS,
        limit_name=PEER,
        more={
            "listeners": number,
            "changes": changes,
            "p50_ms": percentiles[49],
            "p95_ms": percentiles[94],
            "p99_ms": percentiles[98],
            "worst_ms": max(late),
            "memory_mb": memory,
            "cpu_us": 1e6 * spent / heard,
        },
        goals=(Goal("memory_mb", memory, "at most", 400),),
        notes=(
            "each figure is of the change's last listener, from the moment the commit returned; less is better",
            f"one change every {pause:g} s, each to all listeners; {STREAMS_A_SESSION} streams a session",
            "cpu_us is the live process's processor time for one event to one listener; the listeners run on the "
            "same cores and are in the figures",
        ),
    )


def sessions(crew: Crew, number: int) -> list[str]:
    """Cookies of so many sessions of the town's dispatcher."""
    assert crew.dispatcher.account_id is not None
    account = Account.objects.get(id=crew.dispatcher.account_id)
    made = []
    for _ in range(number):
        session = import_module(settings.SESSION_ENGINE).SessionStore()
        session[SESSION_KEY] = str(account.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = account.get_session_auth_hash()
        session.save()
        made.append(f"{settings.SESSION_COOKIE_NAME}={session.session_key}")
    return made


def change(crew: Crew, changes: int, pause: float) -> dict[str, float]:
    """So many changes of one matter; when the commit of each had returned, by matter and version."""
    opening = engine.Opening(
        area=crew.area, channel="web", title="路灯不亮", klass="ordinary", category="city.lighting", severity=1
    )
    matter = engine.open_matter(Dispatching, opening, by=crew.dispatcher).matter
    time.sleep(1)
    committed = {}
    for number in range(changes):
        changed = engine.note(matter.id, f"第 {number} 条", by=crew.dispatcher)
        committed[f"{matter.id} {changed.version}"] = time.monotonic()
        time.sleep(pause)
    return committed


@contextmanager
def live_process(ground: Ground, port: int, number: int) -> Iterator[psutil.Process]:
    """`anlan live`, once it answers."""
    # Sessions are signed here and read there.
    ours = {"ANLAN_SECRET_KEY": settings.SECRET_KEY, "ANLAN_LIVE_STREAMS_PER_ADDRESS": str(number + 100)}
    surroundings = ground.environment() | ours
    log = ground.home / "live.log"
    with log.open("w") as errors:
        command = [sys.executable, "-m", "anlan", "live", "--port", str(port)]
        server = subprocess.Popen(command, env=surroundings, cwd=ground.home, stdout=errors, stderr=errors)
    try:
        while not limits.answers(port):
            if server.poll() is not None:
                raise CommandError(f"anlan live ended at once: {log.read_text(encoding='utf-8')[-2_000:]}")
            time.sleep(0.05)
        yield psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait(timeout=60)


@contextmanager
def crowd(port: int, heads: list[str]) -> Iterator["subprocess.Popen[str]"]:
    """The listeners in a process of their own, once every stream is open."""
    reading = subprocess.Popen(
        [sys.executable, listeners.__file__, "127.0.0.1", str(port), str(len(heads))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        env=os.environ.copy(),
    )
    try:
        assert reading.stdin is not None
        assert reading.stdout is not None
        reading.stdin.write("".join(json.dumps(head) + "\n" for head in heads))
        reading.stdin.flush()
        if not reading.stdout.readline():
            raise CommandError(f"the listeners ended: {reading.communicate()[1][-2_000:]}")
        yield reading
    finally:
        reading.kill()
        reading.wait()
