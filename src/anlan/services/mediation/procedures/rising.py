"""小事不出村、大事不出镇、终结在区县: what the community can’t settle goes to the town, and then to the county."""

from typing import Final

import structlog
from django.utils.translation import gettext as _

from anlan.city.people.access import scope_of, scoped, system
from anlan.loop import engine
from anlan.loop.models import Event, Matter
from anlan.loop.refusals import Refused
from anlan.services.mediation.procedures.schemas import WhyFailed

COUNTY: Final = 2
"""The level (`Matter.level`) at which mediation ends."""
STOPPED: Final = frozenset((WhyFailed.WITHDRAWN, WhyFailed.UNWILLING, WhyFailed.SHAM))
"""Why a mediation stops: whoever does not want it is not sent on to the next one (人民调解法 第十七条)."""

log = structlog.get_logger("anlan.mediation.rising")


def may_rise(matter: Matter) -> str | None:
    """There is a level above it at which it can be mediated."""
    return None if matter.level < COUNTY else _("the county is the last level; the statutory ways are open")


def raise_failed(*, limit: int = 200) -> int:
    """Send up what failed at its level though the parties are willing, oldest first; returns how many. For the
    worker."""
    with scoped(scope_of(system())):
        waiting = Matter.objects.filter(procedure="peoplesmediation", state="failed", merged_into=None, closed_at=None)
        failed = [matter for matter in waiting.order_by("state_since")[:limit] if may_rise(matter) is None]
        last = Event.objects.filter(matter__in=failed, kind="fail").order_by("seq")
        stopped = {event.matter_id: event.data.get("why") in STOPPED for event in last}
    return sum(_raised(matter) for matter in failed if not stopped.get(matter.id, False))


def _raised(matter: Matter) -> bool:
    try:
        engine.advance(matter.id, "go_up", by=system(), version=matter.version)
    except Refused as refused:
        log.debug("not sent up", matter=str(matter.id), why=str(refused))
        return False
    return True
