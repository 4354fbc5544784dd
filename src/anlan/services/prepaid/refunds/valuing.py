"""Which top-up each use drew on, and what the uses of a top-up are worth by each valuation."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from anlan.services.prepaid.refunds.schemas import Claim, TopUp, Use, Valuation
from anlan.services.prepaid.refunds.sheet import yuan


class Overdrawn(ValueError):
    """More was deducted than the card held on that day; the message names the use."""


@dataclass(frozen=True, slots=True)
class Part:
    """So many fen of a use as were deducted from one top-up."""

    use: Use
    fen: int

    @property
    def share(self) -> Fraction:
        """Of the whole use."""
        return Fraction(self.fen, self.use.deducted_fen)


@dataclass(frozen=True, slots=True)
class Lot:
    """A top-up and the parts of uses that drew on it."""

    number: int
    top_up: TopUp
    parts: tuple[Part, ...]

    @property
    def paid(self) -> Fraction:
        return Fraction(self.top_up.paid_fen)

    @property
    def has_discount(self) -> bool:
        return any(part.use.price_fen < part.use.list_fen for part in self.parts)

    def value(self, valuation: Valuation, *, at_market: bool = False) -> Fraction:
        """What was used, in exact fen; with `at_market` a list price gives way to a lower one of the market."""
        match valuation:
            case Valuation.LIST:
                return sum((part.share * _list_price(part.use, at_market) for part in self.parts), Fraction(0))
            case Valuation.PRICE:
                return sum((part.share * part.use.price_fen for part in self.parts), Fraction(0))
            case Valuation.SHARE:
                return self._paid_share * sum(part.fen for part in self.parts)
            case Valuation.NOTHING:
                return Fraction(0)

    def working(self, valuation: Valuation, *, at_market: bool = False) -> str:
        """How `value` came about, in figures."""
        found = yuan(self.value(valuation, at_market=at_market))
        if valuation is Valuation.SHARE:
            held = self.top_up.paid_fen + self.top_up.gift_fen
            deducted = sum(part.fen for part in self.parts)
            return f"{yuan(self.top_up.paid_fen)} ÷ {yuan(held)} × {yuan(deducted)} = {found}"
        return f"Σ({len(self.parts)}) = {found}"

    @property
    def _paid_share(self) -> Fraction:
        return Fraction(self.top_up.paid_fen, self.top_up.paid_fen + self.top_up.gift_fen)


def lots(claim: Claim, *, oldest_first: bool) -> list[Lot]:
    """The top-ups, the first to be used up first, each with the uses that drew on it.

    A use with a day draws only on what had been paid by then. Raises `Overdrawn`.
    """
    order = sorted(claim.top_ups, key=lambda top_up: top_up.paid_on, reverse=not oldest_first)
    left = [top_up.paid_fen + top_up.gift_fen for top_up in order]
    parts: list[list[Part]] = [[] for _ in order]
    for number, use in enumerate(claim.uses, start=1):
        missing = _draw(use, order, left, parts)
        if missing:
            raise Overdrawn(
                f"uses.{number}.deducted_fen: {yuan(use.deducted_fen)} was deducted, "
                f"{yuan(missing)} more than the card held"
            )
    return [
        Lot(number, top_up, tuple(drawn))
        for number, (top_up, drawn) in enumerate(zip(order, parts, strict=True), start=1)
    ]


def _draw(use: Use, order: Sequence[TopUp], left: list[int], parts: list[list[Part]]) -> int:
    """Take a use from the top-ups in their order; returns what was missing."""
    missing = use.deducted_fen
    for place, top_up in enumerate(order):
        taken = min(missing, left[place])
        if taken == 0 or (use.on is not None and top_up.paid_on > use.on):
            continue
        left[place] -= taken
        parts[place].append(Part(use, taken))
        missing -= taken
    return missing


def _list_price(use: Use, at_market: bool) -> int:
    if at_market and use.market_fen is not None:
        return min(use.list_fen, use.market_fen)
    return use.list_fen
