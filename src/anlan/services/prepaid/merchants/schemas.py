"""What may be told about merchants, and what is told to everybody."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from anlan.loop.schemas import AreaCode, Line, Told
from anlan.services.prepaid.amounts import Fen
from anlan.services.prepaid.merchants.models import Colour, Membership, Merchant, RegisterEntry
from anlan.services.prepaid.offers.schemas import OfferOut

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
Name = Annotated[Line, Field(min_length=1, max_length=120)]


def _has_check_character(code: str) -> str:
    """The check character of GB 32100-2015: weights 3^i modulo 31."""
    weighted = sum(_ALPHABET.index(mark) * pow(3, place, 31) for place, mark in enumerate(code[:17]))
    if _ALPHABET[-weighted % 31] != code[17]:
        raise ValueError("the check character does not fit")
    return code


CreditCode = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_upper=True, pattern=rf"^[{_ALPHABET}]{{18}}$"),
    AfterValidator(_has_check_character),
]
"""统一社会信用代码 (GB 32100-2015)."""


class MerchantIn(Told):
    """A business as the market register knows it."""

    name: Name
    credit_code: CreditCode
    kind: Merchant.Kind
    trade: Merchant.Trade
    issuer: Merchant.Issuer = Merchant.Issuer.SMALL
    area: AreaCode
    licensed_on: date
    registered_capital: Fen | None = None
    revenue_last_year: Fen | None = None
    third_party_custody: bool = False
    representative: Annotated[Line, Field(max_length=60)] = ""
    contact_phone: Annotated[Line, Field(max_length=40)] = ""


class ShopIn(Told):
    """A place of a merchant."""

    name: Name
    area: AreaCode
    address: Line = ""
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    phone: Annotated[Line, Field(max_length=30)] = ""
    opened_on: date


class EntryIn(Told):
    """One line of a public register; sent again, it changes only the day on which it was removed."""

    register_name: RegisterEntry.Register
    reference: Annotated[Line, Field(min_length=1, max_length=80)]
    of_representative: bool = False
    entered_on: date
    removed_on: date | None = None
    source: Annotated[Line, Field(min_length=1)]


class Hiring(Told):
    """Somebody with an account who is to work at the counter."""

    username: Annotated[Line, Field(min_length=1, max_length=60)]
    role: Membership.Role = Membership.Role.CASHIER
    shop: UUID | None = None


class PublicShop(BaseModel):
    """A shop as everybody may see it before paying ahead, with its offers and all their terms."""

    id: UUID
    code: str
    name: str
    merchant: str
    credit_code: str
    trade: str
    address: str
    phone: str
    colour: Colour
    colour_since: datetime
    takes_prepayments: bool
    closes_on: date | None
    offers: list[OfferOut]
