"""What a refund is reckoned from and what comes out: one definition for page, API and command.

Money is whole fen, never a fraction of one and never a float; rates are decimals a year (0.03 is 3 %).
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

MOST_FEN = 10**11
"""A thousand million yuan: far above any card, and so a slip of the keyboard."""
MOST_USES = 10_000


def _exact(value: Any) -> Any:
    """Floats carry errors of their own, and true is no amount."""
    if isinstance(value, float | bool):
        raise ValueError("must be a whole number or a decimal in quotes, not a float")
    return value


Fen = Annotated[int, BeforeValidator(_exact), Field(ge=0, le=MOST_FEN)]
SomeFen = Annotated[int, BeforeValidator(_exact), Field(ge=1, le=MOST_FEN)]
Rate = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0, le=1)]
Text = Annotated[str, Field(max_length=200)]


class Cause(StrEnum):
    """Why the money goes back."""

    OPERATOR = "operator"
    CONSUMER = "consumer"
    NEITHER = "neither"  # force majeure or a change of circumstances (不可抗力、情势变更)


class Valuation(StrEnum):
    """How what was used can be valued."""

    LIST = "list"  # at the price before discount (打折前价格)
    PRICE = "price"  # at the discount price (折后价)
    SHARE = "share"  # the paid share of what was deducted: paid / (paid + gift)
    NOTHING = "nothing"  # not at all


class Party(StrEnum):
    OPERATOR = "operator"
    CONSUMER = "consumer"


class Guardian(StrEnum):
    """What the guardian of a minor said to the contract."""

    CONSENTED = "consented"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Teller(StrEnum):
    """Whose account the uses are taken from."""

    PLATFORM = "platform"
    OPERATOR = "operator"
    CONSUMER = "consumer"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TopUp(_Part):
    """Money paid onto the card at one time, with what was given on top of it.

    `supervised_fen` of what is left lies in an account supervised by order of the authority and bears
    `supervised_rate` (article 16(2)).
    """

    paid_on: date
    paid_fen: Fen
    gift_fen: Fen = 0
    supervised_fen: Fen = 0
    supervised_rate: Rate | None = None

    @model_validator(mode="after")
    def _supervised_money_was_paid(self) -> Self:
        if self.paid_fen + self.gift_fen == 0:
            raise ValueError("paid_fen: nothing was paid and nothing given")
        if self.supervised_fen > self.paid_fen:
            raise ValueError("supervised_fen: more is supervised than was paid")
        if self.supervised_fen and self.supervised_rate is None:
            raise ValueError("supervised_rate: is needed where money is supervised")
        return self


class Use(_Part):
    """One redemption: its price before discount, its discount price, and what was deducted from the card.

    Left out, the discount price is the list price, and what was deducted is the discount price. A use without a day
    may have drawn on any top-up.
    """

    list_fen: Fen
    price_fen: Fen
    deducted_fen: SomeFen
    market_fen: Fen | None = None
    on: date | None = None
    what: Text = ""

    @model_validator(mode="before")
    @classmethod
    def _one_price_stands_for_the_next(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        price = given.get("price_fen", given.get("list_fen"))
        return {"price_fen": price, "deducted_fen": price, **given}

    @model_validator(mode="after")
    def _a_discount_lowers_the_price(self) -> Self:
        if self.price_fen > self.list_fen:
            raise ValueError("price_fen: the discount price is above the price before discount")
        return self


class UnlimitedTerm(_Part):
    """A card for unlimited use from one day to another, both included.

    `last_served_on` is the last day on which the operator served at all, if that was before the end of the contract;
    `absent_days` those on which the consumer did not come for reasons of their own.
    """

    starts_on: date
    ends_on: date
    last_served_on: date | None = None
    absent_days: Annotated[int, Field(ge=0)] = 0
    used: bool = True

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.ends_on < self.starts_on:
            raise ValueError("ends_on: lies before starts_on")
        return self


class Withdrawal(_Part):
    """A refund without a reason, asked for on a day (article 14).

    `had_the_same`: when contracting, the consumer had already had the same goods or service, here or elsewhere.
    """

    asked_on: date
    had_the_same: bool


class Minor(_Part):
    """The consumer may not have been of age when contracting (article 10); `age` in full years."""

    age: Annotated[int, Field(ge=0, le=150)]
    guardian: Guardian = Guardian.UNKNOWN
    suits_age: bool | None = None
    illegal_online_game: bool = False


class Agreement(_Part):
    """What was agreed for a refund; it counts only where it is better for the consumer."""

    valuation: Valuation | None = None
    least_fen: Fen = 0
    yearly_rate: Rate | None = None
    interest_from: date | None = None
    withdrawal_days: Annotated[int, Field(ge=0, le=3_650)] = 0


class Expense(_Part):
    """What one side spent for the contract; `found_reasonable` is a person's finding."""

    borne_by: Party
    what: Annotated[str, Field(min_length=1, max_length=200)]
    amount_fen: Fen
    is_commission: bool = False
    found_reasonable: bool = False


