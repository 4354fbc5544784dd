"""Other names of addresses: proposed by who is on duty there, accepted or refused by the area's administrator."""

from typing import Final

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.city.addresses.access import CannotChange, NotYours, require_over
from anlan.city.addresses.codes import canonical
from anlan.city.addresses.models import Address, Alias, Level
from anlan.city.audit.recording import changing
from anlan.city.people.access import Actor, covers
from anlan.foundation import freshness

TOPIC: Final = "addresses"
LONGEST: Final = 200
_COUNTS: Final = (Alias.State.PROPOSED, Alias.State.ACCEPTED)


def propose(address: Address, name: str, kind: Alias.Kind, *, by: Actor, reason: str) -> Alias:
    """Say that an address is also called `name`: a name of its level, or for a secondary address a whole one.

    Raises NotYours for who holds nothing over the area, CannotChange for a name that is empty, too long or known.
    """
    if not any(covers(held.area, address.area) for held in by.held):
        raise NotYours(_("that area is not yours"))
    key = key_of(address, name, kind)
    if not key or len(name) > LONGEST:
        raise CannotChange(_("a name of 1 to 200 characters"), field="name")
    if not reason.strip() or len(reason) > LONGEST:
        raise CannotChange(_("a reason of 1 to 200 characters"), field="reason")
    if key == address.canonical or Alias.objects.filter(address=address, canonical=key, state__in=_COUNTS).exists():
        raise CannotChange(_("it is known by that name already"), field="name")
    alias = _new(address, name, key, kind, by, reason)
    with changing(alias, verb="propose", by=by, area=address.area, reason=reason):
        alias.save()
    return alias


def accept(alias: Alias, *, by: Actor, reason: str) -> None:
    """Let a proposed name count. Raises NotYours, CannotChange."""
    _decide(alias, Alias.State.PROPOSED, Alias.State.ACCEPTED, by, reason)


def refuse(alias: Alias, *, by: Actor, reason: str) -> None:
    """Refuse a proposed name. Raises NotYours, CannotChange."""
    _decide(alias, Alias.State.PROPOSED, Alias.State.REFUSED, by, reason)


def withdraw(alias: Alias, *, by: Actor, reason: str) -> None:
    """Let an accepted name no longer count. Raises NotYours, CannotChange."""
    _decide(alias, Alias.State.ACCEPTED, Alias.State.WITHDRAWN, by, reason)


def key_of(address: Address, name: str, kind: str) -> str:
    """The name as it is compared."""
    whole = kind == Alias.Kind.SECONDARY or address.level < Level.ROAD
    return canonical(Level.POI if whole else Level(address.level), name)


def keep_former(address: Address, name: str, by: Actor, reason: str) -> None:
    """The name that an address had before counts as its alias. For the transaction that renames it."""
    key = key_of(address, name, Alias.Kind.FORMER)
    if Alias.objects.filter(address=address, canonical=key, state__in=_COUNTS).exists():
        return
    alias = _new(address, name, key, Alias.Kind.FORMER, by, reason)
    alias.state, alias.decided_at, alias.decided_by, alias.decision = (
        Alias.State.ACCEPTED,
        alias.proposed_at,
        by.account_id,
        reason,
    )
    alias.save()


def forget_former(address: Address, key: str, by: Actor) -> None:
    """What has become the name of an address is no alias of it any more."""
    known = Alias.objects.filter(address=address, canonical=key, state__in=_COUNTS)
    known.update(state=Alias.State.WITHDRAWN, decided_at=timezone.now(), decided_by=by.account_id)


def _new(address: Address, name: str, key: str, kind: str, by: Actor, reason: str) -> Alias:
    return Alias(
        address=address,
        kind=kind,
        name=name.strip(),
        canonical=key,
        district=address.district,
        proposed_at=timezone.now(),
        proposed_by=by.account_id,
        reason=reason,
    )


def _decide(alias: Alias, before: str, after: str, by: Actor, reason: str) -> None:
    area = alias.address.area
    require_over(by, area)
    if not reason.strip() or len(reason) > LONGEST:
        raise CannotChange(_("a reason of 1 to 200 characters"), field="reason")
    with changing(alias, verb=after, by=by, area=area, reason=reason):
        alias.refresh_from_db(from_queryset=Alias.objects.select_for_update())
        if alias.state != before:
            raise CannotChange(_("somebody else has decided this in the meantime"))
        alias.state, alias.decided_at, alias.decided_by, alias.decision = after, timezone.now(), by.account_id, reason
        alias.save()
        freshness.changed(TOPIC)
