"""The learning page: where triage and people differ, the models with their cards, a trial, and switching."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from anlan.city.people.access import Actor
from anlan.foundation.shares import SMALLEST_SAMPLE
from anlan.loop import clock
from anlan.loop.administering import Question, administers, asked, for_the_city
from anlan.loop.csv_answer import csv_answer
from anlan.loop.forms import checked
from anlan.loop.page_door import for_staff, require, shell
from anlan.services.triage.learning import registry
from anlan.services.triage.learning.combining import HEADS
from anlan.services.triage.learning.models import TriageModel
from anlan.services.triage.review import choosing
from anlan.services.triage.review.agreement import READERS, Agreement, Asked, Confusion, agreement, label_of
from anlan.services.triage.review.choosing import Why
from anlan.services.triage.review.second_look import last_night
from anlan.services.triage.review.trial import DAYS, trial

ASKING = ["GET", "HEAD", "POST"]
MODELS_SHOWN = 30
HEAD_NAMES = {
    "category": gettext_lazy("Category"),
    "klass": gettext_lazy("Class"),
    "severity": gettext_lazy("Severity of the matter"),
}
PERIODS = {"30": gettext_lazy("30 days"), "90": gettext_lazy("90 days"), "365": gettext_lazy("A year")}
SCORES = {
    "macro_f1": gettext_lazy("Macro-F1"),
    "accuracy": gettext_lazy("Accuracy"),
    "ece": gettext_lazy("Calibration error"),
    "coverage_at_99": gettext_lazy("Share that can be answered at 99 % right"),
}


@for_staff
@require_safe
def learning(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The agreement of one's own areas: `?days=30|90|365`; and the models, which serve the whole city."""
    require(actor, READERS)
    wanted = checked(Asked, request.GET)
    found = agreement(actor, wanted)
    serves = {head: registry.choice(head) for head in HEADS}
    context = {
        **shell(request, actor),
        "found": found,
        "days": wanted.days,
        "periods": list(PERIODS.items()),
        "heads": [(head, HEAD_NAMES[head], serves[head]) for head in HEADS],
        "whole": [(HEAD_NAMES[head], getattr(found.whole, head)) for head in HEADS],
        "confusions": [(each, HEAD_NAMES[each.head], _matters(each, found)) for each in found.confusions],
        "models": [_row(each, serves) for each in TriageModel.objects.defer("content")[:MODELS_SHOWN]],
        "smallest": SMALLEST_SAMPLE,
        "may_choose": administers(actor, settings.ANLAN_CITY),
        "night": last_night(actor),
    }
    return render(request, "triage/learning.html", context)


