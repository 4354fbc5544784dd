"""A second look by night: the stack (`learning.stack`) reads what is open, and says where it would file it elsewhere.

It is slower than what a report waits for, and better; by night that costs nobody anything. It changes nothing: people
read where it differs, with its words, on the learning page. It is told only while it keeps its word on texts that it
has not learned from.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings
from django.db import transaction

from anlan.city.people.access import scope_of, scoped, system
from anlan.foundation.shares import Share
from anlan.loop import clock
from anlan.loop.models import Event, Matter
from anlan.services.triage.city import category_tree
from anlan.services.triage.learning import candidates, night
from anlan.services.triage.learning.combining import CATEGORY
from anlan.services.triage.learning.features import joined
from anlan.services.triage.learning.models import SecondLook
from anlan.services.triage.learning.words import heaviest

if TYPE_CHECKING:
    from anlan.services.triage.learning.stack import Stack

MOST_READ = 5_000
MOST_TOLD = 300
log = structlog.get_logger("anlan.services.triage.learning")


def look_tonight() -> int:
    """Once a night; returns how many matters it would file elsewhere."""
    now = clock.local(clock.now())
    begun = now.replace(hour=night.NIGHT.start, minute=0, second=0)
    if now.hour not in night.NIGHT or SecondLook.objects.filter(at__gte=begun).exists():
        return 0
    return len(look(night.decisions()).found)


def look(decided: Sequence[night.Decision]) -> SecondLook:
    """Learn from these decisions, be judged by those held back, and keep what it would file elsewhere, in place of the
    last look. Where there is too little to learn from or to be judged by, or it is wrong too often, it finds nothing.
    """
    kept = _learned_and_read(decided)
    with transaction.atomic():
        SecondLook.objects.all().delete()
        kept.save()
    return kept


def _learned_and_read(decided: Sequence[night.Decision]) -> SecondLook:
    # SciPy and scikit-learn take a second and 80 MB: only where something is trained.
    from anlan.services.triage.learning import stack
    from anlan.services.triage.learning.training import TooLittle

    held = [each for each in decided if candidates.is_held_back(each.text)]
    rest = [each for each in decided if not candidates.is_held_back(each.text)]
    nothing = SecondLook(at=clock.now(), read=0, right=0, judged=0, found=[])
    if len(held) < candidates.setting("triage.model_fewest_held_back"):
        return nothing
    try:
        model = stack.train([each.text for each in rest], [each.labels[CATEGORY] for each in rest])
    except TooLittle as why:
        log.info("too little for a second look", why=str(why))
        return nothing
    kept = _kept_its_word(model, held)
    nothing.right, nothing.judged = kept.n, kept.of
    if not kept.of or kept.n < candidates.setting("triage.second_look_least_right") * kept.of:
        return nothing
    texts = _open_and_unsorted()
    found = _elsewhere(model, texts)
    return SecondLook(at=clock.now(), read=len(texts), right=kept.n, judged=kept.of, found=found[:MOST_TOLD])


def _kept_its_word(model: "Stack", held: Sequence[night.Decision]) -> Share:
    """Of the held-back texts on which it is sure, those that it reads as people did."""
    probabilities = model.probabilities([each.text for each in held])
    sure = probabilities.max(axis=1) >= model.threshold
    said = [model.labels[best] for best in probabilities.argmax(axis=1)]
    right = sum(
        label == each.labels[CATEGORY] for each, label, is_sure in zip(held, said, sure, strict=True) if is_sure
    )
    return Share(right, int(sure.sum()))


def _open_and_unsorted() -> list[tuple[str, str, str]]:
    """The newest open reports that nobody has sorted anew: identifier, text and category."""
    with scoped(scope_of(system())):
        sorted_anew = Event.objects.filter(kind="reclassified").values("matter_id")
        reports = Matter.objects.filter(procedure=settings.ANLAN_INTAKE_PROCEDURE, merged_into=None, closed_at=None)
        rows = reports.exclude(id__in=sorted_anew).order_by("-opened_at")[:MOST_READ]
        return [
            (str(id), joined(title, text), category)
            for id, title, text, category in rows.values_list("id", "title", "description", "category")
        ]


def _elsewhere(model: "Stack", texts: Sequence[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """What it is sure to file elsewhere, the surest first."""
    if not texts:
        return []
    probabilities, tree = model.probabilities([text for _id, text, _category in texts]), category_tree()
    found = []
    for (id, text, category), row in zip(texts, probabilities, strict=True):
        label, likely = model.labels[row.argmax()], float(row.max())
        if likely >= model.threshold and label != category and label in tree:
            words = heaviest(model.fast, text, label)
            told = {"matter": id, "was": category, "category": label, "probability": likely, "words": words}
            found.append(told)
    return sorted(found, key=lambda each: -each["probability"])
