import threading
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from anlan.loop import clock
from anlan.loop.clock import ManualClock

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_the_system_clock_tells_the_present_in_utc() -> None:
    before = datetime.now(UTC)
    moment = clock.now()
    assert before <= moment <= datetime.now(UTC)
    assert moment.tzinfo is UTC


def test_a_manual_clock_stands_until_it_is_moved() -> None:
    manual = ManualClock(NOON)
    with clock.use(manual):
        assert clock.now() == NOON
        manual.advance(timedelta(microseconds=1))
        assert clock.now() == NOON + timedelta(microseconds=1)


def test_a_manual_clock_never_goes_back() -> None:
    manual = ManualClock(NOON)
    with pytest.raises(ValueError, match="can't go back"):
        manual.set(NOON - timedelta(seconds=1))
    with pytest.raises(ValueError, match="can't go back"):
        manual.advance(timedelta(seconds=-1))
    assert manual.now() == NOON


def test_a_moment_without_time_zone_is_refused() -> None:
    naive = datetime(2026, 11, 22)
    with pytest.raises(ValueError, match="no time zone"):
        ManualClock(naive)
    with pytest.raises(ValueError, match="no time zone"):
        ManualClock(NOON).set(naive)
    with pytest.raises(ValueError, match="no time zone"):
        clock.local(naive)


def test_a_manual_clock_answers_in_utc_whatever_it_was_set_in() -> None:
    manual = ManualClock(NOON.astimezone(timezone(timedelta(hours=8))))
    assert manual.now() == NOON
    assert manual.now().tzinfo is UTC


def test_today_is_the_date_in_the_city_not_in_utc() -> None:
    with clock.use(ManualClock(datetime(2026, 11, 22, 16, tzinfo=UTC))):
        assert clock.today() == date(2026, 11, 23)


def test_nested_use_brings_back_the_clock_before_even_after_an_error() -> None:
    outer, inner = ManualClock(NOON), ManualClock(NOON + timedelta(days=1))

    def fail_on_the_inner_clock() -> None:
        with clock.use(inner):
            assert clock.today() == date(2026, 11, 23)
            raise RuntimeError("stop")

    with clock.use(outer):
        with pytest.raises(RuntimeError, match="stop"):
            fail_on_the_inner_clock()
        assert clock.now() == NOON
    assert clock.now() not in (outer.now(), inner.now())


def test_all_threads_see_the_clock_in_use() -> None:
    seen: list[datetime] = []
    with clock.use(ManualClock(NOON)):
        thread = threading.Thread(target=lambda: seen.append(clock.now()))
        thread.start()
        thread.join()
    assert seen == [NOON]


def test_steps_of_many_threads_add_up() -> None:
    manual = ManualClock(NOON)

    def step() -> None:
        for _ in range(500):
            manual.advance(timedelta(seconds=1))

    threads = [threading.Thread(target=step) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert manual.now() == NOON + timedelta(seconds=2000)
