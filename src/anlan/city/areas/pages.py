"""What every map asks for: the borders of areas, and which area holds a point. Open to all, for it tells of nobody."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import conditional_page, require_safe

from anlan.city.areas.atlas import atlas
from anlan.city.areas.geometry import valid_position
from anlan.city.areas.layers import NoLayer, layer, level_at
from anlan.city.areas.reference import Level

ONE_HOUR = 3600


@require_safe
@gzip_page
@conditional_page
def areas(request: HttpRequest) -> HttpResponse:
    """`?within=CODE&level=N`: the borders of a level (2 district to 5 grid) inside an area, as GeoJSON.

    Without `level` it is the one right below. 404 for an unknown area, 422 for a level that cannot be drawn.
    """
    here, within = atlas(), request.GET.get("within", "")
    if within not in here.paths:
        return _refusal(404, "within", _("there is no area with this code"))
    asked = request.GET.get("level") or str(min(level_at(here, within) + 1, Level.GRID))
    try:
        if asked not in {str(int(level)) for level in Level}:
            raise NoLayer("level")
        body = layer(here, within, Level(int(asked)))
    except NoLayer:
        return _refusal(422, "level", _("this level is not below the area, or has too many areas for one map"))
    response = HttpResponse(body, content_type="application/geo+json")
    patch_cache_control(response, public=True, max_age=ONE_HOUR)
    return response


@never_cache
@require_safe
def where(request: HttpRequest) -> HttpResponse:
    """`?lon=…&lat=…` (WGS-84): the smallest area that holds the point, as `{code, name, path}`.

    422 for what is no position, 404 for a place outside the city.
    """
    try:
        lon, lat = (float(request.GET.get(name, "")) for name in ("lon", "lat"))
    except ValueError:
        return _refusal(422, "lon", _("this is not a position"))
    if not valid_position(lon, lat):
        return _refusal(422, "lon", _("this is not a position"))
    here = atlas()
    code = here.locate(lon, lat)
    if code is None:
        return _refusal(404, "lon", _("the position lies outside the city"))
    path = here.paths[code]
    return JsonResponse({"code": code, "name": here.full_name(path), "path": path.split(".")})


def _refusal(status: int, field: str, message: str) -> JsonResponse:
    """In the shape of every door (`loop.doors.Problem`), which lies on a floor above."""
    code = "unknown" if status == 404 else "bad_input"
    return JsonResponse({"error": {"code": code, "message": message, "field": field, "details": []}}, status=status)
