"""Who acts on cards: the holder, the staff or a till of a merchant, or whoever watches over the area.

The row policies read three settings: `app.reporter` (the holder's account), `app.merchants` (whose counter it is) and
`app.area`. A holder is scoped as a holder even when they are on duty somewhere, for a wallet is nobody's office.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from anlan.city.people.access import Actor, Scope, scoped
from anlan.foundation.database import set_locally
from anlan.loop import clock
from anlan.loop.refusals import NotAllowed
from anlan.services.prepaid.merchants.models import Membership, Till

LONGEST_KEY = 100
_merchant: ContextVar[str] = ContextVar("merchant", default="")


@dataclass(frozen=True, slots=True)
class Counter:
    """Somebody at a merchant's counter: a member of its staff, or a till. `shop` is None for all its shops."""

    merchant: UUID
    by: UUID
    shop: UUID | None = None
    owner: bool = False

    def serves(self, merchant: UUID, shop: UUID) -> bool:
        """Is this counter one of that shop?"""
        return self.merchant == merchant and self.shop in (None, shop)


@contextmanager
def as_holder(account: UUID) -> Iterator[None]:
    """One transaction that touches this account's own cards."""
    with scoped(Scope(reporter=account)):
        yield


@contextmanager
def at_counter(merchant: UUID) -> Iterator[None]:
    """One transaction that touches this merchant's cards, staff and machines."""
    with scoped(Scope()):
        outer = _merchant.get()
        set_locally({"app.merchants": str(merchant)})
        token = _merchant.set(str(merchant))
        try:
            yield
        finally:
            _merchant.reset(token)
        set_locally({"app.merchants": outer})


def holder(actor: Actor) -> UUID:
    """The account whose cards an actor holds. Raises NotAllowed for whoever has none."""
    if actor.account_id is None:
        raise NotAllowed(_("sign in to see your cards"))
    return actor.account_id


def counters_of(actor: Actor) -> list[Counter]:
    """The counters at which an account works today."""
    now, account = clock.now(), actor.account_id
    if account is None:
        return []
    with as_holder(account):
        current = Membership.objects.filter(Q(until=None) | Q(until__gt=now), account_id=account, since__lte=now)
        return [
            Counter(each.merchant_id, account, each.shop_id, each.role == Membership.Role.OWNER)
            for each in current.order_by("since")
        ]


def counter_of(actor: Actor, merchant: UUID) -> Counter:
    """The actor at this merchant's counter. Raises NotAllowed."""
    found = next((each for each in counters_of(actor) if each.merchant == merchant), None)
    if found is None:
        raise NotAllowed(_("you do not work for this merchant"))
    return found


def counter_of_key(key: str) -> Counter | None:
    """The till with this key; None where no till has it, or it was revoked."""
    till = Till.objects.filter(key=key_digest(key), revoked_at=None).first()
    return Counter(till.merchant_id, till.id, till.shop_id) if till else None


def key_digest(key: str) -> bytes:
    """What is kept of a till's key."""
    return salted_hmac("anlan.prepaid.till", key[:LONGEST_KEY], algorithm="sha256").digest()
