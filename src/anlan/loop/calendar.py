"""Which days are worked on.

The dates come from the yearly notices of the State Council's general office (节假日安排的通知) as the library
`chinesecalendar` carries them. A notice appears in November for the year after, so a date beyond the last
known year is judged by weekends alone, and a due date there is provisional (`is_known`).
"""

from __future__ import annotations

import functools
from collections.abc import Collection
from datetime import date, timedelta

import chinese_calendar

ONE_DAY = timedelta(days=1)


class Calendar:
    """Working days and days of rest.

    A holiday here is every day that is not worked: a public holiday, a day off in exchange (调休), and an
    ordinary Saturday or Sunday; a Saturday worked in exchange is none. That is also how "法定休假日" is read
    for the last day of a term (民法典 第二百零三条, 民事诉讼法 第八十五条): the weekend counts, as their
    forerunner said in so many words (民法通则 第一百五十四条: "星期日或者其他法定休假日"). This is the one
    place where that reading is made.
    """

    def __init__(
        self,
        *,
        days_off: Collection[date],
        make_up_days: Collection[date],
        known_from: date,
        known_until: date,
    ) -> None:
        """`days_off` may contain weekends; `make_up_days` (调休上班) are the weekend days that are worked.

        Both are complete from `known_from` to `known_until`, these days included.
        """
        self._days_off = frozenset(days_off)
        self._make_up_days = frozenset(make_up_days)
        self.known_from = known_from
        self.known_until = known_until

    def is_working_day(self, day: date) -> bool:
        """Whether the day is worked."""
        return day in self._make_up_days or (day.weekday() < 5 and day not in self._days_off)

    def is_holiday(self, day: date) -> bool:
        """Whether the day is one of rest, weekends included."""
        return not self.is_working_day(day)

    def is_known(self, day: date) -> bool:
        """Whether the holidays of that time have been announced."""
        return self.known_from <= day <= self.known_until

    def next_working_day(self, day: date) -> date:
        """The first working day on or after that day."""
        while not self.is_working_day(day):
            day += ONE_DAY
        return day

    def add_working_days(self, day: date, count: int) -> date:
        """The count-th working day after that day, which is itself not counted; the day itself for 0.

        Raises ValueError for a negative count.
        """
        if count < 0:
            raise ValueError(f"can't count {count} working days")
        for _ in range(count):
            day = self.next_working_day(day + ONE_DAY)
        return day

    def working_days_between(self, start: date, end: date) -> int:
        """How many working days lie after `start` up to and including `end`."""
        days = (start + timedelta(days=n) for n in range(1, (end - start).days + 1))
        return sum(map(self.is_working_day, days))


@functools.cache
def chinese() -> Calendar:
    """The calendar of mainland China, its tables read once; a day's answer is then two set look-ups."""
    years = {day.year for day in chinese_calendar.holidays}
    return Calendar(
        days_off=chinese_calendar.holidays,
        make_up_days=chinese_calendar.workdays,
        known_from=date(min(years), 1, 1),
        known_until=date(max(years), 12, 31),
    )
