"""Topics in the house: found by night, the same from night to night, seen only as far as the reader sees."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import numpy as np
import pytest
from django.test import Client

from anlan.city.areas.atlas import atlas
from anlan.city.people.models import Account
from anlan.insight.models import Rising, Topic, TopicMember, TopicSearch
from anlan.insight.topics import deciding, seen, trends
from anlan.insight.topics.night import look, look_tonight, matched
from anlan.insight.topics.seen import Asked
from anlan.insight.topics.words import shared_words
from anlan.loop import clock, engine, queries, verbs
from anlan.loop.doors import tracking_index
from anlan.loop.models import Event, Matter, Notice, Party
from anlan.loop.notices import address_waiting
from anlan.loop.refusals import BadInput, NotAllowed, NotPossible, Unknown
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import CUIYUAN, CUIYUAN_GRID, GRID, WENXIN, Cast, lamp
from tests.loop.stories import everything, kinds, now_of

NOON = datetime(2026, 3, 4, 4, tzinfo=UTC)
PLANT = [
    "东湖小区旁搅拌站噪音扰民",
    "投诉东湖小区搅拌站粉尘扰民",
    "东湖小区外搅拌站夜间噪音粉尘",
    "东湖小区搅拌站违规生产扰民",
]
OTHERS = ["路灯不亮", "公积金如何提取", "井盖松动了", "公交车站什么时候改造", "物业乱收停车费用", "学校门口堵车严重"]


@pytest.fixture
def noon(cast: Cast) -> Iterator[clock.ManualClock]:
    atlas.cache_clear()
    with clock.use(clock.ManualClock(NOON)) as manual:
        assert isinstance(manual, clock.ManualClock)
        yield manual


def reported(cast: Cast, title: str, area: str = GRID, **changes: object) -> Matter:
    return engine.open_matter(Dispatching, lamp(area, title=title, **changes), by=cast.wang).matter


@pytest.fixture
def plant(cast: Cast, noon: clock.ManualClock) -> list[Matter]:
    """Four reports of one issue in Wenxin, among others that are none."""
    for title in OTHERS:
        reported(cast, title)
    return [reported(cast, title) for title in PLANT]


def the_topic() -> Topic:
    look()
    return Topic.objects.get()


def members_of(topic: Topic) -> set[object]:
    return set(TopicMember.objects.filter(topic=topic, taken_out=False).values_list("matter_id", flat=True))


def test_the_night_finds_what_reports_the_same_issue_and_leaves_the_rest(plant: list[Matter]) -> None:
    topic = the_topic()
    assert members_of(topic) == {each.id for each in plant}
    search = TopicSearch.objects.get()
    assert (search.matters, search.topics) == (len(PLANT) + len(OTHERS), 1)


def test_two_alike_are_no_topic(cast: Cast, noon: clock.ManualClock) -> None:
    for title in [*OTHERS, *PLANT[:2]]:
        reported(cast, title)
    look()
    assert not Topic.objects.exists()


def test_a_topic_stays_itself_when_more_reports_come(cast: Cast, plant: list[Matter], noon: clock.ManualClock) -> None:
    topic = the_topic()
    noon.advance(timedelta(days=1))
    more = reported(cast, "东湖小区搅拌站还在扰民")
    look()
    assert Topic.objects.get() == topic
    assert more.id in members_of(topic)


def test_each_group_is_at_most_one_topic_and_the_most_shared_comes_first() -> None:
    one, other = uuid4(), uuid4()
    a, b, c, d, e, f = (uuid4() for _ in range(6))
    assert matched([{a, b, c}, {d, e}], {one: {a, b, c, d}, other: {e, f}}) == [one, other]
    assert matched([{a}], {one: {b, c}}) == [None]
    assert matched([{a, b}, {c, d}], {one: {a, b, c, d}}).count(one) == 1


def test_it_looks_once_a_night_and_not_by_day(plant: list[Matter], noon: clock.ManualClock) -> None:
    assert look_tonight() == 0
    assert not TopicSearch.objects.exists()
    noon.advance(timedelta(hours=15))
    assert look_tonight() == 1
    noon.advance(timedelta(minutes=10))
    assert look_tonight() == 0
    assert TopicSearch.objects.count() == 1


# What somebody sees


def test_a_resident_counts_once_and_what_an_office_writes_down_each_time(cast: Cast, plant: list[Matter]) -> None:
    topic = the_topic()
    assert seen.whole(cast.chen, topic.id).seen.heat.people == 4
    Account.objects.filter(username="wang").update(kind=Account.Kind.RESIDENT)
    assert seen.whole(cast.chen, topic.id).seen.heat.people == 1
    assert seen.listed(cast.chen, Asked()).items[0].heat.people == 1


def test_a_reader_sees_their_own_part_alone(cast: Cast, plant: list[Matter]) -> None:
    secret = [reported(cast, title, CUIYUAN_GRID) for title in PLANT[1:]]
    topic = Topic.objects.create(found_at=clock.now())
    for each in (*plant, *secret):
        TopicMember.objects.create(topic=topic, matter_id=each.id)
    own = seen.whole(cast.chen, topic.id)
    assert {each.id for each in own.members} == {each.id for each in plant}
    assert (own.whole, own.may_decide) == (False, False)
    assert own.seen.area == GRID
    assert dict(own.seen.found_by)["搅拌站"] == 4
    (listed,) = seen.listed(cast.chen, Asked()).items
    assert (listed.count, listed.heat.people) == (4, 4)
    assert seen.whole(cast.sun, topic.id).seen.count == 7


def test_of_a_topic_somewhere_else_nobody_learns(cast: Cast, plant: list[Matter]) -> None:
    topic = the_topic()
    assert seen.listed(cast.zhou, Asked()).items == []
    with pytest.raises(Unknown):
        seen.whole(cast.zhou, topic.id)
    with pytest.raises(Unknown):
        deciding.dismiss(topic.id, by=cast.zhou, reason="不是话题")


def test_topics_are_listed_by_heat_and_filtered_by_area_and_category(cast: Cast, plant: list[Matter]) -> None:
    for title in ("西山花园电梯停运", "西山花园电梯又停运", "西山花园电梯停运两天"):
        reported(cast, title, CUIYUAN_GRID, category="noise.home")
    look()
    sun = seen.listed(cast.sun, Asked())
    assert [each.count for each in sun.items] == [4, 3]
    assert [each.heat.total for each in sun.items] == sorted((e.heat.total for e in sun.items), reverse=True)
    in_cuiyuan = seen.listed(cast.sun, Asked(area=CUIYUAN.rpartition(".")[2])).items
    noise = seen.listed(cast.sun, Asked(category="noise")).items
    assert [each.count for each in in_cuiyuan] == [each.count for each in noise] == [3]


def test_the_words_that_hold_a_topic_are_those_its_titles_share() -> None:
    told = dict(shared_words(PLANT))
    assert told["搅拌站"] == 4
    assert "东湖小区" in told
    assert shared_words(["完全", "不同"]) == []


# What a person makes of it


def test_taken_up_it_is_one_matter_and_each_reporter_reads_its_progress(cast: Cast, plant: list[Matter]) -> None:
    opened = engine.open_matter(Dispatching, lamp(title="东湖小区搅拌站扰民"), by=cast.wang)
    topic = the_topic()
    parent = deciding.take_up(topic.id, by=cast.chen, reason="同一搅拌站")
    assert (parent.area, parent.category, parent.reporter_id) == (GRID, "city.lighting", cast.chen.account_id)
    topic.refresh_from_db()
    assert (topic.state, topic.parent_id) == (Topic.State.TAKEN_UP, parent.id)
    assert {now_of(each.id).merged_into_id for each in (*plant, opened.matter)} == {parent.id}
    engine.advance(parent.id, "answer", by=cast.chen, told={"outcome": "solved", "text": "已停产整改"})
    view = queries.public_view(tracking_index(opened.code))
    assert view.together is not None
    assert view.together.done
    assert "已停产整改" in [line.text for line in view.together.timeline]


def test_taking_it_back_lets_each_stand_for_itself_again(cast: Cast, plant: list[Matter]) -> None:
    topic = the_topic()
    deciding.take_up(topic.id, by=cast.chen, reason="同一搅拌站")
    deciding.give_back(topic.id, by=cast.chen, reason="看错了")
    assert {now_of(each.id).merged_into_id for each in plant} == {None}
    assert kinds(plant[0].id) == ["opened", "merged", "unmerged"]
    topic.refresh_from_db()
    assert (topic.state, topic.parent_id) == (Topic.State.FOUND, None)


def test_given_back_the_parent_ends_with_the_reason_and_nothing_stays_merged_into_it(
    cast: Cast, plant: list[Matter]
) -> None:
    topic = the_topic()
    parent = deciding.take_up(topic.id, by=cast.chen, reason="同一搅拌站")
    joined_since = reported(cast, "又一件")
    verbs.merge(joined_since.id, into=parent.id, by=cast.chen, reason="也是它")
    engine.advance(parent.id, "route", by=cast.chen)
    engine.advance(parent.id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.li)})
    engine.advance(parent.id, "accept", by=cast.li)
    deciding.give_back(topic.id, by=cast.wu, reason="是两个搅拌站")
    ended = now_of(parent.id)
    assert (ended.state, ended.unit_id) == ("dissolved", None)
    assert ended.closed_at is not None
    assert now_of(joined_since.id).merged_into_id is None
    with everything():
        last = Event.objects.filter(matter_id=parent.id).order_by("-seq").first()
    assert last is not None
    assert (last.kind, last.data["reason"]) == ("dissolve", "是两个搅拌站")


def test_a_parent_that_is_suspended_keeps_its_topic_until_it_is_resumed(cast: Cast, plant: list[Matter]) -> None:
    topic = the_topic()
    parent = deciding.take_up(topic.id, by=cast.wu, reason="同一搅拌站")
    verbs.suspend(parent.id, by=cast.wu, reason="等检测", approver="吴")
    with pytest.raises(NotPossible, match="resume"):
        deciding.give_back(topic.id, by=cast.wu, reason="看错了")
    assert now_of(plant[0].id).merged_into_id == parent.id


def test_every_reporter_of_a_topic_taken_up_is_told_of_a_step_of_the_parent(cast: Cast) -> None:
    with clock.use(clock.ManualClock(NOON)):
        atlas.cache_clear()
        for number, title in enumerate([*PLANT, *OTHERS]):
            who = Party(part="reporter", name="王", phone=f"1380000000{number}")
            reported(cast, title, parties=[who])
        topic = the_topic()
        parent = deciding.take_up(topic.id, by=cast.chen, reason="同一搅拌站")
        engine.advance(parent.id, "answer", by=cast.chen, told={"outcome": "solved", "text": "已停产整改"})
        address_waiting()
        with everything():
            told = Notice.objects.filter(kind="answer", to=Notice.To.REPORTER)
            assert told.count() == len(PLANT)


def test_what_comes_later_is_offered_to_the_same_parent(cast: Cast, plant: list[Matter]) -> None:
    topic = the_topic()
    parent = deciding.take_up(topic.id, by=cast.chen, reason="同一搅拌站")
    more = reported(cast, "东湖小区搅拌站还在扰民")
    look()
    assert Topic.objects.get() == topic
    assert more.id in members_of(topic)
    assert parent.id not in members_of(topic)
    assert deciding.take_up(topic.id, by=cast.chen, reason="又一件").id == parent.id
    assert now_of(more.id).merged_into_id == parent.id


def test_what_a_person_has_taken_out_no_night_puts_back(cast: Cast, plant: list[Matter]) -> None:
    topic = the_topic()
    deciding.take_up(topic.id, by=cast.chen, reason="同一搅拌站")
    deciding.take_out(topic.id, plant[0].id, by=cast.chen, reason="另一个站")
    assert now_of(plant[0].id).merged_into_id is None
    look()
    assert members_of(topic) == {each.id for each in plant[1:]}
    deciding.put_back(topic.id, plant[0].id, by=cast.chen)
    assert plant[0].id in members_of(topic)


def test_a_dismissed_topic_stays_dismissed_and_says_why(cast: Cast, plant: list[Matter]) -> None:
    topic = the_topic()
    deciding.dismiss(topic.id, by=cast.chen, reason="已在另案处理")
    look()
    assert seen.listed(cast.chen, Asked()).items == []
    assert [each.id for each in seen.listed(cast.chen, Asked(state="dismissed")).items] == [topic.id]
    with pytest.raises(NotPossible):
        deciding.take_up(topic.id, by=cast.chen, reason="还是要办")
    deciding.give_back(topic.id, by=cast.chen, reason="还是要办")
    assert seen.whole(cast.chen, topic.id).topic.reason == ""


def test_only_who_directs_over_all_of_it_decides(cast: Cast, plant: list[Matter]) -> None:
    for n in range(3):
        reported(cast, f"东湖小区搅拌站扰民{n}", CUIYUAN_GRID)
    topic = the_topic()
    with pytest.raises(NotAllowed):
        deciding.take_up(topic.id, by=cast.chen, reason="同一搅拌站")
    parent = deciding.take_up(topic.id, by=cast.sun, reason="同一搅拌站")
    assert parent.area == "3301.330106"


def test_a_refused_taking_up_leaves_nothing_behind(cast: Cast, plant: list[Matter]) -> None:
    topic = the_topic()
    with pytest.raises(BadInput):
        deciding.take_up(topic.id, by=cast.chen, reason=" ")
    with everything():
        assert Matter.objects.count() == len(PLANT) + len(OTHERS)
    assert Topic.objects.get().state == Topic.State.FOUND


# What is rising


def test_what_rises_is_found_with_its_category_and_area_and_shown_to_that_area_alone(
    cast: Cast, noon: clock.ManualClock
) -> None:
    steady_then_a_burst(cast, noon)
    found = trends.look_for_rising()
    assert {(each.area, each.category) for each in found} == {
        (area, "city.lighting") for area in ("3301", "3301.330106", WENXIN)
    }
    assert [each.area for each in trends.seen_rising(cast.chen)] == [WENXIN]
    assert trends.seen_rising(cast.zhou) == []
    noon.advance(timedelta(days=3))
    assert trends.seen_rising(cast.chen) == []


def test_a_busy_weekday_is_expected_and_does_not_count_as_rising(cast: Cast, noon: clock.ManualClock) -> None:
    first = noon.now() - timedelta(days=91)
    for day in range(91):
        moment = first + timedelta(days=day)
        for _ in range(4 if clock.local(moment).weekday() == 0 else 1):
            rows(cast, moment, "city.lighting")
    assert trends.look_for_rising() == []


def test_the_days_counted_are_the_citys_and_today_is_not_among_them(cast: Cast, noon: clock.ManualClock) -> None:
    rows(cast, datetime(2026, 3, 3, 15, 59, tzinfo=UTC), "city.lighting")
    rows(cast, datetime(2026, 3, 3, 16, 1, tzinfo=UTC), "city.lighting")
    with everything():
        series, daily = trends.counted(date(2026, 3, 4))
    assert [each.area for each in series] == ["3301", "3301.330106", WENXIN]
    assert daily.sum(axis=1).tolist() == [1, 1, 1]
    assert np.flatnonzero(daily[0]).tolist() == [daily.shape[1] - 1]


def steady_then_a_burst(cast: Cast, noon: clock.ManualClock) -> None:
    for day in range(91):
        rows(cast, noon.now() - timedelta(days=91 - day), "noise.home", area=CUIYUAN_GRID)
    for day in range(84):
        rows(cast, noon.now() - timedelta(days=91 - day), "city.lighting")
    for day in range(1, 8):
        for _ in range(6):
            rows(cast, noon.now() - timedelta(days=day), "city.lighting")


def rows(cast: Cast, at: datetime, category: str, area: str = GRID) -> None:
    """A matter opened at that moment."""
    with clock.use(clock.ManualClock(at)):
        reported(cast, "路灯不亮", area, category=category)


# The pages


def browser(username: str, language: str = "en") -> Client:
    client = Client(headers={"Accept-Language": language})
    client.force_login(Account.objects.get(username=username))
    return client


def test_the_page_lists_topics_and_leads_through_taking_up_and_back(cast: Cast, plant: list[Matter]) -> None:
    topic, chen = the_topic(), browser("chen")
    assert f"/topics/{topic.id}" in chen.get("/topics").content.decode()
    page = chen.get(f"/topics/{topic.id}").content.decode()
    assert "Take up as one matter" in page
    assert "搅拌站" in page
    assert chen.post(f"/topics/{topic.id}/take-up", {"title": "搅拌站"}).status_code == 422
    assert chen.post(f"/topics/{topic.id}/take-up", {"reason": "同一站", "title": "搅拌站"}).status_code == 302
    assert "Parent matter" in chen.get(f"/topics/{topic.id}").content.decode()
    assert chen.post(f"/topics/{topic.id}/take-out", {"reason": "不是", "matter": str(plant[0].id)}).status_code == 302
    assert chen.post(f"/topics/{topic.id}/give-back", {"reason": "看错了"}).status_code == 302
    assert "Put back" in chen.get(f"/topics/{topic.id}").content.decode()
    assert chen.post(f"/topics/{topic.id}/dismiss", {"reason": "已在办"}).status_code == 302
    assert f"/topics/{topic.id}" in chen.get("/topics?state=dismissed").content.decode()


def test_a_wrong_filter_or_decision_is_named_and_nothing_breaks(cast: Cast, plant: list[Matter]) -> None:
    topic, chen = the_topic(), browser("chen")
    assert chen.get("/topics?area=999999").status_code == 422
    assert chen.get("/topics?state=x").status_code == 422
    assert chen.post(f"/topics/{topic.id}/sing", {"reason": "x"}).status_code == 404
    assert chen.post(f"/topics/{topic.id}/take-out", {"reason": "x", "matter": "1"}).status_code == 422
    assert chen.get(f"/topics/{uuid4()}").status_code == 404


def test_before_the_first_night_the_page_says_so(cast: Cast, noon: clock.ManualClock) -> None:
    assert "No night has looked" in browser("chen").get("/topics").content.decode()


def test_what_is_rising_stands_on_both_pages_with_its_false_alarms(cast: Cast, noon: clock.ManualClock) -> None:
    steady_then_a_burst(cast, noon)
    with clock.use(clock.ManualClock(NOON - timedelta(days=1))):
        for title in [*PLANT, *OTHERS[1:]]:
            reported(cast, title)
    look()
    trends.look_for_rising()
    assert Rising.objects.count() == 0, "outside every scope nothing is seen"
    for page in ("/topics", "/overview"):
        said = browser("chen").get(page).content.decode()
        assert "51 in 7 days" in said
        assert "5 in 100" in said
    listed = seen.listed(cast.chen, Asked(rising=True)).items
    assert [(each.rising, each.count) for each in listed] == [(True, len(PLANT))]
