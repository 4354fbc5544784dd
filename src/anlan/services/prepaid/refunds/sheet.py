"""The sheet on which a refund is reckoned: exact amounts, rounded once, at the end."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from fractions import Fraction

from anlan.services.prepaid.refunds.schemas import Assumption, Bilingual, Decision, Refund, RefundLine

HALF = Fraction(1, 2)


class Section(Enum):
    PRINCIPAL = "principal"
    INTEREST = "interest"
    EXPENSES = "expenses"


@dataclass(frozen=True, slots=True)
class _Entry:
    section: Section
    rule: str
    article: Bilingual
    text: Bilingual
    exact: Fraction
    working: str


@dataclass(slots=True)
class Sheet:
    """Lines in the order in which they were entered, and what is open beside them."""

    _entries: list[_Entry] = field(default_factory=list)
    _decisions: list[Decision] = field(default_factory=list)
    _assumptions: list[Assumption] = field(default_factory=list)

    def enter(
        self, section: Section, rule: str, article: Bilingual, text: Bilingual, exact: Fraction, working: str = ""
    ) -> None:
        """One line; `exact` in fen, negative for what is taken off."""
        self._entries.append(_Entry(section, rule, article, text, exact, working))

    def leave_to_a_person(self, rule: str, article: Bilingual, text: Bilingual) -> None:
        """What nobody but a person may decide; the same thing is asked once."""
        decision = Decision(rule=rule, article=article, text=text)
        if decision not in self._decisions:
            self._decisions.append(decision)

    def assume(self, assumption: Assumption) -> None:
        """What was taken where the law is silent; said once."""
        if assumption not in self._assumptions:
            self._assumptions.append(assumption)

    @property
    def total(self) -> Fraction:
        """Of all lines so far, exact."""
        return sum((entry.exact for entry in self._entries), Fraction(0))

    def refund(self) -> Refund:
        """The lines in whole fen. They add up, as each is by how much the rounded running sum has changed."""
        lines = tuple(self._rounded())
        sums = dict.fromkeys(Section, 0)
        for entry, line in zip(self._entries, lines, strict=True):
            sums[entry.section] += line.amount_fen
        return Refund(
            lines=lines,
            principal_fen=sums[Section.PRINCIPAL],
            interest_fen=sums[Section.INTEREST],
            expenses_fen=sums[Section.EXPENSES],
            total_fen=sum(sums.values()),
            decisions=tuple(self._decisions),
            assumptions=tuple(self._assumptions),
        )

    def _rounded(self) -> Iterator[RefundLine]:
        running, said = Fraction(0), 0
        for entry in self._entries:
            running += entry.exact
            amount = half_up(running) - said
            said += amount
            yield RefundLine(
                rule=entry.rule, article=entry.article, text=entry.text, amount_fen=amount, working=entry.working
            )


def half_up(fen: Fraction) -> int:
    """Whole fen; half of one goes up."""
    return math.floor(fen + HALF)


def yuan(fen: Fraction | int) -> str:
    """An amount as it is written in a working: to the fen, to four places where it is not whole fen."""
    exact = Fraction(fen)
    places = Decimal("0.01") if exact.denominator == 1 else Decimal("0.0001")
    value = Decimal(exact.numerator) / Decimal(exact.denominator * 100)
    return str(value.quantize(places, ROUND_HALF_UP))


def percent(rate: Fraction) -> str:
    """A rate as it is written in a working."""
    return f"{float(rate * 100):.4f}".rstrip("0").rstrip(".") + "%"


def article(zh: str, en: str) -> Bilingual:
    """A place in the interpretation on prepaid consumption (法释〔2025〕4号)."""
    return Bilingual(zh=f"法释〔2025〕4号 {zh}", en=f"Fa Shi [2025] No. 4, art. {en}")
