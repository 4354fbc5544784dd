"""Terms of time and when they end.

Moments go in and come out aware, in UTC; days are those of Asia/Shanghai. A term counted in days, working
days, months or years ends at 24:00 local time of its last day (民法典 第二百零三条), that is at 00:00 of the
day after: the due moment is an exclusive bound. An act at 23:59:59 of the last day is in time, one at the due
moment is late.

Not counted here, because they are facts of a case and not of the calendar: time in transit (民事诉讼法
第八十五条: what is posted before the end is in time) and closing hours (民法典 第二百零三条).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from anlan.foundation.rules import Counting, Rule, Unit
from anlan.loop.calendar import ONE_DAY, Calendar
from anlan.loop.clock import LOCAL, local

__all__ = [
    "Counting",
    "Suspension",
    "Term",
    "Unit",
    "days",
    "due",
    "extended",
    "extension_of",
    "hours",
    "is_provisional",
    "minutes",
    "months",
    "remaining",
    "resume",
    "shifted",
    "term_of",
    "working_days",
    "years",
]


@dataclass(frozen=True)
class Regime:
    """How one body of law counts.

    `shifts`: a last day that is a holiday gives way to the first day after the holiday.
    `skips_first_hour`: the hour in which a term in hours begins is not counted; it runs from the next one.
    `working_day_amounts`: these amounts of "days" mean working days; `days_are_working_days`: every amount.
    """

    source: str
    shifts: bool = False
    skips_first_hour: bool = False
    working_day_amounts: frozenset[int] = frozenset()
    days_are_working_days: bool = False


# What an elapsed term is made of; a day is 24 hours, as the city has no summer time.
SPANS = {Unit.MINUTE: timedelta(minutes=1), Unit.HOUR: timedelta(hours=1), Unit.DAY: ONE_DAY}

REGIMES = {
    Counting.ELAPSED: Regime("the platform's own targets: exact elapsed time, no holiday shift"),
    Counting.CIVIL: Regime("民法典 第二百条至第二百零四条", shifts=True),
    Counting.CIVIL_PROCEDURE: Regime("民事诉讼法 第八十五条", shifts=True, skips_first_hour=True),
    Counting.CRIMINAL: Regime("刑事诉讼法 第一百零五条", shifts=True, skips_first_hour=True),
    # Nobody is held a day longer because of a holiday: 第一百零五条第四款 "不得因节假日而延长".
    Counting.CUSTODY: Regime("刑事诉讼法 第一百零五条", skips_first_hour=True),
    # What 第八十八条 does not settle follows the law of civil procedure: hence the shift and the hour.
    Counting.RECONSIDERATION: Regime(
        "行政复议法 第八十八条",
        shifts=True,
        skips_first_hour=True,
        working_day_amounts=frozenset({3, 5, 7, 10}),
    ),
    # The regulation counts in calendar days and says nothing of a shift; working days it names where meant.
    Counting.PETITION: Regime("信访工作条例 第二十二条至第三十六条"),
    Counting.CONSUMER: Regime("市场监督管理投诉举报处理暂行办法 第十四条、第二十一条", days_are_working_days=True),
}


@dataclass(frozen=True)
class Term:
    """A length of time and the regime by which it is counted."""

    amount: int
    unit: Unit
    counting: Counting

    def __post_init__(self) -> None:
        if self.amount < 1:
            raise ValueError(f"amount: a term is at least 1 {self.unit}, not {self.amount}")
        if not self.counting.counts(self.unit):
            raise ValueError(f"unit: {self.counting} time can't be counted in {self.unit}s")

    @property
    def regime(self) -> Regime:
        """How the term is counted."""
        return REGIMES[self.counting]

    @property
    def is_elapsed(self) -> bool:
        """Whether it is an exact span of time rather than a number of days on the calendar."""
        return self.counting is Counting.ELAPSED or self.unit in {Unit.MINUTE, Unit.HOUR}

    @property
    def is_in_working_days(self) -> bool:
        """Whether it is counted in working days, said so or meant so by its regime."""
        meant = self.regime.days_are_working_days or self.amount in self.regime.working_day_amounts
        return self.unit is Unit.WORKING_DAY or (self.unit is Unit.DAY and meant)

    @property
    def span(self) -> timedelta:
        """The exact length of an elapsed term. Raises ValueError for one counted on the calendar."""
        if not self.is_elapsed:
            raise ValueError(f"{self.amount} {self.unit} under {self.counting} has no exact length")
        return self.amount * SPANS[self.unit]


def minutes(amount: int) -> Term:
    """So many minutes, exactly."""
    return Term(amount, Unit.MINUTE, Counting.ELAPSED)


def hours(amount: int, counting: Counting = Counting.ELAPSED) -> Term:
    """So many hours, exactly unless a regime is given."""
    return Term(amount, Unit.HOUR, counting)


def days(amount: int, counting: Counting = Counting.CIVIL) -> Term:
    """So many days of the calendar."""
    return Term(amount, Unit.DAY, counting)


def working_days(amount: int, counting: Counting = Counting.CIVIL) -> Term:
    """So many working days."""
    return Term(amount, Unit.WORKING_DAY, counting)


def months(amount: int, counting: Counting = Counting.CIVIL) -> Term:
    """So many months, to the corresponding day."""
    return Term(amount, Unit.MONTH, counting)


def years(amount: int, counting: Counting = Counting.CIVIL) -> Term:
    """So many years, to the corresponding day."""
    return Term(amount, Unit.YEAR, counting)


def term_of(rule: Rule) -> Term:
    """The term a rule sets. Raises ValueError if the rule is not one of time."""
    if rule.amount is None or rule.unit is None or rule.counting is None:
        raise ValueError(f"rule {rule.id} sets no term")
    return Term(rule.amount, rule.unit, rule.counting)


def extension_of(rule: Rule) -> Term:
    """The longest extension a rule allows. Raises ValueError if it allows none."""
    if rule.extension is None or rule.counting is None:
        raise ValueError(f"rule {rule.id} allows no extension")
    return Term(rule.extension.amount, rule.extension.unit, rule.counting)


@dataclass(frozen=True)
class Suspension:
    """A while in which the clock stood still for a legal reason (中止, 鉴定, 听证)."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError("end: a suspension can't end before it starts")

    def whole_days(self) -> list[date]:
        """The local days that lie in it from 00:00 to 24:00; a day on which work could be done is counted."""
        first, end = local(self.start), local(self.end).date()
        day = first.date() if first.time() == time.min else first.date() + ONE_DAY
        return [day + n * ONE_DAY for n in range((end - day).days)]


