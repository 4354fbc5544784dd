"""The second factor: its step at the door, setting up an app, taking it away, and codes for recovery."""

import io

import segno
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from anlan.city.people import second_factor
from anlan.city.people.access import Actor
from anlan.city.people.models import Account
from anlan.loop import clock
from anlan.loop.doors import NotSignedIn, actor_of_request, confirm_code
from anlan.loop.page_door import for_staff, say, shell
from anlan.loop.refusals import BadInput, Refused
from anlan.web.account import overview, prove
from anlan.web.entering import enter, pending, remember_browser


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def at_the_door(request: HttpRequest) -> HttpResponse:
    """The second step of signing in: a code, or a passkey. Without a proven password back to the first."""
    held = pending(request)
    if held is None or held.whole or not second_factor.has_one(held.account):
        return HttpResponseRedirect(reverse("sign-in"))
    refused: Refused | None = None
    if request.method == "POST":
        try:
            confirm_code(request, held.account, request.POST.get("code", ""))
        except NotSignedIn as error:
            refused = error
        else:
            response = HttpResponseRedirect(enter(request, held.account, to=held.next))
            remember_browser(request, response, held.account)
            return response
    context = {
        "wrong": refused,
        "app": second_factor.has_app(held.account),
        "passkeys": held.account.passkeys.exists(),
        "next": held.next,
    }
    return render(request, "web/sign_in_code.html", context, status=422 if refused else 200)


@for_staff
@sensitive_post_parameters("password")
@require_POST
def begin(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Begin with an app; takes the password, for whoever finds an unlocked desk must not bring their own telephone."""
    assert isinstance(request.user, Account)
    try:
        prove(request, request.user, request.POST.get("password", ""))
    except BadInput as refused:
        return overview(request, actor, refused=refused, at="app")
    second_factor.begin(request.user)
    return HttpResponseRedirect(reverse("second-factor"))


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """The secret as a picture and as letters, until a code confirms it. Also for whoever must set one up to get in."""
    account = _whose(request)
    secret = second_factor.pending_secret(account) if account else None
    if account is None or secret is None:
        return HttpResponseRedirect(reverse("security"))
    refused: Refused | None = None
    if request.method == "POST":
        if second_factor.confirm(account, request.POST.get("code", ""), at=clock.now()):
            return _set_up_done(request, account)
        refused = BadInput(_("this is not the code that the app shows now; look again"), field="code")
    grouped = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    context = {**_frame(request), "secret": grouped, "wrong": refused}
    return render(request, "web/second_factor.html", context, status=422 if refused else 200)


@never_cache
@require_safe
def picture(request: HttpRequest) -> HttpResponse:
    """The secret that waits for its first code, as a QR code."""
    account = _whose(request)
    secret = second_factor.pending_secret(account) if account else None
    if account is None or secret is None:
        raise Http404
    drawn = io.BytesIO()
    segno.make_qr(second_factor.address_for_app(account, secret)).save(drawn, kind="svg", scale=5, light="#fff")
    return HttpResponse(drawn.getvalue(), content_type="image/svg+xml")


@for_staff
@sensitive_post_parameters("password", "code")
@require_POST
def remove(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Take the app away; takes the password and a code."""
    assert isinstance(request.user, Account)
    try:
        prove(request, request.user, request.POST.get("password", ""))
        confirm_code(request, request.user, request.POST.get("code", ""))
    except (BadInput, NotSignedIn) as refused:
        return overview(request, actor, refused=refused, at="app")
    second_factor.remove_app(request.user)
    say(request, _("The authenticator app has been removed."))
    return HttpResponseRedirect(reverse("security"))


@for_staff
@sensitive_post_parameters("password")
@require_POST
def recovery(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Ten fresh recovery codes in place of those before; takes the password."""
    assert isinstance(request.user, Account)
    try:
        prove(request, request.user, request.POST.get("password", ""))
        if not second_factor.has_one(request.user):
            raise BadInput(_("set up an app or a passkey first"), field="password")
    except BadInput as refused:
        return overview(request, actor, refused=refused, at="recovery")
    codes = second_factor.new_recovery_codes(request.user)
    context = {**shell(request, actor), "codes": codes, "on": reverse("security")}
    return render(request, "web/recovery_codes.html", context)


def _set_up_done(request: HttpRequest, account: Account) -> HttpResponse:
    held = pending(request)
    on = enter(request, account, to=held.next) if held else reverse("security")
    codes = second_factor.first_recovery_codes(account)
    if codes:
        response = render(request, "web/recovery_codes.html", {**_frame(request), "codes": codes, "on": on})
    else:
        say(request, _("The authenticator app is set up."))
        response = HttpResponseRedirect(on)
    if held:
        remember_browser(request, response, account)
    return response


def _whose(request: HttpRequest) -> Account | None:
    """Whoever is signed in, or whoever must set up a second factor before that. A proven password alone is not
    enough for an account that has one already: it could be taken over so."""
    if isinstance(request.user, Account):
        return request.user
    held = pending(request)
    return held.account if held and not second_factor.has_one(held.account) else None


def _frame(request: HttpRequest) -> dict[str, object]:
    return shell(request, actor_of_request(request)) if isinstance(request.user, Account) else {}


urlpatterns = [
    path("sign-in/code", at_the_door, name="sign-in-code"),
    path("account/security/app", set_up, name="second-factor"),
    path("account/security/app/begin", begin, name="second-factor-begin"),
    path("account/security/app.svg", picture, name="second-factor-picture"),
    path("account/security/app/remove", remove, name="second-factor-remove"),
    path("account/security/recovery", recovery, name="recovery-codes"),
]
