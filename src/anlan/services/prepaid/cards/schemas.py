"""What may be told about cards, and what is told of them."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from anlan.loop.schemas import WRITTEN_OUT, Line, Told
from anlan.services.prepaid.amounts import Fen
from anlan.services.prepaid.cards.models import Card, Lot, Use
from anlan.services.prepaid.cards.repayment_models import Repayment
from anlan.services.prepaid.offers.models import Offer
from anlan.services.prepaid.refunds.schemas import Refund

Pin = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
"""Six digits."""


class Payment(Told):
    """How it was paid, and what decides whether the seven days hold (法释〔2025〕4号 14)."""

    paid_by: Lot.PaidBy = Lot.PaidBy.PLATFORM
    payer: Annotated[Line, Field(max_length=60)] = ""
    had_before: bool = False


class Buying(Payment):
    """A card to be bought.

    `born` decides for whoever is under age; `name` and `phone` of a named card are the account's own where they are
    left out. A card sold at a counter to somebody without an account gets a PIN.
    """

    offer: UUID
    shop: UUID
    name: Annotated[Line, Field(max_length=60)] = ""
    phone: Annotated[Line, Field(max_length=40)] = ""
    id_number: Annotated[Line, Field(max_length=30)] = ""
    born: date | None = None
    guardian_name: Annotated[Line, Field(max_length=60)] = ""
    guardian_phone: Annotated[Line, Field(max_length=40)] = ""
    pin: Pin | None = None


class ToppingUp(Payment):
    """A further payment into a card, under an offer of the same kind; a lot of its own."""

    offer: UUID


class Proposal(Told):
    """What a merchant wants to take off a card. The card is shown as a QR code or told by its number.

    Prices are fen; a discount card's own price is reckoned where `price` is left out. `sessions` is for cards of
    sessions only.
    """

    qr: Annotated[str, Field(max_length=400)] = ""
    number: Annotated[str, Field(max_length=40)] = ""
    item: Annotated[Line, Field(min_length=1, max_length=120)]
    list_price: Fen = 0
    price: Fen | None = None
    sessions: Annotated[int, Field(ge=1, le=1_000)] = 1


class CounterConfirmation(Told):
    """The consumer's word at the counter: the code from their telephone, or the PIN of their card."""

    code: Annotated[str, Field(max_length=40)] = ""
    pin: Annotated[str, Field(max_length=40)] = ""


class Handing(Told):
    """Who gets the card: an account by its telephone, or a name and a telephone without one."""

    name: Annotated[Line, Field(min_length=1, max_length=60)]
    phone: Annotated[Line, Field(min_length=1, max_length=40)]
    pin: Pin | None = None
    reason: Annotated[Line, Field(max_length=200)] = ""


class NewPin(Told):
    pin: Pin


class Consent(Told):
    """The guardian's answer; the token came to their telephone."""

    token: Annotated[str, Field(max_length=400)]
    consents: bool


class LotOut(BaseModel):
    """One payment of a card."""

    id: UUID
    number: int
    standing: Annotated[Lot.Standing, WRITTEN_OUT]
    paid: int
    gift: int
    face: int
    drawn: int
    released: int
    refunded: int
    paid_at: datetime
    starts_on: date
    ends_on: date | None


class UseOut(BaseModel):
    """A use, proposed or settled."""

    id: UUID
    card: UUID
    shop: str
    item: str
    list_price: int
    price: int
    face: int
    money: int
    state: Annotated[Use.State, WRITTEN_OUT]
    proposed_at: datetime
    lapses_at: datetime
    settled_at: datetime | None
    confirmed_how: str


class CardOut(BaseModel):
    """A card as its holder and the merchant see it; people are masked. `left` is what can still be used: fen, sessions
    or days. `escrow` is the money of it that is kept apart."""

    id: UUID
    number: str
    kind: Annotated[Offer.Kind, WRITTEN_OUT]
    name: str
    state: Annotated[Card.State, WRITTEN_OUT]
    merchant: str
    shop: str
    holder: str
    named: bool
    left: int
    escrow: int
    expires_on: date | None
    made_at: datetime


class Statement(BaseModel):
    """A card with its payments and uses, the newest use first; `next` is told as `before` to read on."""

    card: CardOut
    lots: list[LotOut]
    uses: list[UseOut]
    next: UUID | None


class QuoteOut(BaseModel):
    """What would be paid back today, with the lines of its working; `needs_a_person` where the law leaves part of it to
    somebody's judgement."""

    principal: int
    interest: int
    needs_a_person: bool
    refunds: list[Refund]


class RepaymentOut(BaseModel):
    """What is paid back. `shortfall` is what neither the escrow nor the merchant's money covers: a claim."""

    id: UUID
    card: UUID
    cause: Repayment.Cause
    principal: int
    interest: int
    shortfall: int
    at: datetime

    @classmethod
    def of(cls, repayment: Repayment) -> Self:
        return cls(
            id=repayment.id,
            card=repayment.card_id,
            cause=Repayment.Cause(repayment.cause),
            principal=repayment.principal,
            interest=repayment.interest,
            shortfall=repayment.shortfall,
            at=repayment.at,
        )


class Qr(BaseModel):
    """A code to be shown at a counter, once and for seconds."""

    token: str
    valid_until: datetime
