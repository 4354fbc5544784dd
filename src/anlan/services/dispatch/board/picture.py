"""One picture of a desk's work: the lanes with their counts, the rows of one lane by the clock, the chosen matter.

Four statements for a town's board: the counts, the rows, the chosen matter with its clocks, the units that could go.
A desk above a town needs one more, for the areas below it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject
from django.http import QueryDict
from django.utils.translation import gettext as _

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import Actor, scope_of, scoped
from anlan.loop import clock, engine, queries, verbs
from anlan.loop.address_found import AskedWhere, asked_where
from anlan.loop.answers import ClockOut
from anlan.loop.models import Deadline, Event, Matter
from anlan.loop.pages import Step, steps_for
from anlan.loop.placing import PLACED
from anlan.loop.refusals import Refused, Unknown
from anlan.loop.suggestions import Severity
from anlan.services.dispatch.board.filters import Asked, fitting, narrowed_to
from anlan.services.dispatch.board.lanes import LANES, Lane, Row, at_hand, desk_areas, rows, standing_in
from anlan.services.dispatch.queries import UnitSuggestion, suggestions

_TOWN_LEVEL = 3
_CLOCK_FIELDS = {each.attname: each for each in Deadline._meta.concrete_fields}


@dataclass(frozen=True)
class Chosen:
    """The matter looked at: what was said, why it was sorted so, who could go, and what can be done."""

    row: Row
    description: str
    reasons: list[dict[str, Any]]
    deadlines: list[ClockOut]
    assignable: bool
    units: list[UnitSuggestion]
    steps: list[Step]
    asked_where: AskedWhere | None

    @property
    def matter(self) -> Matter:
        return self.row.matter


@dataclass(frozen=True)
class Part:
    """An area below the desk's own with what is open there."""

    code: str
    name: str
    open: int
    late: int


@dataclass(frozen=True)
class Board:
    """One picture of a desk's work, as it was at `at`."""

    at: datetime
    lane: Lane
    lanes: list[tuple[Lane, int]]
    open: int
    rows: list[Row]
    chosen: Chosen | None
    areas: tuple[str, ...]
    parts: list[Part] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many are in the lane; only the first are shown."""
        return next(count for lane, count in self.lanes if lane is self.lane)

    @property
    def units(self) -> dict[UUID, str]:
        """The units that have something of what is shown, by name."""
        found = {row.matter.unit.id: row.matter.unit.name for row in self.rows if row.matter.unit}
        return dict(sorted(found.items(), key=lambda each: each[1]))


@dataclass(frozen=True)
class Refusal:
    """What was just refused at which step, and what had been typed there."""

    refused: Refused
    step: str
    typed: QueryDict


def board(
    actor: Actor,
    asked: Asked,
    *,
    found: Iterable[UUID] = (),
    refusal: Refusal | None = None,
    choosing: bool = True,
) -> Board:
    """The board of a desk; without `choosing` only the list. `found` is what a search by phone found.

    Raises Unknown where the matter asked for is not to be seen from it, BadInput for an area that lies elsewhere.
    """
    now = clock.now()
    lane = LANES[asked.lane]
    areas = narrowed_to(asked, desk_areas(actor))
    fits = at_hand(areas).filter(fitting(asked, found))
    with scoped(scope_of(actor)):
        lanes = {each.name: Count("id", filter=standing_in(each, areas, now)) for each in LANES.values()}
        counted = fits.aggregate(open=Count("id"), **lanes)
        shown = rows(fits.filter(standing_in(lane, areas, now)))
        id = asked.matter or (shown[0].matter.id if shown else None)
        return Board(
            at=now,
            lane=lane,
            lanes=[(each, counted[each.name]) for each in LANES.values()],
            open=counted["open"],
            rows=shown,
            chosen=_chosen(actor, id, refusal) if id and choosing else None,
            areas=areas,
            parts=_parts(fits, areas, now) if len(areas) == 1 else [],
        )


def chosen(actor: Actor, id: UUID) -> Chosen:
    """The chosen matter alone. Raises Unknown."""
    with scoped(scope_of(actor)):
        return _chosen(actor, id, None)


def pressing(actor: Actor) -> list[Row]:
    """What can't wait: red, or with a clock that has run out; for the wall."""
    now, areas = clock.now(), desk_areas(actor)
    late, worked_on = standing_in(LANES["overdue"], areas, now), Q(state__in=LANES["overdue"].states)
    with scoped(scope_of(actor)):
        return rows(at_hand(areas).filter(late | (worked_on & Q(severity=Severity.RED))))


