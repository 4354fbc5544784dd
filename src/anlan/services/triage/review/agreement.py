"""How often people left a suggestion as it was, by category and by town. Never by person: nobody is ranked here.

A suggestion has been decided on when its matter was classified anew or settled; until then it says nothing. It stayed
where the matter has today what was suggested when it came in.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from django.conf import settings
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.fields.json import KT

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import SUPERVISOR, Actor, Role, scope_of, scoped
from anlan.foundation.shares import Share
from anlan.loop import clock
from anlan.loop.answers import category_label, klass_label
from anlan.loop.models import Event, Matter
from anlan.loop.queries import lying_in
from anlan.loop.schemas import Told
from anlan.loop.suggestions import SEVERITY_LABELS, Severity

READERS = SUPERVISOR | Role.ADMINISTRATOR
HEADS = ("category", "klass", "severity")
MOST_CONFUSIONS = 12

Row = Mapping[str, Any]


class Asked(Told):
    """The last so many days."""

    days: Literal["30", "90", "365"] = "90"


@dataclass(frozen=True)
class Line:
    """What of a category's or a town's suggestions stayed; `key` is its slug or its path."""

    key: str
    label: str
    category: Share
    klass: Share
    severity: Share


@dataclass(frozen=True)
class Confusion:
    """Suggested as one thing and filed as another: `n` of all `of` suggestions of the one."""

    head: str
    suggested: str
    suggested_label: str
    decided: str
    decided_label: str
    n: int
    of: int


@dataclass(frozen=True)
class Agreement:
    """What the page shows of a period. `waiting` have a suggestion on which nobody has decided yet."""

    since: datetime
    until: datetime
    waiting: int
    whole: Line
    by_category: list[Line]
    by_town: list[Line]
    confusions: list[Confusion]


def agreement(actor: Actor, asked: Asked) -> Agreement:
    """The agreement of the areas in which somebody supervises or administers."""
    until = clock.now()
    since = until - timedelta(days=int(asked.days))
    with scoped(scope_of(actor)):
        found = _suggested(seen_by(actor, since, until))
        rows = [row for row in found if row["decided"]]
    return Agreement(
        since=since,
        until=until,
        waiting=sum(row["n"] for row in found if not row["decided"]),
        whole=_line("", "", rows),
        by_category=_lines(rows, lambda row: str(row["suggested_category"]), category_label),
        by_town=_lines(rows, _town, atlas().full_name),
        confusions=_confusions(rows),
    )


def seen_by(actor: Actor, since: datetime, until: datetime) -> QuerySet[Matter]:
    """The reports of a period in the actor's own areas; one that is answered with another is left out."""
    within = lying_in({held.area for held in actor.held if held.role in READERS})
    reports = Matter.objects.filter(within, procedure=settings.ANLAN_INTAKE_PROCEDURE, merged_into=None)
    return reports.filter(opened_at__gte=since, opened_at__lt=until).order_by()


def decided_on(matter: str = "") -> Q:
    """The condition that people have decided; `matter` leads to the matter's id, such as `matter_`."""
    anew = Event.objects.filter(matter_id=OuterRef(f"{matter}id"), kind="reclassified")
    settled = Q(**{f"{matter.replace('_', '__')}closed_at__isnull": False})
    return settled | Q(Exists(anew))


def label_of(head: str, value: str) -> str:
    """What a category, a class or a severity is called."""
    if head == "category":
        return category_label(value)
    return klass_label(value) if head == "klass" else str(SEVERITY_LABELS[Severity(int(value))])


def _suggested(matters: QuerySet[Matter]) -> list[Row]:
    """The suggestions counted by what they were and what the matter is now."""
    first = Event.objects.filter(seq=1, matter__in=matters.values("id"), data__has_key="triage").order_by()
    named = first.annotate(
        decided=decided_on("matter_"),
        category=F("matter__category"),
        klass=F("matter__klass"),
        severity=F("matter__severity"),
        district=F("matter__district"),
        town=F("matter__town"),
        **{f"suggested_{head}": KT(f"data__triage__{head}") for head in HEADS},
    )
    keys = ("decided", "district", "town", *HEADS, *(f"suggested_{head}" for head in HEADS))
    return list(named.values(*keys).annotate(n=Count("seq")))


def _lines(rows: Iterable[Row], key: Callable[[Row], str], label: Callable[[str], str]) -> list[Line]:
    grouped: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[key(row)].append(row)
    lines = [_line(each, label(each), those) for each, those in grouped.items()]
    return sorted(lines, key=lambda line: (-line.category.of, line.key))


def _line(key: str, label: str, rows: Iterable[Row]) -> Line:
    rows = list(rows)
    of = sum(row["n"] for row in rows)
    stayed = {head: Share(sum(row["n"] for row in rows if _stayed(row, head)), of) for head in HEADS}
    return Line(key, label, **stayed)


def _stayed(row: Row, head: str) -> bool:
    return str(row[head]) == str(row[f"suggested_{head}"])


def _town(row: Row) -> str:
    """The path of the town it lies in, or of the widest area that is known."""
    code = row["town"] or row["district"]
    return atlas().path(code)


def _confusions(rows: Iterable[Row]) -> list[Confusion]:
    """Where people differ most."""
    rows, pairs, of = list(rows), Counter[tuple[str, str, str]](), Counter[tuple[str, str]]()
    for row in rows:
        for head in HEADS:
            was, became = str(row[f"suggested_{head}"]), str(row[head])
            of[head, was] += row["n"]
            if was != became:
                pairs[head, was, became] += row["n"]
    return [
        Confusion(head, was, label_of(head, was), became, label_of(head, became), n, of[head, was])
        for (head, was, became), n in sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_CONFUSIONS]
    ]
