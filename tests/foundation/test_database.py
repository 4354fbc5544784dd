"""The connection: a server that was restarted is noticed before the next request, not by it."""

import pytest
from django.db import connection

from anlan.foundation.database import drop_dead_connections, from_url, set_locally


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def test_a_connection_whose_server_left_is_replaced(committed: str) -> None:
    from django.db import connections

    gone = backend()
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [gone])
        # The server has let go of it once it is no longer listed.
        while True:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s)", [gone])
            if not cursor.fetchone()[0]:
                break
    drop_dead_connections()
    assert backend() != gone


def test_a_living_connection_is_kept(committed: str) -> None:
    before = backend()
    drop_dead_connections()
    assert backend() == before


@pytest.mark.django_db
def test_a_setting_holds_for_its_transaction_only() -> None:
    from django.db import transaction

    with transaction.atomic():
        set_locally({"app.area": "3301.330106"})
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('app.area', true)")
            assert cursor.fetchone()[0] == "3301.330106"
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.area', true)")
        assert not cursor.fetchone()[0]


@pytest.mark.parametrize("value", ["3301'; DROP TABLE loop_matter; --", "a b", "杭州", "\x00"])
def test_a_value_that_could_be_more_than_a_value_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"app\.area"):
        set_locally({"app.area": value})


def test_an_address_is_taken_apart_with_its_options() -> None:
    parts = from_url("postgresql://anlan:p%40ss@db.example:5433/city?sslmode=require")
    assert (parts["HOST"], parts["PORT"], parts["USER"], parts["PASSWORD"], parts["NAME"]) == (
        "db.example",
        "5433",
        "anlan",
        "p@ss",
        "city",
    )
    assert parts["option:sslmode"] == "require"
