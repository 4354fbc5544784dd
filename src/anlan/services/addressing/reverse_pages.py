"""From a position to what stands there: its address, its community and its grid."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from anlan.city.addresses.resolving.reverse import Problem, Reversed
from anlan.city.areas.atlas import atlas
from anlan.city.areas.marks import Mark
from anlan.city.people.access import Actor
from anlan.loop.page_door import for_staff, require, shell
from anlan.loop.refusals import BadInput
from anlan.services.addressing.lookups import stood_at
from anlan.services.addressing.pages import READERS

WITHIN_METRES = 500
_LEVELS = ("", "district", "town", "community", "grid")


@for_staff
@require_safe
def position(request: HttpRequest, actor: Actor) -> HttpResponse:
    """`?lon=…&lat=…` (WGS-84): the nearest addresses, the community and the grid."""
    require(actor, READERS)
    typed = {name: request.GET.get(name, "").strip() for name in ("lon", "lat")}
    context: dict[str, Any] = {**shell(request, actor), "typed": typed, "errors": {}}
    status = 200
    if any(typed.values()):
        try:
            context |= _shown(stood_at(_number(typed, "lon"), _number(typed, "lat"), WITHIN_METRES))
        except BadInput as refused:
            context["errors"], status = {refused.field: refused.message}, refused.status
    return render(request, "addressing/position.html", context, status=status)


def _number(typed: dict[str, str], name: str) -> float:
    """Raises BadInput."""
    try:
        return float(typed[name])
    except ValueError:
        raise BadInput(_("write it in degrees, as in 120.1 and 30.3"), field=name) from None


def _shown(found: Reversed) -> dict[str, Any]:
    known = atlas()
    names = [known.names.get(code, code) for code in found.area.split(".")] if found.area else []
    points = [
        Mark(id=row.code, lon=row.lon, lat=row.lat, label=row.text, shape="unit")
        for _metres, row in found.nearest
        if row.lon is not None and row.lat is not None
    ]
    return {
        "found": found,
        "outside": found.problem is Problem.OUTSIDE,
        "place": dict(zip(_LEVELS, names, strict=False)),
        "points": points,
    }
