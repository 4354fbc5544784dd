"""Topics counted anew by day: on the page, by the worker, on the command line."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from anlan.city.areas.atlas import atlas
from anlan.city.people.models import Account
from anlan.cli import needs_database
from anlan.insight.models import Topic, TopicCount, TopicSearch
from anlan.insight.topics import counting
from anlan.insight.topics.night import look_tonight
from anlan.insight.topics.stages import Stage
from anlan.loop import clock, engine
from anlan.loop.refusals import NotAllowed, NotPossible
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import GRID, Cast, lamp

NOON = datetime(2026, 3, 4, 4, tzinfo=UTC)
SAID = [
    "东湖小区旁搅拌站噪音扰民",
    "投诉东湖小区搅拌站粉尘扰民",
    "东湖小区搅拌站违规生产扰民",
    "公积金如何提取",
    "路灯不亮",
]


@pytest.fixture
def noon(cast: Cast) -> Iterator[clock.ManualClock]:
    atlas.cache_clear()
    with clock.use(clock.ManualClock(NOON)) as manual:
        assert isinstance(manual, clock.ManualClock)
        for title in SAID:
            engine.open_matter(Dispatching, lamp(GRID, title=title), by=cast.wang)
        yield manual


def browser(username: str) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(Account.objects.get(username=username))
    return client


def test_who_leads_asks_and_the_worker_counts(cast: Cast, noon: clock.ManualClock) -> None:
    counting.ask(cast.wu)
    assert counting.count_asked() == 1
    count = TopicCount.objects.get()
    assert (count.stage, count.failed, count.ended_at) == (Stage.KEEPING, False, NOON)
    assert Topic.objects.count() == 1
    assert counting.count_asked() == 0
    with pytest.raises(NotAllowed):
        counting.ask(cast.chen)


def test_only_one_count_is_under_way(cast: Cast, noon: clock.ManualClock) -> None:
    counting.ask(cast.wu)
    with pytest.raises(NotPossible):
        counting.ask(cast.sun)
    counting.count_asked()
    assert counting.ask(cast.sun).stage == Stage.WAITING


def test_a_count_whose_worker_died_is_given_up_and_another_may_be_asked_for(
    cast: Cast, noon: clock.ManualClock
) -> None:
    broken = counting.ask(cast.wu)
    TopicCount.objects.filter(pk=broken.pk).update(stage=Stage.GROUPING)
    assert counting.count_asked() == 0
    noon.advance(counting.LONGEST_STAGE * 2)
    assert counting.count_asked() == 1
    broken.refresh_from_db()
    assert broken.failed
    assert counting.ask(cast.wu).pk != broken.pk


def test_a_fault_ends_the_count_as_failed(cast: Cast, noon: clock.ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**options: object) -> None:
        raise RuntimeError("no memory")

    monkeypatch.setattr(counting, "look", broken)
    count = counting.ask(cast.wu)
    assert counting.count_asked() == 1
    count.refresh_from_db()
    assert (count.failed, count.ended_at) == (True, NOON)
    assert "broke off" in browser("wu").get("/topics").content.decode()


def test_counting_after_midnight_does_not_replace_the_nights_own_search(cast: Cast, noon: clock.ManualClock) -> None:
    with clock.use(clock.ManualClock(datetime(2026, 3, 4, 16, 30, tzinfo=UTC))):
        counting.ask(cast.wu)
        counting.count_asked()
    with clock.use(clock.ManualClock(datetime(2026, 3, 4, 18, 30, tzinfo=UTC))):
        assert look_tonight() == 1
    assert TopicSearch.objects.count() == 2


def test_the_page_asks_shows_how_far_it_is_and_how_it_ended(cast: Cast, noon: clock.ManualClock) -> None:
    wu = browser("wu")
    assert "Count anew" in wu.get("/topics").content.decode()
    assert "Count anew" not in browser("chen").get("/topics").content.decode()
    assert wu.post("/topics/count").status_code == 302
    under_way = wu.get("/topics").content.decode()
    assert "waiting its turn" in under_way
    assert "Count anew" not in under_way
    assert "already" in wu.post("/topics/count", follow=True).content.decode()
    counting.count_asked()
    assert "Counted anew at 12:00" in wu.get("/topics").content.decode()
    assert browser("chen").post("/topics/count").status_code == 403


def test_the_command_without_a_file_counts_the_citys_own(
    cast: Cast, noon: clock.ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("topics", "--json")
    assert json.loads(capsys.readouterr().out) == {"matters": len(SAID), "topics": 1, "rising": 0}
    assert Topic.objects.count() == 1
    with pytest.raises(CommandError, match="no file"):
        call_command("topics", "--column", "id=number")


def test_only_without_a_file_the_command_needs_a_database() -> None:
    assert needs_database(["topics", "--json"])
    assert not needs_database(["topics", "messages.csv", "--json"])
