"""The database of the tests, and the small cast that plays in them.

Tests run as the application's role in a database of their own, each inside a transaction that is rolled back.
Where real commits are needed (threads, processes, faults) `committed` gives a copy to spoil.
"""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import pytest
from django.conf import settings
from django.utils import translation
from whitenoise.middleware import WhiteNoiseMiddleware

from anlan.foundation import environment, postgres
from anlan.foundation.translations import compile_catalogues

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anlan.settings")
_environment = environment.load()
if _environment.database_url is None:
    postgres.ensure(_environment.home)
compile_catalogues()
django.setup()

# What makes a password slow to guess makes every test that signs in slow too, and no test is about it.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

from anlan.foundation import rules  # noqa: E402 - the apps have to be loaded first

# What a test's city has decided about the rules is the test's own to say: most ask for a rule without a database.
rules.provide(tuple)


def _use(name: str) -> None:
    """Point both connections at a database."""
    from django.db import connections

    for alias in ("default", "owner"):
        connections[alias].close()
        connections.databases[alias]["NAME"] = name
        connections[alias].settings_dict["NAME"] = name


def _owner(statement: str, database: str) -> None:
    from django.db import connections

    connections["owner"].close()
    parameters = {**connections["owner"].get_connection_params(), "dbname": database}
    connection = connections["owner"].get_new_connection(parameters)
    connection.autocommit = True
    connection.execute(statement)
    connection.close()


@pytest.fixture(scope="session")
def shared_directory(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A directory of this run, the same for all its workers."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any, worker_id: str) -> Iterator[None]:
    from django.core.management import call_command
    from django.db import connections

    base = connections.databases["owner"]["NAME"]
    name = f"test_anlan_{os.getpid()}_{worker_id}"
    with django_db_blocker.unblock():
        _owner(f'CREATE DATABASE "{name}"', base)
        _use(name)
        call_command("migrate", verbosity=0)
        from tests.cast import build_town

        build_town()
    yield
    with django_db_blocker.unblock():
        _use(base)
        _owner(f'DROP DATABASE "{name}" WITH (FORCE)', base)


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """A copy of the test database where commits are real; yields its name."""
    from django.db import connections

    base = connections.databases["owner"]["NAME"]
    name = f"{base}_{threading.get_ident() % 100_000}"
    with django_db_blocker.unblock():
        _use(base)
        for alias in ("default", "owner"):
            connections[alias].close()
        _owner(f'CREATE DATABASE "{name}" TEMPLATE "{base}"', "postgres" if base == "postgres" else "template1")
        _use(name)
        try:
            yield name
        finally:
            _use(base)
            _owner(f'DROP DATABASE "{name}" WITH (FORCE)', base)


@pytest.fixture(scope="session", autouse=True)
def _static_files_found_once() -> Iterator[None]:
    """Every `Client()` builds the middleware anew, and looking for each static file again was two thirds of the cost of
    a request. The files are the same for all: the first finds them for the others."""
    find, found = WhiteNoiseMiddleware.add_files_from_finders, {}

    def shared(self: WhiteNoiseMiddleware) -> None:
        if not found:
            find(self)
            found.update(self.files)
        self.files.update(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", shared)
        yield


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    """Tests read what the code says; the Chinese is checked where it is asked for."""
    with translation.override("en"):
        yield


@pytest.fixture
def cast(db: None) -> Any:
    """The people of the stories; see `tests/cast.py`."""
    from tests.cast import Cast

    return Cast()
