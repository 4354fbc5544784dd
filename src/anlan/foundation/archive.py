"""One archive that holds everything but the secrets: the database, the files, and a manifest.

A tar of `database.dump` (pg_dump's custom format), `files/…` (the file store) and, last, `manifest.json` with
the SHA-256 of each member and the number of rows of each table. The dump is taken from one snapshot, the rows are
counted in the same, and the files are copied after it: a file is stored before the row that names it, so each is
there.

The secrets (`secrets.json`, or ANLAN_SECRET_KEY and ANLAN_SEALING_KEYS) are not in it: whoever finds a lost
archive must not be able to open the sealed fields. They are kept apart, and without them those stay shut.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import psycopg
from django.db import connections, transaction
from psycopg import sql
from psycopg.conninfo import make_conninfo
from pydantic import BaseModel, ConfigDict, ValidationError

from anlan.foundation import postgres
from anlan.foundation.database import OWNER
from anlan.foundation.file_store import CHUNK_BYTES, FileStore
from anlan.foundation.postgres_setup import EXTENSIONS
from anlan.foundation.row_security import APP_ROLE, Privileges

FORMAT = 1
DUMP, FILES, MANIFEST = "database.dump", "files", "manifest.json"
_FILE = re.compile(rf"{FILES}/[0-9a-f]{{2}}/[0-9a-f]{{2}}/(?P<digest>[0-9a-f]{{64}})")
# Made by the server's administrator or by `_prepare`, not by the archive.
_KEY_OR_INDEX = re.compile(r"^\d+; \d+ \d+ (?:CONSTRAINT|INDEX(?! ATTACH)) \S+ (.+) \S+$")
_ATTACHED = re.compile(r"^\d+; \d+ \d+ INDEX ATTACH \S+ (\S+) \S+$")
_NOT_OURS = re.compile(r"^\d+; \d+ \d+ (EXTENSION|COMMENT - EXTENSION|SCHEMA|COMMENT - SCHEMA|DEFAULT ACL) ")

Progress = Callable[[str, int], None]
"""Hears what has been done: the member, and how many more of its bytes."""


class ArchiveError(Exception):
    """The archive can't be written, read or put back; the message says why and what to do."""


class Manifest(BaseModel):
    """What an archive says of itself. `members`: SHA-256 by name; `tables`: rows by table."""

    model_config = ConfigDict(frozen=True)

    format: int
    version: str
    made_at: datetime
    members: dict[str, str]
    tables: dict[str, int]
    digest: dict[str, Any] | None = None


def back_up(target: Path, files: Path, *, version: str, digest: dict[str, Any] | None, progress: Progress) -> Manifest:
    """Write the archive, whole or not at all. `digest`: the latest published one, for the manifest."""
    if target.exists():
        raise ArchiveError(f"{target} is there already; choose another name")
    try:
        # A private folder beside it: linking is atomic there, and nobody else reads along.
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
            draft, dump, made_at = Path(folder) / "draft.tar", Path(folder) / DUMP, datetime.now(UTC)
            tables, members = _dump(dump), {}
            with draft.open("wb") as file, tarfile.open(fileobj=file, mode="w") as tar:
                for name, path in [(DUMP, dump), *_stored(files)]:
                    members[name] = _add(tar, name, path, progress)
                manifest = Manifest(
                    format=FORMAT, version=version, made_at=made_at, members=members, tables=tables, digest=digest
                )
                text = Path(folder) / MANIFEST
                text.write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
                _add(tar, MANIFEST, text, progress)
            draft.chmod(0o600)
            with draft.open("rb") as written:
                os.fsync(written.fileno())
            os.link(draft, target)
    except FileExistsError:
        raise ArchiveError(f"{target} is there already; choose another name") from None
    except OSError as error:
        raise ArchiveError(f"{target} cannot be written: {error.strerror}") from error
    return manifest


