"""Paying money of a card back: the reckoning by the refund rules, and the movements that follow from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from anlan.city.people.access import Actor
from anlan.foundation.identifiers import new_id
from anlan.ledger.actions import Order, transfer_many
from anlan.ledger.queries import balance
from anlan.loop import clock
from anlan.loop.refusals import KeyReused, NotAllowed, NotPossible, Unknown
from anlan.services.prepaid.access import Counter, as_holder, at_counter, holder
from anlan.services.prepaid.cards.facts import CardFacts, facts_of
from anlan.services.prepaid.cards.history import record
from anlan.services.prepaid.cards.models import Card, CardEvent, Lot, Use
from anlan.services.prepaid.cards.repayment_models import Repayment
from anlan.services.prepaid.cards.schemas import QuoteOut
from anlan.services.prepaid.cards.using import close
from anlan.services.prepaid.colour import trading
from anlan.services.prepaid.merchants.actions import treasury
from anlan.services.prepaid.merchants.machines import tell
from anlan.services.prepaid.merchants.models import Merchant
from anlan.services.prepaid.merchants.paying_out import pay_back
from anlan.services.prepaid.refunds.reckoning import refund
from anlan.services.prepaid.refunds.schemas import Cause, Refund

_CAUSES = {
    Repayment.Cause.SEVEN_DAYS: Cause.CONSUMER,
    Repayment.Cause.CONSUMER: Cause.CONSUMER,
    Repayment.Cause.OPERATOR: Cause.OPERATOR,
    Repayment.Cause.VOID: Cause.OPERATOR,
    Repayment.Cause.CLOSED: Cause.OPERATOR,
}

OWN_CAUSES = (Repayment.Cause.SEVEN_DAYS, Repayment.Cause.CONSUMER)
"""What a holder may choose alone."""


@dataclass(frozen=True, slots=True)
class Quote:
    """What would be paid back on a day, with every line of its working; fen."""

    principal: int
    interest: int
    refunds: Sequence[Refund]

    @property
    def needs_a_person(self) -> bool:
        """Does the law leave something of it to a person's judgement?"""
        return any(each.decisions for each in self.refunds)


def quote(facts: CardFacts, cause: Repayment.Cause, *, on: date) -> Quote:
    """What the rules give for a card whose contract ends on that day and is paid back then. Raises NotPossible where
    nothing is left to be ended."""
    claims = facts.claims(_CAUSES[cause], ended_on=on, repaid_on=on, withdrawal=cause == Repayment.Cause.SEVEN_DAYS)
    if not claims:
        raise NotPossible(_("no contract of this card runs any more"))
    found = [refund(claim) for claim in claims]
    return Quote(
        principal=sum(each.principal_fen + each.expenses_fen for each in found),
        interest=sum(each.interest_fen for each in found),
        refunds=found,
    )


def quoted(card: UUID, cause: Repayment.Cause, *, by: Actor) -> QuoteOut:
    """What a holder would get back today. Raises Unknown, NotPossible."""
    account = holder(by)
    with as_holder(account):
        found = quote(facts_of(_own(card, account)), cause, on=clock.today())
    return QuoteOut(
        principal=found.principal,
        interest=found.interest,
        needs_a_person=found.needs_a_person,
        refunds=list(found.refunds),
    )


def give_back(card: UUID, cause: Repayment.Cause, *, by: Actor, key: str) -> Repayment:
    """End one's own card, within the seven days or for one's own reasons. Raises Unknown, NotPossible, KeyReused, and
    NotAllowed for a cause that the merchant or the office has to agree to."""
    account = holder(by)
    if cause not in OWN_CAUSES:
        raise NotAllowed(_("whether the merchant is the cause is for the merchant or the office to say"), field="cause")
    with as_holder(account):
        return repay(_own(card, account), cause, by=account, key=key)


def agree(card: UUID, cause: Repayment.Cause, *, counter: Counter, key: str) -> Repayment:
    """The merchant's owner pays back what the rules give today, also where the law leaves part of it to a person.
    Raises NotAllowed, Unknown, NotPossible, KeyReused."""
    if not counter.owner:
        raise NotAllowed(_("only the merchant's owner may do that"))
    with at_counter(counter.merchant):
        found = Card.objects.filter(id=card, merchant_id=counter.merchant).first()
        if found is None:
            raise Unknown(_("there is no such card"))
        before = Repayment.objects.filter(key=key).exists()
        agreed = None if before else quote(facts_of(found), cause, on=clock.today())
        return repay(found, cause, by=counter.by, key=key, agreed=agreed)


