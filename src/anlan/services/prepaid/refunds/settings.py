"""The dated rules that refunds follow, as in force on the day on which the contract ended."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from anlan.foundation.rules import RuleBook, RuleNotInForce
from anlan.loop.terms import Term, term_of
from anlan.services.prepaid.refunds.schemas import Assumption, Bilingual

OLDEST_FIRST = "prepaid.refund_oldest_first"
DAYS_IN_YEAR = "prepaid.refund_days_in_year"
WITHDRAWAL_COUNTS_USES = "prepaid.refund_withdrawal_counts_uses"
RATIO_WITH_DISCOUNT = "prepaid.refund_ratio_with_discount"
NEITHER_AT_LPR = "prepaid.refund_neither_at_lpr"
LOAN_PRIME_RATE = "prepaid.loan_prime_rate"
DEPOSIT_BENCHMARK = "prepaid.deposit_benchmark"


class NotCovered(ValueError):
    """The interpretation was not in force on that day."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the rules say on one day; `book` is kept for the rates, which are those of the day of each payment."""

    book: RuleBook
    on: date
    withdrawal: Term
    no_capacity_below: int
    minor_below: int
    oldest_first: bool
    days_in_year: int
    withdrawal_counts_uses: bool
    ratio_with_discount: bool
    neither_at_lpr: bool

    @classmethod
    def of(cls, book: RuleBook, on: date) -> "Settings":
        """Raises `NotCovered` for a day before the interpretation came into force."""

        def number(id: str) -> int:
            return int(book.at(id, on).value or 0)

        try:
            return cls(
                book=book,
                on=on,
                withdrawal=term_of(book.at("prepaid.refund_withdrawal", on)),
                no_capacity_below=number("prepaid.refund_no_capacity_below"),
                minor_below=number("prepaid.refund_minor_below"),
                oldest_first=bool(number(OLDEST_FIRST)),
                days_in_year=number(DAYS_IN_YEAR),
                withdrawal_counts_uses=bool(number(WITHDRAWAL_COUNTS_USES)),
                ratio_with_discount=bool(number(RATIO_WITH_DISCOUNT)),
                neither_at_lpr=bool(number(NEITHER_AT_LPR)),
            )
        except RuleNotInForce as error:
            raise NotCovered(f"ended_on: the rules of refunds do not cover that day: {error}") from error

    def rate(self, id: str, on: date) -> Fraction | None:
        """A rate as in force on a day, a year; None where it is not known."""
        try:
            value = self.book.at(id, on).value
        except RuleNotInForce:
            return None
        return None if value is None else Fraction(Decimal(value))

    def assumption(self, id: str, on: date | None = None) -> Assumption:
        """A setting as it was used, with its value; a rate is one of the day of a payment, `on`."""
        rule = self.book.at(id, on or self.on)
        words = Bilingual(
            zh=f"{rule.title}；本次取 {rule.value}（{rule.source}）",
            en=f"{rule.title_en}; here {rule.value} ({rule.source_en})",
        )
        return Assumption(setting=id, text=words)
