"""A shop's colour in words: to everybody what it means, to the merchant and the regulator why, and what would mend it.

What the colours mean and where one begins is a setting of the city; no published text says it (`rules/colour.toml`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from anlan.city.people.access import scope_of, scoped, system
from anlan.foundation.language import said
from anlan.services.prepaid.colour.indicators import INDICATORS
from anlan.services.prepaid.colour.models import ColourChange
from anlan.services.prepaid.merchants.models import Colour, Shop
from anlan.services.prepaid.merchants.queries import shop_of_code

_BY_NAME: Final = {indicator.name: indicator for indicator in INDICATORS}
_UNITS: Final = {"times": ("倍", " times"), "days": ("天", " days"), "entries": ("条", " entries")}
_HELD: Final = """
    SELECT coalesce(sum(a.posted), 0)::bigint, coalesce(sum(l.unused), 0)::bigint
    FROM prepaid_card c
    JOIN ledger_account a ON a.id = c.escrow
    LEFT JOIN LATERAL (SELECT sum(paid - released - refunded) AS unused FROM prepaid_lot WHERE card_id = c.id) l ON true
    WHERE c.shop_id = %s
"""


@dataclass(frozen=True, slots=True)
class Explained:
    """One reason in the reader's language: what alarms, its number, from where on it does, and what would help."""

    level: Colour
    title: str
    value: str
    threshold: str
    green: str
    mend: str


@dataclass(frozen=True, slots=True)
class PublicColour:
    """What everybody may know of a shop's colour. `held` is the share of unused prepayments that lies in escrow, in
    per cent; None where nothing is held. `until` is when the colour is judged anew at the latest."""

    shop: Shop
    colour: Colour
    since: datetime
    until: datetime | None
    held: int | None

    @property
    def takes_prepayments(self) -> bool:
        """May money be paid ahead here now?"""
        return self.colour != Colour.RED and self.shop.closes_on is None and self.shop.closed_at is None


def public_colour(code: str) -> PublicColour:
    """The colour of the shop with this code. No reasons: they are the merchant's and the regulator's. Raises
    Unknown."""
    shop = shop_of_code(code)
    latest = ColourChange.objects.filter(shop=shop).order_by("-at").first()
    # Only two sums leave the scope: no card, no holder.
    with scoped(scope_of(system())), connection.cursor() as cursor:
        cursor.execute(_HELD, [shop.id])
        held, unused = cursor.fetchone()
    return PublicColour(
        shop=shop,
        colour=Colour(shop.colour),
        since=shop.colour_since,
        until=latest.until if latest else None,
        held=min(100 * held // unused, 100) if unused else None,
    )


def history(shop: Shop, *, limit: int = 50) -> list[ColourChange]:
    """How the colour came about, the newest first. For the merchant and whoever watches over the area."""
    return list(ColourChange.objects.filter(shop=shop).order_by("-at")[:limit])


def explained(reasons: Sequence[Mapping[str, Any]], *, chinese: bool | None = None) -> list[Explained]:
    """The kept reasons of a colour in words, in the reader's language or, with `chinese`, in Chinese."""

    def words(zh: str, en: str) -> str:
        return zh if chinese else said(zh, en)

    found = []
    for reason in reasons:
        indicator = _BY_NAME.get(reason["indicator"])
        if indicator is None:
            # A colour of earlier years may name what is no longer measured.
            continue
        edge = _number(reason["green_from"], indicator.unit, words)
        green = (f"低于{edge}", f"below {edge}") if indicator.worse_high else (f"高于{edge}", f"above {edge}")
        found.append(
            Explained(
                level=Colour(reason["level"]),
                title=words(indicator.title, indicator.title_en),
                value=_number(reason["value"], indicator.unit, words),
                threshold=_number(reason["threshold"], indicator.unit, words),
                green=words(*green),
                mend=words(indicator.mend, indicator.mend_en),
            )
        )
    return found


def _number(value: float | None, unit: str, words: Any) -> str:
    if value is None:
        return "–"
    if unit == "share":
        return f"{100 * value:.4g}%"
    return f"{value:.4g}{words(*_UNITS[unit])}"
