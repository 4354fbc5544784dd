"""Trying a model on messages that it has not seen."""

import time
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from anlan.services.triage.learning import calibration, stack
from anlan.services.triage.learning.labelled import Labelled, twins
from anlan.services.triage.learning.linear import Doubles
from anlan.services.triage.learning.training import Step, learned, silent

COVERED_AT = 0.99


class Model(Protocol):
    """What can be tried: `linear.LinearModel` or `stack.Stack`."""

    @property
    def labels(self) -> tuple[str, ...]:
        """In the order of the probabilities."""

    @property
    def threshold(self) -> float:
        """From here on a guess is sure."""

    def probabilities(self, texts: list[str]) -> Doubles:
        """(texts, labels); each row sums to 1."""


def evaluate(tested: Labelled, given: Labelled, step: Step = silent) -> dict[str, Any]:
    """Train afresh on `given` without the twins of what is tested, and try it on `tested`.

    The figures are the night's reading's; under `fast` those of the model that serves by day, with the texts that it
    reads in a second of processor time; under `refused` each row of the files that was left out. Raises
    `training.TooLittle` where too little is left to learn from.
    """
    step("looking for the same messages")
    left_out = twins(given.texts, tested.texts)
    rest = given.only([row for row in range(len(given)) if row not in left_out])
    fast = learned(rest.texts, rest.labels, step=step)
    night = stack.over(fast, step=step)
    step("reading what is tested")
    begun = time.process_time()
    fast.model.probabilities(list(tested.texts))
    seconds = time.process_time() - begun
    return {
        **scores(night, tested),
        "trained_on": len(rest),
        "twins_left_out": len(left_out),
        "refused": {"tested": list(tested.refused), "given": list(given.refused)},
        "fast": {**scores(fast.model, tested), "texts_per_second": round(len(tested) / max(seconds, 1e-9))},
    }


def scores(model: Model, tested: Labelled) -> dict[str, Any]:
    """How a model does on labelled texts.

    `ece` is over ten equally wide bins of confidence; `coverage_at_99` the share that can be answered, surest first,
    while 99 % are right; `sure` what the threshold chosen in training does here. A label that the model never learned
    counts as wrong.
    """
    names = [*model.labels, *sorted(set(tested.labels) - set(model.labels))]
    truth = np.array([names.index(label) for label in tested.labels], dtype=np.int64)
    probabilities = model.probabilities(list(tested.texts))
    guessed = probabilities.argmax(axis=1)
    sure = probabilities.max(axis=1) >= model.threshold
    return {
        "macro_f1": macro_f1(truth, guessed),
        "accuracy": round(float((truth == guessed).mean()), 4),
        "ece": round(calibration.calibration_error(probabilities, truth), 4),
        "coverage_at_99": round(calibration.coverage(probabilities, truth, COVERED_AT), 4),
        "sure": {
            "share": round(float(sure.mean()), 4),
            "right": round(float((truth == guessed)[sure].mean()), 4) if sure.any() else None,
        },
        "per_class": _per_class(names, truth, guessed),
        "confusion": {
            "labels": names,
            "rows_true_columns_guessed": confusion_matrix(truth, guessed, labels=range(len(names))).tolist(),
        },
        "n": len(tested),
    }


def macro_f1(truth: Sequence[int] | np.ndarray[Any, Any], guessed: Sequence[int] | np.ndarray[Any, Any]) -> float:
    """The mean over the labels that are there of the harmonic mean of precision and recall."""
    labels = np.unique(np.asarray(truth))
    _, _, f1, _ = precision_recall_fscore_support(truth, guessed, labels=labels, zero_division=0)
    return round(float(np.mean(f1)), 4)


def _per_class(
    names: Sequence[str], truth: np.ndarray[Any, Any], guessed: np.ndarray[Any, Any]
) -> dict[str, dict[str, float]]:
    each = precision_recall_fscore_support(truth, guessed, labels=range(len(names)), zero_division=0)
    return {
        name: {
            "precision": round(float(precision), 4),
            "recall": round(float(recall), 4),
            "f1": round(float(f1), 4),
            "n": int(times),
        }
        for name, precision, recall, f1, times in zip(names, *each, strict=True)
        if times
    }