def due(start: datetime, term: Term, calendar: Calendar, suspensions: Iterable[Suspension] = ()) -> datetime:
    """When a term that begins with the event at `start` ends (exclusive bound, UTC).

    The day of the event is not counted (民法典 第二百零一条). Suspended time is left out of the count, which
    is exact; `resume` can only move a due moment that is already known.
    """
    if term.is_elapsed:
        skips = term.regime.skips_first_hour and term.unit is Unit.HOUR
        begin = _next_full_hour(start) if skips else _utc(start)
        return _put_off(begin, begin + term.span, suspensions)
    first = local(start).date()
    last = _last_day(first, term, calendar)
    return _end_of(_without(suspensions, first, last, term, calendar), term, calendar)


def resume(due: datetime, suspended_from: datetime, resumed_at: datetime, term: Term, calendar: Calendar) -> datetime:
    """The new due moment of a term that was suspended: whole suspended days are not counted.

    A suspension that began only after the due moment changes nothing. It counts on from the last day as it
    stands, so where a holiday had already moved that day the result can be later than the recount by
    `due(…, suspensions=…)`: prefer that where the start of the term is known.
    """
    suspension = Suspension(suspended_from, resumed_at)
    if term.is_elapsed:
        return _put_off(suspended_from, due, [suspension])
    last = _without([suspension], date.min, _last_day_before(due), term, calendar)
    return _end_of(last, term, calendar)


def extended(due: datetime, extension: Term, calendar: Calendar) -> datetime:
    """The due moment after an extension, which begins when the term itself would have ended."""
    if extension.is_elapsed:
        return _utc(due) + extension.span
    return _end_of(_last_day(_last_day_before(due), extension, calendar), extension, calendar)


def shifted(due: datetime, suspended: timedelta) -> datetime:
    """The due moment of an elapsed term, put off by the time it was suspended. ValueError if negative."""
    if suspended < timedelta(0):
        raise ValueError(f"suspended: must not be negative, is {suspended}")
    return _utc(due) + suspended


def remaining(due: datetime, now: datetime) -> timedelta:
    """How much time is left; negative once the due moment is past."""
    return due - now


def is_provisional(due: datetime, term: Term, calendar: Calendar) -> bool:
    """Whether the due moment may still move, as it rests on holidays that have not been announced yet."""
    rests_on_holidays = not term.is_elapsed and (term.regime.shifts or term.is_in_working_days)
    return rests_on_holidays and not calendar.is_known(_last_day_before(due))


def _last_day(first: date, term: Term, calendar: Calendar) -> date:
    """The last day of a term whose event fell on `first`, before any shift."""
    if term.is_in_working_days:
        return calendar.add_working_days(first, term.amount)
    if term.unit is Unit.DAY:
        return first + term.amount * ONE_DAY
    return _months_later(first, term.amount * (12 if term.unit is Unit.YEAR else 1))


def _months_later(day: date, count: int) -> date:
    """The corresponding day, or the last of the month where there is none (民法典 第二百零二条)."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _without(suspensions: Iterable[Suspension], first: date, last: date, term: Term, calendar: Calendar) -> date:
    """The last day once every suspended day after `first` that was counted has been made good."""
    for day in sorted({day for suspension in suspensions for day in suspension.whole_days()}):
        if not first < day <= last:
            continue
        if not term.is_in_working_days:
            last += ONE_DAY
        elif calendar.is_working_day(day):
            last = calendar.add_working_days(last, 1)
    return last


def _end_of(last: date, term: Term, calendar: Calendar) -> datetime:
    if term.regime.shifts:
        last = calendar.next_working_day(last)
    return datetime.combine(last + ONE_DAY, time.min, LOCAL).astimezone(UTC)


def _last_day_before(due: datetime) -> date:
    """The last day that still lies within an exclusive bound."""
    return (local(due) - timedelta.resolution).date()


def _put_off(begin: datetime, end: datetime, suspensions: Iterable[Suspension]) -> datetime:
    """The end of an elapsed term, later by what it was suspended between its beginning and its end."""
    stood_until = begin
    for suspension in sorted(suspensions, key=lambda each: each.start):
        start = max(suspension.start, stood_until)
        if start < end and start < suspension.end:
            end = shifted(end, suspension.end - start)
            stood_until = suspension.end
    return _utc(end)


def _next_full_hour(moment: datetime) -> datetime:
    return _utc(moment).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _utc(moment: datetime) -> datetime:
    return local(moment).astimezone(UTC)
