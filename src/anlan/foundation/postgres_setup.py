"""What the embedded PostgreSQL is told: its settings, its two roles, its database."""

import locale
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg import sql

# Needed by Anlan, and by its test databases, which the owner (no superuser) makes from template1.
EXTENSIONS = ("ltree", "pg_trgm", "btree_gist")
OPTIONAL_EXTENSIONS = ("vector",)

# anlan_owner makes and changes tables; anlan_app is what the application works as, under row-level security.
ROLES = {
    "anlan_owner": "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE CREATEDB",
    "anlan_app": "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB",
}

# For a laptop: little memory, yet every commit is on the disk before it is answered (fsync is on by default).
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "wal_compression": "on",
    "jit": "off",
    "timezone": "UTC",
    "lc_messages": "C",
    "default_text_search_config": "pg_catalog.simple",
    # A week of logs, one file a day.
    "logging_collector": "on",
    "log_filename": "postgresql-%a.log",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "on",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
    "log_min_messages": "warning",
    # Statements, their parameters and the rows in error details hold personal data: none of them is logged.
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}


def configuration(*, sockets: Path, port: str, logs: Path) -> str:
    """The text of postgresql.conf; `ALTER SYSTEM` still overrides it."""
    settings = SETTINGS | {
        "port": port,
        "unix_socket_directories": f'"{sockets}"',  # a list: the double quotes keep spaces and commas whole
        "log_directory": str(logs),
    }
    lines = [f"{name} = {_quoted(value)}" for name, value in settings.items()]
    return "\n".join(["# Written by Anlan at each start: changes belong into ALTER SYSTEM.", *lines, ""])


def ctype() -> str:
    """A character classification that knows Chinese letters: under plain C, pg_trgm finds nothing in them."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "en_US.UTF-8", "UTF-8"):
            try:
                locale.setlocale(locale.LC_CTYPE, name)
            except locale.Error:
                continue
            return name
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return "C"


def prepare(connect: Callable[[str, str], psycopg.Connection], done: Path) -> None:
    """Make the roles, the extensions and the database, once: `done` is written last and names it all."""
    what = " ".join(["anlan", *ROLES, "member", *EXTENSIONS, *OPTIONAL_EXTENSIONS]) + "\n"
    if done.exists() and done.read_text() == what:
        return
    with connect("postgres", "template1") as template:
        for role, attributes in ROLES.items():
            if not _exists(template, "pg_roles", "rolname", role):
                template.execute(sql.SQL("CREATE ROLE {} ").format(sql.Identifier(role)) + sql.SQL(attributes))
        # The owner of the tables may do whatever the application may, and end its sessions (to drop a database).
        template.execute("GRANT anlan_app TO anlan_owner")
        _add_extensions(template)
        database_exists = _exists(template, "pg_database", "datname", "anlan")
    with connect("postgres", "postgres") as server:
        if not database_exists:
            server.execute("CREATE DATABASE anlan OWNER anlan_owner TEMPLATE template1")
    with connect("postgres", "anlan") as database:
        _add_extensions(database)
    done.write_text(what)


def _add_extensions(connection: psycopg.Connection) -> None:
    for name in (*EXTENSIONS, *OPTIONAL_EXTENSIONS):
        if name in EXTENSIONS or _exists(connection, "pg_available_extensions", "name", name):
            connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name)))


def _exists(connection: psycopg.Connection, table: str, column: str, value: str) -> bool:
    query = sql.SQL("SELECT FROM {} WHERE {} = %s").format(sql.Identifier(table), sql.Identifier(column))
    return connection.execute(query, [value]).fetchone() is not None


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
