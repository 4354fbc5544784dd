"""What a merchant tells of an offer."""

from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from django.utils.translation import gettext as _
from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from anlan.loop.schemas import WRITTEN_OUT, Line, Told, Words
from anlan.services.prepaid.amounts import Fen, SomeFen
from anlan.services.prepaid.offers.models import Offer

Term = Annotated[Words, Field(min_length=1, max_length=2_000)]


class OfferIn(Told):
    """The terms of an offer. What does not belong to its kind is left out."""

    kind: Annotated[Offer.Kind, WRITTEN_OUT]
    shop: UUID | None = None
    name: Annotated[Line, Field(min_length=1, max_length=80)]
    content: Term
    price: SomeFen
    gift: Fen = 0
    discount_percent: Annotated[int, Field(ge=1, le=100)] = 100
    sessions: Annotated[int, Field(ge=0, le=10_000)] = 0
    days: Annotated[int, Field(ge=0, le=3_660)] = 0
    session_price: Fen = 0
    named: bool = True
    valid_days: Annotated[int, Field(ge=1, le=36_600)] | None = None
    refund_way: Term
    breach_liability: Term
    further_terms: Annotated[list[Term], Field(max_length=50)] = []
    refund_at_used_price: bool = False
    agreed_rate: Annotated[Decimal, Field(ge=0, le=1, decimal_places=5)] | None = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        of_kind = {
            Offer.Kind.STORED: set[str](),
            Offer.Kind.GIFT: {"gift"},
            Offer.Kind.DISCOUNT: {"discount_percent", "gift"},
            Offer.Kind.SESSIONS: {"sessions", "session_price"},
            Offer.Kind.TERM: {"days", "session_price"},
        }[self.kind]
        free = {"gift": 0, "discount_percent": 100, "sessions": 0, "days": 0, "session_price": 0}
        for field, nothing in free.items():
            told = getattr(self, field) != nothing
            needed = field in of_kind and not (field == "gift" and self.kind == Offer.Kind.DISCOUNT)
            needed = needed and not (field == "session_price" and self.kind == Offer.Kind.TERM)
            if told and field not in of_kind:
                _fault(field, _("does not belong to this kind of card"))
            if needed and not told:
                _fault(field, _("is needed for this kind of card"))
        if self.sessions and self.session_price * self.sessions < self.price:
            _fault("session_price", _("a single session can't cost less than one of the card"))
        return self


def _fault(field: str, message: str) -> None:
    raise PydanticCustomError("anlan.offer", "{message}", {"message": message, "field": field})


class OfferOut(BaseModel):
    """An offer as everybody may read it."""

    id: UUID
    kind: Annotated[Offer.Kind, WRITTEN_OUT]
    name: str
    content: str
    price: int
    gift: int
    discount_percent: int
    sessions: int
    days: int
    session_price: int
    named: bool
    valid_days: int | None
    refund_way: str
    breach_liability: str
    further_terms: list[str]
    refund_at_used_price: bool
    agreed_rate: Decimal | None
