"""What is rising in the city: each category in the whole city, in each district and in each town, against its own past.

One run looks at all of them, once a night, over whole days. So its false alarms are held as `rising` says and at the
share that the rule `topics.rising_false_alarms` states.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import Actor, scope_of, scoped, system
from anlan.foundation.rules import rulebook
from anlan.insight.models import Rising, Topic
from anlan.insight.topics.rising import WEEK, Counts, ordered, rising
from anlan.loop import clock
from anlan.loop.answers import category_label
from anlan.loop.models import Matter

WEEKS = 12
"""Of past that a week is held against: long enough for the weekdays, short enough to follow the season."""
LEVELS = 3
"""City, district and town."""


@dataclass(frozen=True)
class Series:
    """The daily counts of a category in an area; the days are those of the run."""

    area: str
    category: str


def look_for_rising(*, until: date | None = None) -> list[Rising]:
    """Test the week that ended with the day before `until` (today) and keep what is rising in place of an earlier
    run of that day."""
    day = until or clock.today()
    with scoped(scope_of(system())):
        series, daily = counted(day)
        held = false_alarms(day)
        found = ordered(rising(daily, window=WEEK, false_alarms=held)) if series else []
        rows = [
            Rising(
                day=day,
                days=WEEK,
                area=series[each.series].area,
                category=series[each.series].category,
                count=each.count,
                expected=each.expected,
                chance=each.chance,
            )
            for each in found
        ]
        with transaction.atomic():
            Rising.objects.filter(day=day).delete()
            return Rising.objects.bulk_create(rows)


def counted(day: date) -> tuple[list[Series], Counts]:
    """The series of reports that had anything in the weeks before `day`, and their counts by local day. For a scope
    that holds the city."""
    days = (WEEKS + 1) * WEEK
    first = day - timedelta(days=days)
    parents = Topic.objects.exclude(parent=None).values("parent")
    found = (
        Matter.objects.filter(procedure=settings.ANLAN_INTAKE_PROCEDURE)
        .filter(opened_at__gte=_midnight(first), opened_at__lt=_midnight(day))
        .exclude(id__in=parents)
        .annotate(on=TruncDate("opened_at", tzinfo=clock.LOCAL))
        .order_by()
        .values_list("area", "category", "on")
        .annotate(n=Count("id"))
    )
    rows: defaultdict[Series, Counts] = defaultdict(lambda: np.zeros(days, dtype=np.int64))
    for area, category, on, n in found:
        for path in areas_above(area):
            rows[Series(path, category)][(on - first).days] += n
    series = sorted(rows, key=lambda each: (each.area, each.category))
    return series, np.stack([rows[each] for each in series]) if series else np.zeros((0, days), dtype=np.int64)


def areas_above(area: str) -> Iterable[str]:
    """The city, the district and the town of an area, as far as it lies in them."""
    labels = area.split(".")
    return (".".join(labels[:level]) for level in range(1, min(len(labels), LEVELS) + 1))


def seen_rising(actor: Actor) -> Sequence[Rising]:
    """What the last night found rising in the areas of somebody, the least likely to be chance first; nothing where it
    is older than two days."""
    with scoped(scope_of(actor)):
        day = Rising.objects.order_by("-day").values_list("day", flat=True).first()
        if day is None or day < clock.today() - timedelta(days=2):
            return []
        return list(Rising.objects.filter(day=day).order_by("chance", "area", "category"))


def in_words(rise: Rising) -> tuple[str, str]:
    """What is rising where, and by how much."""
    what = _("%(category)s in %(area)s") % {
        "category": category_label(rise.category),
        "area": atlas().full_name(rise.area),
    }
    much = _("%(n)d in %(days)d days, where about %(expected)s were to be expected") % {
        "n": rise.count,
        "days": rise.days,
        "expected": f"{rise.expected:.1f}",
    }
    return what, much


def false_alarms(day: date) -> float:
    """The share that the rule states."""
    return float(rulebook().at("topics.rising_false_alarms", day).value or 0) / 100


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, clock.LOCAL)
