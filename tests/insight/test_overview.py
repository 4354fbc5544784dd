"""The overview: what came in, what was kept, what is open, and nobody else's numbers."""

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import Actor
from anlan.city.people.models import Account
from anlan.insight.indicators import Share, figures
from anlan.insight.overview import Asked, Compared, Overview, overview, period_of
from anlan.loop import clock, engine, verbs
from anlan.loop.models import Matter
from anlan.loop.sweeps import sweep_deadlines
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import CUIYUAN_GRID, GRID, Cast, lamp

NOON = datetime(2026, 3, 4, 4, tzinfo=UTC)
"""Wednesday, 12:00 in the city."""


@pytest.fixture
def noon(cast: Cast) -> Iterator[clock.ManualClock]:
    atlas.cache_clear()
    with clock.use(clock.ManualClock(NOON)) as manual:
        assert isinstance(manual, clock.ManualClock)
        yield manual


def reported(cast: Cast, **changes: Any) -> Matter:
    return engine.open_matter(Dispatching, lamp(**changes), by=cast.wang).matter


def handled(cast: Cast, now: clock.ManualClock, *, late: bool = False) -> Matter:
    matter = reported(cast)
    engine.advance(matter.id, "route", by=cast.chen)
    engine.advance(matter.id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.li)})
    now.advance(timedelta(minutes=5 if late else 0, seconds=20))
    for step, told in (("accept", {}), ("arrive", {}), ("resolve", {"outcome": "solved", "text": "好了"})):
        engine.advance(matter.id, step, by=cast.li, told=told)
    return engine.advance(matter.id, "rate", by=cast.wang, told={"rating": 4})


def seen(actor: Actor, **asked: Any) -> Overview:
    return overview(actor, Asked(**asked))


def browser(username: str, language: str = "en") -> Client:
    client = Client(headers={"Accept-Language": language})
    client.force_login(Account.objects.get(username=username))
    return client


# Whose numbers


def test_another_towns_numbers_never_leak(cast: Cast, noon: clock.ManualClock) -> None:
    for _ in range(3):
        handled(cast, noon)
    reported(cast, area=CUIYUAN_GRID, category="noise.home", klass="urgent")
    noon.advance(timedelta(seconds=1))
    wenxin, cuiyuan = seen(cast.chen), seen(cast.zhou)
    assert (wenxin.received.now, cuiyuan.received.now) == (3, 1)
    assert sum(each.now.of for each in cuiyuan.on_time) == 0
    assert [each.now for each in cuiyuan.outcomes] == [Share(0, 0), Share(0, 0)]
    assert len(wenxin.categories) == 1
    assert wenxin.open_now == []
    assert sum(n for _, n in cuiyuan.open_now) == 1


def test_the_district_sees_both_towns(cast: Cast, noon: clock.ManualClock) -> None:
    reported(cast, area=GRID)
    reported(cast, area=CUIYUAN_GRID)
    noon.advance(timedelta(seconds=1))
    assert seen(cast.sun).received.now == 2


@pytest.mark.parametrize(("who", "status"), [("chen", 200), ("wu", 200), ("sun", 200), ("li", 403), ("wang", 403)])
def test_it_is_for_those_who_direct_and_supervise(noon: clock.ManualClock, who: str, status: int) -> None:
    for address in ("/overview", "/overview.csv"):
        assert browser(who).get(address).status_code == status


def test_who_has_not_signed_in_is_led_to_the_door(noon: clock.ManualClock) -> None:
    assert Client().get("/overview")["Location"].startswith("/sign-in")


# What is counted


def test_its_numbers_are_those_of_the_indicators(cast: Cast, noon: clock.ManualClock) -> None:
    handled(cast, noon)
    handled(cast, noon, late=True)
    reported(cast, klass="urgent")
    sweep_deadlines()
    noon.advance(timedelta(seconds=1))
    found = seen(cast.chen)
    same = figures(since=found.period.since, until=found.period.until)
    assert found.received.now == same.received == 3
    assert [each.now for each in found.on_time] == [each.in_time for each in same.on_time]
    assert [each.now for each in found.outcomes] == [same.resolved, same.satisfied]
    assert {each.label: each.now for each in found.classes} == {
        "police": 0,
        "urgent, not police": 1,
        "not urgent": 2,
        "inquiry": 0,
    }


def test_each_hour_has_its_number_in_the_citys_time(cast: Cast, noon: clock.ManualClock) -> None:
    reported(cast)
    noon.advance(timedelta(hours=2))
    assert [each for each in seen(cast.chen).taken_in if each.now] == [Compared("12", 1, 0)]
    assert [each.label for each in seen(cast.chen, period="week").taken_in if each.now] == ["Wed"]
    assert [each.label for each in seen(cast.chen, period="month").taken_in if each.now] == ["4"]


