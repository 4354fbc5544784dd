"""What makes the responder's page an app on the phone: its manifest, its icons, and the service worker that keeps it.

All of it is the same for everybody and holds nobody's data.
"""

import functools
import hashlib
import json
from pathlib import Path

import vl_convert
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from anlan.foundation.rules import rulebook
from anlan.loop import clock

SHELL = (
    *("tokens.css", "components.css", "work.css", "tasks.css", "icon.svg"),
    *("clock.js", "position.js", "offline.js", "sync.js"),
    *("tasks.js", "live.js", "photos.js", "whereabouts.js", "leaving.js"),
)
"""What the page of tasks can't do without; whatever else it loads is kept when it was loaded once."""
TIDE = "#0f7c86"
BAR = "#12303f"
ICONS = {"192": (192, False), "512": (512, False), "maskable-512": (512, True)}
"""By name: the pixels of a side, and whether the system may cut it to a shape of its own."""
_A_DAY = 86_400


@require_safe
@cache_control(max_age=3600)
def manifest(request: HttpRequest) -> HttpResponse:
    """How the phone calls and shows the app."""
    icons = [
        {
            "src": reverse("phone-icon", args=[name]),
            "sizes": f"{pixels}x{pixels}",
            "type": "image/png",
            "purpose": "maskable" if cut else "any",
        }
        for name, (pixels, cut) in ICONS.items()
    ]
    icons.append({"src": static("anlan/icon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"})
    told = {
        "id": reverse("tasks"),
        "name": f"{_('Anlan')} · {_('My tasks')}",
        "short_name": _("Anlan"),
        "lang": get_language(),
        "start_url": reverse("tasks"),
        "scope": "/",
        "display": "standalone",
        "background_color": BAR,
        "theme_color": BAR,
        "icons": icons,
    }
    answer = JsonResponse(told, content_type="application/manifest+json")
    answer["Vary"] = "Accept-Language, Cookie"
    return answer


@require_safe
@cache_control(public=True, max_age=_A_DAY)
def icon(request: HttpRequest, name: str) -> HttpResponse:
    """Our icon as a picture of points."""
    if name not in ICONS:
        raise Http404
    return HttpResponse(_png(*ICONS[name]), content_type="image/png")


@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """The service worker. Its version is that of every file it may keep, so that a new release replaces them all."""
    shell = {
        "version": _version(),
        "page": reverse("tasks"),
        "otherwise": reverse("tasks-offline"),
        "doors": [reverse("sign-in"), reverse("sign-out")],
        "files": [static(f"anlan/{name}") for name in SHELL],
        "statics": static(""),
        "hours": int(rulebook().at("phone.page_hours", clock.today()).value or 0),
    }
    text = f"const SHELL = {json.dumps(shell)};\n{_file('sw.js').read_text()}"
    answer = HttpResponse(text, content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"] = "no-cache"
    answer["Service-Worker-Allowed"] = "/"
    return answer


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """What is shown where there is no network and nothing was kept."""
    return render(request, "dispatch/tasks_offline.html", {})


@functools.cache
def _png(pixels: int, cut: bool) -> bytes:
    """The icon at a size; where it may be cut, without its round corners and with a margin of a tenth."""
    drawn = _file("icon.svg").read_text()
    if cut:
        inner = f'<g transform="translate(3.2 3.2) scale(.8)">{drawn}</g>'
        drawn = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="{TIDE}" d="M0 0h32v32H0z"/>'
        drawn += f"{inner}</svg>"
    return bytes(vl_convert.svg_to_png(drawn.replace("<svg ", f'<svg width="{pixels}" height="{pixels}" ', 1)))


@functools.cache
def _version() -> str:
    """One digest over every file of ours that a page may load."""
    digest = hashlib.sha256()
    for path in sorted(_file("sw.js").parent.iterdir()):
        if path.is_file():
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _file(name: str) -> Path:
    return Path(str(finders.find(f"anlan/{name}")))