@for_staff
@require_safe
def table(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The same numbers as CSV."""
    require(actor, READERS)
    found = agreement(actor, checked(Asked, request.GET))
    name = f"anlan-triage-{clock.local(found.since):%Y%m%d}-{clock.local(found.until):%Y%m%d}.csv"
    return csv_answer(name, _lines(found))


@for_staff
@require_safe
def model(request: HttpRequest, actor: Actor, id: int) -> HttpResponse:
    """A model and its card; with `?trial=1` what it would have done with the newest matters of one's areas."""
    require(actor, READERS)
    found = choosing.kept(id)
    serves = registry.choice(found.head)
    context = {
        **shell(request, actor),
        "model": found,
        "head": HEAD_NAMES[found.head],
        "source": TriageModel.Source(found.source).label,
        "serves": serves is not None and serves.model_id == found.pk,
        "card": found.card,
        "scores": [(name, found.card.get("scores", {}).get(key)) for key, name in SCORES.items()],
        "classes": [(_called(found.head, label), each) for label, each in _per_class(found.card)],
        "times": list(found.choices.order_by("-id")),
        "trial": trial(actor, found) if request.GET.get("trial") else None,
        "days": DAYS,
        "smallest": SMALLEST_SAMPLE,
        "may_choose": administers(actor, settings.ANLAN_CITY),
    }
    return render(request, "triage/model.html", context)


@require_http_methods(ASKING)
@for_the_city
def serve(request: HttpRequest, actor: Actor, id: int) -> HttpResponse:
    """Let a model serve."""
    found = choosing.kept(id)

    def act(given: Why, mark: str) -> None:
        choosing.switch_on(found, given, by=actor, mark=mark)

    question = Question(
        title=_("Let model %(number)d serve") % {"number": found.pk},
        asks=Why,
        act=act,
        back=reverse("triage-learning"),
        done=_("It serves from now on."),
        button=_("Switch on"),
        shown=choosing.serving(found.head),
        facts=_facts(found),
    )
    return asked(request, actor, question)


@require_http_methods(ASKING)
@for_the_city
def back(request: HttpRequest, actor: Actor, head: str) -> HttpResponse:
    """Go back to what served a head before."""
    now = choosing.serving(head)

    def act(given: Why, mark: str) -> None:
        choosing.roll_back(head, given, by=actor, mark=mark)

    question = Question(
        title=_("Go back to what served before: %(head)s") % {"head": HEAD_NAMES[head]},
        asks=Why,
        act=act,
        back=reverse("triage-learning"),
        done=_("What served before serves again."),
        button=_("Go back"),
        shown=now,
        facts=_facts(now.model) if now and now.model else [(_("Serves now"), _("the rules alone"))],
    )
    return asked(request, actor, question)


def _facts(model: TriageModel) -> list[tuple[str, object]]:
    card = model.card
    return [
        (_("Chooses"), HEAD_NAMES[model.head]),
        (_("Model"), f"{model.pk} · {clock.local(model.made_at):%Y-%m-%d %H:%M}"),
        (_("Right on held-back texts"), f"{card.get('right', 0):.1%} · n = {card.get('held_back', 0)}"),
        (_("Compared with"), f"{card.get('compared_with', '')} · {card.get('right_before', 0):.1%}"),
    ]


def _row(model: TriageModel, serves: Mapping[str, Any]) -> dict[str, Any]:
    chosen = serves.get(model.head)
    return {
        "model": model,
        "head": HEAD_NAMES.get(model.head, model.head),
        "source": TriageModel.Source(model.source).label,
        "serves": chosen is not None and chosen.model_id == model.pk,
        "texts": model.card.get("texts"),
        "held_back": model.card.get("held_back", 0),
        "right": _percent(model.card.get("right"), model.card.get("held_back", 0)),
        "before": _percent(model.card.get("right_before"), model.card.get("held_back", 0)),
        "compared_with": model.card.get("compared_with", ""),
        "macro_f1": model.card.get("scores", {}).get("macro_f1"),
    }


def _percent(share: float | None, of: int) -> str:
    return f"{share:.1%}" if share is not None and of >= SMALLEST_SAMPLE else "–"


def _per_class(card: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    found: Mapping[str, Mapping[str, Any]] = card.get("scores", {}).get("per_class", {})
    return sorted(found.items(), key=lambda pair: (-pair[1]["n"], pair[0]))


def _called(head: str, label: str) -> str:
    """A model's label in the reader's words; its severities are names, and it may know what the city no longer has."""
    try:
        return label_of(head, {"blue": "1", "yellow": "2", "orange": "3", "red": "4"}.get(label, label))
    except ValueError:
        return label


def _matters(confusion: Confusion, found: Agreement) -> str:
    """The list of matters that were filed so in the period; severity is no filter of the list."""
    if confusion.head == "severity":
        return ""
    days = {"since": f"{clock.local(found.since):%Y-%m-%d}", "until": f"{clock.local(found.until):%Y-%m-%d}"}
    return f"{reverse('matters')}?{urlencode({confusion.head: confusion.decided, **days})}"


def _lines(found: Agreement) -> Iterator[tuple[object, ...]]:
    """One line a number; n and N of every share."""
    yield _("Section"), _("What"), "n", "N"
    sections = (
        (_("In all"), [found.whole]),
        (_("By category suggested"), found.by_category),
        (_("By town"), found.by_town),
    )
    for section, lines in sections:
        for line in lines:
            for head in HEADS:
                share = getattr(line, head)
                name = f"{line.label} · {HEAD_NAMES[head]}" if line.label else str(HEAD_NAMES[head])
                yield section, name, share.n, share.of
    for each in found.confusions:
        yield _("Where they differ most"), f"{each.suggested_label} → {each.decided_label}", each.n, each.of
    yield _("Not decided yet"), "", found.waiting, ""
