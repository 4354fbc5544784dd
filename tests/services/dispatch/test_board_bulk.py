"""One deed for several matters of the board."""

from typing import Any
from uuid import uuid4

import pytest

from anlan.loop import clock, engine
from anlan.loop.models import Matter
from tests.cast import CUIYUAN, CUIYUAN_GRID, Cast
from tests.loop import stories
from tests.services.dispatch.desk import CHINESE, browser, text


def mark(matter: Matter) -> str:
    return f"{matter.id}:{matter.version}"


def do(who: str, name: str, matters: list[Matter], **told: str) -> Any:
    return browser(who).post(f"/board/bulk/{name}", {"chosen": [mark(each) for each in matters], **told})


def test_what_was_ticked_is_shown_with_what_can_be_done(cast: Cast, morning: clock.ManualClock) -> None:
    matters = [stories.routed(cast, title="灯"), stories.routed(cast, title="井")]
    page = text(browser("chen").get("/board/bulk", {"chosen": [mark(each) for each in matters]}))
    assert all(words in page for words in ("灯", "井", "Send to one unit", "Hand over", "he 网格员"))
    assert 'name="chosen" value="' + mark(matters[0]) in page


def test_one_unit_is_sent_to_several_and_it_can_be_undone(cast: Cast, morning: clock.ManualClock) -> None:
    matters = [stories.routed(cast), stories.routed(cast)]
    page = text(do("chen", "assign", matters, unit_id=cast.unit(cast.li), reason="同一路口"))
    now = [stories.now_of(each.id) for each in matters]
    assert [each.state for each in now] == ["assigned", "assigned"]
    assert all(mark(each) in page for each in now)
    do("chen", "withdraw", now, reason="派错了")
    assert [stories.now_of(each.id).state for each in matters] == ["routed", "routed"]


def test_one_that_is_refused_says_why_and_does_not_hold_up_the_others(cast: Cast, morning: clock.ManualClock) -> None:
    moved, fine, there = stories.routed(cast), stories.routed(cast), stories.routed(cast, area=CUIYUAN_GRID)
    engine.note(moved.id, "someone else was here", by=cast.wu)
    page = text(do("chen", "assign", [moved, fine, there], unit_id=cast.unit(cast.li)))
    assert stories.now_of(fine.id).state == "assigned"
    assert (stories.now_of(moved.id).state, stories.now_of(there.id).state) == ("routed", "routed")
    assert "the matter has moved on since you opened it" in page
    assert "there is no such matter" in page
    assert "Done 1" in page
    assert "Not done 2" in page


def test_a_form_sent_twice_adds_one_note(cast: Cast, morning: clock.ManualClock) -> None:
    matters = [stories.routed(cast)]
    for _ in range(2):
        do("chen", "note", matters, text="已电话联系")
    assert stories.kinds(matters[0].id).count("noted") == 1


def test_several_are_sorted_anew_with_one_reason(cast: Cast, morning: clock.ManualClock) -> None:
    matters = [stories.routed(cast), stories.routed(cast)]
    assert do("chen", "reclassify", matters, severity="3", reason="下雨了").status_code == 200
    assert [stories.now_of(each.id).severity for each in matters] == [3, 3]


def test_several_are_handed_over(cast: Cast, morning: clock.ManualClock) -> None:
    matters = [stories.routed(cast), stories.routed(cast)]
    do("chen", "hand_over", matters, to_area="西湖区翠苑街道", reason="界线另一侧")
    assert {stories.now_of(each.id).area for each in matters} == {CUIYUAN}


def test_a_missing_reason_is_said_beside_the_field_and_nothing_is_done(cast: Cast, morning: clock.ManualClock) -> None:
    matter = stories.assigned(cast)
    answer = browser("chen", CHINESE).post("/board/bulk/withdraw", {"chosen": mark(matter)})
    assert answer.status_code == 422
    assert 'id="withdraw-reason-error">必须填写</p>' in text(answer)
    assert stories.now_of(matter.id).state == "assigned"


@pytest.mark.parametrize("chosen", [[], ["x"], ["x:1"], [f"{uuid4()}:-1"], [f"{uuid4()}:²"]])
def test_a_strange_choice_is_refused_by_name(cast: Cast, morning: clock.ManualClock, chosen: list[str]) -> None:
    for answer in (
        browser("chen").get("/board/bulk", {"chosen": chosen}),
        browser("chen").post("/board/bulk/note", {"chosen": chosen, "text": "x"}),
    ):
        assert answer.status_code == 422
        assert "(chosen)" in text(answer)


def test_more_than_fifty_are_refused(cast: Cast, morning: clock.ManualClock) -> None:
    answer = browser("chen").get("/board/bulk", {"chosen": [f"{uuid4()}:1" for _ in range(51)]})
    assert answer.status_code == 422
    assert "at most 50 at once" in text(answer)


def test_a_deed_that_does_not_exist_is_unknown(cast: Cast, morning: clock.ManualClock) -> None:
    assert do("chen", "close", [stories.routed(cast)]).status_code == 404
    assert browser("chen").get("/board/bulk/note").status_code == 405
    assert do("li", "note", [stories.assigned(cast)], text="x").status_code == 403
