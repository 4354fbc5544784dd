"""The forum guide as anybody reads it: no account, no script, one question a page, and an answer to take along."""

from dataclasses import dataclass
from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from anlan.foundation.language import said
from anlan.foundation.rules import KIND_WORDS, Extension, Kind, Rule, Unit, rulebook
from anlan.loop import clock
from anlan.services.mediation.guide.content import Guide, Way, guide

UNITS = {
    Unit.MINUTE: ("分钟", "minute"),
    Unit.HOUR: ("小时", "hour"),
    Unit.DAY: ("日", "day"),
    Unit.WORKING_DAY: ("个工作日", "working day"),
    Unit.MONTH: ("个月", "month"),
    Unit.YEAR: ("年", "year"),
}


@dataclass(frozen=True, slots=True)
class TermTold:
    """A term of a way as it is in force: for what, how long, by which rule, and whether the law gives it."""

    title: str
    length: str
    longer: str
    source: str
    kind: str
    statutory: bool


@require_safe
def begin(request: HttpRequest) -> HttpResponse:
    """The first question."""
    return _shown(request, guide().first)


@require_safe
def step(request: HttpRequest, name: str) -> HttpResponse:
    """A further question, or a way. `from` in the address is the page one came from."""
    return _shown(request, name)


def terms_told(way: Way, on: date) -> list[TermTold]:
    """The terms of a way as they are in force on a day. Raises RuleNotInForce."""
    return [_told(rulebook().at(id, on)) for id in way.terms]


def _shown(request: HttpRequest, name: str) -> HttpResponse:
    book = guide()
    told = {"name": name, "first": book.first, "reviewed": book.reviewed, "back": _back(book, name, request)}
    if name in book.question:
        return render(request, "mediation/guide_question.html", {**told, "question": book.question[name]})
    if name not in book.way:
        raise Http404
    way = book.way[name]
    also = [(other, book.way[other].name) for other in way.also]
    terms = terms_told(way, clock.today())
    return render(request, "mediation/guide_way.html", {**told, "way": way, "terms": terms, "also": also})


def _back(book: Guide, name: str, request: HttpRequest) -> str:
    """The page before: the one that was come from, where it leads here at all; none before the first question."""
    before = book.asked_before(name) if name in book.question or name in book.way else []
    came_from = request.GET.get("from", "")
    return came_from if came_from in before else next(iter(before), "")


def _told(rule: Rule) -> TermTold:
    return TermTold(
        title=said(rule.title, rule.title_en),
        length=_length(rule),
        longer=_length(rule.extension) if rule.extension else "",
        source=said(rule.source, rule.source_en),
        kind=said(*KIND_WORDS[rule.kind]),
        statutory=rule.kind is Kind.STATUTORY,
    )


def _length(term: Rule | Extension) -> str:
    assert term.amount is not None
    assert term.unit is not None
    zh, en = UNITS[term.unit]
    return said(f"{term.amount}{zh}", f"{term.amount} {en}{'s' if term.amount > 1 else ''}")
