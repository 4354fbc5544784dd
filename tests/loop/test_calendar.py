from datetime import date, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.loop.calendar import chinese

CHINA = chinese()
any_day = st.dates(date(2004, 1, 1), date(2035, 12, 31))


def test_the_national_day_week_is_a_holiday() -> None:
    week = [date(2025, 10, day) for day in range(1, 9)]
    assert all(CHINA.is_holiday(day) for day in week)
    assert CHINA.is_working_day(date(2025, 10, 9))


def test_a_make_up_saturday_is_a_working_day() -> None:
    saturday = date(2025, 10, 11)
    assert saturday.weekday() == 5
    assert CHINA.is_working_day(saturday)
    assert CHINA.is_holiday(date(2025, 10, 12))


def test_an_ordinary_weekend_is_a_holiday() -> None:
    assert CHINA.is_holiday(date(2025, 11, 15))
    assert CHINA.is_holiday(date(2025, 11, 16))


def test_the_next_working_day_is_the_day_itself_if_it_is_worked() -> None:
    assert CHINA.next_working_day(date(2025, 9, 30)) == date(2025, 9, 30)
    assert CHINA.next_working_day(date(2025, 10, 1)) == date(2025, 10, 9)


def test_working_days_are_counted_from_the_day_after() -> None:
    # From Tuesday 30 September 2025 over National Day: 9, 10, 11 (made up), 13, 14 October.
    assert CHINA.add_working_days(date(2025, 9, 30), 5) == date(2025, 10, 14)
    assert CHINA.add_working_days(date(2025, 9, 30), 0) == date(2025, 9, 30)


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="-1 working days"):
        CHINA.add_working_days(date(2025, 9, 30), -1)


def test_beyond_the_announced_years_only_weekends_are_known() -> None:
    after = CHINA.known_until + timedelta(days=1)
    assert CHINA.known_until.month == 12
    assert CHINA.known_until.day == 31
    assert CHINA.is_known(CHINA.known_until)
    assert not CHINA.is_known(after)
    first_monday = after + timedelta(days=(7 - after.weekday()) % 7)
    assert CHINA.is_working_day(first_monday)
    assert CHINA.is_holiday(first_monday - timedelta(days=1))


@given(st.dates(date(2004, 1, 1), CHINA.known_until))
def test_known_days_agree_with_the_library(day: date) -> None:
    assert CHINA.is_working_day(day) == chinese_calendar.is_workday(day)


@given(any_day, st.integers(1, 60))
def test_working_days_end_on_a_working_day_and_counting_them_back_gives_their_number(day: date, count: int) -> None:
    end = CHINA.add_working_days(day, count)
    assert CHINA.is_working_day(end)
    assert CHINA.working_days_between(day, end) == count


@given(any_day, st.integers(0, 30), st.integers(0, 30))
def test_adding_twice_is_adding_the_sum(day: date, first: int, second: int) -> None:
    twice = CHINA.add_working_days(CHINA.add_working_days(day, first), second)
    assert twice == CHINA.add_working_days(day, first + second)