def _parts(fits: QuerySet[Matter], areas: tuple[str, ...], now: datetime) -> list[Part]:
    """The districts of the city or the towns of a district where something is open; none below a town."""
    labels = areas[0].split(".")
    if len(labels) >= _TOWN_LEVEL:
        return []
    column = ("district", "town")[len(labels) - 1]
    late = Count("id", filter=standing_in(LANES["overdue"], areas, now))
    counted = fits.exclude(**{column: None}).values_list(column).annotate(n=Count("id"), late=late)
    names = atlas().names
    found = [Part(code, names.get(code, code), n, late) for code, n, late in counted]
    return sorted(found, key=lambda part: (-part.late, -part.open, part.code))


def _chosen(actor: Actor, id: UUID, refusal: Refusal | None) -> Chosen:
    opened = _opened(id)
    if opened is None:
        # What is shared with this desk is seen, but its history and its clocks lie in the other's area.
        queries.seen(actor, id)
        with scoped(replace(scope_of(actor), matter=id)):
            opened = _opened(id)
    if opened is None:
        raise Unknown(_("there is no such matter"))
    first, deadlines = opened
    matter = first.matter
    nearest = next((each for each in deadlines if each.held_since is None), None)
    possible = {step.name for step in engine.possible(matter, actor)}
    refused, at_step, typed = (refusal.refused, refusal.step, refusal.typed) if refusal else (None, "", None)
    return Chosen(
        row=Row.of(matter, nearest.due_at if nearest else None, nearest.name if nearest else None),
        description=matter.description,
        reasons=(first.data.get("triage") or {}).get("reasons", []),
        deadlines=[ClockOut.of(each, matter.rules) for each in deadlines],
        assignable="assign" in possible,
        units=suggestions(matter) if "assign" in possible else [],
        steps=steps_for(actor, matter, omit=("assign",), refused=refused, at_step=at_step, typed=typed),
        asked_where=_asked_where(actor, first),
    )


def _asked_where(actor: Actor, first: Event) -> AskedWhere | None:
    """What there is to ask about the place, for who may settle it; two statements more, for those few matters."""
    if (first.data.get("address") or {}).get("verdict") != "ambiguous":
        return None
    if "place" not in {verb.name for verb in verbs.possible(first.matter, actor, ())}:
        return None
    placed = Event.objects.filter(matter_id=first.matter_id, kind=PLACED).order_by("seq")
    return asked_where(first.matter, [first, *placed])


def _opened(id: UUID) -> tuple[Event, list[Deadline]] | None:
    """The first line of a matter, with the matter and its running clocks, in one statement; None out of scope."""
    clocks = Deadline.objects.filter(matter_id=OuterRef("matter_id"), ended_at=None).order_by("due_at")
    opened = (
        Event.objects.select_related("matter", "matter__unit")
        .filter(matter_id=id, seq=1)
        .annotate(clocks=ArraySubquery(clocks.values(json=JSONObject(**{name: name for name in _CLOCK_FIELDS}))))
        .first()
    )
    if opened is None:
        return None
    return opened, [_clock(values) for values in opened.clocks]


def _clock(values: dict[str, Any]) -> Deadline:
    """A clock that came as JSON beside its matter."""
    return Deadline(**{name: _CLOCK_FIELDS[name].to_python(value) for name, value in values.items()})
