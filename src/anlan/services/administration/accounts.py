"""Accounts and what they hold: opened with a one-time password, given a posting, switched off, let in again.

Nobody gives a role over an area that is not theirs to administer, changes somebody who also holds a post elsewhere
above it, or changes themselves.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from anlan.city.areas.models import Area
from anlan.city.audit.recording import changed, changing
from anlan.city.people import second_factor, signed_in
from anlan.city.people.access import Actor
from anlan.city.people.models import Account, Organisation, Posting, Unit
from anlan.foundation.sealing.fields import blind_index
from anlan.loop import clock
from anlan.loop.administering import administers, area_told, locked, require_over, within
from anlan.loop.refusals import BadInput, NotAllowed, NotPossible, Unknown
from anlan.services.administration.schemas import AccountIn, Ends, PostingIn

# Without letters and digits that are mistaken for one another; three groups of four are 58 bits.
_ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"
NAMES_OPENED = 1_000
"""So many sealed names are opened for a search at most; opening them takes a fraction of a second."""


def accounts(actor: Actor) -> QuerySet[Account]:
    """The accounts of staff with a posting, now or before, in the areas that the actor administers; for the city also
    those that hold none."""
    there = Posting.objects.filter(within(actor, "area__path"), account=OuterRef("id"))
    staff = Account.objects.filter(kind=Account.Kind.STAFF)
    return staff if administers(actor, settings.ANLAN_CITY) else staff.filter(Exists(there))


def search(actor: Actor, text: str, in_area: str = "") -> QuerySet[Account]:
    """Accounts by a part of the user name, a whole telephone number, or a part of the person's name.

    A telephone number is found by its blind index. Names are sealed and have none (few people share a name in a town,
    so an index would tell who is who): they are opened one by one, and only where few accounts are left to look at,
    as in a town (`opens_names`). Raises BadInput for an area that is not the actor's.
    """
    found, typed = _within_area(actor, in_area), text.replace("\x00", "").strip()
    if not typed:
        return found
    fits = Q(username__icontains=typed) | Q(phone_index=_phone(typed))
    if opens_names(found):
        fits |= Q(id__in=[account.id for account in found.only("id", "name") if typed in (account.name or "")])
    return found.filter(fits)


def opens_names(found: QuerySet[Account]) -> bool:
    """Are these few enough for their names to be opened?"""
    return not found.order_by()[NAMES_OPENED : NAMES_OPENED + 1].exists()


def searches_names(actor: Actor, in_area: str = "") -> bool:
    """Does a search in this area look at names as well?"""
    return opens_names(_within_area(actor, in_area))


def _within_area(actor: Actor, in_area: str) -> QuerySet[Account]:
    if not in_area:
        return accounts(actor)
    path = area_told(actor, in_area, "in_area")
    there = Posting.objects.filter(area__path__within=path, account=OuterRef("id"))
    return accounts(actor).filter(Exists(there))


def _phone(typed: str) -> bytes:
    """The blind index of what was typed; of what can't be a number one that nobody has."""
    try:
        return blind_index("phone", typed)
    except ValueError:
        return b""


def account_of(actor: Actor, id: UUID) -> Account:
    """An account that the actor may look at. Raises Unknown."""
    found = accounts(actor).filter(id=id).first()
    if found is None:
        raise Unknown(_("there is no such account, or it is not yours to administer"))
    return found


def require_own(actor: Actor, account: Account) -> None:
    """Refuse whoever may not change this account. Raises NotAllowed."""
    if account.id == actor.account_id:
        raise NotAllowed(_("nobody changes their own account here; ask another administrator"))
    if (account.is_staff or account.is_superuser) and not administers(actor, settings.ANLAN_CITY):
        raise NotAllowed(_("this account administers the city; only the city's administrator changes it"))
    if any(not administers(actor, path) for path in _held_now_or_later(account)):
        raise NotAllowed(_("this account also holds a post outside your area; whoever administers both changes it"))


def area_of(actor: Actor, account: Account) -> str:
    """Where an account counts as lying: the first of its areas that the actor administers, else the city."""
    paths = Posting.objects.filter(account=account).order_by("area__path").values_list("area__path", flat=True)
    return next((path for path in paths if administers(actor, path)), settings.ANLAN_CITY)


def open_account(given: AccountIn, *, by: Actor) -> tuple[Account, str]:
    """A new account with its first posting; returns it and the one-time password, to be shown once."""
    password = one_time_password()
    account = Account(username=given.username, name=given.name, must_change_password=True)
    account.set_password(password)
    if Account.objects.filter(username__iexact=given.username).exists():
        raise BadInput(_("that user name is taken"), field="username")
    path = area_told(by, given.in_area, "in_area")
    with transaction.atomic():
        with changing(account, verb="create", by=by, area=path, reason=given.reason):
            account.save()
        give_posting(account, given, by=by)
    return account, password


