"""What is still owed to holders of cards after a closing: their claims against the merchant, listed for those who
pursue them. Holders are masked; whoever needs the person opens the card with a purpose."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q

from anlan.city.people.access import Actor, Role, scope_of, scoped
from anlan.foundation.masks import mask_name
from anlan.services.prepaid.cards.repayment_models import Repayment
from anlan.services.prepaid.merchants.actions import REGULATORS

HEADINGS: Final = ("merchant", "credit code", "shop", "card", "holder", "owed (fen)", "paid (fen)", "claim (fen)", "at")
"""Of the file, in the order of `Claim.cells`."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What one holder is still owed; fen."""

    merchant: str
    credit_code: str
    shop: str
    card: str
    holder: str
    owed: int
    paid: int
    claim: int
    at: datetime

    @property
    def cells(self) -> tuple[object, ...]:
        """The row of a file."""
        return (
            *(self.merchant, self.credit_code, self.shop, self.card, self.holder),
            *(self.owed, self.paid, self.claim, self.at.isoformat()),
        )


def claims(by: Actor, *, merchant: UUID | None = None) -> list[Claim]:
    """The claims of the areas that somebody regulates or audits, of one merchant or of all, the largest first."""
    own = Q(pk__in=())
    for held in by.held:
        if held.role in REGULATORS | Role.AUDITOR:
            own |= Q(area__within=held.area)
    wanted = own & Q(shortfall__gt=0)
    if merchant is not None:
        wanted &= Q(merchant_id=merchant)
    with scoped(scope_of(by)):
        owed = Repayment.objects.filter(wanted).select_related("merchant", "card__shop").order_by("-shortfall", "id")
        return [_claim(each) for each in owed]


def _claim(each: Repayment) -> Claim:
    return Claim(
        merchant=each.merchant.name,
        credit_code=each.merchant.credit_code,
        shop=each.card.shop.name,
        card=str(each.card),
        holder=mask_name(each.card.holder_name or ""),
        owed=each.principal + each.interest,
        paid=each.from_escrow + each.from_merchant,
        claim=each.shortfall,
        at=each.at,
    )
