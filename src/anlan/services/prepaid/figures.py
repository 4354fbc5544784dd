"""The dated rules of prepaid cards as whole numbers and moments, as in force on a day."""

from datetime import date, datetime, timedelta

from anlan.foundation.rules import Rule, rulebook
from anlan.loop import clock
from anlan.loop.calendar import chinese
from anlan.loop.terms import due, term_of


def rule(name: str, on: date) -> Rule:
    """The rule `prepaid.<name>` as in force on that day."""
    return rulebook().at(f"prepaid.{name}", on)


def figure(name: str, on: date) -> int:
    """The value of a rule: fen, a number of times, or 1 and 0 for yes and no."""
    return int(rule(name, on).value or 0)


def end_of(name: str, start: datetime) -> datetime:
    """When the term of a rule that begins at `start` is over (exclusive)."""
    return due(start, term_of(rule(name, clock.local(start).date())), chinese())


def last_day_of(name: str, start: datetime) -> date:
    """The last day of that term."""
    return clock.local(end_of(name, start) - timedelta(microseconds=1)).date()


def share(whole: int, part: int, of: int) -> int:
    """`whole` x `part` / `of` rounded half up, exact for any size: how much of the money goes with a part."""
    return (2 * whole * part + of) // (2 * of)
