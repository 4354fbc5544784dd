"""From what is measured of a shop to its colour, with the reasons. A pure function of numbers and dated rules.

No law says what the colours mean or where one ends: every threshold is a setting of the city, and each reason names
the number, the threshold and what would turn it green. A colour is never the last word: it has an end, and an appeal.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from anlan.foundation.rules import RuleBook
from anlan.services.prepaid.colour.indicators import INDICATORS, Indicator, Numbers


class Level(IntEnum):
    """How much an indicator, or a shop, alarms."""

    GREEN = 0
    YELLOW = 1
    RED = 2


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on an indicator is yellow and red, in the order of `INDICATORS`; `together` yellow ones make a red."""

    yellow: Numbers
    red: Numbers
    together: int

    @classmethod
    def of(cls, book: RuleBook, on: date) -> "Thresholds":
        """As the rules of a day have it. An indicator without a red threshold never makes a shop red alone."""

        def at(name: str, level: str) -> float:
            return float(book.at(f"prepaid.colour_{name}_{level}", on).value or 0)

        return cls(
            yellow=np.array([at(indicator.name, "yellow") for indicator in INDICATORS]),
            red=np.array([at(indicator.name, "red") for indicator in INDICATORS]),
            together=int(book.at("prepaid.colour_together", on).value or 0),
        )


@dataclass(frozen=True, slots=True)
class Reason:
    """One indicator that alarms: its number, and the threshold it has reached."""

    indicator: Indicator
    level: Level
    value: float
    threshold: float
    green_from: float


_WORSE = np.array([1.0 if indicator.worse_high else -1.0 for indicator in INDICATORS])


def levels(values: Numbers, thresholds: Thresholds) -> NDArray[np.int8]:
    """How much each indicator alarms, shape (shops, indicators). What is not known does not alarm."""
    # Both sides turned so that higher is worse; a comparison with NaN is false.
    yellow = values * _WORSE >= thresholds.yellow * _WORSE
    red = values * _WORSE >= thresholds.red * _WORSE
    return np.where(red, Level.RED, np.where(yellow, Level.YELLOW, Level.GREEN)).astype(np.int8)


def colours(of_indicators: NDArray[np.int8], thresholds: Thresholds) -> NDArray[np.int8]:
    """The colour of each shop, shape (shops,): its worst indicator's, and red where several are yellow together."""
    worst: NDArray[np.int8] = of_indicators.max(axis=1)
    many = (of_indicators >= Level.YELLOW).sum(axis=1) >= thresholds.together
    return np.where(many, Level.RED, worst).astype(np.int8)


def reasons(values: Numbers, thresholds: Thresholds) -> list[Reason]:
    """Why a shop is not green, the worst first; `values` is one shop's row."""
    of_indicators = levels(values[None, :], thresholds)[0]
    return sorted(_reasons(values, of_indicators, thresholds), key=lambda reason: -reason.level)


def _reasons(values: Numbers, of_indicators: Sequence[int] | NDArray[np.int8], at: Thresholds) -> Iterator[Reason]:
    for place, indicator in enumerate(INDICATORS):
        level = Level(of_indicators[place])
        if level is Level.GREEN:
            continue
        threshold = (at.red if level is Level.RED else at.yellow)[place]
        yield Reason(indicator, level, float(values[place]), float(threshold), float(at.yellow[place]))
