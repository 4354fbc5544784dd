"""A rehearsal plays through the real actions, settles everything, and repeats itself exactly."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import scope_of, scoped, system
from anlan.city.people.queries import command_centres
from anlan.insight.indicators import Figures, figures
from anlan.insight.rehearsal.arrivals import Arrival, generate
from anlan.insight.rehearsal.simulation import Rehearsal, unsettled
from anlan.loop import clock
from anlan.loop.models import Notice
from anlan.loop.verification import verify
from tests.cast import CUIYUAN_GRID, GRID

MORNING = datetime(2026, 3, 2, 1, tzinfo=UTC)
SAYINGS = ("路灯不亮", "请问居住证在哪里办理", "垃圾没有清运", "邻居吵架", "诈骗团伙在小区里骗老人钱", "井盖松动")


def arrivals(count: int) -> list[Arrival]:
    return [
        Arrival(
            at=MORNING + timedelta(minutes=7 * index),
            title=SAYINGS[index % len(SAYINGS)],
            text=SAYINGS[index % len(SAYINGS)],
            channel=("police", "web", "hotline")[index % 3],
            area=(GRID, CUIYUAN_GRID)[index % 2].rsplit(".", 1)[-1],
            source_id=str(index),
        )
        for index in range(count)
    ]


@pytest.fixture(autouse=True)
def _fresh_snapshots() -> Iterator[None]:
    for snapshot in (atlas, command_centres):
        snapshot.cache_clear()
    yield
    for snapshot in (atlas, command_centres):
        snapshot.cache_clear()


def played(count: int, seed: int) -> tuple[Rehearsal, Figures]:
    run = Rehearsal(arrivals(count), seed)
    run.run()
    return run, figures(since=MORNING, until=MORNING + timedelta(days=60))


def forgotten(count: int, seed: int) -> Figures:
    """The figures of a rehearsal that leaves nothing behind."""
    with transaction.atomic():
        _, result = played(count, seed)
        transaction.set_rollback(True)
    return result


@pytest.mark.django_db
def test_everything_is_settled_in_a_state_that_is_final() -> None:
    run, result = played(24, seed=1)
    assert (result.received, result.settled, result.unsettled) == (24, 24, 0)
    assert run.settled == 24
    assert unsettled(run.opened) == []


def test_every_chain_of_a_rehearsal_verifies(committed: str) -> None:
    played(12, seed=1)
    found = verify()
    assert (found.chains, found.broken) == (12, 0)


@pytest.mark.django_db
def test_the_same_seed_gives_the_same_figures() -> None:
    first = forgotten(18, seed=3)
    assert first.received == 18
    assert forgotten(18, seed=3) == first


@pytest.mark.django_db
def test_another_seed_gives_another_day() -> None:
    assert forgotten(18, seed=3).on_time != forgotten(18, seed=4).on_time


@pytest.mark.django_db
def test_no_notice_is_left_that_would_reach_a_real_gateway() -> None:
    played(12, seed=1)
    with scoped(scope_of(system())):
        assert Notice.objects.exists()
        assert not Notice.objects.filter(state=Notice.State.WAITING).exists()


@pytest.mark.django_db
def test_the_real_clock_is_back_afterwards() -> None:
    before = clock.now()
    played(2, seed=1)
    assert clock.now() >= before


@pytest.mark.django_db
def test_generated_days_follow_their_rates_and_their_seed() -> None:
    from anlan.city.areas.models import Area

    Area.objects.filter(level=5).update(households=400)
    start = datetime(2026, 3, 2, tzinfo=UTC)
    week = generate(start=start, days=7, seed=5, scale=0.1)
    assert week == generate(start=start, days=7, seed=5, scale=0.1)
    police = sum(arrival.channel == "police" for arrival in week)
    # 1,400 a day, a tenth of it, seven days: 980 expected, with a Poisson spread of about 31.
    assert 850 < police < 1110
    assert all(start <= arrival.at < start + timedelta(days=7) for arrival in week)
