"""The sweep: what time alone brings about. A set of overdue deadlines, each missed in a transaction of its own; and
merged matters, which end with the one they are handled with."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import connection
from prometheus_client import Counter

from anlan.city.people.access import scope_of, scoped, system
from anlan.loop import clock, joining, verbs
from anlan.loop.models import Deadline, Matter
from anlan.loop.refusals import Refused

log = structlog.get_logger("anlan.loop.sweeps")
MISSED = Counter("anlan_deadlines_missed_total", "Deadlines found overdue", ["deadline"])
FAULTS = Counter("anlan_deadline_faults_total", "Overdue deadlines whose sweep failed; each is tried again later")

RETRY_AFTER = timedelta(minutes=5)
# Deadlines that could not be swept, and when they are looked at again: they must not be the first in line for
# ever. Forgotten with the process, which only means that they are tried sooner.
_set_aside: dict[UUID, datetime] = {}


def sweep_deadlines(limit: int = 500) -> int:
    """Miss up to `limit` overdue deadlines, the oldest first; returns how many were.

    A matter at fault stops no other: it is logged, counted, and tried again later. Any number of sweeps may run
    at once, since `miss_deadline` looks again under the matter's lock. Raises only when the database is gone.
    """
    missed = 0
    for id, matter_id, name in _overdue(limit):
        try:
            verbs.miss_deadline(matter_id, name, by=system())
        except Refused as refused:
            # Somebody was faster: fulfilled it, suspended the matter, or swept it.
            log.debug("deadline not overdue any more", matter=str(matter_id), deadline=name, why=str(refused))
            _set_aside[id] = clock.now() + RETRY_AFTER
        except Exception:
            if not connection.is_usable():
                raise
            log.exception("deadline could not be swept", matter=str(matter_id), deadline=name)
            FAULTS.inc()
            _set_aside[id] = clock.now() + RETRY_AFTER
        else:
            MISSED.labels(name).inc()
            missed += 1
    return missed


def sweep_joined(limit: int = 500) -> int:
    """Let up to `limit` merged matters follow the one they are handled with into its end, or out of it again; returns
    how many did. Of a chain of mergers each round moves one link."""
    followed = 0
    with scoped(scope_of(system())):
        merged = Matter.objects.filter(merged_into__isnull=False)
        behind = merged.filter(closed_at__isnull=True, merged_into__closed_at__isnull=False)
        ahead = merged.filter(closed_at__isnull=False, merged_into__closed_at__isnull=True)
        found = [*behind.values_list("id", flat=True)[:limit], *ahead.values_list("id", flat=True)[:limit]]
    for id in found[:limit]:
        try:
            joining.follow(id, by=system())
            followed += 1
        except Refused as refused:
            log.debug("nothing to follow any more", matter=str(id), why=str(refused))
    return followed


def _overdue(limit: int) -> list[tuple[UUID, UUID, str]]:
    now = clock.now()
    for id in [id for id, until in _set_aside.items() if until <= now]:
        del _set_aside[id]
    with scoped(scope_of(system())):
        # The conditions of the partial index `deadline_due`.
        running = Deadline.objects.filter(ended_at=None, held_since=None, missed_at=None, due_at__lte=now)
        found = running.exclude(id__in=_set_aside).order_by("due_at")
        return list(found.values_list("id", "matter_id", "name")[:limit])
