"""What could be known of simulated shops on one of their days: nothing of what came after it."""

import numpy as np
from numpy.typing import NDArray

from anlan.services.prepaid.colour.indicators import HISTORY, Days
from anlan.services.prepaid.simulation.market import SUMS, Market


def days_until(market: Market, day: int) -> Days:
    """The `HISTORY` days before `day`. Raises ValueError where there are fewer.

    A merchant has one shop, no public register lists it, and no rule caps what it holds.
    """
    if not HISTORY <= day <= market.sums["used"].shape[1]:
        raise ValueError(f"day: must be from {HISTORY} to {market.sums['used'].shape[1]}, not {day}")
    before = {name: market.sums[name][:, :day].astype(np.float64) for name in SUMS}
    balance = (before["paid_in"] - before["used"] - before["paid_back"]).sum(axis=1)
    return Days(
        **{name: sums[:, -HISTORY:] for name, sums in before.items()},
        balance=balance,
        merchant_balance=balance,
        cap=np.full(market.shops, np.nan),
        revenue=market.revenue.astype(np.float64),
        listed=np.zeros(market.shops),
        age=(day - market.opened).astype(np.float64),
    )


def at_work(market: Market, day: int) -> NDArray[np.bool_]:
    """(shops,): who has been open for `HISTORY` days and has not ended yet. That a door is shut, everybody sees."""
    return (market.opened + HISTORY <= day) & (market.ends > day)
