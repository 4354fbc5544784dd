"""What the command board shows: lanes with their counts, the rows of one lane by the clock, and the chosen matter.

Six statements for a whole board. The scope column of the desk's area is the way to the rows; searched is only what
is open there.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import Field

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import DISPATCHER, SUPERVISOR, Actor, scope_of, scoped
from anlan.loop import clock, engine
from anlan.loop.answers import ClockOut, category_label, klass_label, label
from anlan.loop.models import Channel, Deadline, Event, Matter
from anlan.loop.pages import Step, severity_colour, steps_for
from anlan.loop.queries import lying_in
from anlan.loop.refusals import Refused, Unknown
from anlan.loop.schemas import Line, Told
from anlan.loop.suggestions import Klass, Severity
from anlan.services.dispatch.procedure import Dispatching
from anlan.services.dispatch.queries import UnitSuggestion, suggestions

DESK = DISPATCHER | SUPERVISOR
ROWS = 50
_RED_FIRST = Case(When(severity=Severity.RED, then=Value(0)), default=Value(1))
_NUMBER = re.compile(r"(?:\d{6}-)?(\d{1,18})")


@dataclass(frozen=True)
class Lane:
    """A part of the work: where its matters stand, and with `late` only those with a clock that has run out."""

    name: str
    label: "str | Promise"
    states: tuple[str, ...]
    late: bool = False


LANES = {
    lane.name: lane
    for lane in (
        Lane("to_assign", gettext_lazy("To assign"), ("received", "routed")),
        Lane("sent", gettext_lazy("Sent"), ("assigned", "accepted")),
        Lane("on_scene", gettext_lazy("On scene"), ("on_scene",)),
        Lane("to_rate", gettext_lazy("To rate"), ("resolved",)),
        Lane(
            "overdue",
            gettext_lazy("Overdue"),
            tuple(state.name for state in Dispatching.states.values() if not state.done),
            late=True,
        ),
    )
}


class Asked(Told):
    """What a board's address asks for."""

    lane: Annotated[str, Field(pattern=f"^({'|'.join(LANES)})$")] = "to_assign"
    klass: Klass | None = None
    q: Line = ""
    matter: UUID | None = None


@dataclass(frozen=True)
class Row:
    """A matter in a lane; `due_at` is the end of its next clock, and `clock` what that clock is called."""

    matter: Matter
    colour: str
    klass: str
    category: str
    channel: str
    place: str
    due_at: datetime | None
    clock: str

    @classmethod
    def of(cls, matter: Matter, due_at: datetime | None, clock: str | None) -> "Row":
        declared = matter.rules.deadlines.get(clock or "")
        return cls(
            matter=matter,
            colour=severity_colour(matter.severity),
            klass=klass_label(matter.klass),
            category=category_label(matter.category),
            channel=str(Channel(matter.channel).label),
            place=atlas().full_name(matter.area),
            due_at=due_at,
            clock=label(declared) if declared else "",
        )


@dataclass(frozen=True)
class Chosen:
    """The matter looked at: what was said, why it was sorted so, who could go, and what can be done."""

    row: Row
    description: str
    reasons: list[dict[str, Any]]
    deadlines: list[ClockOut]
    units: list[UnitSuggestion]
    steps: list[Step]

    @property
    def matter(self) -> Matter:
        return self.row.matter


@dataclass(frozen=True)
class Board:
    """One picture of a desk's work, as it was at `at`."""

    at: datetime
    lane: Lane
    lanes: list[tuple[Lane, int]]
    open: int
    rows: list[Row]
    chosen: Chosen | None

    @property
    def count(self) -> int:
        """How many are in the lane; only the first are shown."""
        return next(count for lane, count in self.lanes if lane is self.lane)


def board(
    actor: Actor, asked: Asked, *, refused: Refused | None = None, at_step: str = "", typed: QueryDict | None = None
) -> Board:
    """The board of a desk. Raises Unknown where the matter asked for is not to be seen from it."""
    now = clock.now()
    lane = LANES[asked.lane]
    areas = {held.area for held in actor.held if held.role in DESK}
    here = Matter.objects.filter(lying_in(areas), procedure=Dispatching.slug, closed_at=None, merged_into=None)
    fits = here.filter(_fitting(asked))
    with scoped(scope_of(actor)):
        lanes = {each.name: Count("id", filter=_in(each, now)) for each in LANES.values()}
        counted = fits.aggregate(open=Count("id"), **lanes)
        rows = _rows(fits.filter(_in(lane, now)))
        id = asked.matter or (rows[0].matter.id if rows else None)
        chosen = _chosen(actor, id, refused=refused, at_step=at_step, typed=typed) if id else None
    return Board(
        at=now,
        lane=lane,
        lanes=[(each, counted[each.name]) for each in LANES.values()],
        open=counted["open"],
        rows=rows,
        chosen=chosen,
    )


def _in(lane: Lane, now: datetime) -> Q:
    standing = Q(state__in=lane.states)
    return standing & Q(Exists(_running().filter(due_at__lte=now))) if lane.late else standing


def _running() -> QuerySet[Deadline]:
    return Deadline.objects.filter(matter_id=OuterRef("id"), ended_at=None, held_since=None)


def _rows(matters: QuerySet[Matter]) -> list[Row]:
    """The first of them: red before all others, then by what is left; a clock that stands still comes last."""
    next_clock = _running().order_by("due_at")
    clocked = matters.annotate(
        due_at=Subquery(next_clock.values("due_at")[:1]), clock=Subquery(next_clock.values("name")[:1])
    )
    clocked = clocked.select_related("unit").defer("description", "tracking", "head")
    first = clocked.order_by(_RED_FIRST, F("due_at").asc(nulls_last=True), "id")[:ROWS]
    return [Row.of(matter, matter.due_at, matter.clock) for matter in first]


def _fitting(asked: Asked) -> Q:
    condition = Q(klass=asked.klass) if asked.klass else Q()
    if asked.q:
        said = Q(title__icontains=asked.q) | Q(address__icontains=asked.q)
        if number := _NUMBER.fullmatch(asked.q):
            said |= Q(number=int(number[1]))
        condition &= said
    return condition


def _chosen(actor: Actor, id: UUID, *, refused: Refused | None, at_step: str, typed: QueryDict | None) -> Chosen:
    opened = Event.objects.select_related("matter", "matter__unit").filter(matter_id=id, seq=1).first()
    if opened is None:
        raise Unknown(_("there is no such matter"))
    matter = opened.matter
    deadlines = list(Deadline.objects.filter(matter_id=id).order_by("due_at"))
    running = [each for each in deadlines if each.ended_at is None and each.held_since is None]
    possible = {step.name for step in engine.possible(matter, actor)}
    nearest = running[0] if running else None
    return Chosen(
        row=Row.of(matter, nearest.due_at if nearest else None, nearest.name if nearest else None),
        description=matter.description,
        reasons=(opened.data.get("triage") or {}).get("reasons", []),
        deadlines=[ClockOut.of(each, matter.rules) for each in deadlines if each.ended_at is None],
        units=suggestions(matter) if "assign" in possible else [],
        steps=steps_for(actor, matter, omit=("assign",), refused=refused, at_step=at_step, typed=typed),
    )
