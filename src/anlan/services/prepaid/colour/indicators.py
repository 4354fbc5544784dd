"""What is measured of a shop: a few numbers, out of what it took, gave and paid back each day.

One way to count them, for the one shop something has just happened to and for all shops of a city. Arrays have a row
for each shop and a column for each day, the newest last; money is in fen. NaN says that too little is known.

Of a shop, never of a person: there is no column about anybody.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from anlan.foundation.rules import RuleBook

Numbers = NDArray[np.float64]

HISTORY = 126
"""Days that are looked back: eighteen weeks, so that no indicator depends on the day of the week."""
MOST = 99.0
"""A ratio to nothing, or to next to nothing, is said to be this many times."""
_WEEK, _MONTH, _QUARTER = 7, 28, 84


@dataclass(frozen=True, slots=True)
class Days:
    """What is known of some shops. The first nine: shape (shops, HISTORY); the others: shape (shops,).

    `promised` is what may be spent beyond what was paid: gifts and discounts. `declined` are uses that the consumer
    refused or left unconfirmed. `balance` is the money of the shop's cards in escrow, `merchant_balance` that of
    all shops of its merchant; `cap` is the most the rules allow the latter to be and `revenue` the merchant's of last
    year, NaN where unknown. `listed` counts entries in force in public registers; `age` is
    in days since the shop's first payment.
    """

    paid_in: Numbers
    payments: Numbers
    promised: Numbers
    used: Numbers
    uses: Numbers
    paid_back: Numbers
    refunds: Numbers
    declined: Numbers
    complaints: Numbers
    balance: Numbers
    merchant_balance: Numbers
    cap: Numbers
    revenue: Numbers
    listed: Numbers
    age: Numbers


@dataclass(frozen=True, slots=True)
class Least:
    """Below this an indicator says nothing: small numbers jump. Money in fen, history in days."""

    money: int
    history: int
    uses: int
    complaints: int

    @classmethod
    def of(cls, book: RuleBook, on: date) -> "Least":
        """As the rules of a day have it."""
        return cls(*(int(book.at(f"prepaid.colour_least_{name}", on).value or 0) for name in cls.__slots__))


@dataclass(frozen=True, slots=True)
class Indicator:
    """One measure. `worse_high` says which end alarms; `unit` is how its number is written; `mend` what would help."""

    name: str
    title: str
    title_en: str
    unit: str
    worse_high: bool
    mend: str
    mend_en: str
    count: Callable[[Days, Least], Numbers]


def measured(days: Days, least: Least) -> Numbers:
    """All indicators, shape (shops, indicators), in the order of `INDICATORS`."""
    return np.column_stack([indicator.count(days, least) for indicator in INDICATORS])


def _newest(sums: Numbers, days: int, before: int = 0) -> Numbers:
    """The sum over some days, those that end `before` days ago."""
    end = sums.shape[1] - before
    total: Numbers = sums[:, end - days : end].sum(axis=1)
    return total


def _ratio(part: Numbers, whole: Numbers) -> Numbers:
    """Part of whole; MOST where there is something of nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(part == 0, 0.0, part / whole)
    return np.minimum(ratio, MOST)


def _where(known: NDArray[np.bool_], values: Numbers) -> Numbers:
    return np.where(known, values, np.nan)


def _surge(days: Days, least: Least) -> Numbers:
    newest, before = _newest(days.paid_in, _WEEK), _newest(days.paid_in, _QUARTER, _WEEK)
    known = (days.age >= least.history) & (newest >= least.money)
    weeks = np.clip((days.age - _WEEK) / _WEEK, 1, _QUARTER / _WEEK)
    return _where(known, _ratio(newest, before / weeks))


def _used_share(days: Days, least: Least) -> Numbers:
    paid_in = _newest(days.paid_in, _QUARTER)
    known = (days.age >= _QUARTER) & (paid_in >= least.money)
    return _where(known, _ratio(_newest(days.used, _QUARTER), paid_in))


def _paid_back_share(days: Days, least: Least) -> Numbers:
    paid_back = _newest(days.paid_back, _MONTH)
    held = days.balance + paid_back
    return _where(held >= least.money, _ratio(paid_back, held))


def _declined_share(days: Days, least: Least) -> Numbers:
    declined = _newest(days.declined, _MONTH)
    proposed = declined + _newest(days.uses, _MONTH)
    return _where(proposed >= least.uses, _ratio(declined, proposed))


def _sales_trend(days: Days, least: Least) -> Numbers:
    before = _newest(days.used, _MONTH, _MONTH)
    known = (days.age >= least.history) & (before >= least.money)
    return _where(known, _ratio(_newest(days.used, _MONTH), before))


def _falling_days(days: Days, least: Least) -> Numbers:
    newest, week_before = days.used[:, -_MONTH:], days.used[:, -_MONTH - _WEEK : -_WEEK]
    known = (days.age >= least.history) & (_newest(days.used, _MONTH, _MONTH) >= least.money)
    return _where(known, (newest < week_before).sum(axis=1).astype(np.float64))


def _discount_rise(days: Days, least: Least) -> Numbers:
    newest, before = _newest(days.paid_in, _MONTH), _newest(days.paid_in, _QUARTER, _MONTH)
    promised = _ratio(_newest(days.promised, _MONTH), newest)
    promised_before = _ratio(_newest(days.promised, _QUARTER, _MONTH), before)
    return _where((newest >= least.money) & (before >= least.money), promised - promised_before)


