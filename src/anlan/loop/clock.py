"""The one source of time.

Everything else asks `now()` and `today()`, so that a rehearsal can swap the clock and run a month
in a minute.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """Anything that tells the time."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC)


class ManualClock:
    """A clock that moves only when told to, and never back: a history must not run backwards."""

    def __init__(self, start: datetime) -> None:
        """Raises ValueError if `start` has no time zone."""
        self._now = _utc(start)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The moment it stands at, aware, in UTC."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move on. Raises ValueError for a negative step."""
        with self._lock:
            self._move_to(self._now + by)

    def set(self, moment: datetime) -> None:
        """Move on to a moment. Raises ValueError if it has no time zone or is past."""
        with self._lock:
            self._move_to(_utc(moment))

    def _move_to(self, moment: datetime) -> None:
        if moment < self._now:
            raise ValueError(f"a clock can't go back from {self._now} to {moment}")
        self._now = moment


# Module-level rather than a context variable: all threads of a rehearsal have to see the same time.
_clock: Clock = SystemClock()


def now() -> datetime:
    """The present moment: aware, UTC, to the microsecond."""
    return _clock.now()


def today() -> date:
    """The present date in the city."""
    return local(now()).date()


def local(moment: datetime) -> datetime:
    """The same moment in the city's time. Raises ValueError if it has no time zone."""
    return _aware(moment).astimezone(LOCAL)


@contextmanager
def use(clock: Clock) -> Iterator[Clock]:
    """Let the whole process run on this clock for the while; the one before it comes back afterwards."""
    global _clock
    before = _clock
    _clock = clock
    try:
        yield clock
    finally:
        _clock = before


def _utc(moment: datetime) -> datetime:
    return _aware(moment).astimezone(UTC)


def _aware(moment: datetime) -> datetime:
    # astimezone() would silently read a naive moment in the machine's own time zone.
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return moment
