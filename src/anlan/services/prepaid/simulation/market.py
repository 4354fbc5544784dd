"""A market that never was: shops that sell cards, most of them honest, some failing, a few made to be emptied.

SIMULATED. Nothing here is about a real merchant, and no figure that comes out of it says how often real shops fail:
the shares below are chosen so that there is something to find. It serves the demo, the tests and the bench, where one
must know the truth to say whether a warning was right.

What is drawn is meant to be hard. Honest shops hold sales as wild as a swindler's, close for weeks to be painted, and
have their share of cross customers; one swindler in four shows nothing before the last day. No column is the answer in
disguise: the truth stands apart and is used for scoring alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float32]
Whole = NDArray[np.int32]

YUAN = 100
NEVER = 10**6
"""The day of what does not happen."""
CHUNK = 4_000
SUMS = ("paid_in", "payments", "promised", "used", "uses", "paid_back", "refunds", "declined", "complaints")


class Fate(IntEnum):
    """What becomes of a shop."""

    STAYS = 0
    FAILS = 1  # trade dwindles until the shop can't go on
    VANISHES = 2  # money is collected with great promises, then the door is shut


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade: its share of the shops, the usual payment and price in yuan, and how its week and year go."""

    name: str
    share: float
    payment: float
    price: float
    weekend: float
    summer: float


TRADES = (
    Trade("retail", 0.10, 500, 60, 1.2, 1.0),
    Trade("catering", 0.16, 400, 45, 1.3, 0.95),
    Trade("hair", 0.28, 900, 110, 1.5, 1.0),
    Trade("fitness", 0.14, 2_400, 60, 1.1, 1.15),
    Trade("tutoring", 0.12, 3_000, 150, 1.9, 1.4),
    Trade("training", 0.08, 2_600, 160, 1.6, 1.2),
    Trade("care", 0.04, 1_200, 40, 0.9, 1.0),
    Trade("household", 0.08, 600, 90, 1.2, 1.1),
)
"""Their names are those of `Merchant.Trade`; all numbers are assumed."""

FAILING, VANISHING = 0.03, 0.012
"""Share of the shops a year: assumed, and higher than in life."""
QUIET = 0.25
"""Share of those that vanish without any sign before."""


@dataclass(frozen=True, slots=True)
class Market:
    """Some shops and their days. Each of `SUMS`: shape (shops, days), money in fen.

    `fate` and `ends` (the first day without service, counted from the first day of the simulation, NEVER if it stays)
    are the truth. `trade` is a place in `TRADES`, `district` one among those asked for.
    """

    first_day: date
    sums: dict[str, Numbers]
    opened: Whole
    revenue: Numbers
    trade: Whole
    district: Whole
    fate: Whole
    ends: Whole

    @property
    def shops(self) -> int:
        """How many there are."""
        return len(self.fate)

    def balance(self) -> Numbers:
        """The money in escrow at the end of each day, fen, shape (shops, days)."""
        moved = self.sums["paid_in"] - self.sums["used"] - self.sums["paid_back"]
        return np.cumsum(moved, axis=1, dtype=np.float64).astype(np.float32)


def simulate(*, shops: int, days: int, seed: int, first_day: date, districts: int = 13) -> Iterator[Market]:
    """The market in parts of at most `CHUNK` shops; the same seed gives the same market, however it is taken up."""
    for part, begin in enumerate(range(0, shops, CHUNK)):
        random = np.random.default_rng((seed, part))
        yield _part(min(CHUNK, shops - begin), days, random, first_day, districts)


