"""What a simulated market came to, in sums; and its shops and days as rows of a table."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anlan.services.prepaid.simulation.market import NEVER, SUMS, TRADES, Fate, Market

NOTE: Final = "模拟数据：商户和金额都是随机产生的，任何一个数字都与真实商户无关。"
NOTE_EN: Final = "Simulated: shops and money are drawn at random, and no figure is about a real merchant."

MONEY: Final = ("paid_in", "used", "paid_back", "left")
SHOP_COLUMNS: Final = ("shop", "trade", "district", "opened", "revenue_fen", "fate", "ended")
DAY_COLUMNS: Final = ("shop", "day", *SUMS)


@dataclass(frozen=True, slots=True)
class Tally:
    """`shops` (trades, districts, fates): how many; `money` (trades, districts, fates, `MONEY`): in fen.

    `left` is what shops' cards held on their last day, or still hold.
    """

    shops: NDArray[np.int64]
    money: NDArray[np.int64]

    def as_json(self) -> dict[str, Any]:
        """All sums, and those of each trade and district, which are numbered from 1."""
        return {
            **_sums(self.shops.sum((0, 1)), self.money.sum((0, 1))),
            "trades": [
                {"trade": trade.name, **_sums(shops.sum(0), money.sum(0))}
                for trade, shops, money in zip(TRADES, self.shops, self.money, strict=True)
            ],
            "districts": [
                {"district": number + 1, **_sums(self.shops[:, number].sum(0), self.money[:, number].sum(0))}
                for number in range(self.shops.shape[1])
            ],
        }


def tallied(parts: Iterable[Market], districts: int) -> Tally:
    """The sums of a whole market, part by part."""
    found = Tally(
        shops=np.zeros((len(TRADES), districts, len(Fate)), np.int64),
        money=np.zeros((len(TRADES), districts, len(Fate), len(MONEY)), np.int64),
    )
    for part in parts:
        place = part.trade, part.district, part.fate
        moved = {name: part.sums[name].sum(axis=1, dtype=np.float64) for name in MONEY if name in part.sums}
        left = moved["paid_in"] - moved["used"] - moved["paid_back"]
        np.add.at(found.shops, place, 1)
        np.add.at(found.money, place, np.column_stack([*moved.values(), left]).astype(np.int64))
    return found


def shop_rows(parts: Iterable[Market]) -> Iterator[tuple[Any, ...]]:
    """`SHOP_COLUMNS` of every shop, the truth among them."""
    for shop, part, place in _shops(parts):
        ends = int(part.ends[place])
        yield (
            shop,
            TRADES[part.trade[place]].name,
            int(part.district[place]) + 1,
            part.first_day + timedelta(days=int(part.opened[place])),
            int(part.revenue[place]),
            Fate(part.fate[place]).name.lower(),
            "" if ends == NEVER else part.first_day + timedelta(days=ends),
        )


def day_rows(parts: Iterable[Market]) -> Iterator[tuple[Any, ...]]:
    """`DAY_COLUMNS` of every shop's day on which something happened, as the colour keeps them; money in fen."""
    for shop, part, place in _shops(parts):
        sums = np.column_stack([part.sums[name][place] for name in SUMS]).astype(np.int64)
        for day in np.flatnonzero(sums.any(axis=1)):
            yield shop, part.first_day + timedelta(days=int(day)), *sums[day].tolist()


def _shops(parts: Iterable[Market]) -> Iterator[tuple[str, Market, int]]:
    number = 0
    for part in parts:
        for place in range(part.shops):
            number += 1
            yield f"simulated-{number:06}", part, place


def _sums(shops: NDArray[np.int64], money: NDArray[np.int64]) -> dict[str, int]:
    """Of (fates,) and (fates, MONEY). What the failed and vanished had left is told apart."""
    gone = money[[Fate.FAILS, Fate.VANISHES], MONEY.index("left")]
    return {
        "merchants": int(shops.sum()),
        "failed": int(shops[Fate.FAILS]),
        "vanished": int(shops[Fate.VANISHES]),
        **{f"{name}_fen": int(sum_) for name, sum_ in zip(MONEY, money.sum(0), strict=True)},
        "left_at_failed_fen": int(gone[0]),
        "left_at_vanished_fen": int(gone[1]),
    }
