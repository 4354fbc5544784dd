"""What runs beside the web server: deadlines, notices, exports, money whose time of waiting is over, and the digest of
the day that has ended.

Each job has a thread, so that a slow gateway keeps no deadline waiting. Any number of workers may run at once:
every job takes its work from the database under a lock, or looks again before it writes.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.db import close_old_connections, connections
from prometheus_client import Counter, Gauge

from anlan.ledger.actions import expire_due
from anlan.loop import clock, digests, exports
from anlan.loop.announcements import purge
from anlan.loop.models import DailyDigest
from anlan.loop.notices import send_due
from anlan.loop.sweeps import sweep_deadlines, sweep_joined

log = structlog.get_logger("anlan.loop.worker")
HEARTBEAT = Gauge(
    "anlan_worker_heartbeat_seconds",
    "When each job's latest round ended well (Unix time)",
    ["job"],
    multiprocess_mode="max",
)
FAILED_ROUNDS = Counter("anlan_worker_failed_rounds_total", "Rounds that ended in a fault", ["job"])

LONGEST_PAUSE_SECONDS = 60.0
HEARTBEATS_IN_LOG = timedelta(minutes=10)


@dataclass(frozen=True)
class Job:
    """`run` does what is due and returns how much that was; it is called again after `pause` seconds."""

    name: str
    run: Callable[[], int]
    pause: float


def publish_digests() -> int:
    """Publish the digest of each day that has ended since the latest one; the first time, of the last day only."""
    last = digests.last_day()
    latest = DailyDigest.objects.order_by("-day").values_list("day", flat=True).first()
    missing = (last - latest).days if latest else 1
    for days_ago in reversed(range(missing)):
        digests.publish(last - timedelta(days=days_ago))
    return max(missing, 0)


_jobs = [
    Job("deadlines", sweep_deadlines, pause=1),
    Job("joined", sweep_joined, pause=60),
    Job("notices", send_due, pause=1),
    Job("digest", publish_digests, pause=60),
    Job("announcements", purge, pause=600),
    Job("exports", exports.work, pause=1),
    Job("held-money", expire_due, pause=5),
]


def register(job: Job) -> None:
    """Let the worker run a service's job as well (call in `ready()`)."""
    if job.name not in {known.name for known in _jobs}:
        _jobs.append(job)


def jobs() -> tuple[Job, ...]:
    """The loop's own jobs and those of the installed services."""
    return tuple(_jobs)


def run_once(jobs: Sequence[Job]) -> dict[str, int]:
    """One round of each job, one after the other; returns how much each has done. Raises what a job raises."""
    return {job.name: job.run() for job in jobs}


def run_until(stop: threading.Event, jobs: Sequence[Job]) -> None:
    """Every job, round after round, until `stop` is set; each then ends the piece of work it has in hand."""
    threads = [threading.Thread(target=_rounds, args=(job, stop), name=job.name) for job in jobs]
    log.info("worker started", jobs=[job.name for job in jobs])
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.info("worker stopped")


def _rounds(job: Job, stop: threading.Event) -> None:
    pause, done, told = job.pause, 0, clock.now()
    while not stop.is_set():
        try:
            # A connection that broke in the round before is given up here, and made anew.
            close_old_connections()
            done += job.run()
        except Exception:
            log.exception("round failed", job=job.name)
            FAILED_ROUNDS.labels(job.name).inc()
            pause = min(2 * pause, max(job.pause, LONGEST_PAUSE_SECONDS))
        else:
            pause = job.pause
            HEARTBEAT.labels(job.name).set_to_current_time()
            if clock.now() - told >= HEARTBEATS_IN_LOG:
                log.info("heartbeat", job=job.name, done=done)
                done, told = 0, clock.now()
        stop.wait(pause)
    connections.close_all()
