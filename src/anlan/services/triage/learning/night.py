"""Every night: learn from what people made of the suggestions."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import structlog
from django.conf import settings

from anlan.city.people.access import scope_of, scoped, system
from anlan.loop import clock
from anlan.loop.models import Event, Matter
from anlan.loop.suggestions import Report, Severity
from anlan.services.triage.learning import candidates
from anlan.services.triage.learning.combining import CATEGORY, HEADS, KLASS
from anlan.services.triage.learning.features import joined
from anlan.services.triage.learning.models import TriageModel
from anlan.services.triage.places import Places
from anlan.services.triage.rules import triage

NIGHT = range(2, 5)
"""Local hours in which a model may be trained: the city sleeps, and so do most of its desks."""
MOST_DECISIONS = 10_000
log = structlog.get_logger("anlan.services.triage.learning")


@dataclass(frozen=True, slots=True)
class Decision:
    """What a report turned out to be, as people left it: by head, `category`, `klass` and `severity`."""

    text: str
    labels: dict[str, str]
    overridden: bool


def decisions(limit: int = MOST_DECISIONS) -> list[Decision]:
    """The newest reports that people have classified anew or closed as they were, oldest first.

    A merged one is left out: it is answered with another.
    """
    with scoped(scope_of(system())):
        overridden = set(Event.objects.filter(kind="reclassified").values_list("matter_id", flat=True))
        reports = Matter.objects.filter(procedure=settings.ANLAN_INTAKE_PROCEDURE, merged_into=None)
        found = (reports.filter(closed_at__isnull=False) | reports.filter(id__in=overridden)).order_by("-opened_at")[
            :limit
        ]
        rows = list(found.values_list("id", "title", "description", "category", "klass", "severity"))
    return [
        Decision(
            joined(title, text),
            {CATEGORY: category, KLASS: klass, "severity": Severity(severity).name.lower()},
            id in overridden,
        )
        for id, title, text, category, klass, severity in reversed(rows)
    ]


def learn_tonight() -> int:
    """Once a night a candidate for each head; returns how many were trained."""
    now = clock.local(clock.now())
    if now.hour not in NIGHT:
        return 0
    tonight = TriageModel.objects.filter(source=TriageModel.Source.DECISIONS, made_at__gte=now.replace(hour=0))
    waiting = set(HEADS) - set(tonight.values_list("head", flat=True))
    return len(learn(decisions(), sorted(waiting))) if waiting else 0


def learn(found: Sequence[Decision], heads: Sequence[str] = HEADS) -> list[TriageModel]:
    """A candidate for each head from these decisions; a head with too little to learn from is passed over."""
    from anlan.services.triage.learning.training import TooLittle

    # Somebody looked twice at what was overridden; what was merely left may not have been looked at.
    overridden = candidates.setting("triage.model_worth_of_override")
    worth = [overridden if each.overridden else 1.0 for each in found]
    made = []
    for head in heads:
        texts, labels = [each.text for each in found], [each.labels[head] for each in found]
        try:
            source = TriageModel.Source.DECISIONS
            made.append(candidates.propose(head, texts, labels, source, partial(by_rules, head), worth=worth))
        except TooLittle as why:
            log.info("too little to learn from", head=head, why=str(why))
    return made


def by_rules(head: str, text: str) -> str:
    """What the rules alone make of a text."""
    from anlan.services.triage.city import catalogue_here

    found = triage(Report(text), Places(()), catalogue_here())
    return {CATEGORY: found.category, KLASS: found.klass.value}.get(head, found.severity.name.lower())
