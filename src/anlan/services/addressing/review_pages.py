"""Names that somebody has proposed for addresses: the list of whoever may decide on them, and the same as a file."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from anlan.city.addresses.models import Alias
from anlan.city.addresses.queries import names_to_review
from anlan.city.areas.atlas import atlas
from anlan.city.people.access import Actor, Role
from anlan.city.people.models import Account
from anlan.loop import clock
from anlan.loop.administering import paged
from anlan.loop.csv_answer import csv_answer
from anlan.loop.page_door import for_staff, require, shell

MOST_ROWS = 50_000


@for_staff
@require_safe
def names(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The proposed names of the actor's areas, the oldest first, 50 a page; each is decided on by one press."""
    require(actor, Role.ADMINISTRATOR)
    page = paged(request, waiting(actor))
    shown = list(page)
    who = _names_of(shown)
    rows = [(each, atlas().full_name(each.address.area), who.get(each.proposed_by)) for each in shown]
    context: dict[str, Any] = {**shell(request, actor), "page": page, "rows": rows, "query": ""}
    return render(request, "addressing/names.html", context)


@for_staff
@require_safe
def names_file(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The same as a file; at most `MOST_ROWS`."""
    require(actor, Role.ADMINISTRATOR)
    rows = list(waiting(actor)[:MOST_ROWS])
    who = _names_of(rows)
    lines: list[tuple[object, ...]] = [("code", "address", "area", "name", "kind", "reason", "proposed_by", "proposed")]
    for each in rows:
        lines.append(
            (
                each.address.code,
                each.address.text,
                atlas().full_name(each.address.area),
                each.name,
                each.get_kind_display(),
                each.reason,
                who.get(each.proposed_by),
                f"{clock.local(each.proposed_at):%Y-%m-%d}",
            )
        )
    return csv_answer("names-to-review.csv", lines)


def waiting(actor: Actor) -> QuerySet[Alias]:
    """What the actor may decide on."""
    return names_to_review([held.area for held in actor.held if held.role is Role.ADMINISTRATOR])


def _names_of(rows: list[Alias]) -> dict[Any, str | None]:
    """Who proposed each of them, by account."""
    return dict(Account.objects.filter(id__in={each.proposed_by for each in rows}).values_list("id", "name"))
