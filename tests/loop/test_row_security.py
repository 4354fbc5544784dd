"""The second lock: the database itself shows a transaction only what it has named, whatever the query asks for."""

from uuid import uuid4

import pytest
from django.apps import apps
from django.db import DatabaseError, ProgrammingError, connection, transaction

from anlan.city.people.access import Scope, bearer, scope_of, scoped, system
from anlan.foundation.identifiers import new_id
from anlan.foundation.sealing.fields import blind_index
from anlan.loop import clock, engine, verbs
from anlan.loop.models import Attachment, Deadline, Look, Matter, Party
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import CUIYUAN, DISTRICT, GRID, WENXIN, Cast, lamp
from tests.loop.stories import assigned, everything, opened

SCOPED = ("matter", "event", "deadline", "party", "look", "attachment", "notice")
OPEN = {"loop_submission", "loop_dailydigest", "loop_noticesread", "loop_savedfilter", "loop_export"}
"""Digests of keys and of days, up to when somebody has read, how they look at lists: nothing that a matter holds."""
SETTINGS = ("app.area", "app.units", "app.matter", "app.reporter", "app.tracking")


def count(table: str) -> int:
    """By raw SQL, as somebody would who forgot every rule."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM loop_{table}")
        return int(cursor.fetchone()[0])


def changed_by(statement: str) -> int:
    """How many rows a statement changed; none where the table is append-only."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.rowcount
    except ProgrammingError:
        return 0


def settings() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"coalesce(current_setting('{name}', true), '')" for name in SETTINGS))
        return list(cursor.fetchone())


@pytest.fixture
def full(cast: Cast) -> Matter:
    """A matter with a row in every table."""
    person = Party(part="reporter", name="王奶奶", phone="13800000001")
    file = Attachment(digest="0" * 64, name="灯.jpg", media_type="image/jpeg", size=1)
    matter = assigned(cast, parties=[person])
    engine.note(matter.id, "灯杆 12 号", by=cast.wang, attachments=[file])
    with scoped(scope_of(cast.chen)):
        Look.objects.create(
            matter=matter,
            area=matter.area,
            party=person,
            account_id=cast.chen.account_id,
            role="DISPATCHER",
            at=clock.now(),
            purpose="回访",
        )
    return matter


@pytest.mark.django_db
def test_every_table_of_the_loop_is_either_scoped_or_known_to_be_open() -> None:
    tables = {model._meta.db_table for model in apps.get_app_config("loop").get_models()}
    assert tables >= {f"loop_{table}" for table in SCOPED} | OPEN
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'loop\\_%' AND NOT relrowsecurity"
        )
        assert {name for (name,) in cursor.fetchall()} == OPEN


@pytest.mark.parametrize("table", SCOPED)
def test_without_a_scope_there_is_nothing(full: Matter, table: str) -> None:
    assert count(table) == 0
    with scoped(Scope()):
        assert count(table) == 0


@pytest.mark.parametrize("table", SCOPED)
def test_in_its_own_area_there_is_something_and_in_a_foreign_one_nothing(cast: Cast, full: Matter, table: str) -> None:
    with scoped(scope_of(cast.chen)):
        assert count(table) > 0
    with scoped(scope_of(cast.zhou)):
        assert count(table) == 0


@pytest.mark.parametrize("table", SCOPED)
def test_nothing_is_changed_or_removed_outside_the_scope(cast: Cast, full: Matter, table: str) -> None:
    with everything():
        before = count(table)
    for statement in (f"UPDATE loop_{table} SET area = '{CUIYUAN}'", f"DELETE FROM loop_{table}"):
        with scoped(scope_of(cast.zhou)):
            assert changed_by(statement) == 0
    with scoped(scope_of(cast.chen)):
        assert count(table) == before


def test_a_row_can_not_be_put_into_a_foreign_area(cast: Cast, full: Matter) -> None:
    with (
        scoped(scope_of(cast.zhou)),
        pytest.raises(DatabaseError, match="row-level security"),
        transaction.atomic(),
    ):
        Party.objects.create(matter_id=full.id, area=full.area, part="other")


def test_a_row_can_not_be_moved_out_of_sight(cast: Cast, full: Matter) -> None:
    with (
        scoped(scope_of(cast.chen)),
        pytest.raises(DatabaseError, match="row-level security"),
        transaction.atomic(),
    ):
        Party.objects.filter(matter=full).update(area=CUIYUAN)


def test_without_a_scope_nothing_can_be_put_anywhere(cast: Cast, full: Matter) -> None:
    with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        Party.objects.create(matter_id=full.id, area=full.area, part="other")


@pytest.mark.parametrize("table", SCOPED)
def test_a_shared_matter_is_visible_as_itself_with_its_clocks_and_not_yet_all_that_belongs_to_it(
    cast: Cast, full: Matter, table: str
) -> None:
    """The helping area finds the matter and its clocks, as its lists show them, and the notice that its own desk was
    given; opening the matter names it, and then it shows what belongs to it."""
    verbs.share(full.id, with_area=CUIYUAN, by=cast.chen, reason="交界处")
    with scoped(scope_of(cast.zhou)):
        assert (count(table) > 0) == (table in ("matter", "deadline", "notice"))
    with scoped(Scope(areas=cast.zhou.areas, matter=full.id)):
        assert count(table) > 0


