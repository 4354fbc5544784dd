"""What the refund rules ask of a card, read from its lots and confirmed uses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from anlan.city.people.access import scope_of, scoped, system
from anlan.loop import clock
from anlan.services.prepaid.cards.models import Card, Drawn, Lot, Use
from anlan.services.prepaid.figures import share
from anlan.services.prepaid.offers.models import Offer
from anlan.services.prepaid.refunds import schemas as refunds


@dataclass(frozen=True, slots=True)
class Taken:
    """A use as the refund rules read it: u, d and f in fen. A session's f is its share of what was paid."""

    use: Use
    list_fen: int
    price_fen: int
    deducted_fen: int


@dataclass(frozen=True, slots=True)
class CardFacts:
    """A card with the lots whose contracts run, oldest first, what was taken from them, and when service ended."""

    card: Card
    lots: Sequence[Lot]
    taken: Sequence[Taken]
    served_until: date | None

    @property
    def is_term(self) -> bool:
        """A card for unlimited use, whose days count and not its uses."""
        return self.card.kind == Offer.Kind.TERM

    def claims(
        self,
        cause: refunds.Cause,
        *,
        ended_on: date,
        repaid_on: date,
        withdrawal: bool = False,
    ) -> list[refunds.Claim]:
        """The claims to be reckoned: one for the card, or one for each term of a card for unlimited use.

        With `withdrawal` it is asked for within the seven days, on the day it ends (article 14).
        """
        groups = [[lot] for lot in self.lots] if self.is_term else [list(self.lots)]
        return [
            refunds.Claim(
                cause=cause,
                ended_on=ended_on,
                repaid_on=repaid_on,
                top_ups=tuple(refunds.TopUp(paid_on=_day(lot), paid_fen=lot.paid, gift_fen=lot.gift) for lot in lots),
                uses=() if self.is_term else tuple(_use(each) for each in self.taken),
                unlimited=self._term(lots[0]) if self.is_term else None,
                withdrawal=_withdrawal(lots, ended_on) if withdrawal else None,
                agreement=_agreement(lots),
                valid_until=self.card.expires_on,
            )
            for lots in groups
            if lots
        ]

    def _term(self, lot: Lot) -> refunds.UnlimitedTerm:
        ends_on = lot.ends_on or lot.starts_on
        served = self.served_until
        return refunds.UnlimitedTerm(
            starts_on=lot.starts_on,
            ends_on=ends_on,
            last_served_on=served if served is not None and served < ends_on else None,
            used=lot.drawn > 0,
        )


def facts_of(card: Card) -> CardFacts:
    """The facts of a card that the caller may see; uses of an earlier holder count too, since they took its money."""
    with scoped(scope_of(system())):
        lots = list(Lot.objects.filter(card=card, standing=Lot.Standing.VALID).order_by("number"))
        drawn = Drawn.objects.filter(lot__in=lots).select_related("use").order_by("use__settled_at", "use_id", "id")
        found = [_taken(part, lots) for part in drawn]
        shop = card.shop
    closed = shop.closed_at and clock.local(shop.closed_at).date()
    return CardFacts(card, lots, found, closed)


def _taken(part: Drawn, lots: Sequence[Lot]) -> Taken:
    """Fen as they are on cards of value; on a card of sessions what was deducted is the part of P that they cost."""
    lot = next(lot for lot in lots if lot.id == part.lot_id)
    in_fen = lot.face == lot.paid + lot.gift
    deducted = part.face if in_fen else share(lot.paid, part.face, lot.face)
    return Taken(part.use, part.list_price, part.price, deducted)


def _use(taken: Taken) -> refunds.Use:
    settled = taken.use.settled_at
    return refunds.Use(
        list_fen=taken.list_fen,
        price_fen=min(taken.price_fen, taken.list_fen),
        deducted_fen=max(taken.deducted_fen, 1),
        on=clock.local(settled).date() if settled else None,
        what=taken.use.item,
    )


def _withdrawal(lots: Sequence[Lot], asked_on: date) -> refunds.Withdrawal:
    return refunds.Withdrawal(asked_on=asked_on, had_the_same=any(lot.had_before for lot in lots))


def _agreement(lots: Sequence[Lot]) -> refunds.Agreement:
    """What was agreed on all the lots: it counts only where it is better for the consumer."""
    at_used_price = all(lot.refund_at_used_price for lot in lots)
    valuation = refunds.Valuation.SHARE if any(lot.gift for lot in lots) else refunds.Valuation.PRICE
    rates = [lot.agreed_rate for lot in lots if lot.agreed_rate is not None]
    return refunds.Agreement(
        valuation=valuation if at_used_price else None,
        yearly_rate=min(rates) if len(rates) == len(lots) else None,
    )


def _day(lot: Lot) -> date:
    return clock.local(lot.paid_at).date()
