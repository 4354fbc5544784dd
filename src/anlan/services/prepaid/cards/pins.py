"""The PIN of a card for whoever has no telephone: hashed as a password is, and locked after some wrong ones.

Each try is counted before it is looked at and in a transaction of its own, so that many at once count too and a
refusal takes none back.
"""

from datetime import datetime
from itertools import pairwise
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.db.models import F
from django.utils.translation import gettext as _

from anlan.loop import clock
from anlan.loop.refusals import BadInput, NotAllowed, NotPossible
from anlan.services.prepaid.access import Counter, at_counter
from anlan.services.prepaid.cards.history import record, refused
from anlan.services.prepaid.cards.models import Card, CardEvent
from anlan.services.prepaid.figures import end_of, figure

_LENGTH = 6


def kept(pin: str) -> str:
    """What is stored of a PIN. Raises BadInput for one that everybody would try first: 111111, 123456, 654321."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    if steps in ({0}, {1}, {9}):
        raise BadInput(_("this PIN is too easy to guess"), field="pin")
    return make_password(pin)


def prove(card: Card, typed: str, *, counter: Counter) -> None:
    """Is this the card's PIN? Raises NotAllowed where it is not, NotPossible while it is locked or where there is
    none."""
    if not card.pin:
        raise NotPossible(_("this card has no PIN"), field="pin")
    now = clock.now()
    left = _count(card.id, now, counter)
    if left < 0:
        refused(card, counter.by, attempt="pin", why="locked")
        raise NotPossible(_("the PIN is locked after too many wrong ones; try again later"), field="pin")
    if not check_password(typed[:_LENGTH] if len(typed) == _LENGTH else "", card.pin):
        refused(card, counter.by, attempt="pin", why="wrong")
        raise NotAllowed(_("the PIN is wrong; tries left: %(left)d") % {"left": left}, field="pin")
    with at_counter(counter.merchant):
        Card.objects.filter(id=card.id).update(pin_failures=0, pin_locked_until=None)


def _count(card: UUID, now: datetime, counter: Counter) -> int:
    """Count a try; how many more there are after it, below zero where this one is not allowed."""
    most = figure("pin_tries", clock.local(now).date())
    with at_counter(counter.merchant):
        Card.objects.filter(id=card, pin_locked_until__lte=now).update(pin_failures=0, pin_locked_until=None)
        if not Card.objects.filter(id=card, pin_locked_until=None).update(pin_failures=F("pin_failures") + 1):
            return -1
        found = Card.objects.get(id=card)
        if found.pin_failures >= most:
            Card.objects.filter(id=card).update(pin_locked_until=end_of("pin_pause", now))
            record(found, CardEvent.Kind.PIN_LOCKED, counter.by)
        return most - found.pin_failures
