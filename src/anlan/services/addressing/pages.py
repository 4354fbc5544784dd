"""The page on which people on duty look an address up, and what a field for addresses asks while one types."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from anlan.city.addresses.resolving.resolver import Resolution, Verdict
from anlan.city.addresses.resolving.suggesting import suggest
from anlan.city.areas.marks import Mark
from anlan.city.people.access import DISPATCHER, RESPONDER, SUPERVISOR, Actor, Role
from anlan.loop.page_door import for_staff, require, shell
from anlan.services.addressing.limiting import TooMany, not_too_often
from anlan.services.addressing.lookups import resolved

READERS = DISPATCHER | SUPERVISOR | RESPONDER | Role.ADMINISTRATOR | Role.AUDITOR
SUGGESTED = 8

# Levels in four groups, so that few colours say enough; each part carries its name besides.
_GROUPS = {
    **dict.fromkeys(("country", "prov", "city", "district", "devzone", "town", "community"), "area"),
    **dict.fromkeys(("road", "subroad", "roadno", "subroadno"), "road"),
    **dict.fromkeys(("poi", "subpoi"), "place"),
    **dict.fromkeys(("houseno", "cellno", "floorno", "roomno"), "inside"),
}
LABELS = {
    "country": _("country"),
    "prov": _("province"),
    "city": _("city"),
    "district": _("district"),
    "devzone": _("development zone"),
    "town": _("town or street"),
    "community": _("community or village"),
    "road": _("road"),
    "subroad": _("side road"),
    "roadno": _("road number"),
    "subroadno": _("number of the side road"),
    "poi": _("place"),
    "subpoi": _("part of the place"),
    "houseno": _("building"),
    "cellno": _("unit of a building"),
    "floorno": _("floor"),
    "roomno": _("room"),
    "person": _("person"),
    "assist": _("where from it"),
    "redundant": _("left out"),
    "otherinfo": _("no part of an address"),
}
VERDICTS = {
    Verdict.EXACT: (_("One address, as it is written in the base"), "green"),
    Verdict.RESOLVED: (_("One address; see what was put right or is missing"), "green"),
    Verdict.AMBIGUOUS: (_("Several addresses fit alike"), "yellow"),
    Verdict.UNKNOWN: (_("No address of the base fits"), "orange"),
    Verdict.OUTSIDE: (_("This lies in another city"), "orange"),
}


@for_staff
@require_safe
def look_up(request: HttpRequest, actor: Actor) -> HttpResponse:
    """`?q=…`: its parts, the candidates with their reasons, the question that would settle it, and the map."""
    require(actor, READERS)
    text = request.GET.get("q", "")
    found = resolved(text) if text.strip() else None
    decides = any(held.role is Role.ADMINISTRATOR for held in actor.held)
    context = {
        **shell(request, actor),
        "text": text,
        "decides": decides,
        "found": found,
        **(_shown(found) if found else {}),
    }
    return render(request, "addressing/look_up.html", context)


@never_cache
@require_safe
def suggestions(request: HttpRequest) -> HttpResponse:
    """`?q=…`: addresses that begin so, as `[{code, text}]`. Open to all, for it tells of nobody."""
    try:
        not_too_often(request)
    except TooMany as refused:
        error = {"code": refused.code, "message": str(refused.message), "field": "q", "details": []}
        return JsonResponse({"error": error}, status=refused.status)
    rows = suggest(request.GET.get("q", ""), limit=SUGGESTED)
    return JsonResponse([{"code": row.code, "text": row.text} for row in rows], safe=False)


def _shown(found: Resolution) -> dict[str, Any]:
    parts = [(part.text, LABELS[part.label], _GROUPS.get(part.label, "other")) for part in found.parsed.parts]
    points = [
        Mark(id=each.address.code, lon=each.address.lon, lat=each.address.lat, label=each.address.text, shape="unit")
        for each in found.candidates
        if each.address.lon is not None and each.address.lat is not None
    ]
    verdict, tone = VERDICTS[found.verdict]
    return {"parts": parts, "points": points, "verdict": verdict, "tone": tone}
