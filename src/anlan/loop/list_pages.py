"""The list of matters: searched, filtered, kept as a filter of one's own, or taken out as a file."""

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import Actor, covers
from anlan.foundation.language import said
from anlan.loop import clock, parties, queries, saved_filters
from anlan.loop.answers import category_label, label
from anlan.loop.exports.requests import MAY_EXPORT
from anlan.loop.forms import Choices, checked
from anlan.loop.models import Channel
from anlan.loop.page_door import for_staff, require, say, shell
from anlan.loop.pages import severity_colour
from anlan.loop.procedures import procedures
from anlan.loop.queries import Page, Wanted
from anlan.loop.refusals import BadInput, NotPossible, Refused
from anlan.loop.saved_filters import NewFilter
from anlan.loop.suggestions import KLASS_LABELS, categories
from anlan.loop.verbs import DESK

LEVELS_BELOW = 2
"""How far below one's own area areas are offered: a city's desk picks districts and towns, a town's also grids."""


@for_staff
@require_safe
def matters(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The newest matters that fit, 50 a page."""
    require(actor, MAY_EXPORT)
    try:
        wanted = checked(Wanted, _by_code(request.GET))
        return _page(request, actor, wanted, queries.matters(actor, wanted))
    except BadInput as refused:
        return _page(request, actor, Wanted(), Page(items=[], next=None), refused=refused)


@for_staff
@require_POST
def by_phone(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The matters of a telephone number. Sent as a form, so that the number stands in no address and no log."""
    require(actor, DESK)
    try:
        ids = parties.find_by_phone(actor, request.POST.get("phone", "").strip())
    except BadInput as refused:
        return _page(request, actor, Wanted(), Page(items=[], next=None), refused=refused)
    return _page(request, actor, Wanted(), Page(items=queries.rows(actor, ids), next=None), by_phone=True)


@for_staff
@require_POST
def save_filter(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Keep what a page shows under a name."""
    given = checked(NewFilter, request.POST)
    saved = saved_filters.save(_account(actor), given)
    say(request, _("Kept as “%(name)s”.") % {"name": saved.name})
    return HttpResponseRedirect(saved_filters.address_of(saved.page, saved.query))


@for_staff
@require_POST
def remove_filter(request: HttpRequest, actor: Actor, filter_id: UUID) -> HttpResponse:
    """Forget a kept filter."""
    gone = saved_filters.remove(_account(actor), filter_id)
    say(request, _("“%(name)s” is no longer kept.") % {"name": gone.name})
    return HttpResponseRedirect(saved_filters.address_of(gone.page))


def _page(
    request: HttpRequest,
    actor: Actor,
    wanted: Wanted,
    found: Page,
    *,
    refused: Refused | None = None,
    by_phone: bool = False,
) -> HttpResponse:
    filters = wanted.model_dump(mode="json", exclude_defaults=True, exclude={"cursor"})
    query = urlencode({name: _said(value) for name, value in filters.items()})
    context = {
        **shell(request, actor),
        "rows": [(row, severity_colour(row.severity), str(Channel(row.channel).label)) for row in found.items],
        "next": f"?{query}&{urlencode({'cursor': found.next})}" if found.next else "",
        "since": found.searched_since,
        "by_phone": by_phone,
        "may_search_phones": any(held.role in DESK for held in actor.held),
        "filters": {**filters, "open": _said(filters.get("open", ""))},
        "filtered": [(name, _said(value)) for name, value in filters.items()],
        "area_name": atlas().full_name(atlas().path(wanted.area)) if wanted.area else request.GET.get("area", ""),
        "query": query,
        "first_page": wanted.cursor is None,
        **_choices(actor),
        "saved": saved_filters.of(_account(actor), "matters"),
        "page_name": "matters",
        "refused": refused,
        "now": clock.now(),
    }
    return render(request, "loop/matters.html", context, status=refused.status if refused else 200)


def _choices(actor: Actor) -> dict[str, Any]:
    """What the filters offer."""
    return {
        "klasses": [(klass.value, name) for klass, name in KLASS_LABELS.items()],
        "kinds": _families(),
        "states": [
            (said(rules.label, rules.__name__), [(state.name, label(state)) for state in rules.states.values()])
            for rules in procedures()
        ],
        "places": _areas(actor.areas),
    }


def _families() -> list[tuple[str, str, Choices]]:
    """The categories by their family: its slug, its name, and those in it."""
    tree = categories()
    return [
        (slug, category_label(slug), [(each, category_label(each)) for each in tree if each.startswith(f"{slug}.")])
        for slug in tree
        if "." not in slug
    ]


def _areas(own: Sequence[str]) -> list[str]:
    """The names of the areas one may filter by, from the widest."""
    known = atlas()
    deepest = {area: area.count(".") + LEVELS_BELOW for area in own}
    paths: Iterable[str] = (
        path
        for path in known.paths.values()
        if any(covers(area, path) and path.count(".") <= deep for area, deep in deepest.items())
    )
    return [known.full_name(path) for path in sorted(paths, key=lambda path: (path.count("."), path))]


def _by_code(typed: QueryDict) -> QueryDict:
    """The same, with an area's code where its name was picked. Raises BadInput for a name that is none."""
    name = typed.get("area", "").strip()
    known = atlas()
    if not name or name in known.paths:
        return typed
    changed = typed.copy()
    for code, path in known.paths.items():
        if known.full_name(path) == name:
            changed["area"] = code
            return changed
    raise BadInput(_("there is no such area"), field="area")


def _said(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _account(actor: Actor) -> UUID:
    if actor.account_id is None:
        raise NotPossible(_("only an account can keep filters"))
    return actor.account_id
