"""What a model would have done with the matters of the last months, before anybody switches it on.

Every matter is read again as it came in: by the rules alone, by what serves now, and by the model in question. How
many suggestions would change is counted over all of them; who is right only over those that people have decided on
and that no model of this house has learned from (`candidates.is_held_back`), or a model would be praised for what it
knows by heart.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import BooleanField, ExpressionWrapper
from django.utils.translation import gettext as _

from anlan.city.people.access import Actor, scope_of, scoped
from anlan.foundation.shares import Share
from anlan.loop import clock
from anlan.loop.models import Matter
from anlan.loop.refusals import NotPossible
from anlan.loop.suggestions import Report, Triage
from anlan.services.triage.city import catalogue_here
from anlan.services.triage.learning.candidates import is_held_back
from anlan.services.triage.learning.combining import Learned, combined
from anlan.services.triage.learning.features import joined
from anlan.services.triage.learning.linear import BadModel, LinearModel
from anlan.services.triage.learning.models import TriageModel
from anlan.services.triage.learning.registry import in_force
from anlan.services.triage.places import Places
from anlan.services.triage.review.agreement import decided_on, label_of, seen_by
from anlan.services.triage.rules import GRAVITY, triage

DAYS = 90
MOST_MATTERS = 1_500
"""The newest ones; more would keep whoever asks waiting longer than a page should."""
SHOWN = 20


@dataclass(frozen=True)
class Once:
    """One matter read three ways."""

    matter: Matter
    rules: Triage
    now: Triage
    then: Triage
    judged: bool
    """People have decided on it, and no model has learned from it."""


@dataclass(frozen=True)
class TriedCategory:
    """Of what now goes under one label: how much would go elsewhere, and how often people agreed with each."""

    label: str
    changes: Share
    now: Share
    then: Share


@dataclass(frozen=True)
class Trial:
    """What came of it. `tried` of the `of` matters; shares by `rules`, `now` and `then` are people's agreement.

    `lower_in_danger` would be less grave than a safety trigger asks for, which the rules make impossible: 0. `lower`
    would be of a less grave class than now, without a trigger.
    """

    tried: int
    of: int
    changes: Share
    rules: Share
    now: Share
    then: Share
    by_category: Sequence[TriedCategory]
    lower_in_danger: int
    lower: int
    lower_some: Sequence[Matter]


def trial(actor: Actor, model: TriageModel) -> Trial:
    """Try a model with the newest matters of the actor's areas. Raises NotPossible for one that can't be read."""
    try:
        head = LinearModel.from_bytes(bytes(model.content))
    except BadModel:
        raise NotPossible(_("this model cannot be read")) from None
    now = in_force()
    then = Learned({**now.heads, model.head: head}, f"model/{model.pk}")
    until = clock.now()
    decided = ExpressionWrapper(decided_on(), output_field=BooleanField())
    with scoped(scope_of(actor)):
        found = seen_by(actor, until - timedelta(days=DAYS), until)
        of = found.count()
        newest = found.annotate(decided=decided).order_by("-opened_at").defer("tracking", "head")[:MOST_MATTERS]
        matters = [(matter, matter.decided) for matter in newest]
    read = [_once(matter, decided, now, then) for matter, decided in matters]
    return _counted(model.head, read, of)


def _once(matter: Matter, decided: bool, now: Learned, then: Learned) -> Once:
    # Where it lies is nothing that a model says.
    report, catalogue = Report(matter.description, _title(matter)), catalogue_here()
    rules = triage(report, Places(()), catalogue)
    return Once(
        matter,
        rules,
        combined(rules, report, now, catalogue),
        combined(rules, report, then, catalogue),
        judged=decided and is_held_back(joined(matter.title, matter.description)),
    )


def _title(matter: Matter) -> str:
    """The title that was told; one that intake made of the first words is none."""
    return "" if matter.description.startswith(matter.title.removesuffix("…")) else matter.title


def _counted(head: str, read: Sequence[Once], of: int) -> Trial:
    def agreed(those: Sequence[Once], answer: Callable[[Once], Triage]) -> Share:
        judged = [each for each in those if each.judged]
        return Share(sum(_value(head, answer(each)) == _decided(head, each.matter) for each in judged), len(judged))

    def changes(those: Sequence[Once]) -> Share:
        return Share(sum(_value(head, each.now) != _value(head, each.then) for each in those), len(those))

    grouped: defaultdict[str, list[Once]] = defaultdict(list)
    for each in read:
        grouped[_value(head, each.now)].append(each)
    lower = [each for each in read if not each.rules.triggers and _graver(each.now, each.then)]
    return Trial(
        tried=len(read),
        of=of,
        changes=changes(read),
        rules=agreed(read, lambda each: each.rules),
        now=agreed(read, lambda each: each.now),
        then=agreed(read, lambda each: each.then),
        by_category=[
            TriedCategory(
                label_of(head, value),
                changes(those),
                agreed(those, lambda each: each.now),
                agreed(those, lambda each: each.then),
            )
            for value, those in sorted(grouped.items(), key=lambda pair: (-len(pair[1]), pair[0]))
        ],
        lower_in_danger=sum(bool(each.rules.triggers) and _below(each.then, each.rules) for each in read),
        lower=len(lower),
        lower_some=[each.matter for each in lower[:SHOWN]],
    )


def _value(head: str, suggested: Triage) -> str:
    if head == "category":
        return suggested.category
    return suggested.klass.value if head == "klass" else str(suggested.severity.value)


def _decided(head: str, matter: Matter) -> str:
    return str(getattr(matter, head))


def _graver(one: Triage, other: Triage) -> bool:
    """Is the one of a graver class than the other?"""
    return GRAVITY.index(one.klass) > GRAVITY.index(other.klass)


def _below(suggested: Triage, least: Triage) -> bool:
    """Is the class or the severity less than this?"""
    return _graver(least, suggested) or suggested.severity < least.severity
