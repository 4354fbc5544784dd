"""What the pages of a wallet show beside the cards themselves: their shops, the seven days, refunds and history."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from anlan.city.people.access import Actor
from anlan.foundation.rules import rulebook
from anlan.loop import clock
from anlan.loop.calendar import chinese
from anlan.loop.refusals import Unknown
from anlan.loop.terms import due
from anlan.services.prepaid.access import as_holder, holder
from anlan.services.prepaid.cards import queries
from anlan.services.prepaid.cards.models import Card, CardEvent, Lot, Use
from anlan.services.prepaid.cards.repayment_models import Repayment
from anlan.services.prepaid.cards.schemas import CardOut, Statement, UseOut
from anlan.services.prepaid.merchants.models import Shop
from anlan.services.prepaid.refunds.settings import NotCovered, Settings

SHOWN_EVENTS = 20


@dataclass(frozen=True, slots=True)
class Held:
    """A card of one's own with the shop at which it was bought, whose colour is public."""

    card: CardOut
    shop: Shop


@dataclass(frozen=True, slots=True)
class Wallet:
    """All that somebody holds, the cards in use first, and what waits for their word."""

    waiting: list[UseOut]
    cards: list[Held]
    closed: list[Held]


@dataclass(frozen=True, slots=True)
class Kept:
    """A card of one's own in short; `seven_days_until` is when the right to withdraw ends, None where it has."""

    card: Card
    seven_days_until: datetime | None


@dataclass(frozen=True, slots=True)
class Opened:
    """One card in full, with what was paid back of it."""

    statement: Statement
    shop: Shop
    waiting: list[UseOut]
    repayments: list[Repayment]
    seven_days_until: datetime | None


def wallet(by: Actor) -> Wallet:
    """The cards and proposals of whoever asks."""
    account = holder(by)
    with as_holder(account):
        cards = queries.wallet(by)
        places = dict(Card.objects.filter(holder_id=account).values_list("id", "shop_id"))
        shops = Shop.objects.in_bulk(set(places.values()))
        held = [Held(card, shops[places[card.id]]) for card in cards]
        waiting = queries.waiting(by)
    return Wallet(
        waiting=waiting,
        cards=[each for each in held if each.card.state != Card.State.CLOSED],
        closed=[each for each in held if each.card.state == Card.State.CLOSED],
    )


def kept(card: UUID, *, by: Actor) -> Kept:
    """A card of one's own, with its shop and offer, in one statement. Raises Unknown."""
    account = holder(by)
    with as_holder(account):
        lots = Lot.objects.filter(card_id=card, card__holder_id=account).order_by("-number")
        newest = lots.select_related("card__shop", "card__offer").first()
    if newest is None:
        raise Unknown(_("there is no such card"))
    return Kept(newest.card, _seven_days_until(newest))


def opened(card: UUID, *, by: Actor, before: UUID | None = None) -> Opened:
    """A card of one's own. Raises Unknown."""
    with as_holder(holder(by)):
        statement = queries.statement(card, by=by, before=before)
        repayments: list[Repayment] = []
        if statement.card.state == Card.State.CLOSED:
            paid_back = Repayment.objects.filter(card_id=card).select_related("card__shop")
            repayments = list(paid_back.order_by("at"))
        own = Kept(repayments[0].card, None) if repayments else kept(card, by=by)
    return Opened(
        statement=statement,
        shop=own.card.shop,
        waiting=[use for use in statement.uses if use.state == Use.State.PROPOSED],
        repayments=repayments,
        seven_days_until=own.seven_days_until,
    )


def told(card: UUID, *, by: Actor, before: UUID | None = None) -> tuple[Statement, list[CardEvent]]:
    """A card's statement and what happened to it, the newest first. Raises Unknown."""
    account = holder(by)
    with as_holder(account):
        statement = queries.statement(card, by=by, before=before)
        events = CardEvent.objects.filter(card_id=card, holder_id=account).order_by("-at", "-id")
        return statement, list(events[:SHOWN_EVENTS])


def receipt(use: UUID, *, by: Actor) -> tuple[UseOut, UUID | None]:
    """A settled use of one's own, with the number of its booking where money moved. Raises Unknown."""
    account = holder(by)
    with as_holder(account):
        found = Use.objects.select_related("shop").filter(id=use, holder_id=account).first()
        if found is None or found.state == Use.State.PROPOSED:
            raise Unknown(_("there is no such receipt"))
        return queries.use_out(found), found.transfer


def _seven_days_until(lot: Lot) -> datetime | None:
    """When the last day of the newest payment's seven days ends (法释〔2025〕4号 14), as the refund rules count."""
    if lot.standing != Lot.Standing.VALID or lot.had_before:
        return None
    try:
        term = Settings.of(rulebook(), clock.today()).withdrawal
    except NotCovered:
        return None
    paid_on = clock.local(lot.paid_at).date()
    until = due(datetime.combine(paid_on, time.min, clock.LOCAL), term, chinese())
    return until - timedelta(seconds=1) if until > clock.now() else None
