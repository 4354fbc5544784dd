"""How loud a topic is: people, votes, how many days it has come up, and how long it has been silent.

    heat = (people + a · log2(1 + votes) + b · log2(days)) · (1 + 2^(−silent / c)) / 2

`votes` are those in favour less those against, never below 0; they are damped, as one message can gather thousands.
`days` are those on which it came up, `silent` the days since the last. a, b and c are the rules `topics.heat_votes`,
`topics.heat_days` and `topics.heat_half_life`. Half of the heat stays however old a topic is.
"""

import math
from dataclasses import dataclass
from datetime import date

from anlan.foundation.rules import RuleBook


@dataclass(frozen=True)
class HeatRule:
    """The three numbers of the formula."""

    votes: float
    days: float
    half_life: float


def heat_rule(rules: RuleBook, on: date) -> HeatRule:
    """The numbers in force on that day."""
    names = ("topics.heat_votes", "topics.heat_days", "topics.heat_half_life")
    return HeatRule(*(float(rules.at(name, on).value or 0) for name in names))


@dataclass(frozen=True)
class Heat:
    """The parts of a topic's heat, so that a page can say why it is loud: what people, votes and days add, and the
    share of it that is left after its silence."""

    people: int
    votes: float
    days: float
    left: float

    @property
    def total(self) -> float:
        return (self.people + self.votes + self.days) * self.left


def heat(*, people: int, votes: int, days: int, silent_days: float, rule: HeatRule) -> Heat:
    """`days` is at least 1; `silent_days` below 0 count as 0."""
    fading = 2 ** (-max(silent_days, 0) / rule.half_life) if rule.half_life else 0
    return Heat(people, rule.votes * math.log2(1 + max(votes, 0)), rule.days * math.log2(days), float((1 + fading) / 2))
