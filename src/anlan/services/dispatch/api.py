"""Dispatch over HTTP: who could go, and why."""

from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import BaseModel

from anlan.city.people.access import DISPATCHER, SUPERVISOR, role_for, scope_of, scoped
from anlan.foundation.language import said
from anlan.loop import queries
from anlan.loop.doors import REFUSALS, Problem, known_actor
from anlan.loop.refusals import NotAllowed
from anlan.services.dispatch.queries import UnitSuggestion, routed_unit, suggestions

prefix = "/v1/dispatch"
router = Router(tags=["dispatch"])


class UnitOut(BaseModel):
    """A unit that could go. The reasons are what speaks for it and against it; a person decides."""

    unit_id: UUID
    name: str
    kind: str
    metres: int
    minutes: int
    in_hand: int
    reasons: list[str]

    @classmethod
    def of(cls, suggestion: UnitSuggestion) -> "UnitOut":
        unit = suggestion.unit
        return cls(
            unit_id=unit.id,
            name=unit.name,
            kind=unit.kind,
            metres=suggestion.metres,
            minutes=suggestion.minutes,
            in_hand=suggestion.in_hand,
            reasons=[said(reason.text, reason.text_en) for reason in suggestion.reasons],
        )


class UnitsOut(BaseModel):
    """What the routing table decides, if it does, and who is suggested, best first."""

    decided: UUID | None
    suggested: list[UnitOut]


@router.get("/matters/{matter_id}/units", response={200: UnitsOut, REFUSALS: Problem})
def units(request: HttpRequest, matter_id: UUID) -> UnitsOut:
    """The units that could be sent to a matter, for its desk; sending one is the matter's step `assign`."""
    actor = known_actor(request)
    matter = queries.seen(actor, matter_id)
    if role_for(actor, DISPATCHER | SUPERVISOR, matter) is None:
        raise NotAllowed(_("that is not yours to do here"))
    with scoped(scope_of(actor)):
        decided = routed_unit(matter)
        return UnitsOut(
            decided=decided.id if decided else None, suggested=[UnitOut.of(each) for each in suggestions(matter)]
        )
