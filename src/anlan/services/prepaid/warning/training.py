"""Learning who fails: monotone boosted trees, each set on all parts of the merchants but one, calibrated on that one.

So no merchant is spent on calibration alone, and none calibrates a tree that learned from it. The settings were chosen
by cross-validation on `polish_1year` (bench/risk.py measures them beside others); on other data they are not tuned.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import lightgbm
import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold

from anlan.services.prepaid.warning.calibration import Calibration, calibration_error
from anlan.services.prepaid.warning.features import Doubles, Feature, Labels, Table
from anlan.services.prepaid.warning.model import Card, FailureModel, median_of

PARTS = 10
ROUNDS = 150
TREES: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.1,
    "num_leaves": 31,
    "min_child_samples": 10,
    # Failures differ from others by little in many ratios at once: shrinking the leaves hides it.
    "reg_lambda": 0.0,
    "min_data_in_bin": 1,
    "monotone_constraints_method": "basic",
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


class TooLittle(ValueError):
    """There is not enough to learn from."""


Step = Callable[[str], None]
"""Told what is done next, in a few words, for somebody who waits."""


def silent(doing: str) -> None:
    """Nobody waits."""


@dataclass(frozen=True, slots=True)
class _Learned:
    members: tuple[lightgbm.Booster, ...]
    unseen: Doubles
    """(merchants,): the log-odds from the member that did not learn from the merchant."""


def fit(table: Table, *, data: str, on: date, seed: int = 0) -> FailureModel:
    """A model of merchants and what became of them; `data` and `on` go onto its card.

    The same table and seed give the same model. Raises `TooLittle` where a part would be without a failure.
    """
    fewest = min(int(table.failed.sum()), int((~table.failed).sum()))
    if fewest < PARTS:
        raise TooLittle(f"failed: {PARTS} merchants of each kind are needed at least; there are {fewest}")
    learned = _learned(table, seed)
    calibration = Calibration.fitted(learned.unseen, table.failed)
    probabilities = calibration.probabilities(learned.unseen)
    card = Card(
        data=data,
        made_on=on.isoformat(),
        merchants=len(table),
        failed=int(table.failed.sum()),
        auc=round(float(roc_auc_score(table.failed, learned.unseen)), 4),
        average_precision=round(float(average_precision_score(table.failed, learned.unseen)), 4),
        ece=round(calibration_error(probabilities, table.failed), 4),
    )
    return FailureModel(table.features, learned.members, calibration, median_of(table.values), card)


def _learned(table: Table, seed: int) -> _Learned:
    unseen = np.zeros(len(table))
    members = []
    parts = StratifiedKFold(PARTS, shuffle=True, random_state=seed).split(table.values, table.failed)
    for number, (rest, left_out) in enumerate(parts):
        member = _member(table.features, table.values[rest], table.failed[rest], seed * PARTS + number)
        unseen[left_out] = np.asarray(member.predict(table.values[left_out], raw_score=True))
        members.append(member)
    return _Learned(tuple(members), unseen)


def _member(features: tuple[Feature, ...], values: Doubles, failed: Labels, seed: int) -> lightgbm.Booster:
    settings = {**TREES, "seed": seed, "monotone_constraints": [feature.more.value for feature in features]}
    return lightgbm.train(settings, lightgbm.Dataset(values, label=failed.astype(np.int8)), num_boost_round=ROUNDS)
