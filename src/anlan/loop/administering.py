"""What the pages of administration share: whose area it is, forms that are refused when they are stale, and lists.

Whoever holds a posting as administrator changes what lies in its area and below, and nothing else; what the whole city
shares (categories, rules) is for an administrator of the city.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from pydantic import BaseModel

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import Actor, Role, covers
from anlan.loop.forms import Choices, Form, checked, form_of
from anlan.loop.page_door import for_staff, require, say, shell
from anlan.loop.refusals import BadInput, NotAllowed, Refused, Stale, Unknown
from anlan.loop.rooms import rooms_inside

ADMINISTRATION = "administration"
"""The name of the room that the pages lie in."""
ROWS_A_PAGE = 50
LEVELS_BELOW = 2
"""How far below one's own area areas are offered by name; a deeper one is typed."""

_MOVING = frozenset({"last_login", "on_duty", "lon", "lat", "position_at"})
"""Fields that change by themselves all day and that no form of administration shows."""

Row = TypeVar("Row", bound=Model)
Asks = TypeVar("Asks", bound=BaseModel)


def for_administrators(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page for whoever administers some area: `view(request, actor, …)`."""

    @for_staff
    @wraps(view)
    def page(request: HttpRequest, actor: Actor, *args: Any, **kwargs: Any) -> HttpResponseBase:
        require(actor, Role.ADMINISTRATOR)
        return view(request, actor, *args, **kwargs)

    return page


def for_the_city(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page for an administrator of the whole city."""

    @for_administrators
    @wraps(view)
    def page(request: HttpRequest, actor: Actor, *args: Any, **kwargs: Any) -> HttpResponseBase:
        require_over(actor, settings.ANLAN_CITY)
        return view(request, actor, *args, **kwargs)

    return page


def administered(actor: Actor) -> tuple[str, ...]:
    """The paths of the areas that an actor administers."""
    return tuple(sorted({held.area for held in actor.held if held.role is Role.ADMINISTRATOR}))


def administers(actor: Actor, path: str) -> bool:
    """Does the actor administer the area at this path?"""
    return any(covers(area, path) for area in administered(actor))


def require_over(actor: Actor, path: str) -> None:
    """Refuse who doesn't administer the area at this path. Raises NotAllowed."""
    if not administers(actor, path):
        raise NotAllowed(_("that area is not yours to administer"))


def within(actor: Actor, lookup: str) -> Q:
    """The condition that what `lookup` names (a path) lies in an area that the actor administers."""
    condition = Q(pk__in=())
    for area in administered(actor):
        condition |= Q(**{f"{lookup}__within": area})
    return condition


def area_told(actor: Actor, told: str, field: str) -> str:
    """The path of an area of one's own, by its code or its name as it is offered. Raises BadInput."""
    known = atlas()
    if told in known.paths:
        found = {known.paths[told]}
    else:
        found = {path for code, path in known.paths.items() if told in (known.full_name(path), known.names[code])}
    own = [path for path in found if administers(actor, path)]
    if len(own) > 1:
        raise BadInput(_("several areas are called that; give the district as well, or the code"), field=field)
    if not own:
        raise BadInput(_("there is no such area, or it is not yours to administer"), field=field)
    return own[0]


def areas_offered(actor: Actor) -> Choices:
    """The names of one's own areas, from the widest."""
    known, own = atlas(), administered(actor)
    near = (
        path
        for path in known.paths.values()
        if any(covers(area, path) and path.count(".") <= area.count(".") + LEVELS_BELOW for area in own)
    )
    names = [known.full_name(path) for path in sorted(near, key=lambda path: (path.count("."), path))]
    return [(name, name) for name in names]


def mark_of(instance: Model) -> str:
    """A mark of what an instance holds now; a form carries the one of what it has shown."""
    fields = (each.attname for each in instance._meta.concrete_fields)
    held = [str(getattr(instance, name)) for name in fields if name not in _MOVING]
    return hashlib.sha256("\x00".join(held).encode()).hexdigest()[:32]


def locked(rows: QuerySet[Row], mark: str) -> Row:
    """The one row, locked, if nobody has changed it since a form has shown it. Raises Unknown and Stale.

    For a transaction.
    """
    found = rows.select_for_update(of=("self",)).first()
    if found is None:
        raise Unknown(_("there is no such thing, or it is not yours to administer"))
    if mark_of(found) != mark:
        raise Stale(_("somebody else has changed this in the meantime; load the page again"))
    return found


def frame(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    """What every page of administration shows around itself."""
    inside = rooms_inside(actor, ADMINISTRATION)
    # The page of a unit belongs to the units.
    here = max((room.address for room in inside if request.path.startswith(room.address)), key=len, default="")
    return {**shell(request, actor), "inside": [(room, room.address == here) for room in inside]}


def paged(request: HttpRequest, rows: QuerySet[Row] | list[Any]) -> Page[Any]:
    """The page of a list that was asked for; the nearest one where there is no such."""
    return Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page"))


def query_of(request: HttpRequest) -> str:
    """The filters of a list, to lead on to another page of it."""
    filters = request.GET.copy()
    filters.pop("page", None)
    filters.pop("after", None)
    return filters.urlencode()


def found_in(text: str, *lookups: str) -> Q:
    """The condition that one of several fields holds a text; none where nothing was typed."""
    condition = Q()
    typed = text.replace("\x00", "").strip()
    for lookup in lookups if typed else ():
        condition |= Q(**{f"{lookup}__icontains": typed})
    return condition


@dataclass(frozen=True)
class Filter:
    """A choice above a list: the name in its address, what it is called, and what may be chosen."""

    name: str
    label: "str | Promise"
    choices: Choices
    chosen: str = ""


@dataclass(frozen=True)
class Listing:
    """A list with its search: `rows` are where a row leads and its cells; `create` is where something new is made."""

    title: "str | Promise"
    headings: Sequence["str | Promise"]
    rows: Sequence[tuple[str, Sequence[Any]]]
    page: Page[Any]
    empty: "str | Promise"
    create: tuple[str, "str | Promise"] | None = None
    searched: str = ""
    search_label: "str | Promise" = ""
    filters: Sequence[Filter] = ()
    before: str = ""
    """A template with what stands above the list."""
    more: Mapping[str, Any] = field(default_factory=dict)


def listed(request: HttpRequest, actor: Actor, listing: Listing) -> HttpResponse:
    """Show a list."""
    context = {**frame(request, actor), "listing": listing, "query": query_of(request), **listing.more}
    return render(request, "loop/listing.html", context)


@dataclass(frozen=True)
class Question(Generic[Asks]):
    """A page that asks for something and does it.

    `act` gets what was told and the mark of what was shown; where it returns an answer that is shown, else `done` is
    said and the reader led `back`. `warning` says what can't be undone.
    """

    title: "str | Promise"
    asks: type[Asks]
    act: Callable[[Asks, str], HttpResponse | None]
    back: str
    done: "str | Promise"
    button: "str | Promise"
    initial: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, Choices] = field(default_factory=dict)
    shown: Model | None = None
    warning: "str | Promise" = ""
    facts: Iterable[tuple[Any, Any]] = ()
    omit: frozenset[str] = frozenset()
    """Fields that are not asked here."""
    template: str = "loop/question.html"


def asked(request: HttpRequest, actor: Actor, question: Question[Any]) -> HttpResponse:
    """Show a question; once answered, do it. What is refused comes back with what was typed."""
    refused: Refused | None = None
    if request.method == "POST":
        try:
            answer = question.act(checked(question.asks, request.POST), request.POST.get("mark", ""))
        except (Unknown, NotAllowed):
            raise
        except Refused as error:
            refused = error
        else:
            if answer is not None:
                return answer
            say(request, str(question.done))
            return HttpResponseRedirect(question.back)
    form = form_of(
        question.asks,
        typed=request.POST if refused else None,
        refused=refused,
        choices=question.choices,
        initial=question.initial,
    )
    form = Form([each for each in form.fields if each.name not in question.omit], form.error)
    # After a stale form the mark stays: whoever means it looks at the page again first.
    mark = request.POST.get("mark", "") if refused else mark_of(question.shown) if question.shown else ""
    beside = {each.name for each in form.fields} | {None}
    above = refused if refused and (isinstance(refused, Stale) or refused.field not in beside) else None
    context = {**frame(request, actor), "question": question, "form": form, "mark": mark, "refused": above}
    return render(request, question.template, context, status=refused.status if refused else 200)
