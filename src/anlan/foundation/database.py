"""The two ways into one database, and the router that keeps them apart.

`default` is the application's role: it owns nothing, sees only rows in scope, and can't change history. `owner`
owns the tables; migrations, verification and backup go through it.
"""

import re
import select
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.db import connection, connections
from psycopg import OperationalError
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn

from anlan.foundation.environment import Environment
from anlan.foundation.postgres import Server
from anlan.foundation.row_security import APP_ROLE

APPLICATION = "default"
OWNER = "owner"
OWNER_ROLE = "anlan_owner"
_HARMLESS = re.compile(r"[0-9A-Za-z.,-]*")

_COMMON = {
    "ENGINE": "django.db.backends.postgresql",
    "CONN_MAX_AGE": None,
    # `drop_dead_connections` looks at the socket instead of asking the server at every request.
    "CONN_HEALTH_CHECKS": False,
    "ATOMIC_REQUESTS": False,
    "AUTOCOMMIT": True,
    "TIME_ZONE": None,
}
# Prepared statements save a third of the processor time; they need both of these.
_PREPARED = {"server_side_binding": True, "prepare_threshold": 3}


def databases(environment: Environment, server: Server | None) -> dict[str, dict[str, Any]]:
    """Django's DATABASES: DATABASE_URL where given, else the embedded server, else nothing to connect to."""
    if environment.database_url is None:
        if server is None:
            return {APPLICATION: _connection({}), OWNER: _connection({})}
        return {
            APPLICATION: _connection(server.url(APP_ROLE)),
            OWNER: _connection(server.url(OWNER_ROLE)),
        }
    owner = from_url(environment.database_url)
    if environment.database_app_url is not None:
        return {APPLICATION: _connection(from_url(environment.database_app_url)), OWNER: _connection(owner)}
    # One login only: the application's connections give up the owner's rights as they start.
    application = _connection(owner)
    application["OPTIONS"]["options"] = f"-c role={APP_ROLE}"
    return {APPLICATION: application, OWNER: _connection(owner)}


def from_url(url: str) -> dict[str, str]:
    """`postgresql://user:password@host:port/name?sslmode=…` as Django's parts."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    return {
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(query.pop("host", parts.hostname or "")),
        "PORT": str(parts.port or ""),
        **{f"option:{name}": value for name, value in query.items()},
    }


def _connection(parts: dict[str, str]) -> dict[str, Any]:
    options = {name.removeprefix("option:"): v for name, v in parts.items() if name.startswith("option:")}
    plain = {name: value for name, value in parts.items() if not name.startswith("option:")}
    return {**_COMMON, **plain, "OPTIONS": {**_PREPARED, **options}}


def set_locally(settings: Mapping[str, str]) -> None:
    """Set parameters for the rest of the running transaction, in one message together with its BEGIN.

    Values are literals: `SET LOCAL` takes no parameter, and `set_config()` would not reach the other nodes of a
    distributed database. They may hold digits, letters, dots, commas and dashes; ValueError for anything else.
    """
    statements = []
    for name, value in settings.items():
        if not _HARMLESS.fullmatch(value):
            raise ValueError(f"{name}: {value!r} can't be a setting")
        statements.append(f"SET LOCAL {name} = '{value}'")
    if not statements:
        return
    connection.ensure_connection()
    pgconn = connection.connection.pgconn
    if pgconn.transaction_status == TransactionStatus.IDLE:
        statements.insert(0, "BEGIN")
    # Straight through libpq: as a statement of its own each would cost a round trip, and be prepared in vain.
    with connection.wrap_database_errors:
        result = pgconn.exec_("; ".join(statements).encode())
        if result.status != ExecStatus.COMMAND_OK:
            raise error_from_result(result)


def drop_dead_connections(**_: Any) -> None:
    """Close connections whose server is gone, so that the request that begins now makes a new one."""
    for each in connections.all(initialized_only=True):
        if each.connection is not None and not each.in_atomic_block and _is_dead(each.connection.pgconn):
            each.close()


def _is_dead(pgconn: PGconn) -> bool:
    """A server that left has closed the socket: what is there to read, a farewell perhaps, ends in its end."""
    try:
        socket = select.poll()
        socket.register(pgconn.socket, select.POLLIN)
        while pgconn.status == ConnStatus.OK and socket.poll(0):
            pgconn.consume_input()
    except OperationalError:
        return True
    return bool(pgconn.status != ConnStatus.OK)


class OwnerMigrates:
    """Tables are made and changed through the owner's connection alone."""

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == OWNER

    def allow_relation(self, obj1: Any, obj2: Any, **hints: Any) -> bool:
        # Both aliases are the same database.
        return True
