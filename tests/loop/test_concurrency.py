"""Races, with real commits: exactly one wins, the other is told so, and nothing is half done."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from django.db import connection, connections, transaction

from anlan.city.people.access import system
from anlan.loop import clock as the_clock
from anlan.loop import engine, verbs
from anlan.loop.models import Matter, Submission
from anlan.loop.refusals import NotPossible, Refused, Stale
from anlan.loop.store import AlreadySubmitted
from anlan.loop.verification import verify
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import Cast, lamp
from tests.loop.stories import assigned, clocks, kinds, morning, now_of, opened, resolved, routed

THREADS = 4


@pytest.fixture
def town(committed: str) -> Cast:
    cast = Cast()
    # Looked up once, here: the threads only use them.
    for who in ("chen", "wu", "li", "he", "wang"):
        getattr(cast, who)
    return cast


def race(*runs: Callable[[], object]) -> list[object]:
    """Run all at once, each on a connection of its own; what each returned or was refused with."""
    start = threading.Barrier(len(runs))
    results: list[object] = [None] * len(runs)

    def run(number: int) -> None:
        try:
            connection.ensure_connection()
            start.wait()
            results[number] = runs[number]()
        except Exception as error:
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(runs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def raced_over(matters: Sequence[UUID], step: Callable[[UUID], object]) -> dict[UUID, list[object]]:
    """Every thread makes the same step on every matter."""
    outcomes: dict[UUID, list[object]] = {id: [] for id in matters}

    def all_of_them() -> None:
        for id in matters:
            try:
                outcomes[id].append(step(id))
            except Refused as refused:
                outcomes[id].append(refused)

    assert race(*[all_of_them] * THREADS) == [None] * THREADS
    return outcomes


def test_of_four_who_make_the_same_step_exactly_one_wins(town: Cast) -> None:
    matters = [opened(town).id for _ in range(20)]
    outcomes = raced_over(matters, lambda id: engine.advance(id, "route", by=town.chen))
    for id in matters:
        assert Counter(type(each).__name__ for each in outcomes[id]) == {"Matter": 1, "NotPossible": THREADS - 1}
        assert kinds(id) == ["opened", "route"]
    assert verify().broken == 0


def test_of_four_who_saw_the_same_page_exactly_one_wins_and_the_others_are_told(town: Cast) -> None:
    matters = [routed(town).id for _ in range(20)]
    told = {"unit_id": town.unit(town.li)}
    outcomes = raced_over(matters, lambda id: engine.advance(id, "assign", by=town.chen, told=told, version=2))
    for id in matters:
        assert Counter(type(each).__name__ for each in outcomes[id]) == {"Matter": 1, "Stale": THREADS - 1}
        assert sorted(clocks(id)) == ["arrive_in_time", "first_feedback", "respond", "settle"]
    assert verify().broken == 0


def test_words_added_at_once_are_all_kept(town: Cast) -> None:
    matter = opened(town)
    race(*[lambda: [engine.note(matter.id, "又一盏", by=town.wang) for _ in range(10)]] * THREADS)
    assert kinds(matter.id) == ["opened", *["noted"] * 10 * THREADS]
    assert now_of(matter.id).version == 1 + 10 * THREADS
    assert verify().broken == 0


def test_two_opposite_merges_do_not_block_each_other(town: Cast) -> None:
    for _ in range(10):
        one, other = opened(town).id, opened(town).id
        results = race(
            partial(verbs.merge, one, into=other, by=town.chen, reason="同一盏"),
            partial(verbs.merge, other, into=one, by=town.wu, reason="同一盏"),
        )
        assert sorted(type(each).__name__ for each in results) == ["Matter", "NotPossible"]
        assert {now_of(one).merged_into_id, now_of(other).merged_into_id} in ({None, one}, {None, other})
    assert verify().broken == 0


def test_a_merge_taken_back_twice_at_once_is_taken_back_once(town: Cast) -> None:
    for _ in range(10):
        one, other = opened(town).id, opened(town).id
        verbs.merge(one, into=other, by=town.chen, reason="同一盏")
        results = race(*[partial(verbs.unmerge, one, by=town.chen, reason="两盏")] * 2)
        assert sum(isinstance(each, NotPossible | Stale) for each in results) == 1
        assert kinds(one) == ["opened", "merged", "unmerged"]
        assert kinds(other) == ["opened", "absorbed", "released"]


def test_a_rating_that_races_with_the_end_of_its_window_is_either_kept_or_refused(town: Cast) -> None:
    with morning() as clock:
        matters = [resolved(town).id for _ in range(10)]
        clock.advance(clocks(matters[0])["rating_window"].due_at - clock.now())
        for id in matters:
            rated, lapsed = race(
                partial(engine.advance, id, "rate", by=town.wang, told={"rating": 5}),
                partial(verbs.miss_deadline, id, "rating_window", by=system()),
            )
            matter = now_of(id)
            assert matter.state == "closed"
            assert isinstance(rated, NotPossible) != isinstance(lapsed, NotPossible)
            assert matter.rating == (None if isinstance(rated, NotPossible) else 5)
            assert kinds(id)[-1] == ("lapse" if matter.rating is None else "rate")
    assert verify().broken == 0


def test_accepting_and_withdrawing_at_once_leaves_no_unit_without_order(town: Cast) -> None:
    for _ in range(10):
        matter = assigned(town).id
        race(
            partial(engine.advance, matter, "accept", by=town.li),
            partial(engine.advance, matter, "withdraw", by=town.chen, told={"reason": "改派"}),
        )
        after = now_of(matter)
        assert (after.state, after.unit_id) == ("routed", None)
    assert verify().broken == 0


def test_one_key_used_by_four_at_once_makes_one_matter(town: Cast) -> None:
    def report() -> Matter:
        submission = Submission(key=b"\x01" * 32, body=b"\x02" * 32, at=the_clock.now())
        return engine.open_matter(Dispatching, lamp(submission=submission), by=town.wang).matter

    results = race(*[report] * THREADS)
    assert sum(isinstance(each, AlreadySubmitted) for each in results) == THREADS - 1
    assert verify().chains == 1


def test_whoever_waited_for_the_lock_sees_the_clocks_as_they_are_now(town: Cast) -> None:
    with morning() as clock:
        matter = resolved(town).id
        clock.advance(timedelta(days=7))
        late: list[object] = []

        def sweep() -> None:
            late.extend(race(partial(verbs.miss_deadline, matter, "rating_window", by=system())))

        sweeping = threading.Thread(target=sweep)
        with transaction.atomic():
            engine.advance(matter, "rate", by=town.wang, told={"rating": 5})
            sweeping.start()
            while not somebody_waits():
                time.sleep(0.01)
        sweeping.join()
    assert isinstance(late[0], NotPossible)
    assert clocks(matter)["rating_window"].met is True
    assert kinds(matter)[-1] == "rate"


def somebody_waits() -> bool:
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
