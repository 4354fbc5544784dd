"""The one place that decides what a person may see and do.

**See.** A matter, and everything that belongs to it, is visible to an actor if, and only if,

- the actor holds a posting today whose area is the matter's area or lies above it, or
- the matter has been shared with such an area (co-handling), or
- the matter is assigned to a unit in which the actor holds a posting, or
- the actor is the resident whose account reported it, or has shown the matter's tracking code, or
- the actor is a party of it, by an account or a code of their own, or
- the actor is the program itself (`SYSTEM`), which sees the whole city.

**Do.** A transition is allowed to an actor if, and only if, one of the roles it names is held *for this matter*:

- `DISPATCHER`, `SUPERVISOR`, `ADMINISTRATOR`, `AUDITOR`: by a posting of that role over the matter's area, or over
  one it is shared with (who only helps may not hand it over or share it further),
- `RESPONDER`: by a posting of that role in the unit the matter is assigned to,
- `REPORTER`: by the account that reported it or by its tracking code,
- `PARTY`: by whoever takes part in it otherwise (`loop.taking_part` knows who does),
- `SYSTEM`: by the program.

`scoped` turns the first rule into the settings that the database's row policies read, so that a query that
forgets its scope finds nothing.
"""

import enum
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from anlan.city.people.models import Account, Posting
from anlan.foundation.database import set_locally


class Role(enum.Flag):
    """In which capacity someone acts. Combine with `|` where several may."""

    SYSTEM = enum.auto()
    REPORTER = enum.auto()
    RESPONDER = enum.auto()
    DISPATCHER = enum.auto()
    SUPERVISOR = enum.auto()
    ADMINISTRATOR = enum.auto()
    AUDITOR = enum.auto()
    PARTY = enum.auto()


SYSTEM = Role.SYSTEM
REPORTER = Role.REPORTER
PARTY = Role.PARTY
RESPONDER = Role.RESPONDER
DISPATCHER = Role.DISPATCHER
SUPERVISOR = Role.SUPERVISOR


@dataclass(frozen=True, slots=True)
class Held:
    """A posting as the access rule reads it."""

    role: Role
    area: str
    organisation_id: UUID | None = None
    unit_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class TakesPart:
    """As which person of which matter somebody acts."""

    party: UUID
    matter: UUID


@dataclass(frozen=True, slots=True)
class Actor:
    """Someone who asks: an account with its postings, a resident with a tracking code, a party, or the program."""

    kind: str
    account_id: UUID | None = None
    held: tuple[Held, ...] = ()
    tracking: bytes | None = None
    takes_part: TakesPart | None = None

    @property
    def areas(self) -> tuple[str, ...]:
        """The area paths whose subtrees this actor may see."""
        return tuple(sorted({held.area for held in self.held}))

    @property
    def units(self) -> tuple[UUID, ...]:
        """The units this actor goes out with."""
        return tuple(sorted({held.unit_id for held in self.held if held.unit_id}))


class MatterFacts(Protocol):
    """What the rule needs to know of a matter; the loop's matters have it."""

    @property
    def id(self) -> UUID: ...

    area: str
    shared_with: list[str]
    unit_id: UUID | None
    reporter_id: UUID | None
    tracking_index: bytes | memoryview | None


def system() -> Actor:
    """The program itself: sweeps, routing by table, the rehearsal's city."""
    return Actor("system", held=(Held(SYSTEM, settings.ANLAN_CITY),))


def anonymous() -> Actor:
    """Somebody at the public door; sees nothing that is already there."""
    return Actor("anonymous")


def bearer(tracking: bytes) -> Actor:
    """Whoever shows a matter's tracking code (its blind index)."""
    return Actor("bearer", tracking=tracking)


def actor_of(account: Account, *, on: date, posting: UUID | None = None) -> Actor:
    """The account with every posting it holds on that day; with `posting` only that one, while it is held."""
    postings = list(postings_of(account, on=on))
    chosen = [each for each in postings if each.id == posting]
    held = tuple(
        Held(Role[each.role], each.area.path, each.organisation_id, each.unit_id) for each in chosen or postings
    )
    return Actor("staff" if held else "resident", account.id, held)


