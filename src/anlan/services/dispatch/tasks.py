"""What the responder's page shows: the tasks of one's units by the clock, each with its next step; the duty switch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.http import QueryDict
from django.utils.translation import gettext as _

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import Actor, scope_of, scoped
from anlan.city.people.models import Unit
from anlan.loop import clock
from anlan.loop.answers import klass_label, label
from anlan.loop.models import Deadline, Matter
from anlan.loop.pages import Step, severity_colour, steps_for
from anlan.loop.refusals import NotAllowed, Refused
from anlan.loop.schemas import Latitude, Longitude, Told


class Duty(Told):
    """On or off duty, and where: a position counts only for who goes on duty."""

    unit: UUID
    on: bool = False
    lon: Longitude | None = None
    lat: Latitude | None = None


@dataclass(frozen=True)
class Task:
    """A matter in hand. `next` is the step its nearest clock waits for, `others` are the ways besides."""

    matter: Matter
    state: str
    colour: str
    klass: str
    place: str
    due_at: datetime | None
    clock: str
    next: Step | None
    others: list[Step]


def tasks(
    actor: Actor, *, refused: Refused | None = None, at: tuple[UUID, str] | None = None, typed: QueryDict | None = None
) -> list[Task]:
    """What the actor's units have in hand, the nearest clock first; `at` is the matter and step just refused."""
    with scoped(scope_of(actor)):
        in_hand = Matter.objects.filter(unit_id__in=actor.units, closed_at=None, merged_into=None)
        matters = [matter for matter in in_hand.defer("tracking", "head") if not matter.stands.done]
        running: dict[UUID, list[Deadline]] = {}
        for deadline in Deadline.objects.filter(
            matter_id__in=[matter.id for matter in matters], ended_at=None, held_since=None
        ).order_by("due_at"):
            running.setdefault(deadline.matter_id, []).append(deadline)
        found = [
            _task(actor, matter, running.get(matter.id, []), refused=refused, at=at, typed=typed) for matter in matters
        ]
    return sorted(found, key=lambda task: (task.due_at is None, task.due_at or task.matter.opened_at))


def units_of(actor: Actor) -> list[Unit]:
    """The units somebody goes out with."""
    return list(Unit.objects.filter(id__in=actor.units).order_by("name"))


def switch_duty(duty: Duty, *, by: Actor) -> Unit:
    """Go on or off duty with one's own unit. Off duty no position is kept; on duty it is the one sent, else the home
    area's own point, so that the unit can be suggested. Raises NotAllowed."""
    with transaction.atomic():
        unit = Unit.objects.select_for_update(of=("self",)).filter(id=duty.unit, id__in=by.units).first()
        if unit is None:
            raise NotAllowed(_("that is not your unit"))
        unit.on_duty = duty.on
        sent = duty.on and duty.lon is not None and duty.lat is not None
        unit.position_at = clock.now() if sent else None
        if sent:
            unit.lon, unit.lat = float(duty.lon or 0), float(duty.lat or 0)
        else:
            unit.lon, unit.lat = atlas().points.get(unit.home_id, (None, None)) if duty.on else (None, None)
        unit.save(update_fields=["on_duty", "lon", "lat", "position_at"])
    return unit


def _task(
    actor: Actor,
    matter: Matter,
    running: Sequence[Deadline],
    *,
    refused: Refused | None,
    at: tuple[UUID, str] | None,
    typed: QueryDict | None,
) -> Task:
    step_refused = at[1] if at and at[0] == matter.id else ""
    steps = steps_for(actor, matter, refused=refused if step_refused else None, at_step=step_refused, typed=typed)
    declared = matter.rules.deadlines
    awaited = (step for each in running for step in steps if declared[each.name].met_by(step.transition))
    chosen = next(awaited, steps[0] if steps else None)
    return Task(
        matter=matter,
        state=label(matter.stands),
        colour=severity_colour(matter.severity),
        klass=klass_label(matter.klass),
        place=atlas().full_name(matter.area),
        due_at=running[0].due_at if running else None,
        clock=label(declared[running[0].name]) if running else "",
        next=chosen,
        others=[step for step in steps if step is not chosen],
    )
