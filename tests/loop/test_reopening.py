"""Reopening: within its window a resident can ask for it again, and new clocks run."""

from datetime import timedelta

import pytest

from anlan.city.people.access import system
from anlan.loop import engine, verbs
from anlan.loop.models import Deadline
from anlan.loop.refusals import NotAllowed, NotPossible
from tests.cast import Cast
from tests.loop.stories import clocks, everything, morning, now_of, resolved


def test_a_reopened_matter_gets_new_clocks_and_no_unit(cast: Cast) -> None:
    with morning() as clock:
        matter = resolved(cast)
        engine.advance(matter.id, "rate", by=cast.wang, told={"rating": 1})
        first = clocks(matter.id)["settle"]
        clock.advance(timedelta(days=3))
        matter = engine.advance(matter.id, "reopen", by=cast.wang, told={"reason": "又灭了"})
    again = clocks(matter.id)["settle"]
    assert (matter.state, matter.unit_id, matter.reopened, matter.closed_at) == ("routed", None, 1, None)
    assert first.met is True
    assert (again.id != first.id, again.ended_at) == (True, None)
    assert again.due_at == again.started_at + timedelta(hours=24)


def test_while_it_waits_for_a_rating_reopening_leaves_the_rating_window_running_once(cast: Cast) -> None:
    with morning():
        matter = resolved(cast)
        for _ in range(2):
            engine.advance(matter.id, "reopen", by=cast.wang, told={"reason": "没修好"})
            engine.advance(matter.id, "answer", by=cast.chen, told={"outcome": "unsolved", "text": "要等零件"})
    with everything():
        running = Deadline.objects.filter(matter=matter, ended_at=None).values_list("name", flat=True)
        assert list(running).count("rating_window") == 1


def test_after_the_window_it_is_reported_anew(cast: Cast) -> None:
    with morning() as clock:
        matter = resolved(cast)
        clock.advance(timedelta(days=7))
        verbs.miss_deadline(matter.id, "rating_window", by=system())
        clock.advance(timedelta(days=15))
        assert not engine.possible(now_of(matter.id), cast.wang)
        with pytest.raises(NotPossible):
            engine.advance(matter.id, "reopen", by=cast.wang, told={"reason": "又灭了"})


def test_the_unit_and_the_dispatcher_do_not_reopen(cast: Cast) -> None:
    matter = resolved(cast)
    for actor in (cast.li, cast.chen):
        with pytest.raises(NotAllowed):
            engine.advance(matter.id, "reopen", by=actor, told={"reason": "再来"})


def test_what_the_police_have_stays_with_them(cast: Cast) -> None:
    matter = engine.advance(resolved(cast).id, "reopen", by=cast.wu, told={"reason": "有人受伤"})
    engine.advance(matter.id, "call_police", by=cast.chen, told={"reason": "有人受伤"})
    with pytest.raises(NotPossible):
        engine.advance(matter.id, "reopen", by=cast.wang, told={"reason": "回来"})
