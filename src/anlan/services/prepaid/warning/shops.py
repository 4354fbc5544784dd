"""What the model knows of a shop: the indicators of its colour, and how much it takes and gives, as logarithms.

Everything is of the days up to one day; nothing says how old a shop is, where it lies, or what became of it.
"""

import numpy as np

from anlan.services.prepaid.colour.indicators import INDICATORS, Days, Least, measured
from anlan.services.prepaid.warning.features import Doubles, Feature, More

NEWEST, BEFORE = 28, 84
"""Days: four weeks, and the twelve before them."""

_SIZES = (
    ("paid_in", "预收", "money taken ahead"),
    ("payments", "预收笔数", "payments ahead"),
    ("promised", "赠送及折扣", "gifts and discounts"),
    ("used", "消费", "money used"),
    ("uses", "消费次数", "uses"),
    ("paid_back", "退款", "money paid back"),
    ("declined", "未获确认的扣款", "uses that were not confirmed"),
    ("complaints", "投诉", "complaints"),
)

FEATURES = (
    *(
        Feature(each.name, each.title, each.title_en, More.RAISES if each.worse_high else More.LOWERS)
        for each in INDICATORS
    ),
    Feature("held", "预收余额（对数）", "money held, logarithm"),
    *(Feature(f"{name}_newest", f"近28日{zh}（对数）", f"{en} in 28 days, logarithm") for name, zh, en in _SIZES),
    *(
        Feature(f"{name}_before", f"此前84日{zh}（对数）", f"{en} in the 84 days before, logarithm")
        for name, zh, en in _SIZES
    ),
)


def features_of(days: Days, least: Least) -> Doubles:
    """The values of `FEATURES`, shape (shops, features)."""
    sums = [getattr(days, name) for name, _, _ in _SIZES]
    newest = [each[:, -NEWEST:].sum(axis=1) for each in sums]
    before = [each[:, -NEWEST - BEFORE : -NEWEST].sum(axis=1) for each in sums]
    sizes: Doubles = np.log1p(np.column_stack([days.balance, *newest, *before]))
    return np.column_stack([measured(days, least), sizes])