def _part(shops: int, days: int, random: np.random.Generator, first_day: date, districts: int) -> Market:
    trade = random.choice(len(TRADES), shops, p=[trade.share for trade in TRADES]).astype(np.int32)
    # Most shops are older than the simulation; the others open within it.
    opened = np.where(random.random(shops) < 0.8, 0, random.integers(0, max(days - 60, 1), shops)).astype(np.int32)
    fate, ends = _fates(shops, days, opened, random)
    usual_uses = random.lognormal(np.log(12), 0.8, shops)
    demand = usual_uses[:, None] * _seasons(trade, days, first_day) * _fortunes(shops, days, random)
    demand *= _painting(shops, days, random)
    promotion, promised = _promotions(shops, days, fate, ends, random)
    decline = _decline(days, fate, ends, random)
    today = np.arange(days)
    open_now = (today >= opened[:, None]) & (today < ends[:, None])

    price = np.array([trade.price for trade in TRADES])[trade] * random.lognormal(0, 0.3, shops) * YUAN
    payment = np.array([trade.payment for trade in TRADES])[trade] * random.lognormal(0, 0.35, shops) * YUAN
    # In the long run what is paid ahead is used up, all but what is forgotten.
    ahead = usual_uses * price / payment * random.uniform(1.0, 1.12, shops)
    payments = random.poisson(
        np.where(open_now, demand / usual_uses[:, None] * ahead[:, None] * promotion * decline, 0)
    )
    paid_in = np.rint(payments * payment[:, None] * random.lognormal(0, 0.12, (shops, days)))
    wanted = random.poisson(np.where(open_now, demand * decline, 0))
    trust = _trust(shops, days, fate, ends, random)
    paid_back, refunds = _refunds(paid_in, payments, trust, open_now, random)
    used, uses = _used_up(wanted, price, paid_in, paid_back)
    crossness = random.gamma(0.6, 0.0012, shops)
    complaints = random.poisson(np.where(today >= opened[:, None], uses * crossness[:, None] * trust, 0))
    # A closed door is complained of for some weeks.
    since = today - ends[:, None]
    complaints += random.poisson(np.where((since >= 0) & (since < 40), usual_uses[:, None] * 0.04, 0))
    carelessness = random.beta(1.2, 40, shops)
    return Market(
        first_day=first_day,
        sums={
            "paid_in": paid_in.astype(np.float32),
            "payments": payments.astype(np.float32),
            "promised": np.rint(paid_in * promised).astype(np.float32),
            "used": used.astype(np.float32),
            "uses": uses.astype(np.float32),
            "paid_back": paid_back.astype(np.float32),
            "refunds": refunds.astype(np.float32),
            "declined": random.binomial(uses.astype(np.int64), carelessness[:, None]).astype(np.float32),
            "complaints": complaints.astype(np.float32),
        },
        opened=opened,
        # Cards are only a part of what a shop turns over.
        revenue=np.rint(usual_uses * price * 365 * random.uniform(1.2, 4, shops)).astype(np.float32),
        trade=trade,
        district=random.integers(0, districts, shops).astype(np.int32),
        fate=fate,
        ends=ends,
    )


def _fates(shops: int, days: int, opened: Whole, random: np.random.Generator) -> tuple[Whole, Whole]:
    """What becomes of each shop, and on which day. Nobody ends within two months of opening."""
    years = days / 365
    drawn = random.random(shops)
    fate = np.where(drawn < VANISHING * years, Fate.VANISHES, Fate.STAYS)
    fate = np.where((drawn >= VANISHING * years) & (drawn < (VANISHING + FAILING) * years), Fate.FAILS, fate)
    earliest = opened + 60
    fate = np.where(earliest >= days, Fate.STAYS, fate)
    ends = earliest + (random.random(shops) * (days - earliest)).astype(np.int64)
    return fate.astype(np.int32), np.where(fate == Fate.STAYS, NEVER, ends).astype(np.int32)


def _seasons(trade: Whole, days: int, first_day: date) -> NDArray[np.float64]:
    """How busy each day is by the trade's week and year, shape (shops, days)."""
    calendar = [first_day + timedelta(days=day) for day in range(days)]
    weekend = np.array([day.weekday() >= 5 for day in calendar])
    summer = np.array([np.cos((day.timetuple().tm_yday - 200) / 365 * 2 * np.pi) for day in calendar])
    week = np.array([np.where(weekend, kind.weekend, 1.0) for kind in TRADES])
    year = np.array([1 + (kind.summer - 1) * summer for kind in TRADES])
    busy: NDArray[np.float64] = (week * year)[trade]
    return busy


