"""The desk's board, as people use it."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from anlan.foundation.sealing.fields import phone_index
from anlan.loop import clock, engine, verbs
from anlan.loop.models import Look, Party
from tests.cast import CUIYUAN, CUIYUAN_GRID, Cast
from tests.loop import stories
from tests.services.dispatch.desk import CHINESE, ENGLISH, assign, browser, counts, text, titles


def test_each_matter_stands_in_its_lane_and_lanes_are_counted(cast: Cast, morning: clock.ManualClock) -> None:
    stories.opened(cast), stories.routed(cast), stories.assigned(cast), stories.on_scene(cast), stories.resolved(cast)
    page = browser("chen").get("/board")
    assert counts(page) == [2, 1, 1, 1, 0, 0]
    assert "n = 5" in text(page)
    morning.advance(timedelta(minutes=10))
    assert counts(browser("chen").get("/board")) == [2, 1, 1, 1, 1, 0]


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


def test_of_two_who_send_a_unit_the_second_hears_it_and_sees_the_fresh_state(
    cast: Cast, morning: clock.ManualClock
) -> None:
    matter = stories.routed(cast)
    first, second = browser("chen"), browser("chen")
    assert assign(first, matter, cast.unit(cast.li)).status_code == 302
    answer = assign(second, matter, cast.unit(cast.he))
    assert answer.status_code == 409
    assert f'data-version="{matter.version + 1}"' in text(answer)
    assert str(stories.now_of(matter.id).unit_id) == cast.unit(cast.li)


def test_what_was_just_sent_can_be_undone_once(cast: Cast, morning: clock.ManualClock) -> None:
    matter, client = stories.routed(cast), browser("chen")
    assign(client, matter, cast.unit(cast.li))
    page = text(client.get("/board"))
    assert f'action="/board/{matter.id}/steps/withdraw' in page.partition('class="undo"')[0].rpartition("<form")[2]
    assert 'class="undo"' not in text(client.get("/board"))
    version = str(stories.now_of(matter.id).version)
    client.post(f"/board/{matter.id}/steps/withdraw", {"version": version, "reason": "by mistake"})
    assert stories.now_of(matter.id).state == "routed"


def test_a_matter_handled_together_stands_on_both_boards_and_says_so(cast: Cast, morning: clock.ManualClock) -> None:
    matter = stories.routed(cast, title="两街道之间的河道")
    verbs.share(matter.id, with_area=CUIYUAN, by=cast.chen, reason="河道在两街道之间")
    for who in ("chen", "zhou", "sun"):
        page = browser(who).get("/board")
        assert titles(page) == ["两街道之间的河道"]
        assert counts(page)[0] == 1
        assert "together with 西湖区翠苑街道" in text(page)
    assert titles(browser("zhou").get("/board", {"shared": "true"})) == ["两街道之间的河道"]


def test_whoever_helps_sees_the_clocks_and_what_is_overdue(cast: Cast, morning: clock.ManualClock) -> None:
    matter = stories.routed(cast, title="两街道之间的河道")
    verbs.share(matter.id, with_area=CUIYUAN, by=cast.chen, reason="河道在两街道之间")
    own, helping = (text(browser(who).get("/board")).count('class="clock') for who in ("chen", "zhou"))
    assert own == helping > 0
    morning.advance(timedelta(hours=25))
    assert titles(browser("zhou").get("/board", {"lane": "overdue"})) == ["两街道之间的河道"]


def test_escalated_matters_stand_in_the_lane_of_the_desk_that_was_told(cast: Cast, morning: clock.ManualClock) -> None:
    matter = stories.routed(cast)
    verbs.escalate(matter.id, by=cast.chen, reason="人手不够")
    assert (counts(browser("chen").get("/board"))[5], counts(browser("sun").get("/board"))[5]) == (1, 0)
    verbs.escalate(matter.id, by=cast.chen, reason="街道也不够")
    assert (counts(browser("chen").get("/board"))[5], counts(browser("sun").get("/board"))[5]) == (1, 1)


def test_a_desk_above_towns_sees_its_towns_and_looks_into_one(cast: Cast, morning: clock.ManualClock) -> None:
    stories.routed(cast, title="文新的"), stories.routed(cast, area=CUIYUAN_GRID, title="翠苑的")
    client = browser("sun")
    listed = text(client.get("/board")).partition('class="parts"')[2].partition("</details>")[0]
    assert re.findall(r"<span>(.*?)</span> <b class=\"number\">(\d+)</b>", listed) == [
        ("翠苑街道", "1"),
        ("文新街道", "1"),
    ]
    assert titles(client.get("/board", {"area": CUIYUAN.rpartition(".")[2]})) == ["翠苑的"]
    assert 'class="parts"' not in text(browser("chen").get("/board"))


def test_an_area_outside_the_desks_own_is_refused(cast: Cast, morning: clock.ManualClock) -> None:
    for area in (CUIYUAN.rpartition(".")[2], "3301", "330106", "9999"):
        answer = browser("chen").get("/board", {"area": area})
        assert answer.status_code == 422
        assert "(area)" in text(answer)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"category": "city"}, {"灯", "井"}),
        ({"category": "city.lighting"}, {"灯"}),
        ({"severity": "3"}, {"井"}),
        ({"channel": "hotline"}, {"井"}),
        ({"channel": "court"}, set()),
        ({"escalated": "true"}, {"井"}),
        ({"reopened": "true"}, set()),
        ({"area": "330106013001001", "klass": "ordinary"}, {"灯", "井", "狗"}),
        ({"unit": str(uuid4())}, set()),
    ],
)
def test_each_filter_keeps_what_fits_and_can_be_taken_away_alone(
    cast: Cast, morning: clock.ManualClock, asked: dict[str, str], found: set[str]
) -> None:
    stories.routed(cast, title="灯")
    well = stories.routed(cast, title="井", category="city.road", severity=3, channel="hotline")
    stories.routed(cast, title="狗", category="housing")
    verbs.escalate(well.id, by=cast.chen, reason="等太久")
    page = browser("chen").get("/board", asked)
    assert set(titles(page)) == found
    assert counts(page)[0] == len(found)
    taken_away = re.findall(r'<li><a href="\?([^"]*)" class="chip">', text(page))
    assert len(taken_away) == len(asked)
    assert "lane=to_assign" in taken_away[0]
    assert f"{next(iter(asked))}=" not in taken_away[0] or len(asked) > 1


def test_a_phone_is_looked_for_by_its_index_stands_in_no_address_and_counts_as_a_look(
    cast: Cast, morning: clock.ManualClock
) -> None:
    number = "13812345678"
    person = Party(part="reporter", phone=number, phone_index=phone_index(number))
    mine = stories.routed(cast, title="她的", parties=[person])
    stories.routed(cast, title="别人的")
    client = browser("chen")
    answer = client.post("/board/search?lane=to_assign", {"q": "+86 138-1234-5678"})
    assert answer.status_code == 302
    assert "1234" not in answer["Location"]
    page = client.get(answer["Location"])
    assert titles(page) == ["她的"]
    assert "138****5678" in text(page)
    assert number not in text(page)
    with stories.everything():
        assert [look.purpose for look in Look.objects.filter(matter=mine)] == ["search by phone"]
    client.get(answer["Location"])
    with stories.everything():
        assert Look.objects.filter(matter=mine).count() == 1


def test_a_phone_of_another_town_is_not_found(cast: Cast, morning: clock.ManualClock) -> None:
    person = Party(part="reporter", phone="13812345678", phone_index=phone_index("13812345678"))
    there = stories.routed(cast, area=CUIYUAN_GRID, parties=[person])
    client = browser("chen")
    answer = client.post("/board/search", {"q": "13812345678"})
    assert titles(client.get(answer["Location"])) == []
    with stories.everything():
        assert not Look.objects.filter(matter=there).exists()


def test_words_are_looked_for_by_an_address_that_can_be_kept(cast: Cast, morning: clock.ManualClock) -> None:
    answer = browser("chen").post("/board/search?lane=sent&klass=ordinary", {"q": "井盖"})
    assert answer["Location"] == "/board?lane=sent&klass=ordinary&q=%E4%BA%95%E7%9B%96"


@pytest.mark.parametrize(
    ("part", "there", "not_there"),
    [("list", 'class="lanes"', "Suggested units"), ("chosen", "Suggested units", 'class="lanes"')],
)
def test_a_part_is_fetched_alone(cast: Cast, morning: clock.ManualClock, part: str, there: str, not_there: str) -> None:
    matter = stories.routed(cast)
    page = text(browser("chen").get("/board", {"part": part, "matter": str(matter.id)}))
    assert there in page
    assert not_there not in page
    assert "<html" not in page


def test_a_chosen_matter_of_another_town_is_not_fetched(cast: Cast, morning: clock.ManualClock) -> None:
    there = stories.routed(cast, area=CUIYUAN_GRID)
    assert browser("chen").get("/board", {"part": "chosen", "matter": str(there.id)}).status_code == 404
    assert browser("chen").get("/board", {"part": "chosen"}).status_code == 404


def test_the_map_shows_the_lanes_matters_and_the_units_on_duty_of_the_desk(
    cast: Cast, morning: clock.ManualClock
) -> None:
    matter = stories.routed(cast, lon=120.11, lat=30.28)
    stories.routed(cast)
    stories.routed(cast, area=CUIYUAN_GRID, lon=120.12, lat=30.27)
    found = browser("chen").get("/board/points").json()
    assert [each["id"] for each in found["points"] if each["shape"] == "matter"] == [str(matter.id)]
    assert sorted(each["label"] for each in found["points"] if each["shape"] == "unit") == ["he 网格员", "li 网格员"]
    assert found["whole"] is True
    assert {each["shape"] for each in browser("sun").get("/board/points").json()["points"]} == {"matter"}


def test_the_figures_of_today_carry_their_n(cast: Cast, morning: clock.ManualClock) -> None:
    stories.on_scene(cast)
    late = stories.assigned(cast)
    morning.advance(timedelta(minutes=9))
    engine.advance(late.id, "accept", by=cast.li)
    stories.routed(cast, area=CUIYUAN_GRID)
    page = text(browser("chen").get("/board?part=figures"))
    shown = dict(re.findall(r"<dt>(.*?)</dt><dd><b[^>]*>(.*?)</b>", page))
    assert shown["Taken in today"] == "2"
    assert shown["1-minute response"] == "1/2"
    assert shown["8-minute arrival"] == "1/2"
    assert shown["Satisfied"] == "–"
    assert shown["Units on duty"] == "2"


def test_the_wall_shows_counts_and_what_presses_and_nobodys_words(cast: Cast, morning: clock.ManualClock) -> None:
    stories.routed(cast, title="王秀英家漏水", severity=4, address="德加公寓3幢501室", lon=120.1, lat=30.29)
    page = text(browser("chen").get("/board/wall"))
    assert re.findall(r'<dd class="number">(\d+)</dd>', page) == ["1", "0", "0", "0", "0", "0"]
    assert '<li class="red">' in page
    assert not any(words in page for words in ("王秀英", "501室", "<form", "<button", "<a "))
    assert browser("li").get("/board/wall").status_code == 403


def test_who_may_not_send_is_not_told_that_nobody_could_go(cast: Cast, morning: clock.ManualClock) -> None:
    stories.routed(cast)
    assert "No unit of this town" not in text(browser("sun").get("/board"))