def _busiest_day_share(days: Days, least: Least) -> Numbers:
    newest = _newest(days.paid_in, _MONTH)
    known = (newest >= least.money) & (_newest(days.payments, _MONTH) >= least.uses)
    return _where(known, _ratio(days.paid_in[:, -_MONTH:].max(axis=1), newest))


def _balance_to_cap(days: Days, _: Least) -> Numbers:
    return _where(days.cap > 0, _ratio(days.merchant_balance, days.cap))


def _balance_to_revenue(days: Days, _: Least) -> Numbers:
    return _where(days.revenue > 0, _ratio(days.merchant_balance, days.revenue))


def _complaint_share(days: Days, least: Least) -> Numbers:
    complaints = _newest(days.complaints, _MONTH)
    served = np.maximum(_newest(days.uses, _MONTH), 1)
    return _where(complaints >= least.complaints, _ratio(complaints, served))


def _complaint_rise(days: Days, least: Least) -> Numbers:
    complaints = _newest(days.complaints, _MONTH)
    usual = np.maximum(_newest(days.complaints, _QUARTER, _MONTH) * _MONTH / _QUARTER, 1)
    return _where(complaints >= least.complaints, _ratio(complaints, usual))


def _silent_days(days: Days, least: Least) -> Numbers:
    active = days.uses[:, ::-1] > 0
    silent = np.where(active.any(axis=1), active.argmax(axis=1), np.minimum(days.age, HISTORY))
    return _where((days.balance >= least.money) & (days.age >= least.history), silent.astype(np.float64))


def _listed(days: Days, _: Least) -> Numbers:
    return days.listed


INDICATORS = (
    Indicator(
        "inflow_surge",
        "近7日预收与此前12周周均之比",
        "Money taken ahead in 7 days, against the usual week of the 12 before",
        "times",
        True,
        "说明集中收款原因，恢复到平常水平",
        "explain why so much is collected at once, and come back to the usual",
        _surge,
    ),
    Indicator(
        "used_share",
        "近12周消费与预收之比",
        "Used, as a share of what was taken ahead in 12 weeks",
        "share",
        False,
        "保证持卡人能够预约和消费",
        "let holders book and use what they have paid for",
        _used_share,
    ),
    Indicator(
        "paid_back_share",
        "近28日退款占存管余额之比",
        "Paid back in 28 days, as a share of the money held",
        "share",
        True,
        "查明退卡原因并改进",
        "find out why cards are given back, and mend it",
        _paid_back_share,
    ),
    Indicator(
        "declined_share",
        "近28日未获确认的扣款提议占比",
        "Proposed uses that consumers did not confirm, in 28 days",
        "share",
        True,
        "只对实际消费提出扣款，价目与约定一致",
        "propose only what was really used, at the price agreed",
        _declined_share,
    ),
    Indicator(
        "sales_trend",
        "近28日消费与前28日之比",
        "Used in 28 days, against the 28 before",
        "times",
        False,
        "恢复正常营业",
        "come back to ordinary trade",
        _sales_trend,
    ),
    Indicator(
        "falling_days",
        "近28日中低于上周同日的天数",
        "Days of the last 28 with less used than a week before",
        "days",
        True,
        "恢复正常营业",
        "come back to ordinary trade",
        _falling_days,
    ),
    Indicator(
        "discount_rise",
        "近28日赠送及折扣比例的升幅",
        "Rise of gifts and discounts, as a share of what is paid",
        "share",
        True,
        "停止异常促销，说明资金用途",
        "end unusual promotions, and say what the money is for",
        _discount_rise,
    ),
    Indicator(
        "busiest_day_share",
        "近28日预收集中于一日的占比",
        "Share of 28 days' payments that one day brought",
        "share",
        True,
        "说明集中收款原因",
        "explain why so much was collected on one day",
        _busiest_day_share,
    ),
    Indicator(
        "balance_to_cap",
        "预收余额与限额之比",
        "Money held ahead, against the most that is allowed",
        "share",
        True,
        "暂停新售，待余额消化到限额以内",
        "sell no more until the balance is within its limit",
        _balance_to_cap,
    ),
    Indicator(
        "balance_to_revenue",
        "预收余额与上年营业收入之比",
        "Money held ahead, against last year's revenue",
        "share",
        True,
        "控制预收规模",
        "keep what is taken ahead in proportion",
        _balance_to_revenue,
    ),
    Indicator(
        "complaint_share",
        "近28日投诉与消费次数之比",
        "Complaints, against uses in 28 days",
        "share",
        True,
        "及时回应并解决投诉",
        "answer and settle the complaints",
        _complaint_share,
    ),
    Indicator(
        "complaint_rise",
        "近28日投诉与平常之比",
        "Complaints in 28 days, against the usual",
        "times",
        True,
        "及时回应并解决投诉",
        "answer and settle the complaints",
        _complaint_rise,
    ),
    Indicator(
        "silent_days",
        "持有预收款却无人消费的天数",
        "Days without any use while money is held",
        "days",
        True,
        "恢复营业，或依法公告停业并退款",
        "open again, or announce the closing and pay back as the law asks",
        _silent_days,
    ),
    Indicator(
        "listed",
        "公开名录记录数（失信、经营异常、注销）",
        "Entries in public registers (defaulters, abnormal operations, being deregistered)",
        "entries",
        True,
        "依法移出名录",
        "have the entry removed as the law provides",
        _listed,
    ),
)
