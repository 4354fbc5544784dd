"""City days per minute: a busy stretch of a day at the real daily rates, played to its end; against pgbench."""

import time
from dataclasses import dataclass
from datetime import timedelta

from anlan.insight.rehearsal.arrivals import DAILY_RATES, Arrival, generate
from anlan.insight.rehearsal.run import CAUGHT_UP
from anlan.insight.rehearsal.simulation import Rehearsal, unsettled
from anlan.loop import clock
from anlan.loop.verification import verify
from bench.measuring import limits
from bench.measuring.ground import SEED, Ground
from bench.measuring.limits import Pace, together
from bench.measuring.result import Result

FROM_HOUR = 9
WARM_UP = 20


@dataclass(frozen=True)
class Stretch:
    """Part of a day, played to the end of its last matter."""

    matters: int
    events: Pace
    left_open: int


def run(ground: Ground, *, small: bool) -> Result:
    rounds, matters, seconds = (1, 20, 1) if small else (4, sum(DAILY_RATES.values()) // 20, 3)
    ground.build_city(small=small)
    pgbench = limits.Pgbench(ground)
    day = a_day()
    busy = iter([arrival for arrival in day if clock.local(arrival.at).hour >= FROM_HOUR])
    play(ground, [next(busy) for _ in range(WARM_UP)])
    flush = limits.flush_ms()
    limit, found = limits.by_turns(
        rounds, lambda: pgbench.run(seconds), lambda: play(ground, [next(busy) for _ in range(matters)])
    )
    played, took = sum(each.matters for each in found), sum(each.events.seconds for each in found)
    checked = verify()
    share = played / len(day)
    return Result(
        value=together([each.events for each in found]),
        unit="events/s",
        limit=together(limit),
        limit_name=limits.PGBENCH,
        more={
            "city_days_per_minute": share / took * 60,
            "share_of_day": share,
            "matters": played,
            "matters_a_day": len(day),
            "left_open": sum(each.left_open for each in found),
            "seconds": took,
            "flush_ms": flush,
            "rounds": [each.events.rate for each in found],
            "limit_rounds": [pace.rate for pace in limit],
            "chains_checked": checked.chains,
            "chains_broken": checked.broken,
        },
        notes=(
            f"extrapolated: {played} of the {len(day)} matters of one day at the full daily rates were played, from "
            f"{FROM_HOUR} o'clock on, each to its end; a day is taken to cost so much in proportion",
            "a rehearsal does not wait for the disk (synchronous_commit off), pgbench does",
        ),
    )


def a_day() -> list[Arrival]:
    """One day at the full daily rates, long enough ago for everything to be settled by now."""
    midnight = clock.local(clock.now() - CAUGHT_UP).replace(hour=0, minute=0, second=0, microsecond=0)
    return generate(start=midnight - timedelta(days=1), days=1, seed=SEED)


def play(ground: Ground, arrivals: list[Arrival]) -> Stretch:
    before = ground.count("loop_event")
    begun = time.perf_counter()
    rehearsal = Rehearsal(arrivals, SEED)
    rehearsal.run()
    seconds = time.perf_counter() - begun
    left = len(unsettled(rehearsal.opened)) + len(rehearsal.refused)
    return Stretch(len(arrivals), Pace(ground.count("loop_event") - before, seconds), left)
