"""Full lives, from open to closed, through the engine in one process; against pgbench's single-row inserts."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from django.db import connections

from anlan.city.people import access
from anlan.foundation.sealing.fields import blind_index
from anlan.loop import engine
from anlan.loop.models import Party
from anlan.loop.verification import verify
from anlan.services.dispatch.procedure import Dispatching
from bench.measuring import limits
from bench.measuring.crew import LIFE, Crew, crews
from bench.measuring.ground import Ground
from bench.measuring.limits import CLIENTS, Pace, together
from bench.measuring.result import Result

EVENTS_A_LIFE = 1 + len(LIFE)


def run(ground: Ground, *, small: bool) -> Result:
    rounds, seconds = (1, 1) if small else (4, 5)
    ground.build_city(small=small)
    pgbench, here = limits.Pgbench(ground), crews(CLIENTS)
    lives(here, 0.5)  # plans, caches and connections are there afterwards
    flush = limits.flush_ms()
    limit, found = limits.by_turns(rounds, lambda: pgbench.run(seconds), lambda: lives(here, seconds))
    checked = verify()
    rate = together([pace for pace, _ in found])
    cpu = sum(used for _, used in found) / sum(pace.count for pace, _ in found)
    return Result(
        value=rate * EVENTS_A_LIFE,
        unit="transitions/s",
        limit=together(limit),
        limit_name=limits.PGBENCH,
        more={
            "lives_per_s": rate,
            "threads": CLIENTS,
            "python_ms": 1_000 * cpu / EVENTS_A_LIFE,
            "flush_ms": flush,
            "rounds": [pace.rate * EVENTS_A_LIFE for pace, _ in found],
            "limit_rounds": [pace.rate for pace in limit],
            "chains_checked": checked.chains,
            "chains_broken": checked.broken,
        },
        notes=(
            f"a life is {EVENTS_A_LIFE} transactions: the opening, counted as a transition here, and {len(LIFE)} more",
            "python_ms is the processor time of this process for one of them",
        ),
    )


def lives(here: list[Crew], seconds: float) -> tuple[Pace, float]:
    """Each crew leads one life after the other in a thread; full lives, and the processor time it took."""
    stop = threading.Event()
    begun, used = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(len(here)) as pool:
        try:
            counts = [pool.submit(_until, stop, crew) for crew in here]
            stop.wait(seconds)
        finally:
            stop.set()
        lived = sum(count.result() for count in counts)
    return Pace(lived, time.perf_counter() - begun), time.process_time() - used


def live(crew: Crew) -> None:
    """One matter, from the first word to the rating."""
    opening = engine.Opening(
        area=crew.area,
        channel="web",
        title="路灯不亮",
        description="小区外面三盏路灯连续几天不亮，晚上很黑。",
        klass="ordinary",
        category="city.lighting",
        severity=1,
        responsible_id=crew.desk_id,
        parties=[Party(part=Party.Part.REPORTER, phone="19900000000", phone_index=blind_index("phone", "19900000000"))],
    )
    opened = engine.open_matter(Dispatching, opening, by=access.anonymous())
    reporter = access.bearer(blind_index("code", opened.code))
    actors = {"dispatcher": crew.dispatcher, "responder": crew.responder, "reporter": reporter}
    for name, actor, told in LIFE:
        more = {"unit_id": str(crew.unit_id)} if name == "assign" else {}
        engine.advance(opened.matter.id, name, by=actors[actor], told={**told, **more})


def _until(stop: threading.Event, crew: Crew) -> int:
    lived = 0
    try:
        while not stop.is_set():
            live(crew)
            lived += 1
    finally:
        connections.close_all()
    return lived