def _stored(files: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(files.glob("??/??/*")):
        if _FILE.fullmatch(name := f"{FILES}/{path.relative_to(files).as_posix()}"):
            yield name, path


def _add(tar: tarfile.TarFile, name: str, path: Path, progress: Progress) -> str:
    """Add one file; returns its SHA-256."""
    with path.open("rb") as file:
        member = tar.gettarinfo(arcname=name, fileobj=file)
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        member.mode = 0o600
        hashed = _sha256(file)
        file.seek(0)
        tar.addfile(member, file)
    progress(name, member.size)
    return hashed


def _sha256(content: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := content.read(CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()


def check(source: Path, progress: Progress) -> Manifest:
    """Read a whole archive and compare it with its manifest. Raises ArchiveError where they differ."""
    found: dict[str, str] = {}
    manifest: Manifest | None = None
    with _opened(source) as tar:
        for member, content in _members(tar):
            if member.name == MANIFEST:
                manifest = _manifest(content.read())
            elif member.name == DUMP or _FILE.fullmatch(member.name):
                found[member.name] = _sha256(content)
            else:
                raise ArchiveError(f"{source} holds {member.name!r}, which is no part of a backup")
            progress(member.name, member.size)
    if manifest is None:
        raise ArchiveError(f"{source} has no {MANIFEST}: it is no backup, or its end is missing")
    for name in sorted(manifest.members.keys() | found.keys()):
        if manifest.members.get(name) != found.get(name):
            raise ArchiveError(f"{source} is damaged: {name} is not what was backed up")
    if DUMP not in found:
        raise ArchiveError(f"{source} holds no database")
    return manifest


def _manifest(text: bytes) -> Manifest:
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        raise ArchiveError(f"{MANIFEST} is damaged") from error
    if manifest.format != FORMAT:
        raise ArchiveError(f"its format is {manifest.format}, not {FORMAT}: use release {manifest.version} of Anlan")
    return manifest


@contextmanager
def _opened(source: Path) -> Iterator[tarfile.TarFile]:
    """An archive to read; whatever of it can't be read is an ArchiveError."""
    try:
        with tarfile.open(source, mode="r:") as tar:
            yield tar
    except (tarfile.TarError, EOFError) as error:
        raise ArchiveError(f"{source} is damaged, or no backup: {error}") from error
    except OSError as error:
        raise ArchiveError(f"{source} cannot be read: {error.strerror or error}") from error


def _members(tar: tarfile.TarFile) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    for member in tar:
        content = tar.extractfile(member) if member.isreg() else None
        if content is None:
            raise ArchiveError(f"the archive holds {member.name!r}, which is no plain file")
        yield member, content


def put_back(source: Path, manifest: Manifest, files: Path, progress: Progress) -> None:
    """Replace the database by the archive's, in one transaction, and add its files. `check` it first.

    Files that are here already stay: a file is named by its content.
    """
    store = FileStore(files)
    with tempfile.TemporaryDirectory(dir=files) as folder:
        with _opened(source) as tar:
            for member, content in _members(tar):
                if member.name == DUMP:
                    with (Path(folder) / DUMP).open("wb") as dump:
                        shutil.copyfileobj(content, dump, CHUNK_BYTES)
                elif name := _FILE.fullmatch(member.name):
                    _store(content, store.path(name["digest"]), Path(folder))
                progress(member.name, member.size)
        _restore(Path(folder) / DUMP)
    now = {table: rows for table, rows in rows_by_table().items() if table in manifest.tables}
    if now != manifest.tables:
        wrong = next(table for table, rows in manifest.tables.items() if now.get(table) != rows)
        raise ArchiveError(f"{wrong} has {now.get(wrong)} rows, and had {manifest.tables[wrong]} when it was backed up")


def _store(content: IO[bytes], target: Path, folder: Path) -> None:
    draft = folder / "file"
    with draft.open("wb") as file:
        shutil.copyfileobj(content, file, CHUNK_BYTES)
        file.flush()
        os.fsync(file.fileno())
    target.parent.mkdir(parents=True, exist_ok=True)
    draft.replace(target)


def rows_by_table() -> dict[str, int]:
    """The number of rows of each of our tables, as the owner sees them."""
    with transaction.atomic(using=OWNER):
        return _rows(_owner())


def _owner() -> "psycopg.Connection[Any]":
    """The owner's connection as psycopg has it."""
    connections[OWNER].ensure_connection()
    connection = connections[OWNER].connection
    assert isinstance(connection, psycopg.Connection)
    return connection


def _rows(connection: "psycopg.Connection[Any]") -> dict[str, int]:
    with psycopg.Cursor(connection) as cursor:
        tables = cursor.execute(
            "SELECT c.relname FROM pg_class c "
            "WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace "
            "AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY 1"
        ).fetchall()
        counts = {}
        for (table,) in tables:
            row = cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
            counts[table] = int(row[0]) if row else 0
    return counts


def _dump(target: Path) -> dict[str, int]:
    """Dump the database; returns the rows of each table in the very state that was dumped."""
    with transaction.atomic(using=OWNER):
        connection = _owner()
        with psycopg.Cursor(connection) as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            row = cursor.execute("SELECT pg_export_snapshot()").fetchone()
        assert row is not None
        tables = _rows(connection)
        _run("pg_dump", "--format=custom", f"--snapshot={row[0]}", f"--file={target}")
    return tables


def _restore(dump: Path) -> None:
    contents = dump.with_name("contents")
    listed = _run("pg_restore", "--list", str(dump), connect=False)
    ours = [line for line in listed.splitlines() if not _NOT_OURS.match(line)]
    contents.write_text("\n".join(_partitions_first(ours)))
    in_archive = set(re.findall(r"^\d+; \d+ \d+ TABLE \S+ (\S+)", listed, flags=re.MULTILINE))
    if foreign := sorted(rows_by_table().keys() - in_archive):
        raise ArchiveError(
            f"the database has tables that the backup does not know ({', '.join(foreign[:3])}): "
            "restore into an empty database, or with the release that made the backup"
        )
    with _own_privileges():
        _run(
            *("pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error"),
            *(f"--use-list={contents}", str(dump)),
        )
    # What was prepared or cached against the tables of before is void.
    connections.close_all()


def _partitions_first(entries: Sequence[str]) -> list[str]:
    """A partition's keys and indexes before those of its table.

    What is there is dropped in the opposite order, and the one of the table has to go first: it takes them along.
    """
    attached = {found[1] for entry in entries if (found := _ATTACHED.match(entry))}
    of_partitions = [
        entry for entry in entries if (found := _KEY_OR_INDEX.match(entry)) and found[1].split()[-1] in attached
    ]
    if not of_partitions:
        return list(entries)
    first = next(place for place, entry in enumerate(entries) if _KEY_OR_INDEX.match(entry))
    moved = set(of_partitions)
    return [*entries[:first], *of_partitions, *(entry for entry in entries[first:] if entry not in moved)]


@contextmanager
def _own_privileges() -> Iterator[None]:
    """Make the role and the extensions, and let tables made meanwhile have the privileges of the archive only.

    With the ordinary default privileges in force, a restored history could be changed by the application: the
    archive grants what is allowed, and takes nothing away.
    """
    privileges = str(Privileges().sql)
    with connections[OWNER].cursor() as cursor:
        cursor.execute(privileges)
        for extension in EXTENSIONS:
            cursor.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
        for kind in ("TABLES", "SEQUENCES"):
            cursor.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON {kind} FROM {APP_ROLE}")
    # The tables are to be dropped: nobody here may still hold one.
    connections.close_all()
    try:
        yield
    finally:
        with connections[OWNER].cursor() as cursor:
            cursor.execute(privileges)


def _run(program: str, *arguments: str, connect: bool = True) -> str:
    """Run a program of PostgreSQL against the owner's database; returns what it printed."""
    path = _program(program)
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    # A server that was not stopped, and holds a table, is to be told of and not waited for.
    surroundings["PGOPTIONS"] = "-c lock_timeout=30s"
    if connect:
        parameters = connections[OWNER].get_connection_params()
        known = {default.keyword.decode() for default in psycopg.pq.Conninfo.get_defaults()}
        given = {name: value for name, value in parameters.items() if name in known and value not in ("", None)}
        surroundings["PGPASSWORD"] = str(given.pop("password", ""))
        arguments = (f"--dbname={make_conninfo(**given)}", *arguments)
    done = subprocess.run([path, *arguments], env=surroundings, capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        raise ArchiveError(f"{program}: {done.stderr.strip()}")
    return done.stdout


def _program(name: str) -> str:
    """The embedded server's own program, or the one on the PATH if it is not older than the server."""
    if server := postgres.current():
        return str(server.binary(name))
    path = shutil.which(name)
    needed = _owner().info.server_version // 10_000
    if path is None:
        raise ArchiveError(f"{name} is not on the PATH: install the client programs of PostgreSQL {needed} or later")
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"(\d+)", said)
    if version is None or int(version[1]) < needed:
        raise ArchiveError(f"{path} is {said.strip()}, the server is PostgreSQL {needed}: install that or later")
    return path
