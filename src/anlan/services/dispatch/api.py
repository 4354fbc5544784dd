"""Dispatch over HTTP: who could go, and why; and what a responder's phone sends."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.utils.translation import gettext as _
from ninja import File, Form, Query, Router, UploadedFile
from ninja.decorators import decorate_view
from pydantic import BaseModel

from anlan.city.people.access import DISPATCHER, RESPONDER, SUPERVISOR, role_for, scope_of, scoped
from anlan.foundation.language import said
from anlan.loop import clock, queries, uploads
from anlan.loop.doors import REFUSALS, Problem, known_actor
from anlan.loop.page_door import require
from anlan.loop.refusals import NotAllowed
from anlan.services.dispatch.late_steps import Meanwhile, StepSent, StepTaken, meanwhile, take
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


class PhoneOut(BaseModel):
    """What a phone asks before it sends: a queue belongs to one account, and its clock may be wrong."""

    account: UUID | None
    now: datetime
    csrf: str


@router.get("/phone", response={200: PhoneOut, REFUSALS: Problem})
def phone(request: HttpRequest) -> PhoneOut:
    """Who is signed in here, what time it is, and the token that a session's next request must bring."""
    actor = known_actor(request)
    require(actor, RESPONDER)
    return PhoneOut(account=actor.account_id, now=clock.now(), csrf=get_token(request))


@router.post("/steps", response={200: StepTaken, REFUSALS: Problem})
@decorate_view(uploads.not_too_much)
def send_step(request: HttpRequest, step: Form[StepSent], files: File[list[UploadedFile] | None] = None) -> StepTaken:
    """Send one step that was done without network, with its photos; the same key twice is one step.

    It is taken as long as it is still possible, even if the matter has moved on since `seen`; not if it was assigned
    anew. The step `note` (`{"text": …}`) is always possible for those whose unit held the matter.
    """
    return take(step, uploads.sent(request, files or [], StepSent), by=known_actor(request))


@router.get("/matters/{matter_id}/meanwhile", response={200: Meanwhile, REFUSALS: Problem})
def meanwhile_of(request: HttpRequest, matter_id: UUID, seen: Annotated[int, Query(ge=1, le=2**31 - 1)]) -> Meanwhile:
    """What others did to a matter since the version that one has seen; for those whose unit held it."""
    actor = known_actor(request)
    require(actor, RESPONDER)
    return meanwhile(matter_id, seen, by=actor)
