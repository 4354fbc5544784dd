"""What time alone brings about happens once, and one matter's fault is no other's."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from anlan.city.people import access
from anlan.city.people.access import scope_of, scoped
from anlan.loop import clock, engine, sweeps, verbs
from anlan.loop.models import Deadline, Event, Matter, Notice
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import Cast, lamp


@pytest.fixture
def time(cast: Cast) -> Iterator[clock.ManualClock]:
    manual = clock.ManualClock(clock.now())
    with clock.use(manual):
        yield manual
    sweeps._set_aside.clear()


def assigned(cast: Cast) -> Matter:
    matter = engine.open_matter(Dispatching, lamp(), by=cast.wang).matter
    engine.advance(matter.id, "route", by=access.system())
    return engine.advance(matter.id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.li)})


def events(matter: Matter) -> list[str]:
    with scoped(scope_of(access.system())):
        return list(Event.objects.filter(matter=matter).values_list("kind", flat=True))


def test_nothing_is_missed_before_its_time(cast: Cast, time: clock.ManualClock) -> None:
    assigned(cast)
    assert sweeps.sweep_deadlines() == 0


def test_an_overdue_deadline_is_missed_once_and_the_desk_is_told(cast: Cast, time: clock.ManualClock) -> None:
    matter = assigned(cast)
    time.advance(timedelta(minutes=2))  # one minute to respond has passed, eight to arrive have not
    assert sweeps.sweep_deadlines() == 1
    assert sweeps.sweep_deadlines() == 0

    assert events(matter) == ["opened", "route", "assign", "escalated"]
    with scoped(scope_of(access.system())):
        assert Deadline.objects.get(matter=matter, name="respond").missed_at == time.now()
        assert Notice.objects.filter(matter=matter, to=Notice.To.DESK, kind="escalated").count() == 1


def test_a_suspended_matter_misses_nothing(cast: Cast, time: clock.ManualClock) -> None:
    matter = assigned(cast)
    verbs.suspend(matter.id, by=cast.wu, reason="等待鉴定", approver="吴")
    time.advance(timedelta(days=3))
    assert sweeps.sweep_deadlines() == 0


def test_a_fault_in_one_matter_stops_no_other_and_is_tried_again(
    cast: Cast, time: clock.ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = assigned(cast), assigned(cast)
    real, tried = verbs.miss_deadline, []

    def faulty(matter_id: Any, name: str, **asked: Any) -> Matter:
        tried.append(matter_id)
        if matter_id == broken.id:
            raise RuntimeError("a fault")
        return real(matter_id, name, **asked)

    monkeypatch.setattr(verbs, "miss_deadline", faulty)
    faults = sweeps.FAULTS._value.get()
    time.advance(timedelta(minutes=2))
    # Even with room for one only, the faulty one, first in line, does not keep the other from its turn.
    assert [sweeps.sweep_deadlines(limit=1) for _ in range(3)] == [0, 1, 0]
    assert (tried, sweeps.FAULTS._value.get() - faults) == ([broken.id, sound.id], 1)

    monkeypatch.undo()
    time.advance(sweeps.RETRY_AFTER)
    assert sweeps.sweep_deadlines(limit=1) == 1
    assert "escalated" in events(broken)
