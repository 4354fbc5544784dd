"""A unit ends, and another one takes what it has in hand; or it comes back."""

from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from anlan.city.audit.recording import changing
from anlan.city.people.access import Actor, covers, scope_of, scoped, system
from anlan.city.people.models import Posting, Unit
from anlan.foundation import freshness
from anlan.loop import clock, engine
from anlan.loop.administering import locked
from anlan.loop.models import Matter
from anlan.loop.refusals import BadInput, NotPossible, Refused
from anlan.services.administration.offices import units
from anlan.services.administration.schemas import Retiring

MOST_NAMED = 5
STEPS = ("withdraw", "assign")
"""How a matter comes from one unit to another, in every procedure that has units."""


def takers(actor: Actor, unit: Unit) -> QuerySet[Unit]:
    """The units that could take over: of one's own, on duty, and in the same town."""
    town = ".".join(unit.home.path.split(".")[:3])
    return units(actor).filter(home__path__within=town, on_duty=True, retired_on=None).exclude(id=unit.id)


def retire_unit(id: UUID, given: Retiring, *, by: Actor, mark: str) -> Unit:
    """Let a unit end: off duty, its postings over from today; `given.to` takes what it has in hand.

    Each matter is taken back and given to the other unit by the program, in a transaction of its own, with the reason.
    What can't be taken back (the unit is on the scene) or was sent to it meanwhile stays in hand: then the unit doesn't
    retire. Raises NotPossible, BadInput and Stale.
    """
    with transaction.atomic():
        unit = locked(units(by).filter(id=id), mark)
    if given.to and unit.retired_on is None:
        taker = takers(by, unit).filter(id=given.to).first()
        if taker is None:
            raise BadInput(_("there is no such unit on duty in that town"), field="to")
        for matter in in_hand(unit):
            _give(matter, taker, reason=given.reason)
    return _retire(id, by=by, mark=mark, reason=given.reason)


def bring_back_unit(id: UUID, *, by: Actor, mark: str, reason: str) -> Unit:
    """Undo a retirement; postings that ended with it are given anew."""
    with transaction.atomic():
        unit = locked(units(by).filter(id=id), mark)
        if unit.retired_on is None:
            raise NotPossible(_("this unit has not retired"))
        with changing(unit, verb="bring-back", by=by, area=unit.home.path, reason=reason):
            unit.retired_on = None
            unit.save()
            freshness.changed("organisations")
    return unit


def in_hand(unit: Unit) -> list[Matter]:
    """The matters on which a unit still has something to do, wherever they lie."""
    with scoped(scope_of(system())):
        held = Matter.objects.filter(unit=unit, closed_at=None).order_by("opened_at")
        return [matter for matter in held if not matter.stands.done]


def _give(matter: Matter, taker: Unit, *, reason: str) -> None:
    """Both steps or none. What is refused stays where it is, and is named when the unit can't retire."""
    withdraw, assign = STEPS
    if not covers(matter.town_path, taker.home.path):
        return
    try:
        with transaction.atomic():
            engine.advance(matter.id, withdraw, by=system(), told={"reason": reason}, version=matter.version)
            engine.advance(matter.id, assign, by=system(), told={"unit_id": str(taker.id), "reason": reason})
    except Refused:
        return


def _retire(id: UUID, *, by: Actor, mark: str, reason: str) -> Unit:
    with transaction.atomic():
        unit = locked(units(by).filter(id=id), mark)
        if unit.retired_on is not None:
            raise NotPossible(_("this unit has retired"))
        if held := in_hand(unit):
            said = {"count": len(held), "some": "、".join(matter.reference for matter in held[:MOST_NAMED])}
            raise NotPossible(
                _("it still has %(count)d matters in hand (%(some)s); name a unit that takes them, or let it finish")
                % said
            )
        today = clock.today()
        with changing(unit, verb="retire", by=by, area=unit.home.path, reason=reason):
            unit.on_duty, unit.lon, unit.lat, unit.position_at = False, None, None, None
            unit.retired_on = today
            unit.save()
            freshness.changed("organisations")
        for posting in Posting.objects.select_related("area").filter(unit=unit, ends=None):
            with changing(posting, verb="end", by=by, area=unit.home.path, reason=reason):
                posting.ends = max(posting.starts, today)
                posting.save()
    return unit
