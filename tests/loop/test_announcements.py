"""Every committed change is announced once, to whoever sees the matter or has lost it, and no reader misses one."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import ProgrammingError, connection, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anlan.city.people import access
from anlan.city.people.access import DISPATCHER, RESPONDER, Actor, Held, Scope, bearer, scope_of, scoped, system
from anlan.foundation.sealing.fields import blind_index
from anlan.loop import announcements, engine, verbs
from anlan.loop.announcements import WHERE_SQL, Heard, Position, UnknownPosition, missed
from anlan.loop.announcer import CHANNEL, announcer, connecting
from anlan.loop.refusals import NotPossible
from anlan.loop.worker import jobs
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import CITY, COMMUNITY, CUIYUAN, CUIYUAN_GRID, DISTRICT, GRID, WENXIN, Cast, lamp
from tests.loop.stories import assigned, everything, opened, routed


def position() -> Position:
    with connection.cursor() as cursor:
        return Position(*cursor.execute(WHERE_SQL).fetchone())


def since(actor: Actor, before: Position) -> list[tuple[UUID, str]]:
    return [(each.matter_id, each.kind) for each in missed(actor, before)[0]]


def written(matter_id: UUID) -> list[tuple[int, str, str]]:
    """What has been announced of a matter; inside the test's own transaction no snapshot tells."""
    with everything(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT version, kind, state FROM loop_announcement WHERE matter_id = %s ORDER BY version", [matter_id]
        )
        return list(cursor.fetchall())


class TestWriting:
    def test_every_change_writes_one_line_with_the_state_it_led_to(self, cast: Cast) -> None:
        matter = assigned(cast)
        assert written(matter.id) == [(1, "opened", "received"), (2, "route", "routed"), (3, "assign", "assigned")]

    def test_what_is_refused_is_not_announced(self, cast: Cast) -> None:
        matter = opened(cast)
        with pytest.raises(NotPossible):
            engine.advance(matter.id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.li)})
        assert [kind for _, kind, _ in written(matter.id)] == ["opened"]

    def test_a_line_can_not_be_altered_by_the_application(self, cast: Cast) -> None:
        opened(cast)
        with everything(), pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE loop_announcement SET state = 'closed'")


