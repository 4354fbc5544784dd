"""What is written stays written: the application's own role can't change or remove it, by no statement."""

from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction

from anlan.city.areas.models import Area, AreaChange
from anlan.loop import clock
from anlan.loop.models import DailyDigest, Event, Look, Party, Submission
from tests.cast import Cast
from tests.loop.stories import everything, opened

TABLES = {
    "loop_event": "kind = 'x'",
    "loop_look": "purpose = 'x'",
    "loop_submission": "body = '\\x00'",
    "loop_dailydigest": "matters = 0",
    "areas_areachange": "reason = 'x'",
}


@pytest.fixture
def written(cast: Cast) -> None:
    matter = opened(
        cast,
        parties=[person := Party(part="reporter", phone="13800000001")],
        submission=Submission(key=b"\x01", body=b"\x02", at=clock.now()),
    )
    with everything():
        Look.objects.create(
            matter=matter,
            area=matter.area,
            party=person,
            account_id=cast.chen.account_id,
            role="DISPATCHER",
            at=clock.now(),
            purpose="回访",
        )
    DailyDigest.objects.create(day=date(2026, 3, 2), matters=1, events=1, root=b"\x01", made_at=clock.now())
    AreaChange.objects.create(
        area=Area.objects.get(code="3301"),
        kind="created",
        effective_on=date(2020, 1, 1),
        recorded_at=clock.now(),
        reason="初始",
    )


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {table} SET {change}",
        "DELETE FROM {table}",
        "TRUNCATE {table} CASCADE",
        "INSERT INTO {table} SELECT * FROM {table} ON CONFLICT DO UPDATE SET {change}",
        "MERGE INTO {table} t USING {table} s ON true WHEN MATCHED THEN DELETE",
        "ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
        "DROP TABLE {table} CASCADE",
        "GRANT ALL ON {table} TO CURRENT_USER",
    ],
)
def test_the_application_can_not_change_what_is_written(table: str, statement: str) -> None:
    sql = statement.format(table=table, change=TABLES[table])
    if "ON CONFLICT" in sql:
        sql = sql.replace("ON CONFLICT", f"ON CONFLICT ({_key(table)})")
    with everything():
        before = _rows(table)
        assert before
        if statement.startswith("GRANT"):
            # PostgreSQL answers who has no right to grant with a warning, and grants nothing.
            _execute(sql)
            sql = f"DELETE FROM {table}"
        with pytest.raises(DatabaseError, match=r"permission denied|must be owner"):
            _execute(sql)
        assert _rows(table) == before


def _execute(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def _key(table: str) -> str:
    return {"loop_event": "matter_id, seq", "loop_submission": "key", "loop_dailydigest": "day"}.get(table, "id")


def _rows(table: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT t::text FROM {table} t ORDER BY 1")
        return list(cursor.fetchall())


@pytest.mark.usefixtures("written")
def test_the_same_line_number_is_never_written_twice(cast: Cast) -> None:
    with everything():
        event = Event.objects.get()
        with pytest.raises(DatabaseError, match="loop_event_pkey"), transaction.atomic():
            Event.objects.bulk_create([event])


@pytest.mark.django_db
def test_the_application_is_no_superuser_and_passes_no_policy() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        )
        assert not any(cursor.fetchone())
        cursor.execute("SELECT count(*) FROM pg_tables WHERE tableowner = current_user")
        assert cursor.fetchone() == (0,)
