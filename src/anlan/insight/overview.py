"""How an area is doing: a day, a week or a month, beside as much of the one before.

Three statements, whatever the period: what came in, the clocks of it, and what is open now. All of them are counted
in the database, in the areas of the asker's postings.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import ExtractDay, ExtractHour, ExtractIsoWeekDay
from django.utils.translation import gettext as _
from pydantic import Field

from anlan.city.people.access import DISPATCHER, SUPERVISOR, Actor, scope_of, scoped
from anlan.insight.indicators import CLOCKS, COUNTS, Share, clocks_of, punctuality, resolved, satisfied, total
from anlan.loop import clock
from anlan.loop.answers import category_label, klass_label, label
from anlan.loop.models import Matter
from anlan.loop.procedures import procedure
from anlan.loop.queries import lying_in
from anlan.loop.schemas import Told
from anlan.loop.suggestions import Klass

READERS = DISPATCHER | SUPERVISOR
PROCEDURE = "dispatching"
TOP = 8
"""So many categories are shown; the rest is added up."""

Name = Literal["day", "week", "month"]
Row = Mapping[str, Any]


class Asked(Told):
    """Which period: the one of this length that holds `day`, by default today."""

    period: Name = "day"
    day: Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 1, 1))] | None = None


@dataclass(frozen=True)
class Period:
    """A day, a calendar week from Monday or a calendar month: `first` to `last`, local dates.

    `since` to `until` is what of it has passed, `before` to `before_until` as much of the period before.
    """

    name: Name
    first: date
    last: date
    since: datetime
    until: datetime
    before: datetime
    before_until: datetime

    @property
    def earlier(self) -> date:
        """A day of the period before."""
        return self.first - timedelta(days=1)

    @property
    def later(self) -> date | None:
        """A day of the period after, if that has begun."""
        after = self.last + timedelta(days=1)
        return after if after <= clock.today() else None


@dataclass(frozen=True)
class Compared:
    """A number of this period and the same of the period before."""

    label: str
    now: int
    before: int


@dataclass(frozen=True)
class Kept:
    """A share of this period and the same of the period before. `kind` is that of a deadline, else empty."""

    label: str
    kind: str
    now: Share
    before: Share


@dataclass(frozen=True)
class Overview:
    """What the page shows; `open_now` is the stock of this moment, whatever the period."""

    period: Period
    received: Compared
    taken_in: list[Compared]
    classes: list[Compared]
    categories: list[Compared]
    on_time: list[Kept]
    outcomes: list[Kept]
    open_now: list[tuple[str, int]]


def overview(actor: Actor, asked: Asked) -> Overview:
    """The overview of the areas in which somebody directs or supervises."""
    period = period_of(asked)
    within = lying_in({held.area for held in actor.held if held.role in READERS})
    matters = Matter.objects.filter(within, procedure=PROCEDURE).order_by()
    with scoped(scope_of(actor)):
        rows = _taken_in(matters, period)
        clocks = _clocks(matters, period)
        open_now = _open(matters)
    now, before = ([row for row in rows if row["current"] is current] for current in (True, False))
    counts, counts_before = total(now), total(before)
    return Overview(
        period=period,
        received=Compared(_("Taken in"), counts["received"], counts_before["received"]),
        taken_in=_compared(now, before, lambda row: row["slot"], _slots(period)),
        classes=_compared(now, before, lambda row: row["klass"], {each: klass_label(each) for each in Klass}),
        categories=_top(now, before),
        on_time=_on_time(clocks),
        outcomes=[
            Kept(_("Solved, of those handled"), "", resolved(counts), resolved(counts_before)),
            Kept(_("Satisfied, of those who rated"), "", satisfied(counts), satisfied(counts_before)),
        ],
        open_now=open_now,
    )


def period_of(asked: Asked) -> Period:
    """The period asked for; one that is still running ends now. A day to come shows its period as empty."""
    day, name = asked.day or clock.today(), asked.period
    if name == "day":
        first, after, previous = day, day + timedelta(days=1), day - timedelta(days=1)
    elif name == "week":
        first = day - timedelta(days=day.weekday())
        after, previous = first + timedelta(days=7), first - timedelta(days=7)
    else:
        first = day.replace(day=1)
        after, previous = (first + timedelta(days=31)).replace(day=1), (first - timedelta(days=1)).replace(day=1)
    since, before = _midnight(first), _midnight(previous)
    until = max(since, min(_midnight(after), clock.now()))
    whole = until == _midnight(after)
    before_until = since if whole else min(since, before + (until - since))
    return Period(name, first, after - timedelta(days=1), since, until, before, before_until)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, clock.LOCAL)


def _slots(period: Period) -> dict[int, str]:
    """The hours of a day, the days of a week or of a month, each with its name."""
    if period.name == "day":
        return {hour: f"{hour:02}" for hour in range(24)}
    if period.name == "week":
        names = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
        return dict(enumerate(names, start=1))
    return {day: str(day) for day in range(1, period.last.day + 1)}


_SLOT = {"day": ExtractHour, "week": ExtractIsoWeekDay, "month": ExtractDay}


def _taken_in(matters: QuerySet[Matter], period: Period) -> list[Row]:
    """What came in during both periods, counted by slot, class and category."""
    current = Q(opened_at__gte=period.since, opened_at__lt=period.until)
    before = Q(opened_at__gte=period.before, opened_at__lt=period.before_until)
    found = matters.filter(current | before).annotate(
        current=current, slot=_SLOT[period.name]("opened_at", tzinfo=clock.LOCAL)
    )
    return list(found.values("current", "slot", "klass", "category").annotate(**COUNTS))


def _clocks(matters: QuerySet[Matter], period: Period) -> list[Row]:
    """The clocks of what came in during both periods."""
    both = matters.filter(
        Q(opened_at__gte=period.since, opened_at__lt=period.until)
        | Q(opened_at__gte=period.before, opened_at__lt=period.before_until)
    )
    found = clocks_of(both).annotate(current=Q(matter__opened_at__gte=period.since))
    return list(found.values("current", "name", "kind").annotate(**CLOCKS))


def _open(matters: QuerySet[Matter]) -> list[tuple[str, int]]:
    """How many matters stand open in each state, in the order in which the procedure declares them."""
    found = matters.filter(closed_at=None, merged_into=None).values_list("state").annotate(n=Count("id"))
    counted = dict(found)
    states = procedure(PROCEDURE).states
    return [(label(state), counted[name]) for name, state in states.items() if name in counted]


def _on_time(clocks: list[Row]) -> list[Kept]:
    declared = procedure(PROCEDURE).deadlines
    now = list(punctuality((row for row in clocks if row["current"]), PROCEDURE))
    before = {each.name: each.in_time for each in punctuality((c for c in clocks if not c["current"]), PROCEDURE)}
    return [
        Kept(label(declared[each.name]), each.kind, each.in_time, before.get(each.name, Share(0, 0))) for each in now
    ]


def _compared(
    now: list[Row], before: list[Row], key: Callable[[Row], Hashable], names: Mapping[Any, str]
) -> list[Compared]:
    counted, counted_before = _received(now, key), _received(before, key)
    return [Compared(name, counted[each], counted_before[each]) for each, name in names.items()]


def _top(now: list[Row], before: list[Row]) -> list[Compared]:
    """The categories most was taken in of, and all others together."""
    found = _received(now, lambda row: row["category"])
    most = sorted(found, key=lambda slug: (-found[slug], str(slug)))
    shown = {slug: category_label(str(slug)) for slug in most[:TOP]}
    listed = _compared(now, before, lambda row: row["category"], shown)
    if len(most) > TOP:
        rest, rest_before = ([row for row in rows if row["category"] not in shown] for rows in (now, before))
        listed.append(Compared(_("All others"), total(rest)["received"], total(rest_before)["received"]))
    return listed


def _received(rows: list[Row], key: Callable[[Row], Hashable]) -> dict[Hashable, int]:
    counted: defaultdict[Hashable, int] = defaultdict(int)
    for row in rows:
        counted[key(row)] += row["received"]
    return counted
