"""Who of a simulated market fails soon: the model learned before one day, tried after it, beside the rules alone.

SIMULATED: the figures say that the machinery works and what it can at best see in this market, nothing of a real one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from anlan.foundation.rules import declared
from anlan.services.prepaid.colour import judging
from anlan.services.prepaid.colour.indicators import HISTORY, INDICATORS, Least
from anlan.services.prepaid.colour.judging import Level, Thresholds
from anlan.services.prepaid.simulation.looking import at_work, days_until
from anlan.services.prepaid.simulation.market import Market, simulate
from anlan.services.prepaid.warning.backtest import Look, Worth, back_test
from anlan.services.prepaid.warning.calibration import calibration_error
from anlan.services.prepaid.warning.features import Doubles, Table
from anlan.services.prepaid.warning.shops import FEATURES, features_of
from anlan.services.prepaid.warning.training import fit

FIRST_DAY = date(2024, 1, 1)
BY_RULES_OF = date(2026, 1, 1)
EVERY, HORIZON = 28, 84
"""Days from one look to the next, and how far a warning reaches."""
CAPACITY = 1 / 200
"""Of the shops can be checked between two looks: of 74,000 some 4,800 a year, as many as were warned of in 2025."""
HOURS_A_CHECK = 2.0
"""Assumed: the way there, the check, the form."""


@dataclass(frozen=True, slots=True)
class Foresight:
    """What the model and the rules were worth in the looks after the cut."""

    shops: int
    learned: int
    failed: int
    tested: int
    auc: float
    average_precision: float
    base_rate: float
    ece: float
    model: Worth
    rules: Worth
    red: float
    red_precision: float

    def as_json(self) -> dict[str, Any]:
        return {
            "market_shops": self.shops,
            "market_learned": self.learned,
            "market_failed": self.failed,
            "market_tested": self.tested,
            "market_auc": self.auc,
            "market_average_precision": self.average_precision,
            "market_base_rate": self.base_rate,
            "market_ece": self.ece,
            **_told("model", self.model),
            **_told("rules", self.rules),
            "red_share": self.red,
            "red_precision": self.red_precision,
        }


@dataclass(frozen=True, slots=True)
class _Part:
    """`learned` (shops, features) and what came of them; `values` and `known` (shops, …) of each look after the cut."""

    learned: Doubles
    failed: NDArray[np.bool_]
    values: Sequence[Doubles]
    known: Sequence[NDArray[np.bool_]]
    ends: NDArray[np.int32]


def foresee(*, shops: int, days: int, seed: int) -> Foresight:
    """Learn from looks whose horizon ends before the cut, in the middle of what can be looked at; try after it."""
    cut = (HISTORY + days) // 2
    tested_on = range(cut, days - HORIZON + 1, EVERY)
    random = np.random.default_rng(seed)
    market = simulate(shops=shops, days=days, seed=seed, first_day=FIRST_DAY)
    parts = [_part(each, range(HISTORY, cut - HORIZON + 1, EVERY), tested_on, random) for each in market]
    table = Table(
        FEATURES, np.concatenate([part.learned for part in parts]), np.concatenate([part.failed for part in parts])
    )
    model = fit(table, data="simulated market", on=FIRST_DAY)
    ends = np.concatenate([part.ends for part in parts])
    thresholds = Thresholds.of(declared(), BY_RULES_OF)
    by_model, by_rules, rows = [], [], []
    for number, day in enumerate(tested_on):
        values = np.concatenate([part.values[number] for part in parts])
        known = np.concatenate([part.known[number] for part in parts])
        probability, colour, alarms = np.full(shops, np.nan), np.zeros(shops, np.int8), np.full(shops, np.nan)
        probability[known] = model.probabilities(values[known])
        of_indicators = judging.levels(values[known, : len(INDICATORS)], thresholds)
        colour[known] = judging.colours(of_indicators, thresholds)
        # Rules know no more than colour and number of alarms; who comes first among equals is drawn.
        alarms[known] = colour[known] * 100.0 + of_indicators.sum(axis=1) + random.random(int(known.sum()))
        by_model.append(Look(day, probability))
        by_rules.append(Look(day, alarms))
        fails = (ends > day) & (ends <= day + HORIZON)
        rows.append(np.column_stack([probability, fails, colour == Level.RED])[known])
    score, fails, red = np.concatenate(rows).T
    worth = partial(
        back_test, ends=ends, capacity=max(round(shops * CAPACITY), 1), horizon=HORIZON, hours_a_check=HOURS_A_CHECK
    )
    return Foresight(
        shops=shops,
        learned=len(table),
        failed=int(table.failed.sum()),
        tested=len(score),
        auc=float(roc_auc_score(fails, score)),
        average_precision=float(average_precision_score(fails, score)),
        base_rate=float(fails.mean()),
        ece=calibration_error(score, fails),
        model=worth(by_model),
        rules=worth(by_rules),
        red=float(red.mean()),
        red_precision=float(fails[red > 0].mean()) if red.any() else 0.0,
    )


def _part(market: Market, learned_on: range, tested_on: range, random: np.random.Generator) -> _Part:
    """Of each shop one look at most is learned: two would not be two witnesses.

    It is drawn before it is known whether the shop was at work then, or failures would be learned too often.
    """
    chosen = random.choice(np.array(learned_on), market.shops)
    learned = np.full((market.shops, len(FEATURES)), np.nan)
    usable = np.zeros(market.shops, np.bool_)
    for day in learned_on:
        which = (chosen == day) & at_work(market, day)
        learned[which] = _features(market, day)[which]
        usable |= which
    return _Part(
        learned=learned[usable],
        failed=(market.ends <= chosen + HORIZON)[usable],
        values=[_features(market, day) for day in tested_on],
        known=[at_work(market, day) for day in tested_on],
        ends=market.ends,
    )


def _features(market: Market, day: int) -> Doubles:
    least = Least.of(declared(), BY_RULES_OF)
    return features_of(days_until(market, day), least)


def _told(name: str, worth: Worth) -> dict[str, Any]:
    return {
        f"{name}_precision": worth.precision,
        f"{name}_recall": worth.recall,
        f"{name}_lead_days": worth.lead_days,
        f"{name}_hours_each": worth.hours_each,
    }
