"""The routing table as it is kept: rows added, changed and removed, and what a row would decide."""

from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from anlan.city.areas.atlas import atlas
from anlan.city.audit.recording import changing
from anlan.city.people.access import Actor, covers
from anlan.city.people.models import Unit
from anlan.city.people.queries import upward
from anlan.loop import clock
from anlan.loop.administering import administers, area_told, locked, within
from anlan.loop.refusals import BadInput, Unknown
from anlan.loop.suggestions import categories
from anlan.services.dispatch.models import Route
from anlan.services.dispatch.route_schemas import RouteIn


@dataclass(frozen=True)
class Decision:
    """What the table says of a category in an area: the row that decides, and those that fit less well."""

    route: Route | None
    fitting: list[Route]


def routes(actor: Actor) -> QuerySet[Route]:
    """The rows for the areas that the actor administers."""
    return Route.objects.filter(within(actor, "area")).select_related("unit__home")


def route_of(actor: Actor, id: UUID) -> Route:
    """A row of one's own. Raises Unknown."""
    found = routes(actor).filter(id=id).first()
    if found is None:
        raise Unknown(gettext("there is no such row, or it is not yours to administer"))
    return found


def set_route(given: RouteIn, *, by: Actor, id: UUID | None = None, mark: str = "") -> Route:
    """Add a row, or change the one of this `id`. Raises BadInput where another row has the same category and area."""
    path = area_told(by, given.in_area, "in_area")
    if given.category and given.category not in categories():
        raise BadInput(gettext("there is no such category"), field="category")
    unit = _unit(by, given.unit)
    if (unit is None) == (given.unit_kind is None):
        raise BadInput(gettext("name a unit or a kind of unit, one of the two"), field="unit")
    try:
        with transaction.atomic():
            route = locked(Route.objects.filter(within(by, "area"), id=id), mark) if id else Route()
            with changing(route, verb="change" if id else "create", by=by, area=path, reason=given.reason):
                route.category, route.area = given.category, path
                route.unit, route.unit_kind = unit, given.unit_kind or ""
                route.save()
    except IntegrityError as error:
        if "route_one_answer" not in str(error):
            raise
        raise BadInput(gettext("there is a row for this category in this area already"), field="category") from error
    return route


def remove_route(id: UUID, *, by: Actor, mark: str, reason: str) -> None:
    """Take a row away; what it sent on stays where it is."""
    with transaction.atomic():
        route = locked(Route.objects.filter(within(by, "area"), id=id), mark)
        with changing(route, verb="remove", by=by, area=route.area, reason=reason):
            route.delete()


def decide(category: str, path: str) -> Decision:
    """Which row decides for a category in an area: the one with the longest category, then the deepest area."""
    prefixes = ["", *(".".join(category.split(".")[:n]) for n in range(1, category.count(".") + 2))]
    found = Route.objects.filter(category__in=prefixes, area__in=list(upward(path))).select_related("unit__home")
    fitting = sorted(found, key=lambda route: (len(route.category), len(route.area)), reverse=True)
    return Decision(fitting[0] if fitting else None, fitting[1:])


def warnings(route: Route) -> list["str | Promise"]:
    """What speaks against a row as it stands."""
    found: list[str | Promise] = []
    unit = route.unit
    if unit is not None:
        if unit.retired_on is not None:
            found.append(_("the unit has retired"))
        elif not unit.on_duty:
            found.append(_("the unit is off duty now"))
        elif not unit.works_at(clock.local(clock.now())):
            found.append(_("the unit is off shift now"))
        if not covers(unit.home.path, route.area) and not covers(route.area, unit.home.path):
            found.append(_("the unit is at home outside the area"))
    if route.category and route.category not in categories():
        found.append(_("the category no longer exists"))
    if atlas().paths.get(route.area.rpartition(".")[2]) != route.area:
        found.append(_("the area is closed"))
    return found


def _unit(actor: Actor, id: UUID | None) -> Unit | None:
    if id is None:
        return None
    unit = Unit.objects.select_related("home").filter(id=id, retired_on=None).first()
    if unit is None or not administers(actor, unit.home.path):
        raise BadInput(gettext("there is no such unit"), field="unit")
    return unit
