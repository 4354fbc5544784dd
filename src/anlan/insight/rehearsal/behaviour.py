"""How the simulated people behave. Every number here is an assumption of the rehearsal, not a fact of the city."""

from dataclasses import dataclass
from math import log
from random import Random


@dataclass(frozen=True)
class Behaviour:
    """Medians in seconds unless said otherwise; shares between 0 and 1."""

    desk_reads: float = 25
    desk_answers: float = 15 * 60
    desk_seats: int = 2
    sorts_anew: float = 0.08
    takes_first_suggestion: float = 0.9
    waits_for_a_unit: float = 5 * 60
    unit_accepts: float = 18
    unit_declines: float = 0.04
    metres_a_second: float = 4.5
    setting_off: float = 45
    feeds_back: float = 12 * 60
    works: float = 2.5 * 3600
    works_spread: float = 1.1
    finds_a_crime: float = 0.004
    solves: float = 0.88
    explains: float = 0.09
    resident_rates: float = 0.55
    resident_rates_after: float = 10 * 3600
    resident_reopens: float = 0.03
    leaves_a_number: float = 0.7

    def delay(self, random: Random, median: float, spread: float = 0.6) -> float:
        """A log-normal time with this median: mostly near it, sometimes far beyond."""
        return random.lognormvariate(log(median), spread)

    def rating(self, random: Random, *, solved: bool, late: bool) -> int:
        """Five levels; worse where it came late or was not solved."""
        weights = [1, 2, 12, 35, 50]
        if late:
            weights = [4, 9, 27, 35, 25]
        if not solved:
            weights = [20, 25, 30, 15, 10]
        return random.choices((1, 2, 3, 4, 5), weights)[0]
