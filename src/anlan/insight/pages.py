"""The overview: how an area is doing, to look at and to take along as a table."""

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from anlan.city.people.access import Actor
from anlan.insight import charts
from anlan.insight.indicators import SMALLEST_SAMPLE
from anlan.insight.overview import READERS, Asked, Overview, overview
from anlan.insight.topics.trends import false_alarms, in_words, seen_rising
from anlan.loop import clock
from anlan.loop.csv_answer import csv_answer
from anlan.loop.forms import checked
from anlan.loop.page_door import for_staff, require, shell


@for_staff
@require_safe
def show(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The overview of my areas: `?period=day|week|month&day=YYYY-MM-DD`."""
    require(actor, READERS)
    found = overview(actor, checked(Asked, request.GET))
    context = {
        **shell(request, actor),
        "found": found,
        "period": found.period,
        "periods": [("day", _("Day")), ("week", _("Week")), ("month", _("Month"))],
        "headline": [(each, charts.share_text(each.before)) for each in (*found.on_time, *found.outcomes)],
        "charts": _charts(found),
        "smallest": SMALLEST_SAMPLE,
        "rising": [in_words(each) for each in seen_rising(actor)],
        "false_alarms": round(false_alarms(clock.today()) * 100),
        "as_of": clock.local(clock.now()),
    }
    return render(request, "insight/overview.html", context)


@for_staff
@require_safe
def table(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The same numbers as CSV."""
    require(actor, READERS)
    found = overview(actor, checked(Asked, request.GET))
    return csv_answer(f"anlan-{found.period.name}-{found.period.first}.csv", _rows(found))


def _charts(found: Overview) -> list[charts.Chart]:
    by_time = _("Taken in by hour") if found.period.name == "day" else _("Taken in by day")
    return [
        charts.columns(by_time, found.taken_in),
        charts.rates(_("Deadlines kept"), found.on_time),
        charts.bars(_("Taken in by class"), found.classes),
        charts.bars(_("Most frequent categories"), found.categories),
        charts.stock(_("Open now, by state"), found.open_now),
    ]


def _rows(found: Overview) -> Iterator[tuple[object, ...]]:
    """One line a number; n and N where it is a share."""
    yield _("Section"), _("What"), "n", "N", _("n, the period before"), _("N, the period before")
    yield _("Taken in"), found.period.first.isoformat(), found.received.now, "", found.received.before, ""
    sections = (
        (_("Taken in by hour") if found.period.name == "day" else _("Taken in by day"), found.taken_in),
        (_("Taken in by class"), found.classes),
        (_("Most frequent categories"), found.categories),
    )
    for section, numbers in sections:
        for each in numbers:
            yield section, each.label, each.now, "", each.before, ""
    for section, shares in ((_("Deadlines kept"), found.on_time), (_("Outcome and rating"), found.outcomes)):
        for share in shares:
            yield section, share.label, share.now.n, share.now.of, share.before.n, share.before.of
    for state, n in found.open_now:
        yield _("Open now, by state"), state, n, "", "", ""
