"""The list of findings, the same as a file, and what may be done with those chosen."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import Actor, scope_of, scoped
from anlan.loop import clock
from anlan.loop.administering import paged, query_of
from anlan.loop.csv_answer import csv_answer
from anlan.loop.forms import checked, form_of
from anlan.loop.page_door import say
from anlan.loop.refusals import BadInput
from anlan.services.inspection import findings as rows
from anlan.services.inspection.models import Check, Finding
from anlan.services.inspection.pages import for_inspectors, frame
from anlan.services.inspection.schemas import FindingsWanted, Settling, State

MOST_ROWS = 50_000


@require_safe
@for_inspectors
def findings(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The findings that fit, 50 a page."""
    return _list(request, actor)


@require_safe
@for_inspectors
def findings_file(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What the page would show, as a file; at most `MOST_ROWS`."""
    wanted = checked(FindingsWanted, request.GET)
    headings = ("number", "code", "address", "area", "kind", "finding", "rule", "since", "settled", "how", "reason")
    lines: list[tuple[object, ...]] = [headings]
    with scoped(scope_of(actor)):
        for each in rows.found(actor, wanted)[:MOST_ROWS]:
            told = rows.told(each)
            settled = f"{clock.local(each.settled_at):%Y-%m-%d}" if each.settled_at else ""
            line = (
                each.id,
                each.address.code,
                each.address.text,
                atlas().full_name(each.area),
                each.get_kind_display(),
                told.words,
                told.source,
                f"{clock.local(each.since):%Y-%m-%d}",
                settled,
                each.get_settled_how_display() if each.settled_how else "",
                each.reason,
            )
            lines.append(line)
    return csv_answer("findings.csv", lines)


@require_POST
@for_inspectors
def settle(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Those chosen are fine, because …"""
    try:
        n = rows.settle(_chosen(request), reason=checked(Settling, request.POST).reason, by=actor)
    except BadInput as refused:
        return _list(request, actor, refused=refused)
    say(request, _("Settled as fine: %(n)d.") % {"n": n})
    return _back(request)


@require_POST
@for_inspectors
def reopen(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Those chosen are not fine after all, because …"""
    try:
        n = rows.reopen(_chosen(request), reason=checked(Settling, request.POST).reason, by=actor)
    except BadInput as refused:
        return _list(request, actor, refused=refused)
    say(request, _("Open again: %(n)d.") % {"n": n})
    return _back(request)


@require_POST
@for_inspectors
def send(request: HttpRequest, actor: Actor, id: int) -> HttpResponse:
    """Have a finding looked at on the spot, then to the page of that check."""
    try:
        check = rows.send(id, by=actor)
    except BadInput as refused:
        return _list(request, actor, refused=refused)
    say(request, _("It will be sent to the worker of its grid within seconds."))
    return HttpResponseRedirect(reverse("check", args=[check.id]))


def _list(request: HttpRequest, actor: Actor, *, refused: BadInput | None = None) -> HttpResponse:
    try:
        wanted = checked(FindingsWanted, request.GET)
        with scoped(scope_of(actor)):
            page = paged(request, rows.found(actor, wanted))
            shown = list(page)
    except BadInput as error:
        wanted, refused = FindingsWanted(), refused or error
        with scoped(scope_of(actor)):
            page = paged(request, rows.found(actor, wanted))
            shown = list(page)
    with scoped(scope_of(actor)):
        asked = dict(
            Check.objects.filter(finding_id__in=[each.id for each in shown])
            .order_by("asked_at")
            .values_list("finding_id", "id")
        )
    context: dict[str, Any] = {
        **frame(request, actor),
        "wanted": wanted,
        "page": page,
        "rows": [(each, rows.told(each), atlas().full_name(each.area), asked.get(each.id)) for each in shown],
        "kinds": Finding.Kind.choices,
        "settled": wanted.state is State.SETTLED,
        "query": query_of(request),
        "form": form_of(Settling, typed=request.POST if refused and request.method == "POST" else None),
        "chosen": set(request.POST.getlist("chosen")),
        "refused": refused,
    }
    return render(request, "inspection/findings.html", context, status=refused.status if refused else 200)


def _chosen(request: HttpRequest) -> list[int]:
    """The numbers ticked. Raises BadInput for what is none."""
    said = request.POST.getlist("chosen")
    if any(not (each.isascii() and each.isdigit() and len(each) < 19) for each in said):
        raise BadInput(_("choose from the list"), field="chosen")
    return [int(each) for each in said]


def _back(request: HttpRequest) -> HttpResponse:
    filters = {name: value for name, value in request.GET.items() if name in FindingsWanted.model_fields}
    return HttpResponseRedirect(f"{reverse('findings')}?{urlencode(filters)}")
