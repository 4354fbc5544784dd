"""From a score to a probability that keeps its word, and how far one is from that."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from anlan.services.prepaid.warning.features import Doubles, Labels

BINS = 10
_LEAST, _MOST = 1e-4, 1 - 1e-4


@dataclass(frozen=True, slots=True)
class Calibration:
    """The mean of a logistic curve over scores and of a step curve (`at`, `share`), both fitted to held-back scores.

    The step curve follows what happened; the logistic one keeps the order of any two scores.
    """

    slope: float
    offset: float
    at: Doubles
    share: Doubles

    @classmethod
    def fitted(cls, scores: Doubles, failed: Labels) -> "Calibration":
        """Scores (merchants,) of merchants that no scoring model learned from."""
        from sklearn.isotonic import IsotonicRegression
        from sklearn.linear_model import LogisticRegression

        line: Any = LogisticRegression(C=1e6, max_iter=1_000).fit(scores[:, None], failed)
        steps: Any = IsotonicRegression(out_of_bounds="clip").fit(scores, failed)
        return cls(
            slope=max(float(line.coef_[0, 0]), 0.0),
            offset=float(line.intercept_[0]),
            at=np.asarray(steps.X_thresholds_, dtype=np.float64),
            share=np.asarray(steps.y_thresholds_, dtype=np.float64),
        )

    def probabilities(self, scores: Doubles) -> Doubles:
        """(merchants,), between 0 and 1, never certain."""
        curve = 1 / (1 + np.exp(-np.clip(self.slope * scores + self.offset, -30, 30)))
        found: Doubles = (curve + np.interp(scores, self.at, self.share)) / 2
        return np.clip(found, _LEAST, _MOST)


def calibration_error(probabilities: Doubles, failed: Labels, bins: int = BINS) -> float:
    """Expected calibration error of the probability of failure, in `bins` equally wide bins."""
    which = np.minimum((probabilities * bins).astype(int), bins - 1)
    gaps = [abs(float((failed[which == bin] - probabilities[which == bin]).sum())) for bin in range(bins)]
    return sum(gaps) / len(failed)
