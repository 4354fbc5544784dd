"""What happens by itself to a matter that has come in, and the dispatcher's choice."""

from uuid import UUID

from django.utils.translation import gettext as _

from anlan.city.people.access import Actor, scope_of, scoped, system
from anlan.loop import engine
from anlan.loop.models import Channel, Matter
from anlan.loop.refusals import Refused
from anlan.loop.suggestions import Klass
from anlan.services.dispatch.procedure import Dispatching
from anlan.services.dispatch.queries import routed_unit


def direct(matter_id: UUID) -> Matter:
    """Send a matter just received on its way, in one transaction.

    What belongs to the police goes to 110 at once, unless the police themselves handed it over: then the desk
    decides whether to send it back. Everything else reaches the town's desk, and where the routing table names a
    unit, that unit.
    """
    program = system()
    with scoped(scope_of(program)):
        matter = Matter.objects.get(id=matter_id)
        if matter.klass == Klass.POLICE and matter.channel != Channel.POLICE:
            reason = _("triage found a matter for the police")
            return engine.advance(matter_id, "call_police", by=program, told={"reason": reason})
        matter = engine.advance(matter_id, "route", by=program)
        unit = routed_unit(matter)
        if unit is not None:
            reason = _("named by the routing table")
            matter = engine.advance(matter_id, "assign", by=program, told={"unit_id": str(unit.id), "reason": reason})
    return matter


def direct_waiting(*, limit: int = 200) -> int:
    """Send on whatever waits to be routed, oldest first; returns how many. For the worker."""
    with scoped(scope_of(system())):
        waiting = list(
            Matter.objects.filter(procedure=Dispatching.slug, state="received", merged_into=None)
            .order_by("opened_at")
            .values_list("id", flat=True)[:limit]
        )
    return sum(_directed(matter_id) for matter_id in waiting)


def assign(matter_id: UUID, unit_id: UUID, *, by: Actor, reason: str = "", version: int | None = None) -> Matter:
    """The dispatcher sends a unit: one of those suggested, or another, with the reason."""
    told = {"unit_id": str(unit_id), "reason": reason}
    return engine.advance(matter_id, "assign", by=by, told=told, version=version)


def _directed(matter_id: UUID) -> bool:
    try:
        direct(matter_id)
    except Refused:
        # Somebody was quicker: a dispatcher routed or answered it by hand.
        return False
    return True
