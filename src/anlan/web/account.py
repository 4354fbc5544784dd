"""One's own account: the page of how one signs in and where one is signed in, the password, and ending sessions."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from anlan.city.people import second_factor, signed_in
from anlan.city.people.access import Actor
from anlan.city.people.models import Account, SignedIn
from anlan.loop import clock
from anlan.loop.doors import NotSignedIn, account_of
from anlan.loop.page_door import for_staff, say, shell
from anlan.loop.refusals import BadInput, Refused, Unknown
from anlan.loop.schemas import storable
from anlan.web.live.viewers import session_ended

LONGEST_PASSWORD = 200


@for_staff
@require_safe
def security(request: HttpRequest, actor: Actor) -> HttpResponse:
    """How one signs in, and where one is signed in."""
    return overview(request, actor)


def overview(request: HttpRequest, actor: Actor, *, refused: Refused | None = None, at: str = "") -> HttpResponse:
    """The page; with what was refused beside the form (`at`) that sent it."""
    assert isinstance(request.user, Account)
    account = request.user
    sessions = list(signed_in.sessions_of(account))
    here = next((each for each in sessions if each.session_key == request.session.session_key), None)
    # Whoever signs in by telephone or at a provider outside has no password that a second factor could stand beside.
    by_password = account.has_usable_password()
    context = {
        **shell(request, actor),
        "by_password": by_password,
        "app": second_factor.has_app(account),
        "passkeys": list(account.passkeys.order_by("added_at")),
        "recovery_left": account.recovery_codes.count(),
        "required": by_password and second_factor.required_of(account, on=clock.today()),
        "password_rules": password_validators_help_texts(),
        "sessions": [(each, each is here, here is not None and each.address == here.address) for each in sessions],
        "strange": any(each.new_device and each is not here for each in sessions),
        "wrong": refused,
        "at": at,
    }
    return render(request, "web/security.html", context, status=refused.status if refused else 200)


@for_staff
@sensitive_post_parameters("password", "new_password", "again")
@require_POST
def change_password(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A new password; every other session ends, and every token."""
    assert isinstance(request.user, Account)
    account = request.user
    try:
        prove(request, account, request.POST.get("password", ""))
        account.set_password(new_password(request, account))
    except BadInput as refused:
        return overview(request, actor, refused=refused, at="password")
    account.save(update_fields=["password"])
    _end_all_but_this(request, account)
    say(request, _("Your password has been changed. You are signed out everywhere else."))
    return HttpResponseRedirect(reverse("security"))


@for_staff
@require_POST
def end_session(request: HttpRequest, actor: Actor, handle: UUID) -> HttpResponse:
    """End one of one's sessions; the live stream of it ends with it."""
    assert isinstance(request.user, Account)
    if not signed_in.end(request.user, handle):
        raise Unknown(_("there is no such session; it may have ended by itself"))
    say(request, _("That session has ended."))
    return HttpResponseRedirect(reverse("security"))


@for_staff
@require_POST
def end_everywhere(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Out everywhere, here too; every token ends as well."""
    assert isinstance(request.user, Account)
    signed_in.end_everywhere(request.user)
    request.session.flush()
    return HttpResponseRedirect(reverse("sign-in"))


def prove(request: HttpRequest, account: Account, password: str) -> None:
    """The password once more, before anything that decides who gets in. Raises BadInput."""
    try:
        account_of(request, account.username, _checked(password, "password"))
    except NotSignedIn:
        raise BadInput(_("this is not your password; after several failures wait a while"), field="password") from None


def new_password(request: HttpRequest, account: Account) -> str:
    """The password that somebody has chosen, told twice. Raises BadInput."""
    chosen = _checked(request.POST.get("new_password", ""), "new_password")
    if chosen != request.POST.get("again", ""):
        raise BadInput(_("the two are not the same"), field="again")
    try:
        validate_password(chosen, account)
    except ValidationError as error:
        raise BadInput(" ".join(error.messages), field="new_password") from None
    return chosen


def _checked(password: str, field: str) -> str:
    if not 0 < len(password) <= LONGEST_PASSWORD:
        raise BadInput(_("must have between 1 and %(most)d characters") % {"most": LONGEST_PASSWORD}, field=field)
    try:
        return storable(password)
    except ValueError as error:
        raise BadInput(str(error), field=field) from None


def _end_all_but_this(request: HttpRequest, account: Account) -> None:
    signed_in.end_everywhere(account)
    # This one was ended with the others; what it holds begins again under a new key.
    update_session_auth_hash(request, account)


@receiver(signed_in.sessions_ended)
def _end_streams(keys: Iterable[str], **_more: Any) -> None:
    for key in keys:
        session_ended(key)


def forget_ended_sessions() -> int:
    """Delete the sessions that have run out; returns how many. The worker's job."""
    return SignedIn.objects.filter(expire_date__lt=timezone.now()).delete()[0]


urlpatterns = [
    path("account/security", security, name="security"),
    path("account/password", change_password, name="change-password"),
    path("account/sessions/<uuid:handle>/end", end_session, name="end-session"),
    path("account/sessions/end", end_everywhere, name="end-everywhere"),
]
