"""The pages of the shell itself: the reader's choices, and the components shown together."""

from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from anlan.city.areas.marks import Mark
from anlan.insight import charts
from anlan.insight.overview import Compared
from anlan.loop import clock

TEXT_COOKIE = "text"
YEAR = 365 * 24 * 60 * 60


def in_templates(request: HttpRequest) -> dict[str, str]:
    """Context processor: `here`, the address that shows this page again. What was refused stands at an address that
    takes forms only; then it is the page the form was sent from."""
    if request.method in ("GET", "HEAD"):
        return {"here": request.get_full_path()}
    came_from = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure()):
        return {"here": "/"}
    parts = urlsplit(came_from)
    return {"here": f"{parts.path}?{parts.query}" if parts.query else parts.path}


@require_POST
def text_size(request: HttpRequest) -> HttpResponse:
    """Remember on this device whether the reader wants large text, and go back to where they were."""
    response = HttpResponseRedirect(_back(request))
    if request.POST.get("text") == "large":
        response.set_cookie(
            TEXT_COOKIE, "large", max_age=YEAR, samesite="Lax", httponly=True, secure=settings.SESSION_COOKIE_SECURE
        )
    else:
        response.delete_cookie(TEXT_COOKIE, samesite="Lax")
    return response


@require_GET
def styleguide(request: HttpRequest) -> HttpResponse:
    """Every component in every form, to look at and to test."""
    now = clock.now()
    shown = {
        "steps": [_("What"), _("Where"), _("Contact")],
        "tones": ["red", "orange", "yellow", "blue", "green"],
        "kinds": ["statutory", "local_policy", "service_target", "setting"],
        "now": now,
        "soon": now + timedelta(seconds=41),
        "later": now + timedelta(hours=20),
        "late": now - timedelta(minutes=12),
        "points": [
            Mark(id="1", lon=120.10, lat=30.29, label=_("A matter, red"), shape="matter", tone="red", href="#1"),
            Mark(id="2", lon=120.15, lat=30.24, label=_("A unit"), shape="unit", tone=""),
        ],
        "chart": charts.bars(_("Counts with what they were counted from"), [Compared(_("On the scene"), 52, 57)]),
    }
    return render(request, "web/styleguide.html", shown)


def _back(request: HttpRequest) -> str:
    """Where the reader came from, as long as it lies on this server."""
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return back if safe else "/"
