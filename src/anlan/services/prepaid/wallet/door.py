"""The door to a wallet: whoever has signed in sees their own cards, whatever else they are in the city."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from anlan.loop.doors import NotSignedIn, actor_of_request
from anlan.loop.refusals import Refused

Page = Callable[..., HttpResponse]


def for_holders(view: Page) -> Page:
    """A page as `view(request, actor, …)`. Others are led to the residents' door; what is refused is shown as a page
    with the right status; nothing is kept by a browser or a proxy."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            actor = actor_of_request(request)
            # A token or a code is for programs: a wallet is opened by a session.
            if actor.account_id is None or not request.user.is_authenticated:
                return _to_the_door(request)
            response = view(request, actor, *args, **kwargs)
        except NotSignedIn:
            return _to_the_door(request)
        except Refused as refused:
            response = render(request, "loop/refused.html", {"refused": refused}, status=refused.status)
        response["Cache-Control"] = "private, no-store"
        return response

    return page


def _to_the_door(request: HttpRequest) -> HttpResponse:
    back = f"?{urlencode({'next': request.get_full_path()})}" if request.method == "GET" else ""
    return HttpResponseRedirect(reverse("account-sign-in") + back)
