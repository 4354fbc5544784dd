"""The pure part of the three-colour code: from daily sums to indicators, and from these to a colour with reasons."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.foundation.rules import rulebook
from anlan.services.prepaid.colour.indicators import HISTORY, INDICATORS, MOST, Days, Least, Numbers, measured
from anlan.services.prepaid.colour.judging import Level, Thresholds, colours, levels, reasons

TODAY = date(2026, 11, 20)
YUAN = 100


def days(shops: int = 1) -> Days:
    """Ordinary shops: each day as the day before, half of a year old, nothing unusual."""

    def every_day(amount: float) -> Numbers:
        return np.full((shops, HISTORY), float(amount))

    def one(amount: float) -> Numbers:
        return np.full(shops, float(amount))

    return Days(
        paid_in=every_day(1_000 * YUAN),
        payments=every_day(2),
        promised=every_day(100 * YUAN),
        used=every_day(900 * YUAN),
        uses=every_day(10),
        paid_back=every_day(0),
        refunds=every_day(0),
        declined=every_day(0),
        complaints=every_day(0),
        balance=one(20_000 * YUAN),
        merchant_balance=one(20_000 * YUAN),
        cap=one(100_000 * YUAN),
        revenue=one(500_000 * YUAN),
        listed=one(0),
        age=one(180),
    )


def judged(facts: Days) -> tuple[Level, dict[str, Level]]:
    thresholds = Thresholds.of(rulebook(), TODAY)
    values = measured(facts, Least.of(rulebook(), TODAY))
    colour = Level(colours(levels(values, thresholds), thresholds)[0])
    return colour, {reason.indicator.name: reason.level for reason in reasons(values[0], thresholds)}


def with_newest(sums: Numbers, amount: float, count: int) -> Numbers:
    changed = sums.copy()
    changed[:, -count:] = amount
    return changed


def test_an_ordinary_shop_is_green_and_has_no_reasons() -> None:
    assert judged(days()) == (Level.GREEN, {})


def test_a_shop_nobody_knows_anything_of_is_green() -> None:
    nothing = {name: np.zeros_like(getattr(days(), name)) for name in Days.__slots__}
    unknown = {name: np.full(1, np.nan) for name in ("cap", "revenue")}
    assert judged(Days(**nothing | unknown)) == (Level.GREEN, {})


def test_a_rush_of_payments_alarms_and_names_its_number_and_threshold() -> None:
    rush = replace(days(), paid_in=with_newest(days().paid_in, 4_000 * YUAN, 7))
    assert judged(rush) == (Level.YELLOW, {"inflow_surge": Level.YELLOW})
    values = measured(rush, Least.of(rulebook(), TODAY))[0]
    [reason] = reasons(values, Thresholds.of(rulebook(), TODAY))
    assert reason.value == pytest.approx(4.0)
    assert reason.threshold == 3.0


def test_silence_with_money_held_goes_from_yellow_to_red() -> None:
    def silent(count: int) -> Days:
        facts = days()
        return replace(facts, uses=with_newest(facts.uses, 0, count))

    assert judged(silent(9))[1].get("silent_days", Level.GREEN) is Level.GREEN
    assert judged(silent(10))[1]["silent_days"] is Level.YELLOW
    assert judged(silent(28))[1]["silent_days"] is Level.RED


def test_silence_without_money_of_others_is_nobodys_matter() -> None:
    facts = days()
    closed = replace(facts, uses=with_newest(facts.uses, 0, 40), balance=np.zeros(1))
    assert "silent_days" not in judged(closed)[1]


def test_several_yellow_indicators_together_are_red() -> None:
    facts = days()
    two = replace(facts, listed=np.ones(1), paid_in=with_newest(facts.paid_in, 4_000 * YUAN, 7))
    assert judged(two)[0] is Level.YELLOW
    three = replace(two, merchant_balance=np.full(1, 85_000.0 * YUAN))
    colour, why = judged(three)
    assert colour is Level.RED
    assert set(why.values()) == {Level.YELLOW}


def test_small_sums_do_not_alarm() -> None:
    facts = days()
    tiny = replace(facts, paid_in=with_newest(facts.paid_in / 1_000, 10 * YUAN, 7), balance=np.full(1, 100.0 * YUAN))
    assert "inflow_surge" not in judged(tiny)[1]


def test_more_than_the_cap_is_red_and_an_unknown_cap_says_nothing() -> None:
    facts = days()
    assert judged(replace(facts, merchant_balance=facts.cap))[1]["balance_to_cap"] is Level.RED
    assert "balance_to_cap" not in judged(replace(facts, merchant_balance=facts.cap, cap=np.full(1, np.nan)))[1]


def test_reasons_begin_with_the_worst() -> None:
    facts = days()
    both = replace(facts, listed=np.ones(1), merchant_balance=facts.cap)
    values = measured(both, Least.of(rulebook(), TODAY))[0]
    found = [reason.level for reason in reasons(values, Thresholds.of(rulebook(), TODAY))]
    assert found == sorted(found, reverse=True)
    assert found[0] is Level.RED


def test_each_indicator_has_its_two_thresholds_the_red_one_worse() -> None:
    thresholds = Thresholds.of(rulebook(), TODAY)
    for indicator, yellow, red in zip(INDICATORS, thresholds.yellow, thresholds.red, strict=True):
        assert (red > yellow) == indicator.worse_high


amounts = st.integers(min_value=0, max_value=10**9)


@given(st.lists(st.lists(amounts, min_size=9, max_size=9), min_size=1, max_size=5), st.integers(0, 10**6))
def test_one_shop_alone_is_measured_as_among_others(rows: list[list[int]], seed: int) -> None:
    random = np.random.default_rng(seed)
    shops = len(rows)
    names = list(Days.__slots__)
    sums = {
        name: np.array([row[place] for row in rows])[:, None] * random.random((shops, HISTORY))
        for place, name in enumerate(names[:9])
    }
    rest = {name: random.random(shops) * 10**8 for name in names[9:]}
    facts = Days(**sums | rest | {"age": random.integers(0, 400, shops).astype(float)})
    least = Least.of(rulebook(), TODAY)
    together = measured(facts, least)
    for shop in range(shops):
        alone = Days(*(getattr(facts, name)[shop : shop + 1] for name in Days.__slots__))
        np.testing.assert_allclose(measured(alone, least)[0], together[shop])
    assert not np.isinf(together).any()
    assert np.nanmax(together[:, :5], initial=0) <= MOST