class Gift(_Part):
    """Goods or services given and already taken (article 21)."""

    what: Annotated[str, Field(min_length=1, max_length=200)]
    worth_fen: Fen


class Claim(_Part):
    """A card or contract whose money is to be paid back.

    `ended_on` is the day on which the contract was ended, annulled or found void, `repaid_on` the day of payment.
    `uses` stand in the order in which they happened. `list_price_disputed`: the consumer says that the list price is
    clearly unreasonable; `list_price_proved`: the operator has records of sales at that price.
    """

    cause: Cause
    ended_on: date
    repaid_on: date
    top_ups: Annotated[tuple[TopUp, ...], Field(min_length=1, max_length=1_000)]
    uses: Annotated[tuple[Use, ...], Field(max_length=MOST_USES)] = ()
    unlimited: UnlimitedTerm | None = None
    withdrawal: Withdrawal | None = None
    minor: Minor | None = None
    agreement: Agreement = Agreement()
    list_price_disputed: bool = False
    list_price_proved: bool = False
    expenses: tuple[Expense, ...] = ()
    gifts: tuple[Gift, ...] = ()
    uses_told_by: Teller = Teller.PLATFORM
    records_withheld: bool = False
    valid_until: date | None = None

    @model_validator(mode="after")
    def _days_follow_each_other(self) -> Self:
        if self.repaid_on < self.ended_on:
            raise ValueError("repaid_on: lies before ended_on")
        if any(top_up.paid_on > self.ended_on for top_up in self.top_ups):
            raise ValueError("top_ups: one was paid after ended_on")
        if self.withdrawal and self.withdrawal.asked_on < max(top_up.paid_on for top_up in self.top_ups):
            raise ValueError("withdrawal.asked_on: lies before the last payment")
        return self

    @model_validator(mode="after")
    def _unlimited_use_is_not_counted(self) -> Self:
        if self.unlimited is None:
            return self
        if self.uses:
            raise ValueError("uses: are not counted on a card for unlimited use")
        if len(self.top_ups) > 1 or self.top_ups[0].gift_fen:
            raise ValueError("top_ups: a card for unlimited use has one payment and no gifted amount")
        return self


class Bilingual(_Part):
    """The same in Chinese and in English."""

    zh: str
    en: str


class RefundLine(_Part):
    """One step: the rule of the field rules (R1 …), its article, what it does in words, the amount and its working.

    The amounts add up: each is by how much the running sum, rounded half-up to the fen, has changed.
    """

    rule: str
    article: Bilingual
    text: Bilingual
    amount_fen: int
    working: str


class Decision(_Part):
    """What the law leaves to a person: nothing was reckoned for it, or only for now."""

    rule: str
    article: Bilingual
    text: Bilingual


class Assumption(_Part):
    """A setting that was used where the law is silent; `setting` is the rule's id, empty where it is fixed here."""

    setting: str
    text: Bilingual


class Refund(_Part):
    """What is to be paid back, line by line. `principal_fen` and `interest_fen` are the sums of such lines."""

    lines: tuple[RefundLine, ...]
    principal_fen: int
    interest_fen: int
    expenses_fen: int
    total_fen: int
    decisions: tuple[Decision, ...]
    assumptions: tuple[Assumption, ...]
