"""The tables of prepaid consumption, one module for each part of it."""

from anlan.services.prepaid.cards.models import Card, CardEvent, ConfirmationCode, Drawn, Lot, SpentToken, Use
from anlan.services.prepaid.cards.repayment_models import Repayment
from anlan.services.prepaid.colour.models import ColourChange, NightlyJudging, Stale, TradingDay
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
from anlan.services.prepaid.supervision.models import HolderNotice, ShopMatter
from anlan.services.prepaid.warning.models import ModelNight, Outlook, WarningModel, WarningModelChoice

__all__ = [
    "Card",
    "CardEvent",
    "Colour",
    "ColourChange",
    "ConfirmationCode",
    "Delivery",
    "Drawn",
    "HolderNotice",
    "Lot",
    "Membership",
    "Merchant",
    "ModelNight",
    "NightlyJudging",
    "Offer",
    "Outlook",
    "RegisterEntry",
    "Repayment",
    "Shop",
    "ShopMatter",
    "SpentToken",
    "Stale",
    "Taking",
    "Till",
    "TradingDay",
    "Treasury",
    "Use",
    "WarningModel",
    "WarningModelChoice",
    "Webhook",
]
