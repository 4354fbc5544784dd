"""Residents who have a login elsewhere (OpenID Connect: the province's, say): authorisation code with PKCE, state and
nonce, by Authlib.

An account is found by the provider's own name for somebody and by nothing else: a telephone number or an address that
a provider tells may be anybody's. Somebody who is signed in already is asked whether the two belong together. Every
failure leads back to the door with a reason; nothing of what a provider answered is shown or logged.
"""

import functools
from hashlib import sha256
from typing import Any

import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.django_client import OAuth
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from joserfc.errors import JoseError
from requests import RequestException

from anlan.city.people.models import Account, ExternalIdentity
from anlan.city.people.phone_codes import new_resident
from anlan.foundation.sealing.fields import blind_index
from anlan.loop import clock
from anlan.web.resident_signin import closed, enter, refuse, remember

log = structlog.get_logger("anlan.web.oidc")
TIMEOUT_SECONDS = 5
SKEW_SECONDS = 60
"""How far the provider's clock may be off."""
_LINK = "link_identity"


class NotProven(Exception):
    """The provider did not prove who somebody is; the message is for the log."""


@require_safe
@never_cache
def start(request: HttpRequest) -> HttpResponseBase:
    """To the provider. A link and no form: the strict policy lets no form lead away from this server."""
    if not settings.ANLAN_OIDC_ISSUER:
        return refuse(request, _("This way of signing in is not set up here."))
    remember(request)
    try:
        provider = _provider(settings.ANLAN_OIDC_ISSUER, settings.ANLAN_OIDC_CLIENT_ID)
        _is_itself(provider)
        answer: HttpResponseBase = provider.authorize_redirect(request, _callback_address())
    except _FAULTS as error:
        return _failed(request, error)
    return answer


@require_safe
@never_cache
def callback(request: HttpRequest) -> HttpResponse:
    """Back from the provider."""
    if not settings.ANLAN_OIDC_ISSUER:
        return refuse(request, _("This way of signing in is not set up here."))
    if request.GET.get("error") == "access_denied":
        return refuse(
            request, _("You did not agree there, so nothing was done. You can try again or use your telephone.")
        )
    try:
        subject = _subject(request)
    except _FAULTS as error:
        return _failed(request, error)
    known = _identities(subject).select_related("account").first()
    if isinstance(request.user, Account):
        return _link(request, request.user, subject, known)
    account = known.account if known else _new_account(subject)
    return enter(request, account) if account.is_active else closed(request)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest) -> HttpResponse:
    """Does the login elsewhere belong to the account that is signed in? Asked, because a click could be a trap."""
    pending = request.session.get(_LINK)
    if not isinstance(request.user, Account) or pending is None or pending["account"] != str(request.user.id):
        return redirect("account")
    if request.method != "POST":
        return render(request, "web/link_identity.html", {"provider": settings.ANLAN_OIDC_LABEL})
    del request.session[_LINK]
    if request.POST.get("link") == "yes":
        try:
            with transaction.atomic():
                _identity(request.user, bytes.fromhex(pending["subject"]))
        except IntegrityError:
            return refuse(request, _("This login belongs to another account."))
    return redirect("account-data")


@require_POST
def unlink(request: HttpRequest) -> HttpResponse:
    """Forget the login elsewhere, where the telephone remains as a way in."""
    if isinstance(request.user, Account) and request.user.phone:
        request.user.identities.all().delete()
    return redirect("account-data")


def _link(request: HttpRequest, account: Account, subject: bytes, known: ExternalIdentity | None) -> HttpResponse:
    if known is not None and known.account_id == account.id:
        return redirect("account")
    if known is not None:
        return refuse(request, _("This login belongs to another account. Sign out first to use it."))
    if account.kind != Account.Kind.RESIDENT:
        # Whoever is on duty comes in by their own, stronger door only.
        return refuse(request, _("Only a resident's account can be opened by this login. Sign out first to use it."))
    request.session[_LINK] = {"account": str(account.id), "subject": subject.hex()}
    return redirect("account-link")


def _subject(request: HttpRequest) -> bytes:
    """Who the provider says has come, as a keyed digest. Raises one of _FAULTS."""
    provider = _provider(settings.ANLAN_OIDC_ISSUER, settings.ANLAN_OIDC_CLIENT_ID)
    _is_itself(provider)
    told = provider.authorize_access_token(request, leeway=SKEW_SECONDS).get("userinfo")
    subject = told.get("sub") if told else None
    if not isinstance(subject, str) or not subject:
        raise NotProven("the answer holds no identity token with a subject")
    # A digest first: the index folds letters and dashes, which two subjects may differ in.
    return blind_index("code", sha256(f"{settings.ANLAN_OIDC_ISSUER}\n{subject}".encode()).hexdigest())


def _is_itself(provider: Any) -> None:
    """A provider must call itself what the setting calls it (OpenID Connect Discovery 4.3)."""
    metadata = provider.load_server_metadata()
    if metadata.get("issuer") != settings.ANLAN_OIDC_ISSUER:
        raise NotProven("the provider names itself otherwise than the setting")


def _identities(subject: bytes) -> QuerySet[ExternalIdentity]:
    return ExternalIdentity.objects.filter(issuer=settings.ANLAN_OIDC_ISSUER or "", subject=subject)


def _identity(account: Account, subject: bytes) -> ExternalIdentity:
    return ExternalIdentity.objects.create(
        account=account, issuer=settings.ANLAN_OIDC_ISSUER or "", subject=subject, linked_at=clock.now()
    )


def _new_account(subject: bytes) -> Account:
    try:
        with transaction.atomic():
            return _identity(new_resident(), subject).account
    except IntegrityError:
        # The same person in two windows at once: the other one made it.
        return _identities(subject).select_related("account").get().account


@functools.cache
def _provider(issuer: str, client_id: str) -> Any:
    """The provider as Authlib knows it; what it publishes of itself is read at first use and kept."""
    return OAuth().register(
        "provider",
        client_id=client_id,
        client_secret=settings.ANLAN_OIDC_CLIENT_SECRET or None,
        server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid",
            "code_challenge_method": "S256",
            "default_timeout": TIMEOUT_SECONDS,
            **({} if settings.ANLAN_OIDC_CLIENT_SECRET else {"token_endpoint_auth_method": "none"}),
        },
    )


def _callback_address() -> str:
    return f"{settings.ANLAN_PUBLIC_URL}{reverse('oidc-callback')}"


def _failed(request: HttpRequest, error: Exception) -> HttpResponse:
    log.warning("sign-in by provider failed", fault=type(error).__name__)
    # What it published may be what was wrong: it is read anew next time.
    _provider.cache_clear()
    return refuse(
        request, _("Signing in there did not work. Nothing was changed; please try again, or use your telephone.")
    )


# What Authlib, the provider and the line between can do wrong. A provider that answers nonsense shows as a KeyError,
# TypeError or ValueError of whoever reads it, and one that lacks an address as a RuntimeError.
_FAULTS = (
    *(NotProven, AuthlibBaseError, JoseError, RequestException),
    *(KeyError, TypeError, ValueError, AttributeError, RuntimeError),
)

urlpatterns = [
    path("account/oidc", start, name="oidc"),
    path("account/oidc/callback", callback, name="oidc-callback"),
    path("account/link", link, name="account-link"),
    path("account/unlink", unlink, name="account-unlink"),
]
