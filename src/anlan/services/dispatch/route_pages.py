"""The pages of the routing table: the list, a row, and which row would decide."""

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import Actor
from anlan.city.people.models import Unit
from anlan.loop.administering import (
    Listing,
    Question,
    area_told,
    areas_offered,
    asked,
    for_administrators,
    listed,
    paged,
    within,
)
from anlan.loop.answers import category_label
from anlan.loop.forms import checked, form_of
from anlan.loop.refusals import BadInput, Refused
from anlan.loop.suggestions import categories, offered_categories
from anlan.services.dispatch.models import Route
from anlan.services.dispatch.route_schemas import Removal, RouteIn, Trial
from anlan.services.dispatch.routing_table import decide, remove_route, route_of, routes, set_route, warnings

ASKING = ["GET", "HEAD", "POST"]


@require_safe
@for_administrators
def route_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The table of one's area, and which row would decide."""
    text = request.GET.get("q", "").strip()
    found = routes(actor).order_by("area", "category")
    if text:
        found = found.filter(_fitting(text))
    page = paged(request, found)
    rows = [
        (
            reverse("route", args=[each.id]),
            (
                _category(each),
                atlas().full_name(each.area),
                takes(each),
                "；".join(str(warning) for warning in warnings(each)) or "–",
            ),
        )
        for each in page
    ]
    listing = Listing(
        title=_("Routing table"),
        headings=(_("Category"), _("Area"), _("Goes to"), _("Warnings")),
        rows=rows,
        page=page,
        empty=_("The table is empty: a person decides about every matter."),
        create=(reverse("new-route"), _("New row")),
        searched=text,
        search_label=_("Category or area"),
        before="dispatch/route_trial.html",
        more=_trial(request, actor),
    )
    return listed(request, actor, listing)


@require_http_methods(ASKING)
@for_administrators
def new_route(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Add a row."""

    def act(given: RouteIn, mark: str) -> None:
        set_route(_by_slug(given), by=actor)

    return asked(request, actor, _question(actor, act=act, title=_("New row"), button=_("Add the row")))


@require_http_methods(ASKING)
@for_administrators
def route(request: HttpRequest, actor: Actor, id: UUID) -> HttpResponse:
    """Change a row."""
    found = route_of(actor, id)

    def act(given: RouteIn, mark: str) -> None:
        set_route(_by_slug(given), by=actor, id=id, mark=mark)

    initial = {
        "category": category_label(found.category) if found.category else "",
        "in_area": atlas().full_name(found.area),
        "unit": str(found.unit_id or ""),
        "unit_kind": found.unit_kind,
    }
    return asked(
        request,
        actor,
        _question(
            actor,
            act=act,
            title=_("A row of the routing table"),
            button=_("Save"),
            initial=initial,
            shown=found,
            facts=[(_("Warning"), warning) for warning in warnings(found)],
            template="dispatch/route.html",
        ),
    )


@require_http_methods(ASKING)
@for_administrators
def remove(request: HttpRequest, actor: Actor, id: UUID) -> HttpResponse:
    """Remove a row."""
    found = route_of(actor, id)

    def act(given: Removal, mark: str) -> None:
        remove_route(id, by=actor, mark=mark, reason=given.reason)

    question = Question(
        title=_("Remove a row of the routing table"),
        asks=Removal,
        act=act,
        back=reverse("routes"),
        done=_("The row has been removed."),
        button=_("Remove"),
        shown=found,
        warning=_("From now on another row decides about what fits, or a person."),
        facts=[
            (_("Category"), _category(found)),
            (_("Area"), atlas().full_name(found.area)),
            (_("Goes to"), takes(found)),
        ],
    )
    return asked(request, actor, question)


def takes(route: Route) -> str:
    """Who takes what fits a row, in words."""
    if route.unit is not None:
        return route.unit.name
    return _("the only %(kind)s of the grid") % {"kind": Unit.Kind(route.unit_kind).label}


def _trial(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    """The box in which to try a category in an area, with its answer."""
    refused: Refused | None = None
    decision = None
    try:
        given = checked(Trial, request.GET)
        if given.in_area:
            decision = decide(_slug(given.category), area_told(actor, given.in_area, "in_area"))
    except BadInput as error:
        refused = error
    choices = {"in_area": areas_offered(actor), "category": _kinds()}
    form = form_of(Trial, typed=request.GET if request.GET else None, refused=refused, choices=choices)
    told = None
    if decision and decision.route:
        told = {
            "to": takes(decision.route),
            "category": _category(decision.route),
            "area": atlas().full_name(decision.route.area),
            "warnings": warnings(decision.route),
            "others": len(decision.fitting),
        }
    return {"form": form, "tried": decision is not None, "told": told}


def _question(actor: Actor, **more: Any) -> Question[RouteIn]:
    units = Unit.objects.filter(within(actor, "home__path"), retired_on=None).order_by("home__path", "name")
    return Question(
        asks=RouteIn,
        back=reverse("routes"),
        done=_("Saved."),
        choices={
            "category": _kinds(),
            "in_area": areas_offered(actor),
            "unit": [(str(id), f"{name} · {home}") for id, name, home in units.values_list("id", "name", "home__name")],
            "unit_kind": Unit.Kind.choices,
        },
        **more,
    )


def _kinds() -> list[tuple[str, str]]:
    return [(slug, category_label(slug)) for slug in offered_categories()]


def _by_slug(given: RouteIn) -> RouteIn:
    return given.model_copy(update={"category": _slug(given.category)})


def _slug(told: str) -> str:
    """The category of a name, as forms offer it; its slug is fine too. Raises BadInput."""
    if not told or told in categories():
        return told
    for slug in categories():
        if category_label(slug) == told:
            return slug
    raise BadInput(_("there is no such category"), field="category")


def _category(route: Route) -> str:
    return category_label(route.category) if route.category else _("every category")


def _fitting(text: str) -> Q:
    """The condition that a row's category or area is called something like it."""
    slugs = [slug for slug in categories() if text in f"{slug} {category_label(slug)}"]
    areas = [path for code, path in atlas().paths.items() if text in atlas().names[code]]
    return Q(category__in=slugs) | Q(area__in=areas)
