"""Trying the model on merchants that it has not seen: shuffled, stratified parts, everything learned without them.

Companies that come sorted by what became of them are why the parts are shuffled. Calibration too is fitted inside what
is learned from (`training.fit`), so a merchant that is tested has touched nothing.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold

from anlan.loop import clock
from anlan.services.prepaid.warning.calibration import calibration_error
from anlan.services.prepaid.warning.features import Doubles, Table
from anlan.services.prepaid.warning.training import Step, fit, silent

FOLDS, SEED = 5, 1

Scorer = Callable[[Table, Doubles], Doubles]
"""Learns from a table and gives the probability (merchants,) of others' values (merchants, features)."""


def ours(learned: Table, values: Doubles) -> Doubles:
    """The model that serves, learned afresh."""
    return fit(learned, data="evaluation", on=clock.today()).probabilities(values)


def evaluate(table: Table, scorer: Scorer = ours, step: Step = silent) -> dict[str, Any]:
    """Figures of a scorer over `FOLDS` parts with the seed `SEED`.

    `auc` and `average_precision` are means over the parts, as published figures are; `auc_pooled` is over all merchants
    at once. `ece` is over all merchants, in ten equally wide bins of the probability of failure.
    """
    begun = time.process_time()
    probabilities = np.zeros(len(table))
    aucs, precisions = [], []
    parts = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(table.values, table.failed)
    for number, (rest, tested) in enumerate(parts, start=1):
        step(f"part {number} of {FOLDS}")
        probabilities[tested] = found = scorer(table.only(rest), table.values[tested])
        aucs.append(float(roc_auc_score(table.failed[tested], found)))
        precisions.append(float(average_precision_score(table.failed[tested], found)))
    return {
        "auc": round(float(np.mean(aucs)), 4),
        "average_precision": round(float(np.mean(precisions)), 4),
        "ece": round(calibration_error(probabilities, table.failed), 4),
        "auc_pooled": round(float(roc_auc_score(table.failed, probabilities)), 4),
        "auc_of_parts": [round(auc, 4) for auc in aucs],
        "brier": round(float(brier_score_loss(table.failed, probabilities)), 4),
        "merchants": len(table),
        "failed": int(table.failed.sum()),
        "features": len(table.features),
        "folds": FOLDS,
        "seed": SEED,
        "cpu_seconds": round(time.process_time() - begun, 1),
    }
