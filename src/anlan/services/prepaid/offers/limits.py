"""What a merchant may take ahead, by its kind and the kind of card: dated rules, each refusal naming its own. Pure."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import Final

from anlan.foundation.rules import Rule, Unit
from anlan.services.prepaid.figures import rule
from anlan.services.prepaid.merchants.models import Merchant
from anlan.services.prepaid.offers.models import Offer

SINGLE_PURPOSE: Final = {
    Merchant.Trade.RETAIL,
    Merchant.Trade.CATERING,
    Merchant.Trade.LODGING,
    Merchant.Trade.HAIR,
    Merchant.Trade.HOUSEHOLD,
}
"""The trades of 单用途商业预付卡管理办法(试行): retail, accommodation and catering, residents' services."""


@dataclass(frozen=True, slots=True)
class Seller:
    """What the limits ask of a merchant."""

    kind: str
    trade: str
    licensed_on: date
    third_party_custody: bool

    @classmethod
    def of(cls, merchant: Merchant) -> "Seller":
        return cls(merchant.kind, merchant.trade, merchant.licensed_on, merchant.third_party_custody)


@dataclass(frozen=True, slots=True)
class Sale:
    """A payment to come: fen, the card's kind, and what the consumer holds there already on named cards."""

    price: int
    named: bool
    kind: str
    sessions: int = 0
    days: int = 0
    valid_days: int | None = None
    held: int = 0
    real_name: bool = True
    transferred: bool = False


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that stands against a sale, and the field of the sale that breaks it."""

    rule: Rule
    field: str


def breaches(seller: Seller, sale: Sale, *, on: date) -> list[Breach]:
    """Every rule against this sale on that day; none means that it may be made."""
    found = [*_age(seller, on), *_amount(seller, sale, on), *_buyer(sale, on)]
    if seller.trade == Merchant.Trade.TUTORING:
        found += _tutoring(sale, on)
    if not sale.named and _is_single_purpose(seller) and sale.valid_days is not None:
        validity = rule("bearer_validity", on)
        if sale.valid_days < _days(validity, on):
            found.append(Breach(validity, "valid_days"))
    return found


def _age(seller: Seller, on: date) -> list[Breach]:
    age = rule("licence_age", on)
    return [] if on >= _months_after(age, seller.licensed_on) else [Breach(age, "merchant")]


def _amount(seller: Seller, sale: Sale, on: date) -> list[Breach]:
    if seller.third_party_custody and rule("custody_lifts_limits", on).value:
        return []
    card = "named" if sale.named else "bearer"
    of_kind = "enterprise" if seller.kind == Merchant.Kind.ENTERPRISE else "other"
    limits = [rule(f"{card}_limit_{of_kind}", on)]
    if _is_single_purpose(seller):
        limits.append(rule(f"{card}_limit_single_purpose", on))
    # For other operators the limit of named cards is for one consumer, so what they hold already counts.
    price = sale.price + (sale.held if sale.named and of_kind == "other" else 0)
    return [Breach(limit, "price") for limit in limits if price > int(limit.value or 0)]


def _buyer(sale: Sale, on: date) -> list[Breach]:
    real_name, transfer = rule("real_name_from", on), rule("transfer_from", on)
    found = []
    if not sale.named and not sale.real_name and sale.price >= int(real_name.value or 0):
        found.append(Breach(real_name, "name"))
    if not sale.transferred and sale.price >= int(transfer.value or 0):
        found.append(Breach(transfer, "paid_by"))
    return found


def _tutoring(sale: Sale, on: date) -> list[Breach]:
    term, classes, limit = rule("tutoring_term", on), rule("tutoring_classes", on), rule("tutoring_limit", on)
    found = []
    if sale.kind == Offer.Kind.TERM and sale.days > _days(term, on):
        found.append(Breach(term, "days"))
    if sale.sessions > int(classes.value or 0):
        found.append(Breach(classes, "sessions"))
    if sale.price > int(limit.value or 0):
        found.append(Breach(limit, "price"))
    return found


def _is_single_purpose(seller: Seller) -> bool:
    return seller.kind == Merchant.Kind.ENTERPRISE and seller.trade in SINGLE_PURPOSE


def _months_after(term: Rule, start: date) -> date:
    """The same day of the month so many months or years later, or the month's last day.

    No day is put off because it is a holiday: what is measured here is how long something lasts, not until when
    somebody may act.
    """
    months = (term.amount or 0) * (12 if term.unit is Unit.YEAR else 1)
    years, month = divmod(start.month - 1 + months, 12)
    year, month = start.year + years, month + 1
    return date(year, month, min(start.day, monthrange(year, month)[1]))


def _days(term: Rule, on: date) -> int:
    return (_months_after(term, on) - on).days
