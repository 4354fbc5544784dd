"""How many addresses a spot check has to see, and what may be said of all after seeing them.

**Size.** For a share that nobody knows yet the worst case is one half: n0 = z²·¼ / margin², and of N addresses
n = n0 / (1 + (n0 - 1) / N) are enough (correction for a finite population; Cochran, Sampling Techniques, 3rd ed., 4.4).

**Interval.** Wilson's score interval for k right of n (E. B. Wilson, JASA 22, 1927):
(p + z²/2m ± z·√(p(1-p)/m + z²/4m²)) / (1 + z²/m) with p = k/n. For a finite population m = n·(N - 1)/(N - n), the size
of a sample with the same variance drawn with replacement; where all N were seen, nothing is uncertain.
"""

from dataclasses import dataclass
from math import ceil, sqrt
from statistics import NormalDist


@dataclass(frozen=True, slots=True)
class Interval:
    """A share with the range that it lies in, at the confidence asked for; all from 0 to 1."""

    share: float
    low: float
    high: float


def sample_size(population: int, *, confidence: float, margin: float) -> int:
    """How many of `population` have to be drawn so that a share is known within ± `margin`.

    Raises ValueError where confidence or margin do not lie between 0 and 1.
    """
    if not 0 < confidence < 1 or not 0 < margin < 1:
        raise ValueError("confidence and margin lie between 0 and 1")
    if population <= 1:
        return max(population, 0)
    without_end = (_z(confidence) / (2 * margin)) ** 2
    return min(population, max(1, ceil(without_end / (1 + (without_end - 1) / population))))


def interval(right: int, seen: int, *, confidence: float, population: int | None = None) -> Interval | None:
    """What `right` of `seen` says of all; None where nothing was seen. Without `population` it has no end.

    Raises ValueError for more right than seen, or more seen than there are.
    """
    if not 0 <= right <= seen or (population is not None and seen > population):
        raise ValueError("there can't be more right than seen, nor more seen than there are")
    if seen == 0:
        return None
    share = right / seen
    if population is not None and seen == population:
        return Interval(share, share, share)
    size = seen if population is None else seen * (population - 1) / (population - seen)
    squared = _z(confidence) ** 2
    middle = share + squared / (2 * size)
    half = sqrt(squared) * sqrt(share * (1 - share) / size + squared / (4 * size**2))
    scale = 1 + squared / size
    return Interval(share, max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale))


def _z(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)
