"""Where a benchmark plays: a database of its own on the same server, dropped at the end whatever happened.

The user's database is never touched; only its server is used, so that the figures are those of the server the user has.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import quote, urlencode

import psutil
import psycopg
from django.core.management import call_command
from django.db import connections

from anlan.city.areas.reference import AreaRow, load
from anlan.foundation import postgres
from anlan.foundation.database import APPLICATION, OWNER
from anlan.foundation.environment import REPOSITORY
from anlan.insight import demo_city
from anlan.loop import clock
from anlan.settings import ENVIRONMENT

ONE_DISTRICT = "330106"
SEED = 7
# What Django's options hold beside the words of an address.
_NOT_IN_AN_ADDRESS = ("server_side_binding", "prepare_threshold", "options")


@dataclass(frozen=True)
class Ground:
    """The throw-away database, to which both of Django's connections point, and an empty home for child processes."""

    database: str
    home: Path

    def build_city(self, *, small: bool) -> None:
        """The demo city, or with `small` one district of it."""
        whole = load()
        rows = [row for row in whole if _in_the_district(row)] if small else whole
        with patch("anlan.city.areas.demo.load", lambda: rows):
            demo_city.build(seed=SEED, at=clock.now(), progress=lambda room, done, of: None)
        self.as_owner("ANALYZE")

    def as_owner(self, statement: str, values: Mapping[str, Any] | None = None) -> None:
        with connections[OWNER].cursor() as cursor:
            cursor.execute(statement, values)

    def count(self, table: str) -> int:
        """All rows, whatever the scope."""
        with connections[OWNER].cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table}")
            return int(cursor.fetchone()[0])

    def environment(self) -> dict[str, str]:
        """For an `anlan` of its own on this database."""
        elsewhere = (postgres.HOME_VARIABLE, "DATABASE_URL", "DATABASE_APP_URL")
        kept = {name: value for name, value in os.environ.items() if name not in elsewhere}
        here = {
            "ANLAN_HOME": str(self.home),
            "ANLAN_ALLOWED_HOSTS": "127.0.0.1",
            # What this process has sealed, that one must be able to open.
            "ANLAN_SEALING_KEYS": ENVIRONMENT.sealing_keys,
            "PYTHONPATH": str(REPOSITORY / "src"),
            "DATABASE_URL": _address(OWNER),
        }
        # With a single login the application takes its role itself.
        if "options" not in connections[APPLICATION].settings_dict["OPTIONS"]:
            here["DATABASE_APP_URL"] = _address(APPLICATION)
        return kept | here

    def postgresql(self) -> str:
        """The server's version."""
        with connections[OWNER].cursor() as cursor:
            cursor.execute("SHOW server_version")
            return str(cursor.fetchone()[0])

    def server_processes(self) -> list[psutil.Process] | None:
        """Every process of the server; None where it isn't one of ours."""
        server = embedded()
        if server is None:
            return None
        first = psutil.Process(int((server.data / "postmaster.pid").read_text().split()[0]))
        return [first, *first.children(recursive=True)]


@contextmanager
def throw_away(name: str) -> Iterator[Ground]:
    """A fresh database with all tables."""
    base, database = connections[OWNER].settings_dict["NAME"], f"bench_{name}_{os.getpid()}"
    home = Path(tempfile.mkdtemp(prefix="anlan-bench-"))
    try:
        _on(base, f'CREATE DATABASE "{database}"')
        try:
            _use(database)
            call_command("migrate", verbosity=0)
            yield Ground(database, home)
        finally:
            _use(base)
            _on(base, f'DROP DATABASE "{database}" WITH (FORCE)')
    finally:
        shutil.rmtree(home)


def embedded() -> postgres.Server | None:
    """The embedded server, where that is the one in use."""
    return postgres.current() if ENVIRONMENT.database_url is None else None


def owner_parameters(**changes: Any) -> dict[str, Any]:
    """How the owner connects, in psycopg's words."""
    given = connections[OWNER].get_connection_params()
    plain = {
        name: value for name, value in given.items() if isinstance(value, str | int) and name not in _NOT_IN_AN_ADDRESS
    }
    return {**plain, **changes}


def _on(database: str, statement: str) -> None:
    with psycopg.connect(**owner_parameters(dbname=database), autocommit=True) as connection:
        connection.execute(statement.encode())


def _use(database: str) -> None:
    for alias in (APPLICATION, OWNER):
        connections[alias].close()
        connections.databases[alias]["NAME"] = database
        connections[alias].settings_dict["NAME"] = database


def _address(alias: str) -> str:
    """A connection as one address, as DATABASE_URL has it."""
    given = connections[alias].settings_dict
    login = quote(given["USER"], safe="") + (f":{quote(given['PASSWORD'], safe='')}" if given["PASSWORD"] else "")
    options = {name: value for name, value in given["OPTIONS"].items() if name not in _NOT_IN_AN_ADDRESS}
    port = f":{given['PORT']}" if given["PORT"] else ""
    query = urlencode({"host": given["HOST"], **options})
    return f"postgresql://{login}@{port}/{quote(given['NAME'], safe='')}?{query}"


def _in_the_district(row: AreaRow) -> bool:
    return row.code.startswith(ONE_DISTRICT) or ONE_DISTRICT.startswith(row.code)
