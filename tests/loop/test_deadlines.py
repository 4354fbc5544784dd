"""Deadlines: each starts where its procedure says, by the rule of that day, and ends met, missed or not owed."""

from datetime import UTC, datetime, timedelta

import pytest

from anlan.city.people.access import system
from anlan.loop import engine, verbs
from anlan.loop.procedures import Procedure
from anlan.loop.refusals import NotAllowed, NotPossible, Unknown
from tests.cast import Cast, lamp
from tests.loop.stories import (
    MORNING,
    assigned,
    clocks,
    kinds,
    minutes,
    morning,
    now_of,
    on_scene,
    opened,
    resolved,
    routed,
)


def test_a_clock_starts_where_the_procedure_says_and_carries_its_rule(cast: Cast) -> None:
    with morning():
        matter = opened(cast)
    (settle,) = clocks(matter.id).values()
    assert (settle.name, settle.rule, settle.kind) == ("settle", "dispatch.close", "service_target")
    assert "24小时" in settle.source
    assert (settle.started_at, settle.due_at) == (MORNING, MORNING + timedelta(hours=24))
    assert (settle.ended_at, settle.met, settle.in_time) == (None, None, None)


def test_four_targets_run_from_dispatch(cast: Cast) -> None:
    with morning():
        matter = assigned(cast)
    terms = {name: each.due_at - each.started_at for name, each in clocks(matter.id).items()}
    assert terms == {
        "respond": minutes(1),
        "arrive_in_time": minutes(8),
        "first_feedback": timedelta(hours=1),
        "settle": timedelta(hours=24),
    }


def test_a_clock_is_met_by_the_state_it_waits_for(cast: Cast) -> None:
    with morning() as clock:
        matter = assigned(cast)
        clock.advance(timedelta(seconds=59))
        engine.advance(matter.id, "accept", by=cast.li)
    respond = clocks(matter.id)["respond"]
    assert (respond.met, respond.in_time) == (True, True)
    assert respond.ended_at == MORNING + timedelta(seconds=59)


@pytest.mark.parametrize("after", [minutes(1), timedelta(seconds=61)])
def test_a_clock_that_is_fulfilled_at_its_due_moment_or_later_is_met_but_not_in_time(
    cast: Cast, after: timedelta
) -> None:
    with morning() as clock:
        matter = assigned(cast)
        clock.advance(after)
        engine.advance(matter.id, "accept", by=cast.li)
    assert (clocks(matter.id)["respond"].met, clocks(matter.id)["respond"].in_time) == (True, False)


def test_a_clock_that_waits_for_a_step_is_met_by_that_step_only(cast: Cast) -> None:
    with morning():
        matter = on_scene(cast)
        assert clocks(matter.id)["first_feedback"].ended_at is None
        engine.advance(matter.id, "feed_back", by=cast.li, told={"text": "到了"})
    assert clocks(matter.id)["first_feedback"].met is True


def test_what_is_no_longer_owed_at_an_ending_ends_unmet_and_counts_neither_way(cast: Cast) -> None:
    with morning():
        matter = assigned(cast)
        engine.advance(matter.id, "call_police", by=cast.chen, told={"reason": "有人持刀"})
    assert {(each.met, each.in_time) for each in clocks(matter.id).values()} == {(False, None)}


def test_going_back_neither_stops_nor_restarts_a_clock(cast: Cast) -> None:
    with morning() as clock:
        matter = assigned(cast)
        before = clocks(matter.id)
        clock.advance(timedelta(seconds=30))
        engine.advance(matter.id, "decline", by=cast.li, told={"reason": "不在本网格"})
        engine.advance(matter.id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.he)})
    after = clocks(matter.id)
    assert {name: each.due_at for name, each in after.items()} == {name: each.due_at for name, each in before.items()}


def test_a_clock_is_not_overdue_before_its_due_moment(cast: Cast) -> None:
    with morning() as clock:
        matter = assigned(cast)
        clock.advance(minutes(1) - timedelta(microseconds=1))
        with pytest.raises(NotPossible):
            verbs.miss_deadline(matter.id, "respond", by=system())
        clock.advance(timedelta(microseconds=1))
        verbs.miss_deadline(matter.id, "respond", by=system())
    assert clocks(matter.id)["respond"].missed_at == MORNING + minutes(1)


def test_a_clock_is_missed_once(cast: Cast) -> None:
    with morning() as clock:
        matter = assigned(cast)
        clock.advance(minutes(2))
        verbs.miss_deadline(matter.id, "respond", by=system())
        with pytest.raises(NotPossible):
            verbs.miss_deadline(matter.id, "respond", by=system())
    assert kinds(matter.id).count("escalated") == 1