class TestReading:
    @pytest.fixture
    def town(self, committed: str) -> Cast:
        return Cast()

    def test_the_town_hears_of_its_matter_and_another_town_nothing(self, town: Cast) -> None:
        before = position()
        matter = opened(town)
        assert since(town.chen, before) == [(matter.id, "opened")]
        assert since(town.sun, before) == [(matter.id, "opened")]
        assert since(town.zhou, before) == []

    def test_the_town_that_loses_a_matter_hears_of_the_hand_over_and_then_no_more(self, town: Cast) -> None:
        matter, before = opened(town), position()
        verbs.hand_over(matter.id, to_area=CUIYUAN, by=town.chen, reason="在翠苑")
        assert since(town.chen, before) == since(town.zhou, before) == [(matter.id, "handed_over")]
        after = position()
        engine.advance(matter.id, "route", by=town.zhou)
        assert since(town.chen, after) == []
        assert since(town.zhou, after) == [(matter.id, "route")]

    def test_the_unit_that_loses_a_matter_hears_of_that_and_then_no_more(self, town: Cast) -> None:
        matter = routed(town, area=CUIYUAN_GRID)
        engine.advance(matter.id, "assign", by=town.zhou, told={"unit_id": town.unit(town.li)})
        before = position()
        engine.advance(matter.id, "decline", by=town.li, told={"reason": "太远"})
        assert since(town.li, before) == [(matter.id, "decline")]
        after = position()
        engine.note(matter.id, "再派", by=town.zhou)
        assert since(town.li, after) == []

    def test_a_code_and_an_account_hear_of_their_own_matter_alone(self, town: Cast) -> None:
        before = position()
        mine = engine.open_matter(Dispatching, lamp(), by=town.wang)
        engine.open_matter(Dispatching, lamp(), by=access.anonymous())
        assert since(town.wang, before) == [(mine.matter.id, "opened")]
        assert since(bearer(blind_index("code", mine.code)), before) == [(mine.matter.id, "opened")]
        assert since(bearer(blind_index("code", "0" * 12)), before) == []

    def test_what_was_begun_earlier_and_committed_later_is_not_skipped(self, town: Cast) -> None:
        first, second, start = opened(town), opened(town), position()
        begun, go_on, done = threading.Event(), threading.Event(), threading.Event()

        def slowly() -> None:
            with scoped(scope_of(system())):
                engine.advance(first.id, "route", by=system())
                begun.set()
                go_on.wait()
            connections.close_all()
            done.set()

        slow = threading.Thread(target=slowly)
        slow.start()
        begun.wait()
        engine.advance(second.id, "route", by=system())
        heard, between = missed(town.chen, start)
        # The later one does not wait for the earlier.
        assert [each.matter_id for each in heard] == [second.id]
        go_on.set()
        slow.join()
        assert since(town.chen, between) == [(first.id, "route")]

    def test_under_many_writers_every_change_is_read_exactly_once(self, town: Cast) -> None:
        writers, each_writes, here = 4, 12, position()
        _ = town.wang, town.chen
        running = [threading.Thread(target=_write, args=(town, each_writes)) for _ in range(writers)]
        for thread in running:
            thread.start()
        found: list[UUID] = []
        while True:
            over = not any(thread.is_alive() for thread in running)
            heard, here = missed(town.chen, here)
            found += [each.matter_id for each in heard]
            if over:
                break
        # Asked and read in two statements: what falls in between may come twice, and never not at all.
        assert len(set(found)) == writers * each_writes

    def test_a_position_survives_the_wire(self, town: Cast) -> None:
        before = position()
        matter = opened(town)
        assert since(town.chen, Position.read(str(before))) == [(matter.id, "opened")]

    @pytest.mark.parametrize(
        "text", ["", "7", "1.2.3", "1.1.5:4", "1.1:2:", "1.x.1:2:", "1.1.1:2:,", "1.1.1:2:3,", "1" * 400, "1.1.1:2:３"]
    )
    def test_what_is_no_position_is_refused(self, text: str) -> None:
        with pytest.raises(UnknownPosition):
            Position.read(text)

    def test_a_position_of_the_day_before_of_the_future_or_from_before_a_crash_is_refused(self, town: Cast) -> None:
        here = position()
        a_day_before = replace(here, seconds=here.seconds - 24 * 3600)
        ahead = replace(here, snapshot=f"{here.bounds[0]}:{here.bounds[1] + 1_000_000}:")
        before_a_crash = replace(here, life=here.life - 1)
        for wrong in (a_day_before, ahead, before_a_crash):
            with pytest.raises(UnknownPosition):
                missed(town.chen, wrong)

    def test_who_missed_too_much_is_told_so_instead_of_everything(
        self, town: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = position()
        opened(town)
        opened(town)
        monkeypatch.setattr(announcements, "MOST_AT_ONCE", 1)
        with pytest.raises(UnknownPosition):
            missed(town.chen, before)

    def test_only_what_is_older_than_a_day_is_removed(self, town: Cast) -> None:
        old, young = opened(town), opened(town)
        with connections["owner"].cursor() as cursor:
            cursor.execute("UPDATE loop_announcement SET at = at - interval '25 hours' WHERE matter_id = %s", [old.id])
        assert announcements.purge() == 1
        assert written(old.id) == []
        assert len(written(young.id)) == 1


def _write(town: Cast, number: int) -> None:
    for _ in range(number):
        opened(town)
    connections.close_all()


AREAS = st.sampled_from([CITY, DISTRICT, WENXIN, CUIYUAN, COMMUNITY, GRID, CUIYUAN_GRID])
UNITS = st.sampled_from([UUID(int=1), UUID(int=2)])
PEOPLE = st.sampled_from([UUID(int=11), UUID(int=12)])
CODES = st.sampled_from([b"\x01" * 16, b"\x02" * 16])
HELD = st.builds(Held, st.sampled_from([DISPATCHER, RESPONDER]), AREAS, st.none(), st.none() | UNITS)
ACTORS = st.one_of(
    st.builds(Actor, st.just("staff"), PEOPLE, st.lists(HELD, min_size=1, max_size=2).map(tuple)),
    st.builds(Actor, st.just("resident"), PEOPLE),
    st.builds(bearer, CODES),
    st.builds(access.anonymous),
)
HEARD = st.builds(
    Heard,
    st.builds(uuid4),
    st.just(1),
    st.just("opened"),
    st.just("received"),
    AREAS,
    st.lists(AREAS, max_size=1),
    st.none() | UNITS,
    st.none() | PEOPLE,
    st.none() | CODES,
    st.lists(AREAS, max_size=1),
    st.none() | UNITS,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actor=ACTORS, line=HEARD)
def test_whom_a_line_concerns_is_the_same_in_memory_and_by_the_row_policy(db: None, actor: Actor, line: Heard) -> None:
    with transaction.atomic():
        with scoped(Scope(areas=(CITY,))), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO loop_announcement (matter_id, version, kind, state, area, shared_with, unit_id,"
                " reporter_id, tracking_index, left_areas, left_unit_id) VALUES (%s, %s, %s, %s, %s::text::ltree,"
                " %s::text[]::ltree[], %s, %s, %s, %s::text[]::ltree[], %s)",
                [getattr(line, name) for name in Heard.__slots__],
            )
        with scoped(scope_of(actor)), connection.cursor() as cursor:
            found = cursor.execute(
                "SELECT count(*) FROM loop_announcement WHERE matter_id = %s", [line.matter_id]
            ).fetchone()[0]
        assert line.concerns(actor) is bool(found)
        transaction.set_rollback(True)


class TestWaking:
    @contextmanager
    def listener(self, database: str) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
        with psycopg.connect(**{**connecting(), "dbname": database}, autocommit=True) as listening:
            listening.execute(f"LISTEN {CHANNEL}".encode())
            yield listening

    def test_a_commit_wakes_whoever_listens(self, committed: str) -> None:
        cast = Cast()
        with self.listener(committed) as listening:
            opened(cast)
            assert next(listening.notifies(timeout=60, stop_after=1)).channel == CHANNEL

    def test_a_rollback_wakes_nobody(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        woken: list[str] = []
        monkeypatch.setattr(type(announcer), "tell", lambda self, what: woken.append(what))
        with transaction.atomic():
            opened(cast)
            transaction.set_rollback(True)
        assert woken == []

    def test_a_lost_connection_delays_no_second_wake_up(self, committed: str) -> None:
        cast = Cast()
        with self.listener(committed) as listening:
            opened(cast)
            next(listening.notifies(timeout=60, stop_after=1))
            with connections["owner"].cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND query LIKE 'SELECT pg_notify%'"
                )
            routed(cast)
            assert next(listening.notifies(timeout=60, stop_after=1)).channel == CHANNEL


def test_the_worker_removes_old_lines() -> None:
    assert announcements.purge in {job.run for job in jobs()}


def test_a_position_is_refused_before_the_lines_after_it_are_removed() -> None:
    assert announcements.RESUMABLE_FOR < announcements.KEPT_FOR
