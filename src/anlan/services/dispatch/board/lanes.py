"""Where a desk looks, the lanes its matters stand in, and a row of a lane."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import DISPATCHER, SUPERVISOR, Actor, covers
from anlan.loop.answers import category_label, klass_label, label
from anlan.loop.models import Channel, Deadline, Matter
from anlan.loop.pages import severity_colour
from anlan.loop.suggestions import Severity
from anlan.loop.verbs import HIGHEST_ESCALATION
from anlan.services.dispatch.procedure import Dispatching

DESK = DISPATCHER | SUPERVISOR
ROWS = 50
_SCOPE_COLUMNS = ("district", "town", "community")
_RED_FIRST = Case(When(severity=Severity.RED, then=Value(0)), default=Value(1))
_WORKED_ON = tuple(state.name for state in Dispatching.states.values() if not state.done)


@dataclass(frozen=True)
class Lane:
    """A part of the work: where its matters stand. With `late` only those with a clock that has run out, with `told`
    only those that were escalated as far as this desk."""

    name: str
    label: "str | Promise"
    states: tuple[str, ...]
    late: bool = False
    told: bool = False


LANES = {
    lane.name: lane
    for lane in (
        Lane("to_assign", _("To assign"), ("received", "routed")),
        Lane("sent", _("Sent"), ("assigned", "accepted")),
        Lane("on_scene", _("On scene"), ("on_scene",)),
        Lane("to_rate", _("To rate"), ("resolved",)),
        Lane("overdue", _("Overdue"), _WORKED_ON, late=True),
        Lane("escalated", _("Escalated to here"), _WORKED_ON, told=True),
    )
}


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

    @property
    def together(self) -> list[str]:
        """The areas that handle it together with its own."""
        return [atlas().full_name(path) for path in self.matter.shared_with]


def desk_areas(actor: Actor) -> tuple[str, ...]:
    """The areas somebody directs; of two that lie in each other the wider one."""
    held = {held.area for held in actor.held if held.role in DESK}
    return tuple(sorted(area for area in held if not any(area != other and covers(other, area) for other in held)))


def at_hand(areas: Iterable[str]) -> QuerySet[Matter]:
    """What is open in the areas, and what others handle together with them, by the index of what is open."""
    open_ones = Matter.objects.filter(procedure=Dispatching.slug, closed_at=None, merged_into=None)
    return open_ones.filter(reached(areas))


def reached(areas: Iterable[str]) -> Q:
    """Lying in one of the areas, or shared with one."""
    areas = tuple(areas)
    inside = [_inside(area) for area in areas]
    if not all(inside):
        return Q()  # the whole city
    shared = reduce(or_, (Q(shared_with__within=area) for area in areas))
    return reduce(or_, inside) | (Q(shared_with__empty=False) & shared)


def told_here(areas: Iterable[str]) -> Q:
    """Escalated as far as the desks of these areas: level 1 tells the town's, 2 the district's, 3 the city's."""
    return reduce(
        or_,
        (_inside(area) & Q(escalation__gte=max(1, HIGHEST_ESCALATION + 1 - len(area.split(".")))) for area in areas),
    )


def standing_in(lane: Lane, areas: Iterable[str], now: datetime) -> Q:
    """What stands in a lane at a moment."""
    standing = Q(state__in=lane.states)
    if lane.told:
        standing &= told_here(areas)
    return standing & Q(Exists(running().filter(due_at__lte=now))) if lane.late else standing


def running() -> QuerySet[Deadline]:
    """The running clocks of a matter, for a subquery."""
    return Deadline.objects.filter(matter_id=OuterRef("id"), ended_at=None, held_since=None)


def rows(matters: QuerySet[Matter]) -> list[Row]:
    """The first of them: red before all others, then by what is left; a clock that stands still comes last."""
    next_clock = running().order_by("due_at")
    clocked = matters.annotate(
        due_at=Subquery(next_clock.values("due_at")[:1]), clock=Subquery(next_clock.values("name")[:1])
    )
    clocked = clocked.select_related("unit").defer("description", "tracking", "head")
    first = clocked.order_by(_RED_FIRST, F("due_at").asc(nulls_last=True), "id")[:ROWS]
    return [Row.of(matter, matter.due_at, matter.clock) for matter in first]


def _inside(area: str) -> Q:
    """Lying in an area, by the scope columns down to its level: empty for the city, and a grid is a path besides."""
    labels = area.split(".")[1:]
    condition = Q(**dict(zip(_SCOPE_COLUMNS, labels, strict=False)))
    return condition & Q(area__within=area) if len(labels) > len(_SCOPE_COLUMNS) else condition
