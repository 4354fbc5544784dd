"""In and out for people on duty, and the posting in which somebody who holds several acts now."""

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from anlan.city.people import second_factor
from anlan.city.people.access import Actor, postings_of
from anlan.city.people.models import Account
from anlan.loop import clock
from anlan.loop.api import Credentials
from anlan.loop.doors import POSTING, NotSignedIn, account_of, chosen_posting
from anlan.loop.forms import checked, form_of
from anlan.loop.page_door import acting, for_staff, shell
from anlan.loop.refusals import BadInput, Refused
from anlan.loop.rooms import rooms_of
from anlan.web.entering import enter, hold, remember_browser, wanted


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The door. Whatever is wrong is answered in the same words, whether the account exists or not."""
    refused: Refused | None = None
    if request.method == "POST":
        try:
            # A space may be part of a password: nothing is stripped but the name.
            given = checked(Credentials, request.POST)
            account = account_of(request, given.username, given.password)
        except (BadInput, NotSignedIn) as error:
            refused = error
        else:
            return _after_the_password(request, account)
    context = {
        "form": form_of(Credentials, typed=request.POST if refused else None, refused=refused),
        "next": wanted(request),
    }
    return render(request, "web/sign_in.html", context, status=422 if refused else 200)


def _after_the_password(request: HttpRequest, account: Account) -> HttpResponse:
    """In; or to the second factor, where there is one; or first to setting one up, where there must be one."""
    if second_factor.has_one(account):
        hold(request, account, to=wanted(request))
        return HttpResponseRedirect(reverse("sign-in-code"))
    if second_factor.required_of(account, on=clock.today()):
        hold(request, account, to=wanted(request))
        second_factor.begin(account)
        return HttpResponseRedirect(reverse("second-factor"))
    response = HttpResponseRedirect(enter(request, account, to=wanted(request)))
    remember_browser(request, response, account)
    return response


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Out; the session is gone."""
    logout(request)
    return HttpResponseRedirect(reverse("sign-in"))


@for_staff
@require_safe
def home(request: HttpRequest, actor: Actor) -> HttpResponse:
    """To the first room where one works; who has none, to the start."""
    rooms = rooms_of(actor)
    return HttpResponseRedirect(rooms[0].address if rooms else "/")


@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def posting(request: HttpRequest, actor: Actor) -> HttpResponse:
    """As whom one acts: one of one's postings, or all of them."""
    assert isinstance(request.user, Account)
    held = list(postings_of(request.user, on=clock.today()).order_by("area__path", "role"))
    if request.method == "POST":
        chosen = request.POST.get("posting", "")
        if chosen and chosen not in {str(each.id) for each in held}:
            raise BadInput(_("that is not a posting of yours"), field="posting")
        request.session[POSTING] = chosen
        return HttpResponseRedirect(wanted(request) or reverse("home"))
    context = {
        **shell(request, actor),
        "postings": [(each, acting(each.role, each.area.path)) for each in held],
        "chosen": chosen_posting(request),
        "next": wanted(request),
    }
    return render(request, "web/posting.html", context)


urlpatterns = [
    path("sign-in", sign_in, name="sign-in"),
    path("sign-out", sign_out, name="sign-out"),
    path("home", home, name="home"),
    path("posting", posting, name="posting"),
]
