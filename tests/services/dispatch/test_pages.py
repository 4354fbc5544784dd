"""The responder's tasks, and what holds for the pages of desk and responder alike."""

import re

import pytest
from django.test import Client

from anlan.city.people.models import Unit
from anlan.loop import clock, engine
from anlan.loop.models import Party
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import Cast, lamp
from tests.loop import stories
from tests.services.dispatch.desk import CHINESE, browser, text


def test_no_english_is_left_on_the_chinese_pages(cast: Cast, morning: clock.ManualClock) -> None:
    stories.routed(cast), stories.assigned(cast)
    for who, address in (("chen", "/board"), ("chen", "/board?lane=sent"), ("li", "/tasks")):
        seen = re.sub(r"<(script|style).*?</\1>|<[^>]*>", " ", text(browser(who, CHINESE).get(address)))
        words = set(re.findall(r"[A-Za-z]{2,}", seen)) - {"English", "Shift", "li", "he"}
        assert words == set()


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
