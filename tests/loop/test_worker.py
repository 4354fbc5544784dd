"""The worker does what is due, round after round, and one job's fault is no other's."""

import io
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command

from anlan.ledger.actions import transfer
from anlan.ledger.queries import balance
from anlan.loop import clock, digests, engine, worker
from anlan.loop.models import DailyDigest
from anlan.loop.worker import Job
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import Cast, lamp
from tests.ledger.money import accounts, order


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The days whose digest was asked for; none is made."""
    days: list[Any] = []
    monkeypatch.setattr(digests, "publish", days.append)
    return days


def test_the_first_digest_is_that_of_the_last_day(db: None, published: list[Any]) -> None:
    assert worker.publish_digests() == 1
    assert published == [digests.last_day()]


def test_days_on_which_nobody_worked_are_made_up_for(db: None, published: list[Any]) -> None:
    last = digests.last_day()
    DailyDigest.objects.create(
        day=last - timedelta(days=3), matters=0, events=0, root=b"\x01" + bytes(32), made_at=clock.now()
    )
    assert worker.publish_digests() == 3
    assert published == [last - timedelta(days=ago) for ago in (2, 1, 0)]


def test_a_day_is_published_once(db: None, published: list[Any]) -> None:
    DailyDigest.objects.create(
        day=digests.last_day(), matters=0, events=0, root=b"\x01" + bytes(32), made_at=clock.now()
    )
    assert worker.publish_digests() == 0
    assert published == []


def test_one_round_does_everything_that_is_due_and_says_how_much(committed: str) -> None:
    cast = Cast()
    matter = engine.open_matter(Dispatching, lamp(), by=cast.wang).matter
    engine.advance(matter.id, "route", by=cast.chen)
    engine.advance(matter.id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.li)})
    said = io.StringIO()
    with clock.use(clock.ManualClock(clock.now() + timedelta(minutes=2))):
        call_command("worker", "--once", stdout=said)
    # One deadline was missed; the unit is told of the assignment and the desk of the escalation.
    done = dict(line.split() for line in said.getvalue().splitlines())
    assert done["deadlines"] == "1"
    assert done["notices"] == "2"
    assert done["digest"] == "1"
    assert done.keys() == {job.name for job in worker.jobs()}


def test_held_money_whose_time_is_over_is_released(db: None) -> None:
    bank, purse = accounts("bank", "purse")
    until = clock.now() - timedelta(seconds=1)
    transfer(order(bank, purse, 5, pending_until=until), now=until - timedelta(hours=1))
    assert worker.run_once([job for job in worker.jobs() if job.name == "held-money"]) == {"held-money": 1}
    assert balance(bank).reserved == 0


def test_a_faulty_job_is_tried_again_and_keeps_no_other_from_its_turn(django_db_blocker: Any) -> None:
    stop, rounds = threading.Event(), {"faulty": 0, "sound": 0}

    def faulty() -> int:
        rounds["faulty"] += 1
        raise RuntimeError("a fault")

    def sound() -> int:
        rounds["sound"] += 1
        if min(rounds.values()) >= 3:
            stop.set()
        return 1

    before = worker.FAILED_ROUNDS.labels("faulty")._value.get()
    with django_db_blocker.unblock():
        worker.run_until(stop, [Job("faulty", faulty, pause=0.001), Job("sound", sound, pause=0.001)])
    assert min(rounds.values()) >= 3
    assert worker.FAILED_ROUNDS.labels("faulty")._value.get() - before == rounds["faulty"]
    assert worker.HEARTBEAT.labels("sound")._value.get() > 0
