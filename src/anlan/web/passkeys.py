"""Passkeys (WebAuthn): adding one, taking it away, and signing in with nothing but it.

A passkey proves the device that holds it and, by fingerprint, face or PIN, the person: both factors at once. The
challenge lies in the session and is good for one answer. Browsers know no passkey for a bare IP address.
"""

import json
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

import webauthn
from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from pydantic import Field
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, options_to_json_dict
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from anlan.city.people import second_factor
from anlan.city.people.access import Actor
from anlan.city.people.models import Account, Passkey
from anlan.loop import clock
from anlan.loop.doors import NotSignedIn, Refusal, answer
from anlan.loop.forms import checked
from anlan.loop.page_door import for_staff, say
from anlan.loop.refusals import BadInput, NotPossible, Refused, Unknown
from anlan.loop.schemas import Line, Told
from anlan.web.account import overview, prove
from anlan.web.entering import enter, remember_browser, wanted

NAME = "安澜 Anlan"
CHALLENGE_SECONDS = 5 * 60
_CHALLENGE = "passkey_challenge"
# What a browser signed, as it wrote it; larger than any attestation asked for here.
Credential = Annotated[str, Field(max_length=20_000)]


class Named(Told):
    """What its owner calls a passkey."""

    name: Annotated[Line, Field(min_length=1, max_length=60)]


class Made(Named):
    credential: Credential


class Shown(Told):
    credential: Credential


# What is not even a credential ends in one of these, in the parser or in the library.
_NO_PASSKEY = (
    WebAuthnException,
    Passkey.DoesNotExist,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
)
Answering = Callable[..., HttpResponse]


def _for_the_module(view: Answering) -> Answering:
    """For passkey.js: a refusal is answered as the API answers it, and nothing is kept."""

    @wraps(view)
    def answering(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except Refused as refused:
            said = Refusal(code=refused.code, message=str(refused.message), field=refused.field)
            response = answer(refused.status, said)
        response["Cache-Control"] = "private, no-store"
        return response

    return answering


@_for_the_module
@require_POST
def sign_in_options(request: HttpRequest) -> HttpResponse:
    """What a browser needs to look for a passkey of this place; whose it is the passkey says."""
    options = webauthn.generate_authentication_options(
        rp_id=_place(request), user_verification=UserVerificationRequirement.REQUIRED
    )
    _keep(request, options.challenge)
    return JsonResponse(options_to_json_dict(options))


@_for_the_module
@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    """In, by a passkey alone. Answers where to go."""
    challenge = _challenge(request)
    account = _whose(request, checked(Shown, request.POST).credential, challenge)
    response = JsonResponse({"next": enter(request, account, to=wanted(request))})
    remember_browser(request, response, account)
    return response


@_for_the_module
@sensitive_post_parameters("password")
@require_POST
def options(request: HttpRequest) -> HttpResponse:
    """What a browser needs to make a passkey; takes the password, as everything does that decides who gets in."""
    account = _signed_in(request)
    checked(Named, request.POST)
    prove(request, account, request.POST.get("password", ""))
    known = account.passkeys.values_list("credential_id", flat=True)
    made = webauthn.generate_registration_options(
        rp_id=_place(request),
        rp_name=NAME,
        user_id=account.id.bytes,
        user_name=account.username,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=bytes(id)) for id in known],
    )
    _keep(request, made.challenge)
    return JsonResponse(options_to_json_dict(made))


@_for_the_module
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Keep the passkey that the browser made. Answers where to go."""
    account, challenge = _signed_in(request), _challenge(request)
    told = checked(Made, request.POST)
    try:
        made = webauthn.verify_registration_response(
            credential=told.credential,
            expected_challenge=challenge,
            expected_rp_id=_place(request),
            expected_origin=_origins(request),
            require_user_verification=True,
        )
    except _NO_PASSKEY as error:
        raise BadInput(_("this passkey can't be used here; try again"), field="credential") from error
    try:
        with transaction.atomic():
            Passkey.objects.create(
                account=account,
                name=told.name,
                credential_id=made.credential_id,
                public_key=made.credential_public_key,
                sign_count=made.sign_count,
                added_at=clock.now(),
            )
    except IntegrityError as error:
        raise NotPossible(_("this passkey has been added before")) from error
    say(request, _("The passkey has been added."))
    return JsonResponse({"next": reverse("security")})


@for_staff
@sensitive_post_parameters("password")
@require_POST
def remove(request: HttpRequest, actor: Actor, passkey_id: UUID) -> HttpResponse:
    """Take a passkey away; takes the password."""
    account = _signed_in(request)
    try:
        prove(request, account, request.POST.get("password", ""))
    except BadInput as refused:
        return overview(request, actor, refused=refused, at=str(passkey_id))
    if not second_factor.remove_passkey(account, passkey_id):
        raise Unknown(_("there is no such passkey; it may have been removed"))
    say(request, _("The passkey has been removed."))
    return HttpResponseRedirect(reverse("security"))


def _whose(request: HttpRequest, credential: str, challenge: bytes) -> Account:
    """The account whose passkey answered the challenge. Raises NotSignedIn, in the same words whatever is wrong."""
    try:
        passkey = Passkey.objects.select_related("account").get(
            credential_id=base64url_to_bytes(json.loads(credential)["id"]), account__is_active=True
        )
        shown = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=_place(request),
            expected_origin=_origins(request),
            credential_public_key=bytes(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except _NO_PASSKEY as error:
        raise NotSignedIn(_("this passkey does not open an account here"), field="credential") from error
    # A counter that stands still or runs back is a copy's; of two answers at once only the first counts.
    kept = Passkey.objects.filter(id=passkey.id, sign_count=passkey.sign_count)
    if not kept.update(sign_count=shown.new_sign_count, used_at=clock.now()):
        raise NotSignedIn(_("this passkey does not open an account here"), field="credential")
    return passkey.account


def _keep(request: HttpRequest, challenge: bytes) -> None:
    request.session[_CHALLENGE] = {"challenge": bytes_to_base64url(challenge), "at": clock.now().timestamp()}


def _challenge(request: HttpRequest) -> bytes:
    """The challenge of this session, which is spent by asking for it. Raises NotPossible."""
    kept = request.session.pop(_CHALLENGE, None)
    if kept is None or clock.now().timestamp() - kept["at"] >= CHALLENGE_SECONDS:
        raise NotPossible(_("that took too long; try again"))
    return base64url_to_bytes(kept["challenge"])


def _place(request: HttpRequest) -> str:
    """The host, which is what a passkey is bound to (its relying party)."""
    return urlsplit(f"//{request.get_host()}").hostname or ""


def _origins(request: HttpRequest) -> list[str]:
    """Where the page may have been: as this request says, or as the public address does where a proxy in front of
    this host ends the encryption."""
    here = f"{request.scheme}://{request.get_host()}"
    public = urlsplit(settings.ANLAN_PUBLIC_URL)
    return [here, f"{public.scheme}://{public.netloc}"] if public.hostname == _place(request) else [here]


def _signed_in(request: HttpRequest) -> Account:
    if not isinstance(request.user, Account):
        raise NotSignedIn(_("you are no longer signed in; sign in again"))
    return request.user


urlpatterns = [
    path("sign-in/passkey/options", sign_in_options, name="passkey-sign-in-options"),
    path("sign-in/passkey", sign_in, name="passkey-sign-in"),
    path("account/security/passkeys/options", options, name="passkey-options"),
    path("account/security/passkeys", add, name="passkey-add"),
    path("account/security/passkeys/<uuid:passkey_id>/remove", remove, name="passkey-remove"),
]
