"""What the model may know of a shop, and what warnings are worth: nothing of the future, nobody checked twice."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from anlan.city.people.access import scope_of, scoped, system
from anlan.foundation.identifiers import new_id
from anlan.foundation.rules import declared
from anlan.services.prepaid.colour.indicators import HISTORY, Least
from anlan.services.prepaid.colour.recolouring import recolour
from anlan.services.prepaid.simulation.looking import at_work, days_until
from anlan.services.prepaid.simulation.market import NEVER, SUMS, Market, simulate
from anlan.services.prepaid.warning.backtest import Look, back_test
from anlan.services.prepaid.warning.shops import FEATURES, features_of

LEAST = Least.of(declared(), date(2026, 1, 1))
DAY = 200
MORE_THAN_A_STATEMENT_HAS_PARAMETERS = 70_000


@pytest.fixture(scope="module")
def market() -> Market:
    [market] = simulate(shops=400, days=300, seed=11, first_day=date(2025, 1, 1))
    return market


def test_what_comes_after_a_day_changes_nothing_that_is_known_of_it(market: Market) -> None:
    later = {name: np.where(np.arange(300) < DAY, market.sums[name], 9_999) for name in SUMS}
    other = replace(market, sums=later, fate=market.fate[::-1], ends=market.ends[::-1])
    known, known_of_other = (features_of(days_until(each, DAY), LEAST) for each in (market, other))
    assert known.shape == (400, len(FEATURES))
    assert np.array_equal(known, known_of_other, equal_nan=True)


def test_the_money_held_is_what_was_taken_and_neither_used_nor_paid_back(market: Market) -> None:
    assert days_until(market, DAY).balance == pytest.approx(market.balance()[:, DAY - 1], rel=1e-4, abs=100)


def test_a_day_without_a_whole_history_is_refused(market: Market) -> None:
    with pytest.raises(ValueError, match=f"from {HISTORY} to 300, not 125"):
        days_until(market, HISTORY - 1)


def test_only_shops_are_looked_at_that_have_a_history_and_are_still_open(market: Market) -> None:
    seen = at_work(market, DAY)
    assert 0 < seen.sum() < market.shops
    assert (market.ends[seen] > DAY).all()
    assert (market.opened[seen] <= DAY - HISTORY).all()


ENDS = np.array([50, 120, NEVER, NEVER, 130], np.int32)


def test_officers_check_the_highest_scores_and_time_tells_which_were_right() -> None:
    looks = [Look(0, np.array([0.9, 0.1, 0.8, 0.2, np.nan])), Look(84, np.array([np.nan, 0.9, 0.8, 0.1, 0.7]))]
    worth = back_test(looks, ENDS, capacity=2, horizon=84, hours_a_check=2.0)
    # First 0 (right) and 2; then 1 and 4 (both right), since 2 is not checked again so soon.
    assert (worth.checks, worth.found, worth.failures) == (4, 3, 3)
    assert worth.lead_days == 46
    assert (worth.precision, worth.recall, worth.hours) == (0.75, 1.0, 8.0)
    assert worth.hours_each == pytest.approx(8 / 3)


def test_a_shop_without_a_score_is_never_checked_and_a_failure_out_of_reach_is_not_missed() -> None:
    worth = back_test([Look(0, np.full(5, np.nan))], ENDS, capacity=5, horizon=84, hours_a_check=2.0)
    assert (worth.checks, worth.found, worth.failures) == (0, 0, 0)
    assert worth.hours_each == np.inf
    assert np.isnan(worth.lead_days)


@pytest.mark.django_db
def test_a_whole_city_of_shops_is_judged_in_one_go() -> None:
    with scoped(scope_of(system())):
        assert recolour([new_id() for _ in range(MORE_THAN_A_STATEMENT_HAS_PARAMETERS)]) == set()
