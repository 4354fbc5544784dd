"""The desk's board and the responder's tasks, as people use them."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from anlan.city.areas.atlas import atlas
from anlan.city.people.models import Account, Unit
from anlan.loop import clock, engine
from anlan.loop.models import Party
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import CUIYUAN_GRID, Cast, lamp
from tests.loop import stories

ENGLISH, CHINESE = "en", "zh-hans"


@pytest.fixture
def morning(cast: Cast) -> Iterator[clock.ManualClock]:
    atlas.cache_clear()
    with stories.morning() as manual:
        yield manual


def browser(username: str, language: str = ENGLISH) -> Client:
    client = Client(headers={"Accept-Language": language})
    client.force_login(Account.objects.get(username=username))
    return client


def text(answer: Any) -> str:
    return str(answer.content.decode())


def titles(answer: Any) -> list[str]:
    rows = text(answer).partition('<ol class="rows">')[2].partition("</ol>")[0]
    return re.findall(r'<span class="what"><strong>(.*?)</strong>', rows)


def counts(answer: Any) -> list[int]:
    return [int(number) for number in re.findall(r'<b class="number[^"]*">(\d+)</b>', text(answer))]


def assign(client: Client, matter: Any, unit: str, **more: str) -> Any:
    told = {"version": str(matter.version), "unit_id": unit, "reason": "near", **more}
    return client.post(f"/board/{matter.id}/steps/assign?lane=to_assign", told)


def test_each_matter_stands_in_its_lane_and_lanes_are_counted(cast: Cast, morning: clock.ManualClock) -> None:
    stories.opened(cast), stories.routed(cast), stories.assigned(cast), stories.on_scene(cast), stories.resolved(cast)
    page = browser("chen").get("/board")
    assert counts(page) == [2, 1, 1, 1, 0]
    assert "n = 5" in text(page)
    morning.advance(timedelta(minutes=10))
    assert counts(browser("chen").get("/board")) == [2, 1, 1, 1, 1]


def test_a_red_matter_stands_before_an_older_one(cast: Cast, morning: clock.ManualClock) -> None:
    stories.opened(cast, title="路灯不亮")
    morning.advance(timedelta(minutes=5))
    stories.opened(cast, title="楼道有煤气味", severity=4)
    assert titles(browser("chen").get("/board")) == ["楼道有煤气味", "路灯不亮"]


def test_the_clock_leads_the_rows(cast: Cast, morning: clock.ManualClock) -> None:
    stories.routed(cast, title="先到")
    morning.advance(timedelta(minutes=5))
    stories.routed(cast, title="后到")
    assert titles(browser("chen").get("/board")) == ["先到", "后到"]


@pytest.mark.parametrize(("language", "said"), [(ENGLISH, "Suggested units"), (CHINESE, "建议派单")])
def test_the_board_speaks_both_languages(cast: Cast, morning: clock.ManualClock, language: str, said: str) -> None:
    stories.routed(cast)
    page = browser("chen", language).get("/board")
    assert page.status_code == 200
    assert said in text(page)
    assert "script-src 'self'" in page["Content-Security-Policy"]
    assert page["Cache-Control"] == "private, no-store"


def test_no_english_is_left_on_the_chinese_pages(cast: Cast, morning: clock.ManualClock) -> None:
    stories.routed(cast), stories.assigned(cast)
    for who, address in (("chen", "/board"), ("chen", "/board?lane=sent"), ("li", "/tasks")):
        seen = re.sub(r"<(script|style).*?</\1>|<[^>]*>", " ", text(browser(who, CHINESE).get(address)))
        words = set(re.findall(r"[A-Za-z]{2,}", seen)) - {"English", "li", "he"}
        assert words == set()


def test_the_first_board_takes_eight_statements_at_most(cast: Cast, morning: clock.ManualClock) -> None:
    for _ in range(3):
        stories.routed(cast, lon=120.10, lat=30.29)
    client = browser("chen")
    client.get("/board")
    with CaptureQueriesContext(connection) as captured:
        assert "Suggested units" in text(client.get("/board"))
    statements = [each["sql"] for each in captured if "SAVEPOINT" not in each["sql"]]
    assert len(statements) <= 8, statements


def test_the_number_of_statements_does_not_grow_with_the_rows(cast: Cast, morning: clock.ManualClock) -> None:
    client, taken = browser("chen"), []
    for _ in range(2):
        for _ in range(3):
            stories.routed(cast)
        client.get("/board")
        with CaptureQueriesContext(connection) as captured:
            client.get("/board")
        taken.append(len(captured))
    assert taken[0] == taken[1]


def test_one_click_sends_a_suggested_unit(cast: Cast, morning: clock.ManualClock) -> None:
    matter = stories.routed(cast)
    client = browser("chen")
    page = text(client.get("/board"))
    unit = re.search(r'name="unit_id" value="([^"]+)"', page)
    assert unit is not None
    answer = assign(client, matter, unit[1])
    assert answer["Location"].startswith("/board?lane=to_assign")
    assert stories.now_of(matter.id).state == "assigned"
    assert f"{matter.reference} · Assign" in text(client.get(answer["Location"]))


def test_a_stale_board_changes_nothing_and_shows_the_fresh_one(cast: Cast, morning: clock.ManualClock) -> None:
    matter = stories.routed(cast)
    engine.note(matter.id, "someone else was here", by=cast.wu)
    answer = assign(browser("chen"), matter, cast.unit(cast.li))
    assert answer.status_code == 409
    assert "the matter has moved on since you opened it" in text(answer)
    assert f'name="version" value="{matter.version + 1}"' in text(answer)
    assert stories.now_of(matter.id).state == "routed"


def test_a_step_without_a_version_is_taken_for_stale(cast: Cast, morning: clock.ManualClock) -> None:
    matter = stories.routed(cast)
    for version in ("", "x", "²", "9" * 30):
        assert assign(browser("chen"), matter, cast.unit(cast.li), version=version).status_code == 409


def test_what_is_missing_is_said_beside_the_field_and_what_was_typed_stays(
    cast: Cast, morning: clock.ManualClock
) -> None:
    matter = stories.routed(cast)
    told = {"version": str(matter.version), "text": "已经答复"}
    answer = browser("chen", CHINESE).post(f"/board/{matter.id}/steps/answer", told)
    assert answer.status_code == 422
    assert 'id="answer-outcome-error">必须填写</p>' in text(answer)
    assert "已经答复</textarea>" in text(answer)


def test_a_unit_that_does_not_exist_is_refused(cast: Cast, morning: clock.ManualClock) -> None:
    matter = stories.routed(cast)
    assert assign(browser("chen"), matter, str(uuid4())).status_code == 422
    assert assign(browser("chen"), matter, "\x00").status_code == 422


def test_search_finds_number_title_and_address(cast: Cast, morning: clock.ManualClock) -> None:
    matter = stories.routed(cast, title="井盖松动", address="文二西路100号")
    stories.routed(cast, title="树枝断了")
    client = browser("chen")
    for asked in (matter.reference, str(matter.number), "井盖", "文二西"):
        assert titles(client.get("/board", {"q": asked})) == ["井盖松动"]
    assert titles(client.get("/board", {"q": "%"})) == []
    assert titles(client.get("/board", {"klass": "police"})) == []
    assert len(titles(client.get("/board", {"klass": "ordinary"}))) == 2


@pytest.mark.parametrize(
    "asked", [{"lane": "nowhere"}, {"klass": "x"}, {"matter": "x"}, {"q": "x" * 300}, {"q": "a\x00b"}]
)
def test_a_strange_address_is_refused_by_name(cast: Cast, morning: clock.ManualClock, asked: dict[str, str]) -> None:
    answer = browser("chen").get("/board", asked)
    assert answer.status_code == 422
    assert f"({next(iter(asked))})" in text(answer)


def test_a_desk_sees_its_own_town_only(cast: Cast, morning: clock.ManualClock) -> None:
    here, there = stories.routed(cast, title="文新的"), stories.routed(cast, area=CUIYUAN_GRID, title="翠苑的")
    assert titles(browser("chen").get("/board")) == ["文新的"]
    assert titles(browser("zhou").get("/board")) == ["翠苑的"]
    assert sorted(titles(browser("sun").get("/board"))) == ["文新的", "翠苑的"]
    assert browser("chen").get("/board", {"matter": str(there.id)}).status_code == 404
    assert assign(browser("zhou"), here, cast.unit(cast.qian)).status_code == 404


@pytest.mark.parametrize(
    ("who", "board", "tasks"),
    [("chen", 200, 403), ("wu", 200, 403), ("sun", 200, 403), ("li", 403, 200), ("wang", 403, 403)],
)
def test_each_room_is_for_those_who_work_there(
    cast: Cast, morning: clock.ManualClock, who: str, board: int, tasks: int
) -> None:
    client = browser(who)
    assert (client.get("/board").status_code, client.get("/tasks").status_code) == (board, tasks)


def test_who_has_not_signed_in_is_led_to_the_door(cast: Cast, morning: clock.ManualClock) -> None:
    matter = stories.assigned(cast)
    for method, address in (
        ("get", "/board"),
        ("post", f"/board/{matter.id}/steps/withdraw"),
        ("get", "/tasks"),
        ("post", f"/tasks/{matter.id}/steps/accept"),
        ("post", "/tasks/duty"),
    ):
        answer = getattr(Client(), method)(address)
        assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/sign-in")


def test_no_step_is_made_by_a_link(cast: Cast, morning: clock.ManualClock) -> None:
    matter = stories.assigned(cast)
    assert browser("li").get(f"/tasks/{matter.id}/steps/accept").status_code == 405
    assert browser("chen").get(f"/board/{matter.id}/steps/withdraw").status_code == 405


def test_no_personal_data_stand_on_board_or_tasks(cast: Cast, morning: clock.ManualClock) -> None:
    person = Party(part="reporter", name="王秀英", phone="13812345678", address="德加公寓3幢501室")
    matter = engine.open_matter(Dispatching, lamp(parties=[person]), by=cast.wang).matter
    engine.advance(matter.id, "route", by=cast.chen)
    engine.advance(matter.id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.li)})
    for who, address in (("chen", f"/board?lane=sent&matter={matter.id}"), ("li", "/tasks")):
        page = text(browser(who).get(address))
        assert "路灯不亮" in page
        assert not any(secret in page for secret in ("王秀英", "13812345678", "501室"))


def test_a_task_goes_from_step_to_step(cast: Cast, morning: clock.ManualClock) -> None:
    matter = stories.assigned(cast)
    client = browser("li")
    for step, told in (
        ("accept", {}),
        ("arrive", {"lon": "120.1000000", "lat": "30.2900000"}),
        ("feed_back", {"text": "已到场"}),
        ("resolve", {"outcome": "solved", "text": "换了灯泡"}),
    ):
        page = text(client.get("/tasks"))
        big = page.index("button primary wide")
        assert f"/tasks/{matter.id}/steps/{step}" in page[:big]
        version = str(stories.now_of(matter.id).version)
        answer = client.post(f"/tasks/{matter.id}/steps/{step}", {"version": version, **told})
        assert (answer.status_code, answer["Location"]) == (302, "/tasks")
    assert stories.now_of(matter.id).state == "resolved"
    assert "Nothing to do now." in text(client.get("/tasks"))


def test_a_task_is_declined_with_a_reason_only(cast: Cast, morning: clock.ManualClock) -> None:
    matter = stories.assigned(cast)
    address, version = f"/tasks/{matter.id}/steps/decline", {"version": str(matter.version)}
    assert browser("li").post(address, version).status_code == 422
    assert stories.now_of(matter.id).state == "assigned"
    assert browser("li").post(address, {**version, "reason": "在另一现场"}).status_code == 302
    assert stories.now_of(matter.id).state == "routed"


def test_nobody_sees_or_takes_the_tasks_of_another_unit(cast: Cast, morning: clock.ManualClock) -> None:
    matter = stories.assigned(cast)
    assert "路灯不亮" not in text(browser("he").get("/tasks"))
    answer = browser("qian").post(f"/tasks/{matter.id}/steps/accept", {"version": str(matter.version)})
    assert answer.status_code == 404


def test_off_duty_no_position_is_kept(cast: Cast, morning: clock.ManualClock) -> None:
    unit, client = cast.unit(cast.li), browser("li")
    client.post("/tasks/duty", {"unit": unit, "on": "true", "lon": "120.11", "lat": "30.28"})
    kept = Unit.objects.get(id=unit)
    assert (kept.on_duty, kept.lon, kept.lat, kept.position_at) == (True, 120.11, 30.28, stories.MORNING)
    client.post("/tasks/duty", {"unit": unit, "lon": "120.11", "lat": "30.28"})
    gone = Unit.objects.get(id=unit)
    assert (gone.on_duty, gone.lon, gone.lat, gone.position_at) == (False, None, None, None)
    assert "off duty" in text(client.get("/tasks"))


def test_who_goes_on_duty_without_a_position_counts_as_at_home(cast: Cast, morning: clock.ManualClock) -> None:
    unit, client = cast.unit(cast.li), browser("li")
    client.post("/tasks/duty", {"unit": unit})
    client.post("/tasks/duty", {"unit": unit, "on": "true"})
    kept = Unit.objects.get(id=unit)
    assert (kept.on_duty, kept.lon, kept.position_at) == (True, 120.10, None)
    assert "No position of yours is kept" in text(client.get("/tasks"))


def test_nobody_switches_the_duty_of_another_unit(cast: Cast, morning: clock.ManualClock) -> None:
    assert browser("li").post("/tasks/duty", {"unit": cast.unit(cast.he)}).status_code == 403
    assert Unit.objects.get(id=cast.unit(cast.he)).on_duty
