"""The way in: what is kept between a proven password and the next step, and what happens to whoever is in.

Between them nobody is signed in. The session holds whose password was proven, for five minutes; it opens the page of
the next step (a second factor, or a password of one's own in place of a one-time one) and nothing else, and ends with
that password and with a sign-out everywhere.
"""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.http import url_has_allowed_host_and_scheme

from anlan.city.people import lockout, signed_in
from anlan.city.people.access import postings_of
from anlan.city.people.models import Account
from anlan.loop import clock
from anlan.loop.doors import TOKEN_SECONDS
from anlan.web.pages import YEAR

PENDING_SECONDS = 5 * 60
_PENDING = "password_proven"
BACKEND = "django.contrib.auth.backends.ModelBackend"
_KNOWN = "known_here"
_MOST_KNOWN = 8


@dataclass(frozen=True)
class Pending:
    """Somebody whose password was proven, and the page they wanted; `whole` where nothing else is to be proven."""

    account: Account
    next: str
    whole: bool


def hold(request: HttpRequest, account: Account, *, to: str = "", whole: bool = False) -> None:
    """Remember that the password was proven; the key of the session changes, as at a sign-in."""
    request.session.flush()
    request.session[_PENDING] = {
        "account": str(account.id),
        "hash": account.get_session_auth_hash(),
        "at": clock.now().timestamp(),
        "next": to,
        "whole": whole,
    }
    request.session.set_expiry(PENDING_SECONDS)


def pending(request: HttpRequest) -> Pending | None:
    """Whose password this session has proven in the last five minutes."""
    kept = request.session.get(_PENDING)
    if kept is None or clock.now().timestamp() - kept["at"] >= PENDING_SECONDS:
        return None
    account = Account.objects.filter(id=UUID(kept["account"]), is_active=True).first()
    if account is None or not constant_time_compare(kept["hash"], account.get_session_auth_hash()):
        return None
    return Pending(account, kept["next"], kept["whole"])


def enter(request: HttpRequest, account: Account, *, to: str = "") -> str:
    """Sign in for twelve hours; returns where to go: `to`, else the choice of a posting, else home.

    With a one-time password nobody is in yet: to the page where it is changed.
    """
    if account.must_change_password:
        hold(request, account, to=to, whole=True)
        return reverse("first-password")
    request.session.pop(_PENDING, None)
    login(request, account, backend=BACKEND)
    request.session.set_expiry(TOKEN_SECONDS)
    if _name_here(account) not in _known(request):
        signed_in.mark_new_device(request.session)
    lockout.forgive(account.username)
    several = postings_of(account, on=clock.today()).count() > 1
    return to or reverse("posting" if several else "home")


def remember_browser(request: HttpRequest, response: HttpResponse, account: Account) -> None:
    """Let this browser know the account again, by a digest in a cookie of its own."""
    name = _name_here(account)
    known = [name, *(each for each in _known(request) if each != name)][:_MOST_KNOWN]
    response.set_signed_cookie(
        _KNOWN,
        ".".join(known),
        salt=_KNOWN,
        max_age=YEAR,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def wanted(request: HttpRequest) -> str:
    """Where somebody wanted to go: a page of ours, or nothing."""
    told = request.POST.get("next") or request.GET.get("next") or ""
    return told if ours(request, told) else ""


def ours(request: HttpRequest, address: str) -> bool:
    """Does this address lead to a page of ours?"""
    return url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())


def _known(request: HttpRequest) -> list[str]:
    kept = request.get_signed_cookie(_KNOWN, default="", salt=_KNOWN, max_age=YEAR)
    return [each for each in (kept or "").split(".") if each]


def _name_here(account: Account) -> str:
    return salted_hmac("anlan.known_here", str(account.id), algorithm="sha256").hexdigest()[:16]
