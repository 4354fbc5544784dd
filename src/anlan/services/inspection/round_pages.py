"""Rounds of spot checks and the page on which one address is reviewed and put right."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from anlan.city.addresses.access import administers
from anlan.city.areas.atlas import atlas
from anlan.city.areas.marks import Mark
from anlan.city.people.access import Actor
from anlan.loop.administering import paged
from anlan.loop.answers import label
from anlan.loop.forms import Form, checked, form_of, version_in
from anlan.loop.page_door import say
from anlan.loop.refusals import BadInput, NotAllowed, Refused, Unknown
from anlan.loop.schemas import Reason
from anlan.services.inspection import checks
from anlan.services.inspection import rounds as drawing
from anlan.services.inspection.checks import Looked
from anlan.services.inspection.findings import told
from anlan.services.inspection.pages import for_inspectors, frame
from anlan.services.inspection.procedure import Inspecting
from anlan.services.inspection.schemas import Correction, Judgement, RoundIn, Seen


@require_safe
@for_inspectors
def rounds(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The rounds of one's own areas."""
    page = paged(request, drawing.rounds(actor))
    rows = [(each, atlas().full_name(each.area), drawing.result(each)) for each in page]
    return render(request, "inspection/rounds.html", {**frame(request, actor), "rows": rows, "page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@for_inspectors
def new_round(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Draw a round."""
    refused: Refused | None = None
    if request.method == "POST":
        try:
            round = drawing.draw(checked(RoundIn, request.POST), by=actor)
        except BadInput as error:
            refused = error
        else:
            say(request, _("Drawn. The checks are sent to the workers of their grids within seconds."))
            return HttpResponseRedirect(reverse("round", args=[round.id]))
    context = frame(request, actor)
    context |= {
        "form": form_of(
            RoundIn,
            typed=request.POST if refused else None,
            refused=refused,
            choices={"in_area": [(name, name) for _code, name in context["areas"]]},
            initial={"confidence": "95", "margin": "10", "in_area": request.GET.get("area", "")},
        ),
        "most": drawing.most_in_round(),
    }
    return render(request, "inspection/new_round.html", context, status=refused.status if refused else 200)


@require_safe
@for_inspectors
def round_page(request: HttpRequest, actor: Actor, id: UUID) -> HttpResponse:
    """A round: what it says, how far it is, each address."""
    return _round(request, actor, id)


@require_POST
@for_inspectors
def confirm(request: HttpRequest, actor: Actor, id: UUID) -> HttpResponse:
    """Agree with every answer that found an address right."""
    n = checks.confirm_right(drawing.round_of(actor, id), by=actor)
    say(request, _("Confirmed as right: %(n)d.") % {"n": n})
    return HttpResponseRedirect(reverse("round", args=[id]))


@require_POST
@for_inspectors
def give_up(request: HttpRequest, actor: Actor, id: UUID) -> HttpResponse:
    """Cancel what has not been reviewed."""
    found = drawing.round_of(actor, id)
    try:
        n = checks.give_up(found, reason=checked(Reason, request.POST).reason, by=actor)
    except (Unknown, NotAllowed):
        raise
    except Refused as refused:
        return _round(request, actor, id, refused=refused)
    say(request, _("Cancelled: %(n)d.") % {"n": n})
    return HttpResponseRedirect(reverse("round", args=[id]))


@require_safe
@for_inspectors
def check_page(request: HttpRequest, actor: Actor, id: UUID) -> HttpResponse:
    """One address: what the base says, what was found, and what is to be done."""
    return _check(request, actor, id)


@require_POST
@for_inspectors
def review(request: HttpRequest, actor: Actor, id: UUID) -> HttpResponse:
    """Say how the address compares."""
    try:
        checks.review(id, checked(Judgement, request.POST), by=actor, version=version_in(request.POST))
    except (Unknown, NotAllowed):
        raise
    except Refused as refused:
        return _check(request, actor, id, refused=refused)
    say(request, _("Done."))
    return HttpResponseRedirect(reverse("check", args=[id]))


@require_POST
@for_inspectors
def correct(request: HttpRequest, actor: Actor, id: UUID) -> HttpResponse:
    """Put the base right."""
    try:
        checks.correct(id, checked(Correction, request.POST), by=actor, version=version_in(request.POST))
    except (Unknown, NotAllowed):
        raise
    except Refused as refused:
        return _check(request, actor, id, refused=refused)
    say(request, _("Done."))
    return HttpResponseRedirect(reverse("check", args=[id]))


def _round(request: HttpRequest, actor: Actor, id: UUID, *, refused: Refused | None = None) -> HttpResponse:
    found = drawing.round_of(actor, id)
    looked = checks.checks_of(actor, found)
    context = {
        **frame(request, actor),
        "round": found,
        "place": atlas().full_name(found.area),
        "result": drawing.result(found),
        "repeats": drawing.repeats(found),
        "rows": [(each, _state(each), _found(each.found)) for each in looked],
        "answered_right": sum(each.state == "checked" and each.found == Seen.RIGHT for each in looked),
        "open": sum(each.state in ("", "drawn", "sent", "checked") for each in looked),
        "form": form_of(Reason, typed=request.POST if refused else None, refused=refused),
        "refused": refused,
    }
    return render(request, "inspection/round.html", context, status=refused.status if refused else 200)


def _check(request: HttpRequest, actor: Actor, id: UUID, *, refused: Refused | None = None) -> HttpResponse:
    looked = checks.check_of(actor, id)
    address = looked.check.address
    marks: list[Mark] = []
    if address.lon is not None and address.lat is not None:
        marks.append(Mark(id=address.code, lon=address.lon, lat=address.lat, label=address.text, shape="unit"))
    context: dict[str, Any] = {
        **frame(request, actor),
        "looked": looked,
        "check": looked.check,
        "address": address,
        "state": _state(looked),
        "answered": _found(str(looked.answer.get("found", ""))),
        "judged": _found(str(looked.judgement.get("found", ""))),
        "finding": told(looked.check.finding) if looked.check.finding else None,
        "may_correct": administers(actor, address.area),
        "form": _form(request, looked, refused),
        "points": marks,
        "refused": refused,
    }
    return render(request, "inspection/check.html", context, status=refused.status if refused else 200)


def _form(request: HttpRequest, looked: Looked, refused: Refused | None) -> Form | None:
    """What is asked now; filled in at first with what the worker has said."""
    typed = request.POST if refused else None
    if looked.state == "checked":
        return form_of(Judgement, typed=typed, refused=refused, initial={"found": looked.found})
    if looked.state == "reviewed":
        return form_of(Correction, typed=typed, refused=refused, initial={"name": str(looked.answer.get("text", ""))})
    return None


def _state(looked: Looked) -> str:
    return label(Inspecting.states[looked.state]) if looked.state else _("is being sent")


def _found(value: str) -> str:
    return str(Seen(value).label) if value else ""
