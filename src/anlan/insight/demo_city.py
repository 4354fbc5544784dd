"""The demo city: a database made anew, and each room's own part of the city built into it."""

import functools
from collections.abc import Callable, Iterator
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.core.management import call_command
from django.db import connections

from anlan.foundation.database import APPLICATION, OWNER

MARK = "anlan demo city"

Build = Callable[..., None]


class NotADemo(Exception):
    """The database holds a city that is not a demo; it is not touched."""


def start_over() -> None:
    """Empty the database and make its tables. Raises NotADemo where it holds anything but a demo."""
    with connections[OWNER].cursor() as cursor:
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
        )
        mark = cursor.fetchone()[0]
        cursor.execute("SELECT to_regclass('loop_matter') IS NOT NULL")
        in_use = cursor.fetchone()[0] and _holds_a_city()
        if in_use and mark != MARK:
            raise NotADemo(
                "this database holds a city that is not a demo; set ANLAN_HOME (or DATABASE_URL) to an empty place"
            )
        name = connections[OWNER].ops.quote_name(connections[OWNER].settings_dict["NAME"])
        cursor.execute(f"COMMENT ON DATABASE {name} IS '{MARK}'")
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
    # What was prepared or cached belongs to tables that are gone.
    connections[APPLICATION].close()
    connections[OWNER].close()
    call_command("migrate", verbosity=0)
    connections[OWNER].close()


def build(*, seed: int, at: datetime, progress: Callable[[str, int, int], None]) -> None:
    """Let every installed room that has a `demo` module build its part, in the order of the floors.

    `progress(room, done, of)` is called as it goes.
    """
    for room, part in _parts():
        part(seed=seed, at=at, progress=functools.partial(progress, room))


def _parts() -> Iterator[tuple[str, Build]]:
    for app in apps.get_app_configs():
        if app.name.startswith("anlan.") and find_spec(f"{app.name}.demo"):
            yield str(app.verbose_name), import_module(f"{app.name}.demo").build


def _holds_a_city() -> bool:
    with connections[OWNER].cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM areas_area) OR EXISTS (SELECT FROM loop_matter)")
        return bool(cursor.fetchone()[0])
