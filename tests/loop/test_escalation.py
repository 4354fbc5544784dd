"""Escalation: one level at a time, town, district, city; the matter stays where it is and whose it is."""

from datetime import timedelta

import pytest

from anlan.city.people.access import system
from anlan.loop import verbs
from anlan.loop.models import Event
from anlan.loop.refusals import NotAllowed, Unknown
from tests.cast import CITY, COMMUNITY, DISTRICT, WENXIN, Cast
from tests.loop.stories import assigned, desks_told, everything, morning, now_of, opened


def test_each_missed_target_tells_the_next_level_up(cast: Cast) -> None:
    with morning() as clock:
        matter = assigned(cast)
        for name, after in (
            ("respond", timedelta(minutes=1)),
            ("arrive_in_time", timedelta(minutes=7)),
            ("first_feedback", timedelta(minutes=52)),
            ("settle", timedelta(hours=23)),
        ):
            clock.advance(after)
            verbs.miss_deadline(matter.id, name, by=system())
    assert desks_told(matter.id) == [WENXIN, DISTRICT, CITY, CITY]
    assert now_of(matter.id).escalation == 3


def test_the_matter_stays_where_it_is_and_whose_it_is(cast: Cast) -> None:
    before = assigned(cast)
    verbs.escalate(before.id, by=cast.chen, reason="需要区里协调")
    after = now_of(before.id)
    assert (after.state, after.area, after.unit_id, after.responsible_id) == (
        before.state,
        before.area,
        before.unit_id,
        before.responsible_id,
    )


def test_the_history_says_which_deadline_and_rule_it_was(cast: Cast) -> None:
    with morning() as clock:
        matter = assigned(cast)
        clock.advance(timedelta(minutes=1))
        verbs.miss_deadline(matter.id, "respond", by=system())
    with everything():
        told = Event.objects.get(matter=matter, kind="escalated")
    assert told.actor_kind == "system"
    assert told.data == {
        "deadline": "respond",
        "rule": "dispatch.respond",
        "due_at": "2026-03-02T01:01:00+00:00",
        "level": 1,
    }


@pytest.mark.parametrize(
    ("area", "desks"), [(COMMUNITY, [WENXIN, DISTRICT, CITY]), (DISTRICT, [DISTRICT, DISTRICT, CITY])]
)
def test_levels_are_told_from_the_area_up(cast: Cast, area: str, desks: list[str]) -> None:
    matter = opened(cast, area=area)
    for _ in desks:
        verbs.escalate(matter.id, by=cast.sun, reason="需要协调")
    assert desks_told(matter.id) == desks


def test_a_resident_does_not_escalate_and_a_neighbour_knows_of_nothing(cast: Cast) -> None:
    matter = opened(cast)
    with pytest.raises(NotAllowed):
        verbs.escalate(matter.id, by=cast.wang, reason="快点")
    with pytest.raises(Unknown):
        verbs.escalate(matter.id, by=cast.zhou, reason="快点")
