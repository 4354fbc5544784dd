"""Minors: who may buy a card by themselves, and the guardian's word (法释〔2025〕4号 10; 民法典 19, 20)."""

import enum
from contextlib import suppress
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.utils.translation import gettext as _

from anlan.city.people.access import scope_of, scoped, system
from anlan.ledger.actions import post, void
from anlan.ledger.refusals import NotPending
from anlan.loop import clock
from anlan.loop.refusals import BadInput, NotAllowed, NotPossible
from anlan.services.prepaid.cards import texting
from anlan.services.prepaid.cards.history import record
from anlan.services.prepaid.cards.models import Card, CardEvent, Lot
from anlan.services.prepaid.cards.schemas import Consent
from anlan.services.prepaid.colour import trading
from anlan.services.prepaid.figures import end_of, figure

_SALT = "anlan.prepaid.guardian"


class Capacity(enum.Enum):
    """What somebody can agree to by themselves."""

    FULL = enum.auto()
    LIMITED = enum.auto()
    NONE = enum.auto()


def of(born: date | None, *, on: date) -> Capacity:
    """The capacity on a day; full where no day of birth was told. Raises BadInput for one that lies ahead."""
    if born is None:
        return Capacity.FULL
    if born > on:
        raise BadInput(_("the day of birth lies ahead"), field="born")
    age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    if age < figure("refund_no_capacity_below", on):
        return Capacity.NONE
    return Capacity.LIMITED if age < figure("refund_minor_below", on) else Capacity.FULL


def refuse_unable(capacity: Capacity, guardian_name: str, guardian_phone: str) -> None:
    """Raises NotPossible where the contract would be void, BadInput where a guardian is needed and not named."""
    if capacity is Capacity.NONE:
        raise NotPossible(_("a child of this age can't make this contract; the parents can"), field="born")
    if capacity is Capacity.LIMITED and not (guardian_name and guardian_phone):
        raise BadInput(_("under eighteen a guardian has to agree: give name and telephone"), field="guardian_phone")


def ask_guardian(card: Card, lot: Lot) -> None:
    """Send the guardian the link that consents or refuses. Raises NotPossible where it can't be sent."""
    link = f"{settings.ANLAN_PUBLIC_URL}/prepaid/consent/{consent_token(lot)}"
    words = _("%(shop)s: %(yuan)s yuan were paid ahead by the child in your care. Agree or refuse: %(link)s")
    told = words % {"shop": card.shop.name, "yuan": f"{lot.paid / 100:.2f}", "link": link}
    texting.send(card.guardian_phone or "", told, otherwise=_("the guardian can't be reached by text now"))


def consent_token(lot: Lot) -> str:
    """What the guardian's link holds."""
    return signing.dumps(str(lot.id), salt=_SALT)


def answer(given: Consent) -> Lot:
    """The guardian's answer: the payment becomes valid, or void and its money is released. Whoever holds the token
    answers, once. Raises NotAllowed for a forged token, NotPossible for one that was answered or is too late."""
    try:
        lot_id = UUID(signing.loads(given.token, salt=_SALT))
    except (signing.BadSignature, UnicodeEncodeError, ValueError, TypeError) as error:
        raise NotAllowed(_("this is not the link that was sent"), field="token") from error
    with scoped(scope_of(system())):
        lot = Lot.objects.select_for_update(of=("self",)).select_related("card").get(id=lot_id)
        if lot.standing != Lot.Standing.WAITING:
            raise NotPossible(_("this has been answered before, or its time is over"))
        try:
            settle = post if given.consents else void
            settle(lot.transfer, key=f"prepaid.consent.{lot.id}", now=clock.now())
        except NotPending as error:
            raise NotPossible(_("this has been answered before, or its time is over")) from error
        _settle(lot, consents=given.consents)
    return lot


def let_unanswered_go() -> int:
    """The worker's job: payments to which no guardian has agreed in time are void, and the money is released."""
    with scoped(scope_of(system())):
        waiting = Lot.objects.select_for_update(skip_locked=True, of=("self",)).select_related("card")
        now = clock.now()
        due = [
            lot for lot in waiting.filter(standing=Lot.Standing.WAITING).order_by("paid_at")[:100] if _late(lot, now)
        ]
        for lot in due:
            # The ledger's own sweep may have been first.
            with suppress(NotPending):
                void(lot.transfer, key=f"prepaid.consent.{lot.id}", now=now)
            _settle(lot, consents=False)
    return len(due)


def _late(lot: Lot, now: datetime) -> bool:
    return end_of("guardian_answer", lot.paid_at) <= now


def _settle(lot: Lot, *, consents: bool) -> None:
    """A lot and its card after the answer; only a first payment waits, so the card begins or ends with it."""
    now, card = clock.now(), lot.card
    lot.standing = Lot.Standing.VALID if consents else Lot.Standing.VOID
    lot.save(update_fields=["standing"])
    card.state, card.closed_at = (Card.State.ACTIVE, None) if consents else (Card.State.CLOSED, now)
    card.save(update_fields=["state", "closed_at"])
    record(card, CardEvent.Kind.CONSENTED if consents else CardEvent.Kind.VOIDED, None, lot=str(lot.id))
    if consents:
        trading.note(card.shop_id, at=now, paid_in=lot.paid, payments=1)