def repay(card: Card, cause: Repayment.Cause, *, by: UUID | None, key: str, agreed: Quote | None = None) -> Repayment:
    """End a card's contracts and pay back what the rules give, in the caller's transaction and scope.

    What is owed is met from the card's escrow, then from what lies ready for the merchant; the rest is a claim against
    it (`shortfall`). What the rules leave to the merchant of the escrow goes there. The card is closed. `agreed` is a
    quote that somebody who may has accepted although the law leaves part of it to a person; without one, such a card
    is refused with NotPossible. The same key gives the first repayment again; KeyReused for another card's.
    """
    if before := Repayment.objects.filter(key=key).first():
        if before.card_id != card.id:
            raise KeyReused(_("this key was used for another card"), field="Idempotency-Key")
        return before
    locked = Card.objects.select_for_update(of=("self",)).select_related("shop").get(id=card.id)
    lots = list(Lot.objects.select_for_update(of=("self",)).filter(card=locked, standing=Lot.Standing.VALID))
    lots.sort(key=lambda lot: lot.number)
    owed = agreed or quote(facts_of(locked), cause, on=clock.today())
    if agreed is None and owed.needs_a_person:
        raise NotPossible(_("the law leaves part of this to a person's judgement; the merchant or the office decides"))
    made = _moved(locked, lots, owed, cause, by=by, key=key)
    if made.from_escrow:
        trading.note(locked.shop_id, at=made.at, paid_back=made.from_escrow, refunds=1)
    for use in Use.objects.select_for_update(of=("self",)).filter(card=locked, state=Use.State.PROPOSED):
        close(use, Use.State.REFUSED)
    locked.state, locked.closed_at = Card.State.CLOSED, clock.now()
    locked.save(update_fields=["state", "closed_at"])
    record(locked, CardEvent.Kind.CLOSED, by, cause=cause, repayment=str(made.id))
    tell(locked.merchant_id, "card.closed", {"card": str(locked.id), "repaid": made.principal + made.interest})
    return made


def _own(card: UUID, account: UUID) -> Card:
    found = Card.objects.filter(id=card, holder_id=account).first()
    if found is None:
        raise Unknown(_("there is no such card"))
    return found


def _moved(
    card: Card, lots: Sequence[Lot], owed: Quote, cause: Repayment.Cause, *, by: UUID | None, key: str
) -> Repayment:
    id, house = new_id(), treasury()
    payable = Merchant.objects.values_list("payable", flat=True).get(id=card.merchant_id)
    total = owed.principal + owed.interest
    kept = sum(lot.paid - lot.released - lot.refunded for lot in lots)
    from_escrow = min(total, kept)
    from_merchant = min(total - from_escrow, max(balance(payable).available, 0))
    moves = (
        ("escrow", card.escrow, house.refunds, from_escrow),
        ("merchant", payable, house.refunds, from_merchant),
        ("rest", card.escrow, payable, kept - from_escrow),
    )
    transfer_many(
        [
            Order(debit=debit, credit=credit, amount=amount, key=f"prepaid.repay.{id}.{name}", about=str(id))
            for name, debit, credit, amount in moves
            if amount
        ],
        now=clock.now(),
    )
    if from_escrow + from_merchant:
        pay_back(id, card=card.id, amount=from_escrow + from_merchant, now=clock.now())
    _end_lots(lots, from_escrow, Lot.Standing.VOID if cause == Repayment.Cause.VOID else Lot.Standing.ENDED)
    working: list[Any] = [each.model_dump(mode="json") for each in owed.refunds]
    return Repayment.objects.create(
        id=id,
        card=card,
        merchant_id=card.merchant_id,
        holder_id=card.holder_id,
        area=card.area,
        cause=cause,
        principal=owed.principal,
        interest=owed.interest,
        from_escrow=from_escrow,
        from_merchant=from_merchant,
        shortfall=total - from_escrow - from_merchant,
        working=working,
        at=clock.now(),
        by=by,
        key=key,
    )


def _end_lots(lots: Sequence[Lot], from_escrow: int, standing: Lot.Standing) -> None:
    """Settle each lot's share of the escrow, oldest first: what goes back to the payer, the rest to the merchant."""
    for lot in lots:
        kept = lot.paid - lot.released - lot.refunded
        back = min(kept, from_escrow)
        from_escrow -= back
        lot.refunded += back
        lot.released += kept - back
        lot.standing = standing
        lot.save(update_fields=["refunded", "released", "standing"])
