"""In and out for residents: a code on their telephone, or a login they have elsewhere (`oidc`). Nobody needs either to
report or to track."""

import base64
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from pydantic import TypeAdapter, ValidationError

from anlan.city.people import phone_codes, signed_in
from anlan.city.people.models import Account
from anlan.foundation.masks import mask_phone
from anlan.foundation.rules import rulebook
from anlan.foundation.sealing import CannotUnseal, sealer
from anlan.loop import clock
from anlan.loop.notice_sinks import Message, NotDelivered
from anlan.services.intake.schemas import Phone
from anlan.web.code_sink import CONSOLE, code_sink
from anlan.web.entering import BACKEND, wanted

AFTER = "after_sign_in"
"""Where a session keeps the page somebody wanted before they signed in."""
_ASKED = "phone_code"
_CONTEXT = "web.phone_code"
_phone = TypeAdapter(Phone)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The number to which a code is sent. Every number is answered alike, whether it has an account or not."""
    if request.method != "POST":
        remember(request)
        return _door(request)
    if not settings.ANLAN_CODE_SINK:
        return _door(request, error=_("Signing in by telephone is not set up here."))
    asked = _asked(request) if request.POST.get("again") else None
    try:
        phone = asked[1] if asked else _phone.validate_python(request.POST.get("phone", "").strip())
    except ValidationError:
        return _door(request, error=_("This is not a telephone number."))
    try:
        issued = phone_codes.issue(phone, request.META.get("REMOTE_ADDR", ""), at=clock.now())
    except phone_codes.TooMany as too_many:
        wait = _("Too many codes have been asked for. Please wait %(n)d minutes.") % {"n": too_many.minutes}
        return _door(request, error=wait)
    try:
        code_sink(settings.ANLAN_CODE_SINK).deliver(_message(issued, phone))
    except NotDelivered:
        return _door(request, error=_("The message could not be sent. Please try again in a minute, or telephone."))
    sealed = base64.b64encode(sealer().seal(phone, context=_CONTEXT)).decode()
    request.session[_ASKED] = {"id": str(issued.id), "phone": sealed}
    return redirect("account-code")


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def enter_code(request: HttpRequest) -> HttpResponse:
    """The code that was sent; the right one lets its reader in, into an account made now if there was none. Who is in
    already by a login elsewhere, and has no number, has this one from then on."""
    asked = _asked(request)
    if asked is None:
        return redirect("account-sign-in")
    id, phone = asked
    shown = {
        "phone": mask_phone(phone),
        "minutes": phone_codes.minutes_valid(clock.today()),
        "on_console": settings.ANLAN_CODE_SINK == CONSOLE,
        "digits": phone_codes.DIGITS,
        "adding": phone_codes.lacks_phone(request.user),
    }
    if request.method != "POST":
        return render(request, "web/phone_code.html", shown)
    if not phone_codes.redeem(id, request.POST.get("code", ""), at=clock.now()):
        wrong = _("This is not the code, or it is too old or was tried too often. You can have a new one sent.")
        return render(request, "web/phone_code.html", {**shown, "error": wrong}, status=422)
    if phone_codes.lacks_phone(request.user):
        return _added(request, phone)
    account = phone_codes.account_of_phone(phone)
    if account is None:
        return closed(request)
    return enter(request, account)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Out on this device."""
    logout(request)
    return redirect("first")


@require_POST
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """Out on every device."""
    if isinstance(request.user, Account):
        signed_in.end_everywhere(request.user)
    logout(request)
    return redirect("first")


def enter(request: HttpRequest, account: Account) -> HttpResponse:
    """Sign in, and go on to the page that was wanted."""
    to = request.session.get(AFTER, "")
    request.session.pop(_ASKED, None)
    login(request, account, backend=BACKEND)
    stays = rulebook().at("people.resident_session", clock.today())
    request.session.set_expiry((stays.amount or 0) * 24 * 60 * 60)
    request.session.pop(AFTER, None)
    return redirect(to or "account")


def closed(request: HttpRequest) -> HttpResponse:
    """For somebody who has proven who they are, and whose account the city has closed."""
    return _door(request, error=_("This account has been closed. Please telephone."), status=403)


def refuse(request: HttpRequest, why: str) -> HttpResponse:
    """Back at the door, with the reason."""
    return _door(request, error=why)


def remember(request: HttpRequest) -> None:
    """Keep the page that is wanted, if it is one of ours."""
    if address := wanted(request):
        request.session[AFTER] = address


def _door(request: HttpRequest, *, error: str = "", status: int = 422) -> HttpResponse:
    shown: dict[str, Any] = {
        "error": error,
        "phone": request.POST.get("phone", "")[:30],
        "by_phone": bool(settings.ANLAN_CODE_SINK),
        "on_console": settings.ANLAN_CODE_SINK == CONSOLE,
        "provider": settings.ANLAN_OIDC_LABEL if settings.ANLAN_OIDC_ISSUER else "",
        "hotline": settings.ANLAN_HOTLINE,
        "adding": phone_codes.lacks_phone(request.user),
    }
    return render(request, "web/resident_sign_in.html", shown, status=status if error else 200)


def _added(request: HttpRequest, phone: str) -> HttpResponse:
    assert isinstance(request.user, Account)
    request.session.pop(_ASKED, None)
    if not phone_codes.add_phone(request.user, phone):
        why = _("This number has an account of its own. Sign out, sign in with the number, and link the login there.")
        return _door(request, error=why, status=409)
    return redirect("account-data")


def _message(issued: phone_codes.Issued, phone: str) -> Message:
    text = _("[Anlan] Your code is %(code)s, good for %(n)d minutes. Give it to nobody; we never ask for it.") % {
        "code": issued.code,
        "n": phone_codes.minutes_valid(clock.today()),
    }
    return Message(str(issued.id), phone, text, get_language() or "", "")


def _asked(request: HttpRequest) -> tuple[UUID, str] | None:
    """The code this browser asked for, and for which number."""
    kept = request.session.get(_ASKED)
    if kept is None:
        return None
    try:
        return UUID(kept["id"]), sealer().open(base64.b64decode(kept["phone"]), context=_CONTEXT)
    except CannotUnseal:
        return None


urlpatterns = [
    path("account/sign-in", sign_in, name="account-sign-in"),
    path("account/code", enter_code, name="account-code"),
    path("account/sign-out", sign_out, name="account-sign-out"),
    path("account/sign-out-everywhere", sign_out_everywhere, name="account-sign-out-everywhere"),
]
