"""The streams themselves: what comes through one, to whom, and what whoever comes back gets."""

import asyncio
import time

import pytest
from django.db import connections

from anlan.city.people.access import anonymous
from anlan.loop import engine, verbs
from anlan.loop.models import Matter
from anlan.services.dispatch.procedure import Dispatching
from anlan.web.live import hub as the_hub
from tests.cast import CUIYUAN, Cast, lamp
from tests.loop.stories import assigned, opened, routed
from tests.web.live.streams import PATIENCE_SECONDS, House, off, play, token


def test_a_change_reaches_its_town_without_a_word_of_it_and_no_other_town(town: Cast) -> None:
    chen, zhou = token("chen"), token("zhou")

    async def story(house: House) -> None:
        mine, other = await house.reader(authorization=chen), await house.reader(authorization=zhou)
        assert mine.headers[b"content-type"].startswith(b"text/event-stream")
        matter: Matter = await off(opened, town)
        theirs: Matter = await off(opened, town, area=CUIYUAN)
        told = {"matter": str(matter.id), "version": 1, "kind": "opened", "state": "received"}
        assert (await mine.event())[:2] == ("matter", told)
        # The first thing the other town hears of is its own.
        assert (await other.event())[1]["matter"] == str(theirs.id)

    play(story)


def test_the_town_that_loses_a_matter_gets_the_last_word(town: Cast) -> None:
    chen, matter = token("chen"), opened(town)

    async def story(house: House) -> None:
        reader = await house.reader(authorization=chen)
        await off(verbs.hand_over, matter.id, to_area=CUIYUAN, by=town.chen, reason="在翠苑")
        await off(engine.advance, matter.id, "route", by=town.zhou)
        next_one: Matter = await off(opened, town)
        assert (await reader.event())[1]["kind"] == "handed_over"
        assert (await reader.event())[1]["matter"] == str(next_one.id)

    play(story)


def test_a_code_hears_of_its_matter_and_not_what_offices_do(town: Cast) -> None:
    mine = engine.open_matter(Dispatching, lamp(), by=anonymous())

    async def story(house: House) -> None:
        reader = await house.reader(f"/live/t/{mine.code}")
        await off(opened, town)
        await off(engine.note, mine.matter.id, "内部备注", by=town.chen)
        name, told, _id = await reader.event()
        assert (name, told["matter"], told["kind"]) == ("matter", str(mine.matter.id), "changed")

    play(story)


def test_the_code_of_a_joined_report_hears_of_the_matter_that_is_worked_on_and_not_its_name(town: Cast) -> None:
    mine, main = engine.open_matter(Dispatching, lamp(), by=anonymous()), opened(town)
    verbs.merge(mine.matter.id, into=main.id, by=town.chen, reason="同一盏灯")

    async def story(house: House) -> None:
        reader = await house.reader(f"/live/t/{mine.code}")
        await off(engine.advance, main.id, "route", by=town.chen)
        name, told, last = await reader.event()
        assert (name, told["matter"], told["kind"]) == ("matter", str(mine.matter.id), "changed")
        await reader.leave()
        await off(engine.note, main.id, "好", by=town.chen)
        back = await house.reader(f"/live/t/{mine.code}", last_event_id=last)
        assert (await back.event())[1]["matter"] == str(mine.matter.id)

    play(story)


def test_whoever_comes_back_gets_what_was_missed_and_goes_on_from_there(town: Cast) -> None:
    chen = token("chen")

    async def story(house: House) -> None:
        reader = await house.reader(authorization=chen)
        matter: Matter = await off(opened, town)
        _, _, last = await reader.event()
        await reader.leave()
        await off(engine.advance, matter.id, "route", by=town.chen)
        for back in (
            await house.reader(authorization=chen, last_event_id=last),
            await house.reader(query=f"last={last}", authorization=chen),
        ):
            name, told, id = await back.event()
            assert (name, told["kind"]) == ("matter", "route")
            assert id not in ("", last)
        await off(engine.note, matter.id, "好", by=town.chen)
        assert (await back.event())[1]["kind"] == "noted"

    play(story)


@pytest.mark.parametrize("last", ["nonsense", "1.1.5:6:", "1.9999999999.5:6:"])
def test_a_position_nobody_gave_out_or_too_old_makes_the_page_load_itself_anew(town: Cast, last: str) -> None:
    chen = token("chen")

    async def story(house: House) -> None:
        assert (await (await house.reader(authorization=chen, last_event_id=last)).event())[0] == "reset"

    play(story)


def test_a_page_hears_what_changed_between_being_made_and_being_live(town: Cast) -> None:
    chen = token("chen")

    async def story(house: House) -> None:
        house.app.hub._remembers_since -= 10  # it has been running for a while
        made = int(time.time())
        watching = await house.reader(authorization=chen)
        matter: Matter = await off(opened, town)
        await watching.event()
        late = await house.reader(query=f"since={made}", authorization=chen)
        assert (await late.event())[1]["matter"] == str(matter.id)

    play(story)


def test_a_page_made_long_ago_loads_itself_anew(town: Cast) -> None:
    chen = token("chen")

    async def story(house: House) -> None:
        assert (await (await house.reader(query="since=1", authorization=chen)).event())[0] == "reset"

    play(story)


def test_colleagues_on_one_matter_see_each_other_by_name_and_strangers_never(town: Cast) -> None:
    matter = assigned(town)
    chen, wu, zhou = token("chen"), token("wu"), token("zhou")

    async def story(house: House) -> None:
        looking = f"looking={matter.id}"
        first = await house.reader(query=looking, authorization=chen)
        assert (await first.event())[1]["people"] == []
        second = await house.reader(query=looking, authorization=wu)
        assert (await second.event())[1] == {"matter": str(matter.id), "people": ["chen 名"]}
        assert (await first.event())[1]["people"] == ["wu 名"]
        assert (await house.reader(query=looking, authorization=zhou)).status == 404
        await second.leave()
        assert (await first.event())[1]["people"] == []

    play(story)


def test_a_resident_is_no_presence(town: Cast) -> None:
    mine = engine.open_matter(Dispatching, lamp(), by=anonymous())
    chen = token("chen")

    async def story(house: House) -> None:
        desk = await house.reader(query=f"looking={mine.matter.id}", authorization=chen)
        assert (await desk.event())[1]["people"] == []
        resident = await house.reader(f"/live/t/{mine.code}", query=f"looking={mine.matter.id}")
        await off(engine.advance, mine.matter.id, "route", by=town.chen)
        assert (await resident.event())[0] == (await desk.event())[0] == "matter"

    play(story)


def test_a_reader_who_is_too_slow_is_dropped_and_not_buffered_for(town: Cast) -> None:
    chen = token("chen")

    async def story(house: House) -> None:
        reader = await house.reader(authorization=chen)
        (stream,) = house.app.hub._streams
        for _ in range(the_hub.QUEUED + 1):
            stream.put(b": \n\n")
        await asyncio.wait_for(reader._task, PATIENCE_SECONDS)
        assert not house.app.hub._streams

    play(story)


def test_after_the_listener_lost_its_connection_nothing_is_missing(town: Cast) -> None:
    chen = token("chen")

    async def story(house: House) -> None:
        reader = await house.reader(authorization=chen)
        await off(_end_listener)
        first: Matter = await off(routed, town)
        kinds = [(await reader.event())[1]["kind"] for _ in range(2)]
        assert kinds == ["opened", "route"]
        assert first

    play(story)


def _end_listener() -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
