"""The tables of prepaid consumption, one module for each part of it."""

from anlan.services.prepaid.cards.models import Card, CardEvent, ConfirmationCode, Drawn, Lot, SpentToken, Use
from anlan.services.prepaid.cards.repayment_models import Repayment
from anlan.services.prepaid.colour.models import ColourChange, Stale, TradingDay
from anlan.services.prepaid.merchants.models import (
    Colour,
    Delivery,
    Membership,
    Merchant,
    RegisterEntry,
    Shop,
    Taking,
    Till,
    Treasury,
    Webhook,
)
from anlan.services.prepaid.offers.models import Offer

__all__ = [
    "Card",
    "CardEvent",
    "Colour",
    "ColourChange",
    "ConfirmationCode",
    "Delivery",
    "Drawn",
    "Lot",
    "Membership",
    "Merchant",
    "Offer",
    "RegisterEntry",
    "Repayment",
    "Shop",
    "SpentToken",
    "Stale",
    "Taking",
    "Till",
    "TradingDay",
    "Treasury",
    "Use",
    "Webhook",
]
