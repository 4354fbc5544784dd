"""Keeping a card: handing it on, losing and replacing it, activating it again, a new PIN. The money never moves."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.utils.translation import gettext as _

from anlan.city.people.access import Actor, scope_of, scoped, system
from anlan.city.people.models import Account
from anlan.foundation.sealing import phone_index
from anlan.loop import clock
from anlan.loop.refusals import BadInput, NotPossible, Unknown
from anlan.services.prepaid.access import Counter, as_holder, at_counter, holder
from anlan.services.prepaid.cards import pins
from anlan.services.prepaid.cards.history import record
from anlan.services.prepaid.cards.models import Card, CardEvent, Lot, Use
from anlan.services.prepaid.cards.numbers import new_number
from anlan.services.prepaid.cards.schemas import Handing
from anlan.services.prepaid.cards.using import close
from anlan.services.prepaid.figures import last_day_of


def hand_on(card: UUID, given: Handing, *, by: Actor) -> Card:
    """Transfer a card: effective now, when the notice reaches the operator (法释〔2025〕4号 11), and free of charge.

    The new holder gets a new number, so that nothing the old one kept opens it; what was used before stays the old
    holder's own to see. Raises Unknown, NotPossible, BadInput for a telephone that is none.
    """
    try:
        index = phone_index(given.phone)
    except ValueError as error:
        raise BadInput(_("this is not a telephone number"), field="phone") from error
    account = Account.objects.filter(kind=Account.Kind.RESIDENT, phone_index=index, is_active=True).first()
    with _locked(card, by) as found:
        if found.state != Card.State.ACTIVE:
            raise NotPossible(_("only a card in use can be handed on"))
        _drop_proposals(found)
        record(found, CardEvent.Kind.TRANSFERRED, holder(by), reason=given.reason)
        # The row becomes somebody else's, which the holder's own scope rightly may not write.
        with scoped(scope_of(system())):
            found.holder, found.holder_name, found.holder_phone = account, given.name, given.phone
            found.holder_phone_index, found.holder_id_number = index, None
            _renew(found, given.pin)
            found.save()
            Lot.objects.filter(card=found).update(holder=account)
    return found


def report_lost(card: UUID, *, who: Actor | Counter) -> Card:
    """Freeze a card at once; open proposals are dropped. At the counter the holder has shown who they are.

    Raises Unknown, NotPossible for a bearer card without an account, or one that is not in use.
    """
    with _locked(card, who) as found:
        if not found.named and found.holder_id is None:
            raise NotPossible(_("a bearer card can't be reported lost: nobody knows whose it is"))
        if found.state != Card.State.ACTIVE:
            raise NotPossible(_("only a card in use can be reported lost"))
        _drop_proposals(found)
        _be(found, Card.State.FROZEN, CardEvent.Kind.LOST, who)
    return found


def report_found(card: UUID, *, who: Actor | Counter) -> Card:
    """It was not lost after all. Raises Unknown, NotPossible."""
    with _locked(card, who) as found:
        if found.state != Card.State.FROZEN:
            raise NotPossible(_("the card was not reported lost"))
        _be(found, Card.State.ACTIVE, CardEvent.Kind.FOUND, who)
    return found


def reissue(card: UUID, *, who: Actor | Counter, pin: str | None = None) -> Card:
    """Replace a lost card (法释〔2025〕4号 24): a new number and PIN, the same money. Raises Unknown, NotPossible."""
    with _locked(card, who) as found:
        if found.state != Card.State.FROZEN:
            raise NotPossible(_("report the card lost first"))
        _renew(found, pin)
        found.state = Card.State.ACTIVE
        found.save()
        record(found, CardEvent.Kind.REISSUED, _name(who), generation=found.generation)
    return found


def activate_again(card: UUID, *, who: Actor | Counter) -> Card:
    """Let a card that has run out be used again, free of charge (法释〔2025〕4号 24; 浙江 2017). Raises Unknown,
    NotPossible for one that has not run out, or whose term was one of unlimited use."""
    with _locked(card, who) as found:
        if found.expires_on is None or found.expires_on >= clock.today():
            raise NotPossible(_("the card has not run out"))
        if found.state == Card.State.CLOSED or found.lots.filter(ends_on__isnull=False).exists():
            raise NotPossible(_("this card can't be activated again; what is left of it can be refunded"))
        found.expires_on = last_day_of("extension", clock.now())
        found.save(update_fields=["expires_on"])
        record(found, CardEvent.Kind.EXTENDED, _name(who), until=found.expires_on.isoformat())
    return found


def set_pin(card: UUID, pin: str, *, by: Actor) -> Card:
    """Choose a PIN for a card of one's own. Raises Unknown, BadInput for one that is easy to guess."""
    with _locked(card, by) as found:
        found.pin, found.pin_failures, found.pin_locked_until = pins.kept(pin), 0, None
        found.save(update_fields=["pin", "pin_failures", "pin_locked_until"])
        record(found, CardEvent.Kind.PIN_SET, holder(by))
    return found


@contextmanager
def _locked(card: UUID, who: Actor | Counter) -> Iterator[Card]:
    """The card, locked, in the scope of whoever asks. Raises Unknown."""
    scope = at_counter(who.merchant) if isinstance(who, Counter) else as_holder(holder(who))
    with scope:
        own = Card.objects.select_for_update(of=("self",)).filter(id=card)
        if isinstance(who, Actor):
            own = own.filter(holder_id=holder(who))
        found = own.first()
        if found is None:
            raise Unknown(_("there is no such card"))
        yield found


def _renew(card: Card, pin: str | None) -> None:
    card.number, card.generation = new_number(), card.generation + 1
    card.pin, card.pin_failures, card.pin_locked_until = pins.kept(pin) if pin else "", 0, None


def _be(card: Card, state: Card.State, kind: CardEvent.Kind, who: Actor | Counter) -> None:
    card.state = state
    card.save(update_fields=["state"])
    record(card, kind, _name(who))


def _drop_proposals(card: Card) -> None:
    for use in Use.objects.select_for_update(of=("self",)).filter(card=card, state=Use.State.PROPOSED):
        close(use, Use.State.REFUSED)


def _name(who: Actor | Counter) -> UUID:
    return who.by if isinstance(who, Counter) else holder(who)