def give_posting(account: Account, given: PostingIn, *, by: Actor) -> Posting:
    """A role over an area of one's own. Raises BadInput and NotAllowed."""
    require_own(by, account)
    if not account.is_active:
        raise NotPossible(_("the account is switched off"))
    path = area_told(by, given.in_area, "in_area")
    unit = _unit(by, given.unit)
    office = Organisation.objects.filter(id=given.organisation).first() if given.organisation else None
    if given.organisation and office is None:
        raise BadInput(_("there is no such organisation"), field="organisation")
    posting = Posting(
        account=account,
        role=given.role,
        area=Area.objects.get(path=path),
        organisation=office or (unit.organisation if unit else None),
        unit=unit if given.role == Posting.RoleName.RESPONDER else None,
        starts=given.starts,
        ends=given.ends,
    )
    with _held_once(), changing(posting, verb="give", by=by, area=path, reason=given.reason):
        posting.save()
    return posting


def postings_of(actor: Actor, account: Account) -> list[Posting]:
    """All that an account holds, held or will hold, the latest first; those elsewhere too, to look at."""
    held = Posting.objects.filter(account=account).select_related("area", "unit", "organisation")
    return list(held.order_by("-starts", "id"))


def posting_of(actor: Actor, id: UUID) -> Posting:
    """A posting in one's own area. Raises Unknown."""
    found = Posting.objects.select_related("area", "account").filter(within(actor, "area__path"), id=id).first()
    if found is None:
        raise Unknown(_("there is no such posting, or it is not yours to administer"))
    return found


def end_posting(id: UUID, given: Ends, *, by: Actor, mark: str, verb: str = "extend") -> Posting:
    """Let a posting end on a day, today at the earliest; the past is not changed. Raises BadInput and NotAllowed."""
    own = Posting.objects.select_related("area", "account").filter(within(by, "area__path"), id=id)
    with transaction.atomic():
        posting = locked(own, mark)
        if posting.account_id == by.account_id:
            raise NotAllowed(_("nobody changes their own account here; ask another administrator"))
        require_over(by, posting.area.path)
        today = clock.today()
        if given.ends is not None and given.ends < max(today, posting.starts):
            raise BadInput(_("can't lie in the past, nor before the first day"), field="ends")
        with _held_once(), changing(posting, verb=verb, by=by, area=posting.area.path, reason=given.reason):
            posting.ends = given.ends
            posting.save()
    return posting


def switch(account: Account, *, on: bool, by: Actor, mark: str, reason: str) -> None:
    """Off: nobody gets in with it and every session ends. On again: as it was."""
    with _changing_account(account, "switch-on" if on else "switch-off", by, mark, reason) as locked_account:
        locked_account.is_active = on
        locked_account.save(update_fields=["is_active"])
        if not on:
            signed_in.end_everywhere(locked_account)


def reset_password(account: Account, *, by: Actor, mark: str, reason: str) -> str:
    """A new one-time password, to be shown once; every session ends."""
    password = one_time_password()
    with _changing_account(account, "reset-password", by, mark, reason) as locked_account:
        locked_account.set_password(password)
        locked_account.must_change_password = True
        locked_account.save(update_fields=["password", "must_change_password"])
        signed_in.end_everywhere(locked_account)
    return password


def reset_second_factor(account: Account, *, by: Actor, mark: str, reason: str) -> None:
    """Nothing but the password is left; whoever must have a second factor sets it up at the next sign-in."""
    with transaction.atomic():
        require_own(by, account)
        held = locked(Account.objects.filter(id=account.id), mark)
        second_factor.reset(held)
        signed_in.end_everywhere(held)
        changed(held, verb="reset-second-factor", by=by, area=area_of(by, held), reason=reason)


def one_time_password() -> str:
    """`k7qm-4r2x-9hbn`: to be read aloud, used once, and changed."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3))


@contextmanager
def _changing_account(account: Account, verb: str, by: Actor, mark: str, reason: str) -> Iterator[Account]:
    require_own(by, account)
    with transaction.atomic():
        held = locked(Account.objects.filter(id=account.id), mark)
        with changing(held, verb=verb, by=by, area=area_of(by, held), reason=reason):
            yield held


def _held_now_or_later(account: Account) -> list[str]:
    still = Posting.objects.filter(Q(ends=None) | Q(ends__gt=clock.today()), account=account)
    return list(still.values_list("area__path", flat=True))


def _unit(actor: Actor, id: UUID | None) -> Unit | None:
    if id is None:
        return None
    found = Unit.objects.select_related("organisation").filter(within(actor, "home__path"), id=id, retired_on=None)
    unit = found.first()
    if unit is None:
        raise BadInput(_("there is no such unit"), field="unit")
    return unit


@contextmanager
def _held_once() -> Iterator[None]:
    """One holds a role in an area once at a time: the database says so."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "posting_held_once_at_a_time" not in str(error):
            raise
        raise BadInput(_("the account holds this role there already in that time"), field="starts") from error
