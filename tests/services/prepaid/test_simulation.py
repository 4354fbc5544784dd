"""The simulated market: the same from the same seed, money kept to the fen, and the truth not handed over."""

import csv
import json
from datetime import date
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils.translation import override

from anlan.services.prepaid.simulation.market import CHUNK, NEVER, SUMS, TRADES, Fate, Market, simulate

FIRST_DAY = date(2025, 1, 1)
DAYS = 300


@pytest.fixture(scope="module")
def market() -> Market:
    [market] = simulate(shops=600, days=DAYS, seed=7, first_day=FIRST_DAY)
    return market


def test_the_same_seed_gives_the_same_market_and_another_another(market: Market) -> None:
    [again] = simulate(shops=600, days=DAYS, seed=7, first_day=FIRST_DAY)
    [other] = simulate(shops=600, days=DAYS, seed=8, first_day=FIRST_DAY)
    assert all(np.array_equal(market.sums[name], again.sums[name]) for name in SUMS)
    assert not np.array_equal(market.sums["paid_in"], other.sums["paid_in"])


def test_a_large_market_comes_in_parts_that_do_not_depend_on_how_many_follow() -> None:
    few = list(simulate(shops=CHUNK + 10, days=70, seed=7, first_day=FIRST_DAY))
    assert [part.shops for part in few] == [CHUNK, 10]
    first = next(simulate(shops=3 * CHUNK, days=70, seed=7, first_day=FIRST_DAY))
    assert np.array_equal(first.sums["used"], few[0].sums["used"])


def test_no_shop_gives_or_pays_back_more_than_it_took(market: Market) -> None:
    assert market.balance().min() >= 0
    assert all((market.sums[name] >= 0).all() for name in SUMS)


def test_nothing_is_taken_before_the_opening_or_after_the_end(market: Market) -> None:
    today = np.arange(DAYS)
    closed = (today < market.opened[:, None]) | (today >= market.ends[:, None])
    for name in ("paid_in", "used", "uses", "paid_back", "declined"):
        assert not market.sums[name][closed].any(), name


def test_a_shop_that_stays_has_no_end_and_every_other_one_ends_within_the_time(market: Market) -> None:
    stays = market.fate == Fate.STAYS
    assert (market.ends[stays] == NEVER).all()
    assert (market.ends[~stays] < DAYS).all()
    assert set(Fate) == set(market.fate)


def test_all_trades_occur_and_are_those_of_the_register(market: Market) -> None:
    from anlan.services.prepaid.merchants.models import Merchant

    assert set(market.trade) == set(range(len(TRADES)))
    assert {trade.name for trade in TRADES} <= set(Merchant.Trade.values)
    assert sum(trade.share for trade in TRADES) == pytest.approx(1)


def test_no_single_number_of_the_last_weeks_tells_who_vanishes() -> None:
    """Otherwise a model would look clever for reading off what the simulator wrote down."""
    [market] = simulate(shops=2_000, days=DAYS, seed=9, first_day=FIRST_DAY)
    vanishes, stays = market.fate == Fate.VANISHES, market.fate == Fate.STAYS
    ends = np.where(vanishes, market.ends, DAYS)
    for name in SUMS:
        newest = np.array([market.sums[name][shop, end - 28 : end].sum() for shop, end in enumerate(ends)])
        above = (newest[vanishes][:, None] > newest[stays]).mean() + (
            newest[vanishes][:, None] == newest[stays]
        ).mean() / 2
        assert 0.1 < above < 0.9, name


def told(*arguments: str) -> str:
    out = StringIO()
    call_command("prepaid", "simulate", "--merchants", "300", "--days", "250", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_says_that_it_is_simulated_and_its_parts_add_up() -> None:
    found = json.loads(told("--json"))
    assert found["simulated"] is True
    assert "模拟" in found["note"]
    for name in ("merchants", "failed", "vanished", "paid_in_fen", "left_fen"):
        assert found[name] == sum(row[name] for row in found["trades"]) == sum(row[name] for row in found["districts"])
    assert found["paid_in_fen"] == found["used_fen"] + found["paid_back_fen"] + found["left_fen"]
    assert found["failed"] + found["vanished"] > 0
    with override("zh-hans"):
        assert "模拟数据" in told()


def test_the_tables_of_days_and_of_shops_hold_what_the_sums_say() -> None:
    found = json.loads(told("--json"))
    days, shops = (list(csv.DictReader(StringIO(told("--csv", which)))) for which in ("days", "shops"))
    assert sum(int(row["paid_in"]) for row in days) == found["paid_in_fen"]
    assert sum(row["fate"] == "vanishes" for row in shops) == found["vanished"]
    assert {row["shop"] for row in days} <= {row["shop"] for row in shops}
    assert all(row["shop"].startswith("simulated-") for row in shops)
    ended = {row["shop"]: row["ended"] for row in shops if row["ended"]}
    assert not [row for row in days if row["used"] != "0" and row["day"] >= ended.get(row["shop"], "9999")]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [(("--merchants", "0"), "--merchants"), (("--days", "69"), "--days"), (("--csv", "--json"), "--csv, --json")],
)
def test_a_market_that_cannot_be_is_refused_by_name(arguments: tuple[str, ...], named: str) -> None:
    with pytest.raises(CommandError, match=named):
        call_command("prepaid", "simulate", *arguments)
