"""Matters brought to a certain point, for the stories that begin there."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from anlan.city.people.access import Scope, scoped, system
from anlan.loop import clock, engine
from anlan.loop.models import Deadline, Event, Matter, Notice
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import Cast, lamp

MORNING = datetime(2026, 3, 2, 1, tzinfo=UTC)
"""Monday 2 March 2026, nine o'clock in Hangzhou."""


@contextmanager
def morning() -> Iterator[clock.ManualClock]:
    """A clock that stands at nine in the morning until it is moved."""
    manual = clock.ManualClock(MORNING)
    with clock.use(manual):
        yield manual


def opened(cast: Cast, **changes: object) -> Matter:
    return engine.open_matter(Dispatching, lamp(**changes), by=cast.wang).matter  # type: ignore[arg-type]


def routed(cast: Cast, **changes: object) -> Matter:
    return engine.advance(opened(cast, **changes).id, "route", by=system())


def assigned(cast: Cast, **changes: object) -> Matter:
    matter = routed(cast, **changes)
    return engine.advance(matter.id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.li)})


def on_scene(cast: Cast, **changes: object) -> Matter:
    matter = assigned(cast, **changes)
    engine.advance(matter.id, "accept", by=cast.li)
    return engine.advance(matter.id, "arrive", by=cast.li)


def resolved(cast: Cast, **changes: object) -> Matter:
    matter = on_scene(cast, **changes)
    return engine.advance(matter.id, "resolve", by=cast.li, told={"outcome": "solved", "text": "换了灯泡"})


def now_of(matter_id: UUID) -> Matter:
    """The matter as it lies in the database."""
    with everything():
        return Matter.objects.get(id=matter_id)


def clocks(matter_id: UUID) -> dict[str, Deadline]:
    """The latest clock of each name."""
    with everything():
        return {each.name: each for each in Deadline.objects.filter(matter_id=matter_id).order_by("started_at")}


def kinds(matter_id: UUID) -> list[str]:
    with everything():
        return list(Event.objects.filter(matter_id=matter_id).values_list("kind", flat=True))


def desks_told(matter_id: UUID) -> list[str]:
    """The areas whose command centres got a notice, in order."""
    with everything():
        told = Notice.objects.filter(matter_id=matter_id, to=Notice.To.DESK).order_by("event_seq")
        return [str(notice.desk) for notice in told]


@contextmanager
def everything() -> Iterator[None]:
    """The scope of the whole city."""
    with scoped(Scope(areas=("3301",))):
        yield


def minutes(amount: float) -> timedelta:
    return timedelta(minutes=amount)
