"""What every page for people on duty shares: who asks, how a refusal looks, and a word after a step."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import Actor, Role
from anlan.city.people.models import Posting
from anlan.loop.doors import NotSignedIn, actor_of_request
from anlan.loop.notice_centre import MOST_COUNTED, unread_count
from anlan.loop.refusals import NotAllowed, Refused
from anlan.loop.rooms import rooms_of

_SAID = "said"


def for_staff(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page for whoever has signed in: `view(request, actor, …)`. Others are led to the door; what is refused is
    shown as a page with the right status; nothing is kept by a browser or a proxy."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            actor = actor_of_request(request)
            # A token or a code is for programs and for the resident's page: a page of staff is opened by a session.
            if actor.kind == "anonymous" or not request.user.is_authenticated:
                return to_the_door(request)
            response = view(request, actor, *args, **kwargs)
        except NotSignedIn:
            return to_the_door(request)
        except Refused as refused:
            response = render(request, "loop/refused.html", {"refused": refused}, status=refused.status)
        response["Cache-Control"] = "private, no-store"
        return response

    return page


def require(actor: Actor, roles: Role) -> None:
    """Refuse who holds none of the roles anywhere. Raises NotAllowed."""
    if not any(held.role in roles for held in actor.held):
        raise NotAllowed(_("that is not yours to do here"))


def to_the_door(request: HttpRequest) -> HttpResponse:
    """To the sign-in, and back here afterwards. What was being sent can't wait there: then back to the page before."""
    back = request.get_full_path() if request.method == "GET" else ""
    query = f"?{urlencode({'next': back})}" if back else ""
    return HttpResponseRedirect(reverse(str(settings.LOGIN_URL)) + query)


def shell(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    """What the bar above every page of staff shows: where one may go, what is new there, and as whom one acts. One
    statement, for the notices."""
    unread = unread_count(actor)
    # A page that is live fetches itself anew to show a part of it: the word is for somebody who reads the whole.
    for_a_part = "X-Live" in request.headers or "part" in request.GET
    return {
        "rooms": [(room, request.path == room.address) for room in rooms_of(actor)],
        "unread": f"{MOST_COUNTED}+" if unread > MOST_COUNTED else unread,
        # A responder's phone keeps steps until they are sent: signing out anywhere must not lose them unsaid.
        "keeps_steps": any(held.role is Role.RESPONDER for held in actor.held),
        "acting_as": [acting(held.role.name or "", held.area) for held in actor.held],
        "said": "" if for_a_part or _SAID not in request.session else request.session.pop(_SAID),
    }


def acting(role: str, area: str) -> str:
    """A posting as people call it: 西湖区文新街道 · 指挥员."""
    return f"{atlas().full_name(area)} · {Posting.RoleName(role).label}"


def say(request: HttpRequest, text: str) -> None:
    """A word for the next page that is shown."""
    request.session[_SAID] = text
