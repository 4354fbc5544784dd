"""Suspension: the clocks stand still, for a reason that is told, and nothing moves meanwhile."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from anlan.city.people.access import system
from anlan.loop import engine, verbs
from anlan.loop.models import Event
from anlan.loop.procedures import Procedure
from anlan.loop.refusals import BadInput, NotAllowed, NotPossible
from tests.cast import Cast, lamp
from tests.loop.stories import assigned, clocks, everything, minutes, morning, now_of, on_scene, opened, resolved


def suspend(matter_id: UUID, cast: Cast) -> None:
    verbs.suspend(matter_id, by=cast.wu, reason="等待鉴定", approver="街道主任")


def test_suspended_time_is_not_counted(cast: Cast) -> None:
    with morning() as clock:
        matter = on_scene(cast)
        before = clocks(matter.id)["settle"].due_at
        clock.advance(minutes(10))
        suspend(matter.id, cast)
        clock.advance(timedelta(hours=30))
        verbs.resume(matter.id, by=cast.wu, reason="鉴定已出")
    settle = clocks(matter.id)["settle"]
    assert settle.due_at == before + timedelta(hours=30)
    assert settle.held_since is None


def test_only_whole_days_of_a_statutory_term_are_given_back(cast: Cast, petitioning: type[Procedure]) -> None:
    with morning() as clock:
        matter = engine.open_matter(petitioning, lamp(), by=cast.wang).matter
        suspend(matter.id, cast)
        clock.advance(timedelta(days=3))
        verbs.resume(matter.id, by=cast.wu, reason="鉴定已出")
    # From 2 March, nine o'clock to 5 March: the third and fourth are whole.
    assert clocks(matter.id)["settle"].due_at == datetime(2026, 5, 3, 16, tzinfo=UTC)


def test_a_clock_that_stands_is_never_overdue(cast: Cast) -> None:
    with morning() as clock:
        matter = assigned(cast)
        suspend(matter.id, cast)
        clock.advance(timedelta(days=30))
        with pytest.raises(NotPossible):
            verbs.miss_deadline(matter.id, "respond", by=system())


def test_nothing_moves_while_it_is_suspended(cast: Cast) -> None:
    matter = assigned(cast)
    suspend(matter.id, cast)
    assert not engine.possible(now_of(matter.id), cast.li)
    with pytest.raises(NotPossible):
        engine.advance(matter.id, "accept", by=cast.li)
    verbs.resume(matter.id, by=cast.wu, reason="鉴定已出")
    assert engine.advance(matter.id, "accept", by=cast.li).state == "accepted"


def test_a_word_can_be_added_while_it_is_suspended(cast: Cast) -> None:
    matter = opened(cast)
    suspend(matter.id, cast)
    assert engine.note(matter.id, "还有一盏", by=cast.wang).version == 3


def test_reason_and_approver_stand_in_the_history(cast: Cast) -> None:
    matter = opened(cast)
    suspend(matter.id, cast)
    with everything():
        assert Event.objects.get(matter=matter, kind="suspended").data == {"reason": "等待鉴定", "approver": "街道主任"}


@pytest.mark.parametrize("field", ["reason", "approver"])
@pytest.mark.parametrize("said", ["", "   ", "a\x00b", "\ud800"])
def test_a_suspension_without_reason_or_approver_is_refused(cast: Cast, field: str, said: str) -> None:
    matter = opened(cast)
    given = {"reason": "等待鉴定", "approver": "街道主任", field: said}
    with pytest.raises(BadInput) as refused:
        verbs.suspend(matter.id, by=cast.wu, **given)
    assert refused.value.field == field
    assert now_of(matter.id).suspended_at is None


def test_it_is_suspended_once_and_resumed_once(cast: Cast) -> None:
    matter = opened(cast)
    with pytest.raises(NotPossible):
        verbs.resume(matter.id, by=cast.wu, reason="再来")
    suspend(matter.id, cast)
    with pytest.raises(NotPossible):
        suspend(matter.id, cast)


def test_what_is_closed_can_not_be_suspended(cast: Cast) -> None:
    matter = resolved(cast)
    engine.advance(matter.id, "rate", by=cast.wang, told={"rating": 4})
    with pytest.raises(NotPossible):
        suspend(matter.id, cast)


def test_only_a_supervisor_suspends(cast: Cast) -> None:
    matter = assigned(cast)
    for actor in (cast.chen, cast.li, cast.wang):
        with pytest.raises(NotAllowed):
            verbs.suspend(matter.id, by=actor, reason="等等", approver="主任")
