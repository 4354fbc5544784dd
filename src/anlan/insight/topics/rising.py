"""What is rising: which counts of the last days are more than their own past explains.

Each series (an area with a category, say) is held against its own past alone. What is expected of the window follows
from the past's days, each weekday for itself as the whole city's week goes. Counts of reports swing more than chance
alone (one burst pipe makes ten calls): how much more is measured week by week over the past, each series' own figure
drawn towards that of all. What was expected is itself uncertain, and counts into the variance.

With so many series some always look high. So the whole run is held by the procedure of Benjamini and Hochberg (1995):
where nothing has changed, at most `false_alarms` of all runs raise any alarm; where something has, about this share
of the alarms at most is false. The tests of a night overlap with the last night's, so a false alarm may last some days.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

WEEK = 7
LEAST_WEEKS = 4
"""Whole weeks of past without which nothing can be said."""
FEWEST = 3
"""Reports in the window below which nothing is called rising."""
_DRAWN = 40
"""As many weeks as the dispersion of all series counts for beside a series' own."""
_UNSEEN = 1.0
"""Bursts that the past is taken to have had besides those seen: of a rare thing it may have shown too few by chance."""

Counts = npt.NDArray[np.int64]
Figures = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Rise:
    """One series: `count` in the window, where `expected` was to be expected; `chance` that as many or more come where
    nothing has changed; and whether it counts as rising among all."""

    series: int
    count: int
    expected: float
    chance: float
    is_rising: bool

    @property
    def times(self) -> float:
        return self.count / self.expected


def rising(daily: Counts, *, window: int = WEEK, false_alarms: float = 0.05) -> list[Rise]:
    """Each series' test, in their order. `daily` is series × days, the last `window` days being looked at.

    Raises ValueError where the past is shorter than `LEAST_WEEKS` or `false_alarms` is no share.
    """
    if not 0 < false_alarms < 1:
        raise ValueError("false_alarms: must lie between 0 and 1")
    if daily.ndim != 2 or window < 1 or daily.shape[1] - window < LEAST_WEEKS * WEEK:
        raise ValueError(f"daily: needs a window of a day or more and {LEAST_WEEKS} whole weeks before it")
    # Whole weeks only, so that every weekday is there as often as the others.
    weeks = (daily.shape[1] - window) // WEEK
    past, now = daily[:, -window - weeks * WEEK : -window], daily[:, -window:].sum(axis=1)
    share = _share_of_past(past, window)
    dispersion = _dispersion(past)
    expected = (past.sum(axis=1) + _UNSEEN * dispersion) * share
    # The past is a sample as well: what it foretells is uncertain by as much as it is short.
    chances = _as_many_or_more(now, expected, dispersion * expected * (1 + share))
    alarms = _held(np.where(now >= FEWEST, chances, 1.0), false_alarms)
    return [
        Rise(number, int(count), float(mean), float(chance), bool(alarm))
        for number, (count, mean, chance, alarm) in enumerate(zip(now, expected, chances, alarms, strict=True))
    ]


def _share_of_past(past: Counts, window: int) -> float:
    """What the window's days come to beside the past's, by the weekdays of all series together."""
    by_weekday = past.sum(axis=0).reshape(-1, WEEK).sum(axis=0) + 1.0
    # The day after the past is the weekday with which it began.
    return float(sum(by_weekday[day % WEEK] for day in range(window)) / by_weekday.sum() / (past.shape[1] // WEEK))


def _dispersion(past: Counts) -> Figures:
    """How many times a week's count varies more than chance alone would have it; at least 1."""
    weekly = past.reshape(len(past), past.shape[1] // WEEK, WEEK).sum(axis=2).astype(float)
    mean, freedom = weekly.mean(axis=1), weekly.shape[1] - 1
    seen = mean > 0
    excess = np.zeros(len(past))
    excess[seen] = ((weekly[seen] - mean[seen, None]) ** 2).sum(axis=1) / mean[seen]
    # Series with hardly a report a week say little of how much the others swing.
    weight = np.minimum(mean, 1)
    of_all = max((excess * weight).sum() / (freedom * weight.sum()), 1.0) if seen.any() else 1.0
    drawn = (excess + _DRAWN * of_all) / (freedom + _DRAWN)
    # Half a standard error higher than found: taken too low it would raise false alarms.
    higher: Figures = np.maximum(drawn * (1 + 0.5 * (2 / (freedom + _DRAWN)) ** 0.5), 1.0)
    return higher


def _as_many_or_more(now: Counts, mean: Figures, variance: Figures) -> Figures:
    """The upper tail of the negative binomial with this mean and variance."""
    # Needed by night alone, and slow to import.
    from scipy.stats import nbinom

    part = mean / variance
    chances: Figures = nbinom.sf(now - 1, mean * part / (1 - part), part)
    return chances


def _held(chances: Figures, false_alarms: float) -> npt.NDArray[np.bool_]:
    """The step-up procedure of Benjamini and Hochberg."""
    order = np.argsort(chances)
    limits = false_alarms * np.arange(1, len(chances) + 1) / max(len(chances), 1)
    below = np.flatnonzero(chances[order] <= limits)
    alarms = np.zeros(len(chances), dtype=bool)
    if len(below):
        alarms[order[: below[-1] + 1]] = True
    return alarms


def ordered(found: Sequence[Rise]) -> list[Rise]:
    """What is rising, the least likely to be chance first."""
    return sorted((each for each in found if each.is_rising), key=lambda each: (each.chance, each.series))