def test_whoever_helps_finds_ended_clocks_and_those_that_begin_later(cast: Cast) -> None:
    matter = assigned(cast)
    engine.advance(matter.id, "accept", by=cast.li)
    verbs.share(matter.id, with_area=CUIYUAN, by=cast.chen, reason="交界处")
    with scoped(scope_of(cast.zhou)):
        before = set(Deadline.objects.values_list("name", "met"))
    assert ("respond", True) in before
    engine.advance(matter.id, "arrive", by=cast.li)
    engine.advance(matter.id, "resolve", by=cast.li, told={"outcome": "solved", "text": "换了灯泡"})
    with scoped(scope_of(cast.zhou)):
        assert Deadline.objects.filter(name="rating_window", ended_at=None).exists()


def test_clocks_of_a_shared_matter_that_moved_on_stay_with_whoever_helps(cast: Cast) -> None:
    matter = opened(cast)
    verbs.share(matter.id, with_area=CUIYUAN, by=cast.chen, reason="交界处")
    verbs.hand_over(matter.id, to_area=DISTRICT, by=cast.chen, reason="属地有误")
    with scoped(scope_of(cast.zhou)):
        assert count("deadline") > 0
    with scoped(scope_of(cast.chen)):
        assert count("deadline") == 0


def test_the_tracking_code_shows_just_its_one_matter(cast: Cast) -> None:
    mine = engine.open_matter(Dispatching, lamp(), by=system())
    opened(cast)
    index = blind_index("code", mine.code)
    with scoped(scope_of(bearer(index))):
        assert [matter.id for matter in Matter.objects.all()] == [mine.matter.id]
        assert count("event") == 0
    with scoped(scope_of(bearer(b"\x00" * 32))):
        assert count("matter") == 0


def test_a_resident_sees_their_own_reports_and_no_others(cast: Cast) -> None:
    mine = opened(cast)
    engine.open_matter(Dispatching, lamp(), by=system())
    with scoped(scope_of(cast.wang)):
        assert [matter.id for matter in Matter.objects.all()] == [mine.id]


def test_one_matter_by_its_identifier_shows_that_one_only(cast: Cast) -> None:
    one, other = opened(cast), opened(cast)
    with scoped(Scope(matter=one.id)):
        assert set(Matter.objects.values_list("id", flat=True)) == {one.id}
        assert count("event") == 1
    with scoped(Scope(matter=uuid4())):
        assert count("matter") == count("event") == 0
    assert other.id != one.id


@pytest.mark.parametrize("area", ["", "33", "3301.33010", f"{GRID}.1", "3302"])
def test_a_path_that_only_looks_like_the_area_above_shows_nothing(cast: Cast, area: str) -> None:
    opened(cast)
    with scoped(Scope(areas=(area,) if area else ())):
        assert count("matter") == 0


@pytest.mark.parametrize("area", ["'; SET LOCAL app.area = '3301", "3301' OR '1'='1", "%s", "{}", '"'])
def test_a_hostile_path_never_reaches_the_server(cast: Cast, area: str) -> None:
    opened(cast)
    with pytest.raises(ValueError, match=r"app\.area"), scoped(Scope(areas=(area,))):
        count("matter")
    assert count("matter") == 0


class TestNothingLeaks:
    def test_out_of_a_transaction(self, cast: Cast) -> None:
        scope = Scope((WENXIN,), (new_id(),), new_id(), new_id(), b"\x01" * 32)
        with scoped(scope):
            assert all(settings())
        assert not any(settings())

    def test_out_of_an_inner_scope(self, cast: Cast) -> None:
        with scoped(Scope((WENXIN,))):
            with scoped(Scope((CUIYUAN,), matter=new_id())):
                assert settings()[0] == CUIYUAN
            assert settings() == [WENXIN, *[""] * 4]
        assert not any(settings())

    def test_out_of_an_inner_scope_that_failed(self, cast: Cast) -> None:
        with scoped(Scope((WENXIN,))):
            with pytest.raises(ZeroDivisionError), scoped(Scope((CUIYUAN,), matter=new_id())):
                _ = 1 / 0
            assert settings() == [WENXIN, *[""] * 4]
        assert not any(settings())

    def test_out_of_an_inner_scope_whose_query_failed(self, cast: Cast) -> None:
        with scoped(Scope((WENXIN,))):
            with pytest.raises(DatabaseError), scoped(Scope((CUIYUAN,))), connection.cursor() as cursor:
                cursor.execute("SELECT 1/0")
            assert settings() == [WENXIN, *[""] * 4]

    def test_out_of_a_scope_that_fails_after_one_inside_it_succeeded(self, cast: Cast) -> None:
        def inner_then_fail() -> None:
            with scoped(Scope((CUIYUAN,))):
                with scoped(Scope((GRID,))):
                    assert settings()[0] == GRID
                assert settings()[0] == CUIYUAN
                _ = 1 / 0

        with scoped(Scope((WENXIN,))):
            with pytest.raises(ZeroDivisionError):
                inner_then_fail()
            assert settings()[0] == WENXIN

    def test_into_the_next_transaction_of_the_same_connection(self, committed: str) -> None:
        cast = Cast()
        opened(cast)
        with scoped(scope_of(cast.chen)):
            assert count("matter") == 1
        assert not any(settings())
        assert count("matter") == 0
        with pytest.raises(ZeroDivisionError), scoped(scope_of(cast.chen)):
            _ = 1 / 0
        assert not any(settings())
        assert count("matter") == 0