def test_a_running_day_is_compared_with_as_much_of_the_day_before(cast: Cast, noon: clock.ManualClock) -> None:
    reported(cast)
    noon.advance(timedelta(hours=6))
    reported(cast)
    noon.advance(timedelta(hours=20))  # Thursday, 14:00
    assert seen(cast.chen).received == Compared("Taken in", 0, 1)
    noon.advance(timedelta(hours=9, minutes=30))  # 23:30
    assert seen(cast.chen).received.before == 2


def test_what_was_joined_with_another_is_not_open(cast: Cast, noon: clock.ManualClock) -> None:
    main, duplicate = reported(cast), reported(cast)
    assert seen(cast.chen).open_now == [("Received", 2)]
    verbs.merge(duplicate.id, into=main.id, by=cast.chen, reason="同一盏灯")
    assert seen(cast.chen).open_now == [("Received", 1)]


def test_many_categories_are_cut_and_the_rest_added_up(cast: Cast, noon: clock.ManualClock) -> None:
    for number in range(10):
        reported(cast, category=f"city.kind{number}")
    noon.advance(timedelta(seconds=1))
    shown = seen(cast.chen).categories
    assert (len(shown), shown[-1]) == (9, Compared("All others", 2, 0))


# Periods


def test_a_week_is_from_monday_and_a_month_that_of_the_calendar(noon: clock.ManualClock) -> None:
    week = period_of(Asked(period="week"))
    assert (week.first, week.last, week.later) == (date(2026, 3, 2), date(2026, 3, 8), None)
    month = period_of(Asked(period="month", day=date(2026, 1, 31)))
    assert (month.first, month.last, month.later) == (date(2026, 1, 1), date(2026, 1, 31), date(2026, 2, 1))
    assert (month.before, month.before_until) == (
        datetime(2025, 12, 1, tzinfo=clock.LOCAL),
        datetime(2026, 1, 1, tzinfo=clock.LOCAL),
    )


def test_a_long_month_is_compared_with_the_whole_of_a_short_one_at_most(noon: clock.ManualClock) -> None:
    noon.advance(timedelta(days=27))  # 31 March, compared with February
    assert period_of(Asked(period="month")).before_until == datetime(2026, 3, 1, tzinfo=clock.LOCAL)


@pytest.mark.parametrize("asked", ["period=year", "day=yesterday", "day=0001-01-01", "day=9999-12-31"])
def test_a_period_that_is_none_is_refused(cast: Cast, noon: clock.ManualClock, asked: str) -> None:
    assert browser("chen").get(f"/overview?{asked}").status_code == 422


def test_a_day_to_come_is_empty_and_no_fault(cast: Cast, noon: clock.ManualClock) -> None:
    page = browser("chen").get("/overview?day=2026-03-09")
    assert page.status_code == 200
    assert "Nothing was taken in during this period." in page.content.decode()


# The page


def test_the_page_takes_few_statements_whatever_there_is(cast: Cast, noon: clock.ManualClock) -> None:
    client = browser("chen")
    client.get("/overview")  # reads the areas, which stay in memory
    counted = []
    for _ in range(2):
        handled(cast, noon)
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/overview?period=month").status_code == 200
        counted.append(len([each for each in captured if "SAVEPOINT" not in each["sql"]]))
    assert counted[0] == counted[1]
    assert counted[0] <= 8


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_percentage_stands_with_its_n(cast: Cast, noon: clock.ManualClock, language: str) -> None:
    handled(cast, noon)
    page = browser("chen", language).get("/overview").content.decode()
    assert "1/1" in page
    assert "100.0 %" not in page
    assert page.count("<svg") >= 4
    assert "leaflet" not in page


def test_chinese_is_complete(cast: Cast, noon: clock.ManualClock) -> None:
    handled(cast, noon)
    page = browser("chen", "zh-hans").get("/overview").content.decode()
    for words in ("Overview", "Taken in", "period", "Deadlines"):
        assert words not in page.replace("?period=", "").replace("&period=", "")


def test_the_table_can_be_taken_along(cast: Cast, noon: clock.ManualClock) -> None:
    handled(cast, noon)
    answer = browser("chen").get("/overview.csv?period=week")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "anlan-week-2026-03-02.csv" in answer["Content-Disposition"]
    rows = list(csv.reader(answer.content.decode("utf-8-sig").splitlines()))
    assert ["Taken in", "2026-03-02", "1", "", "0", ""] in rows
    assert ["Outcome and rating", "Satisfied, of those who rated", "1", "1", "0", "0"] in rows
    assert {len(row) for row in rows} == {6}