def postings_of(account: Account, *, on: date) -> QuerySet[Posting]:
    """What an account holds on that day, each with its area. A resident's account opens with a telephone code alone:
    it holds nothing, even if somebody gave it a posting."""
    if account.kind == Account.Kind.RESIDENT:
        return Posting.objects.none()
    held = Posting.objects.filter(Q(ends=None) | Q(ends__gt=on), account=account, starts__lte=on)
    return held.select_related("area")


def covers(area: str, other: str) -> bool:
    """Is `other` the area itself or one below it?"""
    return other == area or other.startswith(area + ".")


def role_for(actor: Actor, allowed: Role, matter: MatterFacts, *, helping: bool = True) -> Role | None:
    """The role in which `actor` may act on `matter`, of those allowed; None if none.

    With `helping=False` it does not count that the matter is shared with the actor's area.
    """
    areas = (matter.area, *matter.shared_with) if helping else (matter.area,)
    for held in actor.held:
        if held.role not in allowed:
            continue
        if held.role is RESPONDER:
            if held.unit_id is not None and held.unit_id == matter.unit_id:
                return RESPONDER
        elif any(covers(held.area, area) for area in areas):
            return held.role
    if REPORTER in allowed:
        by_account = actor.account_id is not None and actor.account_id == matter.reporter_id
        by_code = actor.tracking is not None and actor.tracking == matter.tracking_index
        if by_account or by_code:
            return REPORTER
    if Role.PARTY in allowed and _takes_part(actor, matter):
        return PARTY
    return None


def sees(actor: Actor, matter: MatterFacts) -> bool:
    """May this actor see the matter? In memory what `scope_of` and the row policy on matters say in the database."""
    if any(covers(area, path) for area in actor.areas for path in (matter.area, *matter.shared_with)):
        return True
    if matter.unit_id is not None and matter.unit_id in actor.units:
        return True
    if not actor.held and actor.account_id is not None and actor.account_id == matter.reporter_id:
        return True
    if actor.tracking is not None and actor.tracking == matter.tracking_index:
        return True
    return _takes_part(actor, matter)


def _takes_part(actor: Actor, matter: MatterFacts) -> bool:
    return actor.takes_part is not None and actor.takes_part.matter == matter.id


@dataclass(frozen=True, slots=True)
class Scope:
    """What the running transaction may touch: areas' subtrees, units' matters, one matter, a resident's own, or
    the one of a tracking code."""

    areas: tuple[str, ...] = ()
    units: tuple[UUID, ...] = ()
    matter: UUID | None = None
    reporter: UUID | None = None
    tracking: bytes | None = None

    @property
    def settings(self) -> dict[str, str]:
        """The parameters that the row policies read."""
        return {
            "app.area": ",".join(self.areas),
            "app.units": ",".join(map(str, self.units)),
            "app.matter": str(self.matter or ""),
            "app.reporter": str(self.reporter or ""),
            "app.tracking": (self.tracking or b"").hex(),
        }


_NOTHING = Scope()
_current: ContextVar[Scope] = ContextVar("scope", default=_NOTHING)


@contextmanager
def scoped(scope: Scope) -> Iterator[None]:
    """One transaction that may touch what `scope` names. Nested, it replaces the scope until it ends.

    A rollback undoes `SET LOCAL` by itself; after a nested success the outer scope is set again.
    """
    outer = _current.get()
    with transaction.atomic():
        _change(outer, scope)
        token = _current.set(scope)
        try:
            yield
        finally:
            _current.reset(token)
    if connection.in_atomic_block:
        _change(scope, outer)


def scope_of(actor: Actor) -> Scope:
    """The scope in which an actor reads."""
    # Somebody on duty looks at the city, not at their own reports: one setting less for each transaction.
    reporter = None if actor.held else actor.account_id
    matter = actor.takes_part.matter if actor.takes_part else None
    return Scope(areas=actor.areas, units=actor.units, matter=matter, reporter=reporter, tracking=actor.tracking)


def _change(before: Scope, after: Scope) -> None:
    """Tell the server what differs."""
    if before != after:
        old = before.settings
        set_locally({name: value for name, value in after.settings.items() if value != old[name]})