def _fortunes(shops: int, days: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Slow ups and downs that mean nothing: a walk that is drawn back to where it came from, step by week."""
    weeks = days // 7 + 1
    walk = np.zeros((shops, weeks))
    for week in range(1, weeks):
        walk[:, week] = walk[:, week - 1] * 0.95 + random.normal(0, 0.09, shops)
    return np.repeat(np.exp(walk), 7, axis=1)[:, :days]


def _painting(shops: int, days: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Some shops close for one to five weeks and open again."""
    begin = np.where(random.random(shops) < 0.06 * days / 365, random.integers(0, days, shops), NEVER)
    end = begin + random.integers(7, 36, shops)
    today = np.arange(days)
    return np.where((today >= begin[:, None]) & (today < end[:, None]), 0.0, 1.0)


def _promotions(
    shops: int, days: int, fate: Whole, ends: Whole, random: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How many times the usual payments there are, and what is promised beyond the price, shape (shops, days) each."""
    factor = np.ones((shops, days))
    promised = np.repeat(random.beta(2, 12, shops)[:, None], days, axis=1)
    today = np.arange(days)
    for _ in range(max(round(days / 365 * 3), 1)):
        begin = random.integers(0, days, shops)
        end = begin + random.integers(3, 25, shops)
        held = (random.random(shops) < 0.45)[:, None] & (today >= begin[:, None]) & (today < end[:, None])
        factor *= np.where(held, random.lognormal(0.6, 0.45, shops)[:, None], 1)
        promised += np.where(held, random.beta(2, 6, shops)[:, None], 0)
    loud = (fate == Fate.VANISHES) & (random.random(shops) >= QUIET)
    begin = ends - random.integers(15, 75, shops)
    emptied = loud[:, None] & (today >= begin[:, None])
    factor *= np.where(emptied, random.lognormal(0.9, 0.5, shops)[:, None], 1)
    promised += np.where(emptied, random.beta(3, 5, shops)[:, None], 0)
    # Whoever is failing tries to get some money in, too.
    late = (fate == Fate.FAILS)[:, None] & (today >= (ends - random.integers(10, 60, shops))[:, None])
    factor *= np.where(late, random.lognormal(0.2, 0.4, shops)[:, None], 1)
    return factor, promised


def _decline(days: int, fate: Whole, ends: Whole, random: np.random.Generator) -> NDArray[np.float64]:
    """What is left of the trade of those that fail, day by day: from all of it to some of it, over months."""
    shops = len(fate)
    takes = random.integers(60, 240, shops)
    left = random.uniform(0.15, 0.7, shops)
    gone = np.clip((np.arange(days) - (ends - takes)[:, None]) / takes[:, None], 0, 1)
    return np.where((fate == Fate.FAILS)[:, None], 1 - gone * (1 - left[:, None]), 1.0)


def _trust(shops: int, days: int, fate: Whole, ends: Whole, random: np.random.Generator) -> NDArray[np.float64]:
    """How many times the usual complaints and refunds: word gets round before some of the ends, and for no reason."""
    today = np.arange(days)
    heard = (fate != Fate.STAYS) & (random.random(shops) < 0.55)
    worse = heard[:, None] & (today >= (ends - random.integers(5, 60, shops))[:, None])
    begin = np.where(random.random(shops) < 0.1 * days / 365, random.integers(0, days, shops), NEVER)
    rumour = (today >= begin[:, None]) & (today < (begin + 30)[:, None])
    return np.where(worse, random.lognormal(1.2, 0.5, shops)[:, None], 1.0) * np.where(rumour, 3.0, 1.0)


def _refunds(
    paid_in: NDArray[np.float64],
    payments: NDArray[np.int64],
    trust: NDArray[np.float64],
    open_now: NDArray[np.bool_],
    random: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Payments of a day that come back: a few of each day's, more where trust is lost."""
    back = random.binomial(payments, np.clip(0.012 * trust, 0, 0.6)) * open_now
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.where(payments > 0, paid_in / payments, 0)
    return np.rint(back * each), back


def _used_up(
    wanted: NDArray[np.int64], price: NDArray[np.float64], paid_in: NDArray[np.float64], paid_back: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """What is really used each day: as much as is wanted, and never more money than the shop's cards hold."""
    used = np.zeros_like(paid_in)
    uses = np.zeros_like(wanted)
    held = np.zeros(len(price))
    cost = np.rint(price)
    for day in range(paid_in.shape[1]):
        held += paid_in[:, day] - paid_back[:, day]
        uses[:, day] = np.minimum(wanted[:, day], np.floor(held / cost).astype(np.int64))
        used[:, day] = uses[:, day] * cost
        held -= used[:, day]
    return used, uses
