"""What the responder's page shows: the tasks of one's units by clock or distance, each with its next step and with
those after it, so that a phone without network can go on; and the duty switch."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db import transaction
from django.http import QueryDict
from django.utils.translation import gettext as _

from anlan.city.areas.atlas import atlas
from anlan.city.areas.geometry import distance_m
from anlan.city.people.access import Actor, scope_of, scoped
from anlan.city.people.models import Unit
from anlan.loop import clock
from anlan.loop.answers import klass_label, label
from anlan.loop.models import Deadline, Matter
from anlan.loop.pages import Step, severity_colour, steps_for
from anlan.loop.refusals import NotAllowed, NotPossible, Refused
from anlan.loop.schemas import Latitude, Longitude, Told

BY_CLOCK: Literal["clock"] = "clock"
BY_DISTANCE: Literal["distance"] = "distance"
KILOMETRE = 1000


class Duty(Told):
    """On or off duty, and where: a position counts only for who goes on duty."""

    unit: UUID
    on: bool = False
    lon: Longitude | None = None
    lat: Latitude | None = None


class Whereabouts(Told):
    """Where the phone is now."""

    lon: Longitude
    lat: Latitude


class Wanted(Told):
    """In which order, and with `part` only the list itself, for a page that brings itself up to date."""

    by: Literal["clock", "distance"] = BY_CLOCK
    part: Literal["list"] | None = None


@dataclass(frozen=True)
class Doing:
    """What can be done in one state: `next` is the step the nearest clock waits for, `others` are the ways besides.
    `after` is the step that leads here, empty for the present state."""

    after: str
    state: str
    next: Step | None
    others: list[Step]


@dataclass(frozen=True)
class Task:
    """A matter in hand: what can be done now and, for a phone without network, after each of the unit's own steps.
    `metres` is how far it is as the crow flies, None where either place is unknown."""

    matter: Matter
    colour: str
    klass: str
    place: str
    due_at: datetime | None
    clock: str
    metres: int | None
    doing: Doing
    ahead: list[Doing]

    @property
    def distance(self) -> str:
        """How far it is, as people say it."""
        if self.metres is None:
            return ""
        if self.metres < KILOMETRE:
            return _("%(n)d m") % {"n": self.metres}
        return _("%(n).1f km") % {"n": self.metres / KILOMETRE}


def tasks(
    actor: Actor,
    *,
    by: str = BY_CLOCK,
    refused: Refused | None = None,
    at: tuple[UUID, str] | None = None,
    typed: QueryDict | None = None,
) -> list[Task]:
    """What the actor's units have in hand, the nearest clock or place first; `at` is the matter and step just
    refused."""
    places: dict[UUID | None, tuple[float, float] | None] = {unit.id: _place(unit) for unit in units_of(actor)}
    with scoped(scope_of(actor)):
        in_hand = Matter.objects.filter(unit_id__in=actor.units, closed_at=None, merged_into=None)
        matters = [matter for matter in in_hand.defer("tracking", "head") if not matter.stands.done]
        running: dict[UUID, list[Deadline]] = {}
        for deadline in Deadline.objects.filter(
            matter_id__in=[matter.id for matter in matters], ended_at=None, held_since=None
        ).order_by("due_at"):
            running.setdefault(deadline.matter_id, []).append(deadline)
        found = [
            _task(
                actor,
                matter,
                running.get(matter.id, []),
                metres=_metres(matter, places.get(matter.unit_id)),
                refused=refused if at and at[0] == matter.id else None,
                at_step=at[1] if at and at[0] == matter.id else "",
                typed=typed,
            )
            for matter in matters
        ]
    found.sort(key=lambda task: (task.due_at is None, task.due_at or task.matter.opened_at))
    if by == BY_DISTANCE:
        found.sort(key=lambda task: (task.metres is None, task.metres))
    return found


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


def keep_position(where: Whereabouts, *, by: Actor) -> None:
    """Keep where one's units on duty are now, in place of where they were. Raises NotPossible off duty."""
    units = Unit.objects.filter(id__in=by.units, on_duty=True)
    if not units.update(lon=float(where.lon), lat=float(where.lat), position_at=clock.now()):
        raise NotPossible(_("you are off duty; no position is kept"))


def _place(unit: Unit) -> tuple[float, float] | None:
    """Where a unit sets out from: its position on duty, else its home area's own point."""
    if unit.lon is not None and unit.lat is not None:
        return unit.lon, unit.lat
    return atlas().points.get(unit.home_id)


def _metres(matter: Matter, place: tuple[float, float] | None) -> int | None:
    if place is None or matter.lon is None or matter.lat is None:
        return None
    return round(distance_m(*place, matter.lon, matter.lat))


def _task(
    actor: Actor,
    matter: Matter,
    running: Sequence[Deadline],
    *,
    metres: int | None,
    refused: Refused | None,
    at_step: str,
    typed: QueryDict | None,
) -> Task:
    steps = steps_for(actor, matter, refused=refused, at_step=at_step, typed=typed)
    declared = matter.rules.deadlines
    waiting = [each.name for each in running]
    ahead: dict[str, Doing] = {}
    _look_ahead(actor, matter, waiting, steps, ahead)
    return Task(
        matter=matter,
        colour=severity_colour(matter.severity),
        klass=klass_label(matter.klass),
        place=atlas().full_name(matter.area),
        due_at=running[0].due_at if running else None,
        clock=label(declared[running[0].name]) if running else "",
        metres=metres,
        doing=_doing("", matter, waiting, steps),
        ahead=list(ahead.values()),
    )


def _doing(after: str, matter: Matter, waiting: Sequence[str], steps: list[Step]) -> Doing:
    clocks = (matter.rules.deadlines[name] for name in waiting)
    awaited = (step for each in clocks for step in steps if each.met_by(step.transition))
    chosen = next(awaited, steps[0] if steps else None)
    return Doing(
        after=after,
        state=label(matter.stands),
        next=chosen,
        others=[step for step in steps if step is not chosen],
    )


def _look_ahead(
    actor: Actor, matter: Matter, waiting: Sequence[str], steps: list[Step], ahead: dict[str, Doing]
) -> None:
    """What will be possible after each step, and after the steps after it, as long as the unit keeps the matter."""
    for made in (step.transition for step in steps):
        if made.name in ahead or made.target.done or "unit_id" in made.clears:
            continue
        later = copy.copy(matter)
        later.state = made.target.name
        still = [name for name in waiting if not matter.rules.deadlines[name].met_by(made)]
        possible = steps_for(actor, later)
        ahead[made.name] = _doing(made.name, later, still, possible)
        _look_ahead(actor, later, still, possible, ahead)
