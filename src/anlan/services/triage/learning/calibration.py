"""Making probabilities of scores, and measuring whether they keep their word. For training and evaluation only."""

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from anlan.services.triage.learning.linear import Doubles, expanded

BINS = 10
_STEEPNESS = 4.0
"""Scores lie between 0 and 1; so much steeper, the regression's penalty hardly holds them back."""
_PENALTY = 0.1


def calibrate(scores: Doubles, truth: NDArray[np.int64], labels: int) -> tuple[Doubles, Doubles]:
    """The regression over held-back scores (rows, labels).

    Returns the matrix (2 × labels, labels) and the offset (labels,) that make log-probabilities of
    `linear.expanded(scores)`.
    """
    matrix, offset = regression(steep(scores), truth, labels, _PENALTY)
    return _STEEPNESS * matrix, offset


def steep(scores: Doubles) -> Doubles:
    """Scores as a regression should see them (rows, 2 × labels)."""
    return _STEEPNESS * expanded(scores)


def regression(said: Doubles, truth: NDArray[np.int64], labels: int, penalty: float) -> tuple[Doubles, Doubles]:
    """Multinomial logistic regression: the matrix (columns, labels) and the offset (labels,) of log-probabilities."""
    found = LogisticRegression(C=1 / penalty, max_iter=1_000).fit(said, truth)
    matrix, offset = found.coef_, found.intercept_
    if labels == 2:  # scikit-learn keeps one row for two labels
        matrix, offset = np.vstack([0 * matrix, matrix]), np.array([0.0, *offset])
    return matrix.T, offset


def calibration_error(probabilities: Doubles, truth: NDArray[np.int64], bins: int = BINS) -> float:
    """Expected calibration error of the likeliest label, in `bins` equally wide bins (Guo et al. 2017)."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [abs(float((right[which == bin] - confidence[which == bin]).sum())) for bin in range(bins)]
    return sum(gaps) / len(truth)


def sure_from(probabilities: Doubles, truth: NDArray[np.int64], precision: float) -> float:
    """The confidence from which on guesses are right at least so often; above 1 where none are."""
    confidence, share = _surest_first(probabilities, truth)
    enough = np.flatnonzero(share >= precision)
    return float(confidence[enough[-1]]) if len(enough) else 2.0


def coverage(probabilities: Doubles, truth: NDArray[np.int64], precision: float) -> float:
    """The share of texts that can be answered, surest first, while so many of the answers are right."""
    _, share = _surest_first(probabilities, truth)
    enough = np.flatnonzero(share >= precision)
    return float(enough[-1] + 1) / len(truth) if len(enough) else 0.0


def _surest_first(probabilities: Doubles, truth: NDArray[np.int64]) -> tuple[Doubles, Doubles]:
    """Confidence in falling order, and the share of right answers up to there."""
    confidence = probabilities.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    right = (probabilities.argmax(axis=1) == truth)[order]
    return confidence[order], right.cumsum() / np.arange(1, len(truth) + 1)
