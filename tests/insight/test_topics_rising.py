"""What is rising: the false alarms stay at what is stated, and what doubles is found."""

import numpy as np
import pytest

from anlan.insight.topics.rising import Rise, ordered, rising

WEEKDAYS = (1.1, 1.1, 1.05, 1.0, 1.05, 0.9, 0.8)
WEEKS, WINDOW = 8, 7
RUNS = 150


def city(chance: np.random.Generator, *, dispersion: float, times: float = 1, series: int = 120) -> np.ndarray:
    """Daily counts of as many series; only the first one's window is multiplied."""
    rate = chance.gamma(0.7, 1.2, series)
    rate[0] = 6
    mean = np.outer(rate, np.resize(WEEKDAYS, WEEKS * 7 + WINDOW))
    mean[0, -WINDOW:] *= times
    if dispersion == 1:
        return chance.poisson(mean)
    return chance.negative_binomial(mean / (dispersion - 1), 1 / dispersion)


@pytest.mark.parametrize("dispersion", [1.0, 1.5, 2.5])
def test_where_nothing_has_changed_false_alarms_stay_at_what_is_stated(dispersion: float) -> None:
    chance = np.random.default_rng(7)
    alarmed = sum(any(each.is_rising for each in rising(city(chance, dispersion=dispersion))) for _ in range(RUNS))
    # Three standard errors of a share of 5 % in as many runs.
    assert alarmed / RUNS <= 0.05 + 3 * (0.05 * 0.95 / RUNS) ** 0.5


@pytest.mark.parametrize(("dispersion", "power"), [(1.0, 0.9), (1.5, 0.5)])
def test_six_reports_a_day_that_double_are_found(dispersion: float, power: float) -> None:
    chance = np.random.default_rng(8)
    found = [rising(city(chance, dispersion=dispersion, times=2))[0].is_rising for _ in range(40)]
    assert np.mean(found) >= power


def test_a_weekday_that_is_always_busy_is_no_rise() -> None:
    daily = np.tile([0, 0, 0, 0, 0, 12, 0], (3, WEEKS))
    window = np.concatenate([daily, daily[:, :6]], axis=1)
    # Five quiet days and the busy one: what every week brings.
    assert not any(each.is_rising for each in rising(window, window=6))
    assert rising(window, window=6)[0].expected == pytest.approx(12, rel=0.1)


def test_what_never_came_before_can_rise() -> None:
    daily = np.zeros((20, WEEKS * 7 + WINDOW), dtype=np.int64)
    daily[4, -3:] = 5
    (rise,) = ordered(rising(daily))
    assert (rise.series, rise.count) == (4, 15)
    assert rise.times > 5


def test_two_reports_are_never_called_rising() -> None:
    daily = np.zeros((2, WEEKS * 7 + WINDOW), dtype=np.int64)
    daily[0, -1] = 2
    assert ordered(rising(daily)) == []


def test_what_falls_is_not_rising() -> None:
    daily = np.full((3, WEEKS * 7 + WINDOW), 5)
    daily[1, -WINDOW:] = 0
    assert rising(daily)[1] == Rise(1, 0, rising(daily)[1].expected, 1.0, False)


def test_too_short_a_past_or_no_share_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="daily"):
        rising(np.zeros((3, 20), dtype=np.int64))
    with pytest.raises(ValueError, match="false_alarms"):
        rising(np.zeros((3, 70), dtype=np.int64), false_alarms=1)
    assert rising(np.zeros((0, 70), dtype=np.int64)) == []
