"""The figures of a period, each percentage with its n and its N. Definitions: field rules, section 8.

A period is half-open, `[since, until)`, and counts matters by the moment they were opened. Who reads them must be
in scope: the figures are those of the areas the running transaction may see.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Aggregate, CharField, Count, DurationField, Exists, F, IntegerField, OuterRef, Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from anlan.city.people import access
from anlan.city.people.access import scope_of, scoped
from anlan.foundation.shares import SMALLEST_SAMPLE as SMALLEST_SAMPLE
from anlan.foundation.shares import Share as Share
from anlan.loop.models import Channel, Deadline, Event, Matter, Outcome, Rating
from anlan.loop.procedures import procedure


@dataclass(frozen=True)
class Punctuality:
    """One target: how many of its clocks were met in time, and how long it took in seconds."""

    name: str
    label: str
    kind: str
    in_time: Share
    fell_away: int
    running: int
    p50: float | None
    p90: float | None


NOTHING = Share(0, 0)


@dataclass
class Figures:
    """What the table prints."""

    received: int = 0
    by_channel: Counter[str] = field(default_factory=Counter)
    by_class: Counter[str] = field(default_factory=Counter)
    settled: int = 0
    unsettled: int = 0
    merged: int = 0
    diverted: Share = NOTHING
    returned: int = 0
    to_police: int = 0
    declined: int = 0
    resolved: Share = NOTHING
    satisfied: Share = NOTHING
    lapsed: int = 0
    reopened: int = 0
    escalated: int = 0
    ratings: Counter[int] = field(default_factory=Counter)
    agreed: dict[str, Share] = field(default_factory=dict)
    """Of the suggestions on which people have decided those that stayed, by what was suggested."""
    on_time: list[Punctuality] = field(default_factory=list)
    events: int = 0
    addresses: Counter[str] = field(default_factory=Counter)
    """What the base of addresses made of those that were told, by verdict."""
    topics: int = 0
    in_topics: Share = NOTHING
    largest_topic: int = 0


_OWN = Q(merged_into=None)
# What is counted of the matters in a group, each by its condition.
_COUNTED = {
    # A merged report is settled with the other one, and its outcome and rating are those of the other one alone.
    "settled": Q(closed_at__isnull=False),
    "joined": Q(merged_into__isnull=False),
    "with_police": Q(state="with_police"),
    "handled": ~Q(outcome="") & _OWN,
    "solved": Q(outcome=Outcome.SOLVED) & _OWN,
    "lapsed": Q(state="closed", rating=None),
    "begun_again": Q(reopened__gt=0),
    "sent_up": Q(escalation__gt=0),
    **{f"rated_{level}": Q(rating=level) & _OWN for level in Rating.values},
}
COUNTS = {"received": Count("id"), **{name: Count("id", filter=each) for name, each in _COUNTED.items()}}
"""Aggregates over matters, by the name of what they count; `total` adds up the rows that have them."""


def total(rows: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """The COUNTS of several groups together."""
    return sum((Counter({name: row[name] for name in COUNTS}) for row in rows), Counter[str]())


def resolved(counts: Mapping[str, int]) -> Share:
    """Solved, of those answered or handled (K03: settled is not yet solved)."""
    return Share(counts["solved"], counts["handled"])


def satisfied(counts: Mapping[str, int]) -> Share:
    """Rated fairly satisfied or better, of those rated; silence is not a rating."""
    rated = {level: counts[f"rated_{level}"] for level in Rating.values}
    return Share(sum(n for level, n in rated.items() if level >= Rating.FAIRLY_SATISFIED), sum(rated.values()))


def addresses_resolved(addresses: Mapping[str, int]) -> tuple[Share, Share, Share]:
    """Of the addresses that were told: one address found; several that fit alike; none, or one of another city."""
    of = sum(addresses.values())
    found, several = addresses.get("exact", 0) + addresses.get("resolved", 0), addresses.get("ambiguous", 0)
    return Share(found, of), Share(several, of), Share(of - found - several, of)


def figures(*, since: datetime, until: datetime, procedure_slug: str = "dispatching") -> Figures:
    """The figures of every matter of one procedure opened in the period, over the whole city."""
    result = Figures()
    with scoped(scope_of(access.system())):
        period = Matter.objects.filter(procedure=procedure_slug, opened_at__gte=since, opened_at__lt=until)
        rows: list[Mapping[str, Any]] = list(period.order_by().values("channel", "klass").annotate(**COUNTS))
        for row in rows:
            result.by_channel[row["channel"]] += row["received"]
            result.by_class[row["klass"]] += row["received"]
        whole = total(rows)
        handed_over = total(row for row in rows if row["channel"] == Channel.POLICE)
        result.received = whole["received"]
        result.settled = whole["settled"]
        result.unsettled = result.received - result.settled
        result.merged = whole["joined"]
        result.returned = handed_over["with_police"]
        result.to_police = whole["with_police"] - result.returned
        result.diverted = Share(handed_over["received"] - result.returned, handed_over["received"])
        result.reopened = whole["begun_again"]
        result.escalated = whole["sent_up"]
        result.lapsed = whole["lapsed"]
        result.resolved = resolved(whole)
        result.ratings = Counter({level: n for level in Rating.values if (n := whole[f"rated_{level}"])})
        result.satisfied = satisfied(whole)
        result.agreed = agreed_with_triage(period)
        result.on_time = list(punctuality(clocks_of(period).values("name", "kind").annotate(**CLOCKS), procedure_slug))
        events = Event.objects.filter(matter__in=period.values("id")).order_by()
        counted = events.aggregate(declined=Count("seq", filter=Q(kind="decline")), all=Count("seq"))
        looked_up = events.filter(kind="opened", data__has_key="address").values_list("data__address__verdict")
        result.addresses = Counter(dict(looked_up.annotate(Count("seq"))))
        result.declined, result.events = counted["declined"], counted["all"]
    return result


def agreed_with_triage(matters: QuerySet[Matter]) -> dict[str, Share]:
    """How many suggestions of category, class and severity stayed as they were, of those whose matter was settled or
    sorted anew; a merged one is left out, since it is decided with another."""
    anew = Event.objects.filter(matter_id=OuterRef("matter_id"), kind="reclassified")
    suggested = (
        Event.objects.filter(seq=1, matter__in=matters.values("id"), data__has_key="triage", matter__merged_into=None)
        .filter(Q(matter__closed_at__isnull=False) | Q(Exists(anew)))
        .order_by()
    )
    stayed = {
        head: Count("seq", filter=Q(**{f"matter__{head}": Cast(KT(f"data__triage__{head}"), field)}))
        for head, field in (("category", CharField()), ("klass", CharField()), ("severity", IntegerField()))
    }
    counted = suggested.aggregate(all=Count("seq"), **stayed)
    return {head: Share(counted[head], counted["all"]) for head in stayed}


class _Percentile(Aggregate):
    """`share` of the values lie below it, interpolated."""

    function = "percentile_cont"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


_MET = Q(met=True)
_TOOK = F("ended_at") - F("started_at")
CLOCKS = {
    "in_time": Count("id", filter=_MET & Q(ended_at__lt=F("due_at"))),
    # A clock that ran out unfulfilled counts as not in time, ended or not.
    "judged": Count("id", filter=_MET | Q(ended_at=None, missed_at__isnull=False)),
    "fell_away": Count("id", filter=Q(met=False)),
    "running": Count("id", filter=Q(ended_at=None, missed_at=None)),
    "p50": _Percentile(_TOOK, filter=_MET, share=0.5),
    "p90": _Percentile(_TOOK, filter=_MET, share=0.9),
}
"""Aggregates over the clocks of a target."""


def clocks_of(matters: QuerySet[Matter]) -> QuerySet[Deadline]:
    """The clocks of matters that are targets; a setting of the house is none."""
    return Deadline.objects.filter(matter__in=matters.values("id")).exclude(kind=Deadline.Kind.SETTING).order_by()


def punctuality(rows: Iterable[Mapping[str, Any]], slug: str) -> Iterator[Punctuality]:
    """What groups by name and kind with their CLOCKS say, in the order in which the procedure declares its clocks."""
    found = {row["name"]: row for row in rows}
    for name, declared in procedure(slug).deadlines.items():
        if row := found.get(name):
            yield Punctuality(
                name=name,
                label=declared.label,
                kind=row["kind"],
                in_time=Share(row["in_time"], row["judged"]),
                fell_away=row["fell_away"],
                running=row["running"],
                p50=_seconds(row["p50"]),
                p90=_seconds(row["p90"]),
            )


def _seconds(span: timedelta | None) -> float | None:
    return span.total_seconds() if span is not None else None
