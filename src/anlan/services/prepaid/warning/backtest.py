"""What warnings would have been worth: officers check so many shops each time, and time tells which of them failed.

The same for the model and for rules, so that the two stand side by side. Days are counted from any one day.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anlan.services.prepaid.warning.features import Doubles


@dataclass(frozen=True, slots=True)
class Look:
    """One day on which shops are chosen. `scores` (shops,): the higher, the sooner; NaN for one not to be chosen."""

    day: int
    scores: Doubles


@dataclass(frozen=True, slots=True)
class Worth:
    """`found` of the `checks` were of shops that failed within the horizon, `lead_days` (median) after the check.

    `failures` are all that could have been found, `hours` what the checks cost.
    """

    checks: int
    found: int
    failures: int
    lead_days: float
    hours: float

    @property
    def precision(self) -> float:
        """The share of the checks that were of shops that failed."""
        return self.found / max(self.checks, 1)

    @property
    def recall(self) -> float:
        """The share of the failures that were found."""
        return self.found / max(self.failures, 1)

    @property
    def hours_each(self) -> float:
        """What one found failure costs; infinite where none was found."""
        return self.hours / self.found if self.found else np.inf


def back_test(
    looks: Iterable[Look], ends: NDArray[np.int32], *, capacity: int, horizon: int, hours_a_check: float
) -> Worth:
    """Check the `capacity` highest scores of each look, and no shop twice within `horizon` days.

    `ends` (shops,): the day on which each fails, beyond all days where it doesn't. A failure counts once.
    """
    checked_on = np.full(len(ends), -horizon - 1)
    checks, leads, possible = 0, list[NDArray[np.int32]](), np.zeros(len(ends), np.bool_)
    for look in looks:
        lead = ends - look.day
        known = ~np.isnan(look.scores)
        possible |= known & (lead > 0) & (lead <= horizon)
        free = np.flatnonzero(known & (look.day - checked_on > horizon))
        chosen = free[np.argsort(-look.scores[free], kind="stable")[:capacity]]
        checked_on[chosen] = look.day
        checks += len(chosen)
        leads.append(lead[chosen][(lead[chosen] > 0) & (lead[chosen] <= horizon)])
    found = np.concatenate(leads) if leads else np.zeros(0)
    return Worth(
        checks=checks,
        found=len(found),
        failures=int(possible.sum()),
        lead_days=float(np.median(found)) if len(found) else np.nan,
        hours=checks * hours_a_check,
    )
