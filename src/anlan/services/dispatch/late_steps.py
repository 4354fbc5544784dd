"""What a responder's phone did without network, taken up when it comes: see docs/decisions/0012-offline-steps.md."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.utils.translation import gettext as _
from pydantic import AwareDatetime, BaseModel, Field, Json

from anlan.city.people.access import RESPONDER, Actor, scope_of, scoped
from anlan.city.people.models import Posting
from anlan.loop import engine
from anlan.loop.answers import event_label, label
from anlan.loop.files import Sent, stored
from anlan.loop.late import Late, ever_held, told_before
from anlan.loop.models import Event, Matter
from anlan.loop.page_door import require
from anlan.loop.refusals import Refused, Unknown
from anlan.loop.schemas import Told
from anlan.loop.store import AlreadySubmitted

NOTE = "note"
"""The step that is always possible: what was done stays on record, whatever became of the matter."""


class NoteTold(Told):
    """What a note brings; with files it need not say anything. The engine checks the words."""

    text: str = ""


class StepSent(Told):
    """One step as the phone queued it. `seen` is the version of the matter it was done on, `done_at` the moment by
    the phone's clock, `told` what the step asks, as JSON."""

    key: UUID
    matter: UUID
    step: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
    seen: Annotated[int, Field(ge=1, le=2**31 - 1)]
    done_at: AwareDatetime | None = None
    told: Json[dict[str, Any]] = {}


class StepTaken(BaseModel):
    """`before`: it had arrived already, and nothing was done twice."""

    taken: Literal["now", "before"]


class MeanwhileLine(BaseModel):
    """Something others did to a matter, as far as it may be told: by a role, not by a name."""

    at: datetime
    label: str
    by: str
    text: str


class Meanwhile(BaseModel):
    """Where a matter stands and what others did since a version; where it left one's hands, up to that moment."""

    state: str
    lines: list[MeanwhileLine]


def take(step: StepSent, sent: Sequence[Sent], *, by: Actor) -> StepTaken:
    """Take up one step with its photos, once. Raises a Refused: then nothing is written, and the phone keeps it."""
    require(by, RESPONDER)
    late = Late(key=step.key, said=_said(step, sent), seen=step.seen, done_at=step.done_at)
    try:
        if told_before(late.submission(by)):
            return StepTaken(taken="before")
        if step.step != NOTE:
            held = _held(step.matter, by)
            if step.step not in held.rules.transitions:
                raise Unknown(_("this procedure has no step “%(name)s”") % {"name": step.step}, field="step")
        attachments = stored(sent)
        if step.step == NOTE:
            engine.note_afterwards(step.matter, _note(step), by=by, late=late, attachments=attachments)
        else:
            engine.advance(step.matter, step.step, by=by, told=step.told, late=late, attachments=attachments)
    except (AlreadySubmitted, Refused):
        # The same step may have come twice at once, and the other one was quicker.
        if told_before(late.submission(by)):
            return StepTaken(taken="before")
        raise
    return StepTaken(taken="now")


def meanwhile(matter_id: UUID, seen: int, *, by: Actor) -> Meanwhile:
    """What others did to a matter since a version, for those whose unit held it. Raises Unknown."""
    with scoped(replace(scope_of(by), matter=matter_id)):
        matter = _held(matter_id, by)
        events = Event.objects.filter(matter_id=matter_id, seq__gt=seen).order_by("seq")
        told = list(_until_it_left(events, matter, {str(unit) for unit in by.units}))
    lines = [
        MeanwhileLine(
            at=event.at,
            label=event_label(matter.rules, event.kind),
            by=_role(event.actor_role),
            text=str(event.data.get("reason") or ""),
        )
        for event in told
        if event.actor_id != by.account_id
    ]
    state = matter.rules.states[told[-1].to_state] if told else matter.stands
    return Meanwhile(state=label(state), lines=lines)


def _held(matter_id: UUID, by: Actor) -> Matter:
    """A matter that a unit of theirs has or had in hand. Raises Unknown."""
    with scoped(replace(scope_of(by), matter=matter_id)):
        matter = Matter.objects.filter(id=matter_id).first()
        if matter is None or not ever_held(matter, by):
            raise Unknown(_("there is no such matter"))
    return matter


def _until_it_left(events: Iterable[Event], matter: Matter, units: set[str]) -> Iterable[Event]:
    for event in events:
        yield event
        made = matter.rules.transitions.get(event.kind)
        if made is None:
            continue
        if "unit_id" in made.clears or ("unit_id" in made.sets and event.data.get("unit_id") not in units):
            return


def _note(step: StepSent) -> str:
    told = engine.answers(NoteTold, step.told)
    return str(told["text"])


def _said(step: StepSent, sent: Sequence[Sent]) -> bytes:
    """All that was told, down to the bytes of the photos: what the key stands for."""
    digests = []
    for each in sent:
        digests.append(hashlib.sha256(each.stream.read()).hexdigest())
        each.stream.seek(0)
    return json.dumps([step.model_dump(mode="json"), digests], sort_keys=True).encode()


def _role(name: str) -> str:
    with suppress(ValueError):
        return str(Posting.RoleName(name).label)
    return _("reporter") if name == "REPORTER" else _("the program")
