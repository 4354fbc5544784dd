"""The pages of areas: the tree with a search, a new name, and closing."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from anlan.city.areas import changes
from anlan.city.areas.models import AreaChange
from anlan.city.people.access import Actor
from anlan.loop import clock
from anlan.loop.administering import Question, administered, asked, for_administrators, frame, paged, query_of
from anlan.services.administration import areas
from anlan.services.administration.office_pages import ASKING
from anlan.services.administration.schemas import Closing, Renaming


@require_safe
@for_administrators
def area_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Where the tree begins for the reader; with a search all that fits."""
    text = request.GET.get("q", "").strip()
    page = paged(request, areas.areas(actor, text).select_related("parent") if text else areas.tops(actor))
    context = {
        **frame(request, actor),
        "page": page,
        "rows": [(each, each.get_level_display()) for each in page],
        "text": text,
        "query": query_of(request),
    }
    return render(request, "administration/areas.html", context)


@require_safe
@for_administrators
def area(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """An area: what lies below it, and its history."""
    found = areas.area_of(actor, code)
    page = paged(request, found.children.order_by("code"))
    context = {
        **frame(request, actor),
        "area": found,
        "level": found.get_level_display(),
        "above": areas.above(actor, found),
        "page": page,
        "query": "",
        "history": [
            (each, AreaChange.Kind(each.kind).label) for each in found.changes.order_by("-effective_on", "-id")
        ],
        "ahead": changes.ahead(found, clock.today()),
        "may_close": found.path not in administered(actor),
    }
    return render(request, "administration/area.html", context)


@require_http_methods(ASKING)
@for_administrators
def rename(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """Give an area a new name from a day on."""
    found = areas.area_of(actor, code)

    def act(given: Renaming, mark: str) -> None:
        areas.rename(code, given, by=actor, mark=mark)

    question = Question(
        title=_("Rename %(name)s") % {"name": found.name},
        asks=Renaming,
        act=act,
        back=reverse("area", args=[code]),
        done=_("Saved."),
        button=_("Save"),
        initial={"name": found.name, "effective_on": str(clock.today())},
        shown=found,
    )
    return asked(request, actor, question)


@require_http_methods(ASKING)
@for_administrators
def close(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """Close an area from a day on."""
    found = areas.area_of(actor, code)

    def act(given: Closing, mark: str) -> None:
        areas.close(code, given, by=actor, mark=mark)

    question = Question(
        title=_("Close %(name)s") % {"name": found.name},
        asks=Closing,
        act=act,
        back=reverse("area", args=[code]),
        done=_("Saved."),
        button=_("Close the area"),
        initial={"effective_on": str(clock.today())},
        shown=found,
        warning=_("From that day nothing can be reported to this area. A closed area can't be opened again."),
        facts=[(_("Still in it"), "；".join(areas.lying_in(found, by=actor)) or _("nothing"))],
    )
    return asked(request, actor, question)