def test_a_missed_clock_runs_on_and_can_still_be_met(cast: Cast) -> None:
    with morning() as clock:
        matter = assigned(cast)
        clock.advance(minutes(2))
        verbs.miss_deadline(matter.id, "respond", by=system())
        engine.advance(matter.id, "accept", by=cast.li)
    respond = clocks(matter.id)["respond"]
    assert (respond.met, respond.in_time) == (True, False)


def test_nobody_but_the_program_finds_a_clock_overdue(cast: Cast) -> None:
    with morning() as clock:
        matter = assigned(cast)
        clock.advance(minutes(2))
        for actor in (cast.chen, cast.wu, cast.li):
            with pytest.raises(NotAllowed):
                verbs.miss_deadline(matter.id, "respond", by=actor)


def test_a_clock_that_does_not_run_can_not_be_missed(cast: Cast) -> None:
    with morning() as clock:
        matter = routed(cast)
        clock.advance(timedelta(days=9))
        for name in ("respond", "nonsense"):
            with pytest.raises(NotPossible):
                verbs.miss_deadline(matter.id, name, by=system())


def test_the_rating_window_lapses_without_a_rating(cast: Cast) -> None:
    with morning() as clock:
        matter = resolved(cast)
        clock.advance(timedelta(days=7))
        verbs.miss_deadline(matter.id, "rating_window", by=system())
        with pytest.raises(NotPossible):
            engine.advance(matter.id, "rate", by=cast.wang, told={"rating": 5})
    matter, window = now_of(matter.id), clocks(matter.id)["rating_window"]
    assert (matter.state, matter.rating) == ("closed", None)
    assert (window.met, window.in_time) == (False, None)
    assert window.missed_at == window.ended_at == matter.closed_at


def test_a_rating_ends_the_window(cast: Cast) -> None:
    with morning() as clock:
        matter = resolved(cast)
        clock.advance(timedelta(days=6))
        engine.advance(matter.id, "rate", by=cast.wang, told={"rating": 1})
        clock.advance(timedelta(days=2))
        with pytest.raises(NotPossible):
            verbs.miss_deadline(matter.id, "rating_window", by=system())
    assert now_of(matter.id).rating == 1


def test_a_statutory_term_ends_with_its_last_day(cast: Cast, petitioning: type[Procedure]) -> None:
    with morning():
        matter = engine.open_matter(petitioning, lamp(), by=cast.wang).matter
    settle = clocks(matter.id)["settle"]
    assert settle.kind == "statutory"
    # Sixty days after 2 March are over at midnight after 1 May, in Hangzhou.
    assert settle.due_at == datetime(2026, 5, 1, 16, tzinfo=UTC)


def test_an_extension_is_what_the_rule_allows_and_only_once(cast: Cast, petitioning: type[Procedure]) -> None:
    with morning():
        matter = engine.open_matter(petitioning, lamp(), by=cast.wang).matter
        verbs.extend(matter.id, "settle", by=cast.wu, reason="情况复杂", approver="街道主任")
        with pytest.raises(NotPossible):
            verbs.extend(matter.id, "settle", by=cast.wu, reason="还要", approver="街道主任")
    settle = clocks(matter.id)["settle"]
    assert settle.due_at == datetime(2026, 5, 31, 16, tzinfo=UTC)
    assert settle.extensions == 1
    assert kinds(matter.id) == ["opened", "extended"]


def test_a_rule_without_extension_can_not_be_extended(cast: Cast) -> None:
    matter = opened(cast)
    with pytest.raises(NotPossible):
        verbs.extend(matter.id, "settle", by=cast.wu, reason="再等等", approver="主任")


def test_a_clock_that_does_not_run_can_not_be_extended(cast: Cast) -> None:
    matter = opened(cast)
    with pytest.raises(Unknown) as refused:
        verbs.extend(matter.id, "respond", by=cast.wu, reason="再等等", approver="主任")
    assert refused.value.field == "deadline"


def test_only_a_supervisor_extends(cast: Cast, petitioning: type[Procedure]) -> None:
    matter = engine.open_matter(petitioning, lamp(), by=cast.wang).matter
    with pytest.raises(NotAllowed):
        verbs.extend(matter.id, "settle", by=cast.chen, reason="情况复杂", approver="街道主任")


def test_a_term_extended_after_it_was_missed_runs_again(cast: Cast, petitioning: type[Procedure]) -> None:
    with morning() as clock:
        matter = engine.open_matter(petitioning, lamp(), by=cast.wang).matter
        clock.advance(timedelta(days=61))
        verbs.miss_deadline(matter.id, "settle", by=system())
        verbs.extend(matter.id, "settle", by=cast.wu, reason="情况复杂", approver="街道主任")
        assert clocks(matter.id)["settle"].missed_at is None
        clock.advance(timedelta(days=30))
        verbs.miss_deadline(matter.id, "settle", by=system())
    assert kinds(matter.id) == ["opened", "deadline_missed", "extended", "deadline_missed"]
    assert now_of(matter.id).escalation == 0
