"""The figures of a period, each percentage with its n and its N. Definitions: field rules, section 8.

A period is half-open, `[since, until)`, and counts matters by the moment they were opened. Who reads them must be
in scope: the figures are those of the areas the running transaction may see.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from anlan.city.people import access
from anlan.city.people.access import scope_of, scoped
from anlan.loop.models import Channel, Matter, Rating
from anlan.loop.procedures import procedure

SMALLEST_SAMPLE = 30
"""Below this many a percentage says nothing and is not printed (field rules, section 8)."""


@dataclass(frozen=True)
class Share:
    """n of N."""

    n: int
    of: int

    @property
    def percent(self) -> float | None:
        """None where N is too small to mean anything."""
        return 100 * self.n / self.of if self.of >= SMALLEST_SAMPLE else None


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


@dataclass
class Figures:
    """What the table prints."""

    received: int = 0
    by_channel: Counter[str] = field(default_factory=Counter)
    by_class: Counter[str] = field(default_factory=Counter)
    settled: int = 0
    unsettled: int = 0
    merged: int = 0
    diverted: Share = Share(0, 0)
    returned: int = 0
    to_police: int = 0
    declined: int = 0
    resolved: Share = Share(0, 0)
    satisfied: Share = Share(0, 0)
    lapsed: int = 0
    reopened: int = 0
    escalated: int = 0
    ratings: Counter[int] = field(default_factory=Counter)
    on_time: list[Punctuality] = field(default_factory=list)
    events: int = 0


def figures(*, since: datetime, until: datetime, procedure_slug: str = "dispatching") -> Figures:
    """The figures of every matter of one procedure opened in the period, over the whole city."""
    result = Figures()
    with scoped(scope_of(access.system())):
        period = Matter.objects.filter(procedure=procedure_slug, opened_at__gte=since, opened_at__lt=until)
        rows = period.values_list(
            "channel", "klass", "state", "closed_at", "outcome", "rating", "reopened", "escalation", "merged_into"
        )
        for channel, klass, state, closed_at, outcome, rating, reopened, escalation, merged_into in rows:
            result.received += 1
            result.by_channel[channel] += 1
            result.by_class[klass] += 1
            result.settled += closed_at is not None or merged_into is not None
            result.merged += merged_into is not None
            result.to_police += state == "with_police" and channel != Channel.POLICE
            result.returned += state == "with_police" and channel == Channel.POLICE
            result.reopened += reopened > 0
            result.escalated += escalation > 0
            result.lapsed += state == "closed" and rating is None
            if outcome:
                result.resolved = Share(result.resolved.n + (outcome == "solved"), result.resolved.of + 1)
            if rating is not None:
                result.ratings[rating] += 1
        result.unsettled = result.received - result.settled
        handed_over = result.by_channel[Channel.POLICE]
        result.diverted = Share(handed_over - result.returned, handed_over)
        result.satisfied = Share(
            sum(n for rating, n in result.ratings.items() if rating >= Rating.FAIRLY_SATISFIED),
            result.ratings.total(),
        )
        result.on_time = list(_on_time(since, until, procedure_slug))
        result.declined, result.events = _counted(since, until, procedure_slug)
    return result


_CLOCKS = """
    SELECT d.name, d.kind,
           count(*) FILTER (WHERE d.met AND d.ended_at < d.due_at),
           count(*) FILTER (WHERE d.met OR (d.ended_at IS NULL AND d.missed_at IS NOT NULL)),
           count(*) FILTER (WHERE NOT d.met),
           count(*) FILTER (WHERE d.ended_at IS NULL AND d.missed_at IS NULL),
           extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY d.ended_at - d.started_at)
               FILTER (WHERE d.met)),
           extract(epoch FROM percentile_cont(0.9) WITHIN GROUP (ORDER BY d.ended_at - d.started_at)
               FILTER (WHERE d.met))
    FROM loop_deadline d JOIN loop_matter m ON m.id = d.matter_id
    WHERE m.procedure = %s AND m.opened_at >= %s AND m.opened_at < %s AND d.kind <> 'setting'
    GROUP BY d.name, d.kind
"""
_EVENTS = """
    SELECT count(*) FILTER (WHERE e.kind = 'decline'), count(*)
    FROM loop_event e JOIN loop_matter m ON m.id = e.matter_id
    WHERE m.procedure = %s AND m.opened_at >= %s AND m.opened_at < %s
"""


def _on_time(since: datetime, until: datetime, slug: str) -> Iterable[Punctuality]:
    """In the order of the declaration; a setting of the house is no target.

    A clock that ran out unfulfilled counts as not in time, ended or not.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CLOCKS, [slug, since, until])
        rows = {row[0]: row[1:] for row in cursor.fetchall()}
    for name, declared in procedure(slug).deadlines.items():
        if name in rows:
            kind, in_time, of, fell_away, running, p50, p90 = rows[name]
            yield Punctuality(
                name=name,
                label=declared.label,
                kind=kind,
                in_time=Share(in_time, of),
                fell_away=fell_away,
                running=running,
                p50=float(p50) if p50 is not None else None,
                p90=float(p90) if p90 is not None else None,
            )


def _counted(since: datetime, until: datetime, slug: str) -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS, [slug, since, until])
        declined, events = cursor.fetchone()
    return declined, events
