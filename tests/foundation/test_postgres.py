import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import pq

from anlan.foundation import postgres
from anlan.foundation.postgres import PostgresError, Server

# A user of the server in a process of its own: joins, says so with the server's process id, stays until told.
USER = """
import sys
from pathlib import Path
from anlan.foundation import postgres
server = postgres.ensure(Path(sys.argv[1]))
with server.connect("anlan_app", "anlan") as connection:
    print(connection.execute("SELECT current_user").fetchone()[0], flush=True)
print((server.data / "postmaster.pid").read_text().split()[0], flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def home() -> Iterator[Path]:
    # Not pytest's own directory: it is shut to the user PostgreSQL runs as, each time any pytest starts.
    directory = Path(tempfile.mkdtemp(prefix="anlan-test-"))
    yield directory / "home"
    shutil.rmtree(directory)


def user(home: Path, program: str = USER) -> subprocess.Popen[str]:
    surroundings = {name: value for name, value in os.environ.items() if name != postgres.HOME_VARIABLE}
    surroundings["PYTHONPATH"] = str(Path(postgres.__file__).parents[2])
    return subprocess.Popen(
        [sys.executable, "-c", program, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=surroundings,
    )


def joined(process: subprocess.Popen[str]) -> int:
    """The server's process id, once the user has joined."""
    assert process.stdout is not None
    assert process.stdout.readline() == "anlan_app\n"
    return int(process.stdout.readline())


def send_away(process: subprocess.Popen[str]) -> None:
    process.communicate("\n")
    assert process.returncode == 0


def is_up(home: Path) -> bool:
    return Server(home.resolve()).answers() == pq.Ping.OK


def test_the_server_runs_while_used_and_keeps_its_data(home: Path) -> None:
    with postgres.serve(home) as server:
        with server.connect("anlan_owner", "anlan") as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        assert is_up(home)
    assert not is_up(home)
    with postgres.serve(home) as server, server.connect("anlan_owner", "anlan") as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


def test_four_processes_at_once_on_a_fresh_home_share_one_server(home: Path) -> None:
    users = [user(home) for _ in range(4)]
    assert len({joined(one) for one in users}) == 1
    for one in users:
        send_away(one)
    assert not is_up(home)


def test_a_killed_user_stops_nobody_elses_server_and_the_last_to_leave_does(home: Path) -> None:
    killed, other = user(home), user(home)
    assert joined(killed) == joined(other)
    killed.kill()
    killed.communicate()
    assert is_up(home)
    send_away(other)
    assert not is_up(home)


def test_a_server_whose_only_user_was_killed_is_found_and_used_by_the_next(home: Path) -> None:
    killed = user(home)
    before = joined(killed)
    killed.kill()
    killed.communicate()
    following = user(home)
    assert joined(following) == before
    send_away(following)
    assert not is_up(home)


def test_a_crashed_server_recovers_what_was_committed(home: Path) -> None:
    with postgres.serve(home) as server:
        with server.connect("anlan_owner", "anlan") as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        os.kill(int((server.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    with postgres.serve(home) as server, server.connect("anlan_owner", "anlan") as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


def test_a_pid_file_naming_another_process_does_not_keep_the_server_from_starting(home: Path) -> None:
    with postgres.serve(home) as server:
        pid_file = server.data / "postmaster.pid"
        left_over = pid_file.read_text().split("\n")
    pid_file.write_text("\n".join([str(os.getpid()), *left_over[1:]]))
    with postgres.serve(home):
        assert is_up(home)


def test_a_forked_child_keeps_the_server_after_its_parent_left(home: Path) -> None:
    program = """
import os, sys
from pathlib import Path
from anlan.foundation import postgres
server = postgres.ensure(Path(sys.argv[1]))
if os.fork():
    server.leave()
    print("left", flush=True)
    os._exit(0)
sys.stdin.readline()
with server.connect("anlan_app", "anlan"):
    print("served", flush=True)
"""
    parent = user(home, program)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "left\n"
    assert parent.communicate("\n")[0] == "served\n"
    with postgres.serve(home):  # waits for the child, which holds the start lock while it stops the server
        pass
    assert not is_up(home)


def test_a_started_process_finds_its_parents_server(home: Path) -> None:
    program = """
import subprocess, sys
from pathlib import Path
from anlan.foundation import postgres
postgres.ensure(Path(sys.argv[1]))
child = "from anlan.foundation import postgres; print(postgres.current().home)"
subprocess.run([sys.executable, "-c", child], check=True)
"""
    assert user(home, program).communicate()[0] == f"{home.resolve()}\n"


@pytest.mark.parametrize("name", ["安澜 at home, it's here", "long" * 40])
def test_a_home_with_an_unwieldy_path_works(home: Path, name: str) -> None:
    unwieldy = home / name
    with postgres.serve(unwieldy) as server:
        assert is_up(unwieldy)
        sockets = server.sockets
    assert not is_up(unwieldy)
    if sockets != server.directory:
        sockets.rmdir()


def test_a_home_that_the_servers_shell_would_misread_is_refused(home: Path) -> None:
    with pytest.raises(PostgresError, match="cannot hold the database"), postgres.serve(home / "$HOME"):
        pass


def test_a_socket_directory_that_others_may_enter_is_refused(home: Path) -> None:
    long_home = home / ("long" * 40)
    sockets = Server(long_home.resolve()).sockets
    sockets.mkdir(mode=0o700)
    sockets.chmod(0o777)
    try:
        with pytest.raises(PostgresError, match="mode 0700"), postgres.serve(long_home):
            pass
    finally:
        sockets.rmdir()


def test_data_of_another_major_version_is_refused_in_words(home: Path) -> None:
    with postgres.serve(home) as server:
        pass
    (server.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(PostgresError, match="was made by PostgreSQL 9"), postgres.serve(home):
        pass


def test_a_server_that_cannot_start_shows_the_end_of_its_log(home: Path) -> None:
    with postgres.serve(home) as server:
        pass
    (server.data / "global" / "pg_control").unlink()
    with pytest.raises(PostgresError, match="pg_control"), postgres.serve(home):
        pass


def test_the_server_listens_on_no_network_and_forgets_no_commit(home: Path) -> None:
    with postgres.serve(home) as server, server.connect("anlan_app", "anlan") as connection:
        for setting, value in {"listen_addresses": "", "fsync": "on", "synchronous_commit": "on"}.items():
            assert connection.execute("SELECT current_setting(%s)", [setting]).fetchone() == (value,)


def test_personal_data_in_a_failing_statement_do_not_reach_the_log(home: Path) -> None:
    with postgres.serve(home) as server, server.connect("anlan_owner", "anlan") as connection:
        connection.execute("CREATE TABLE person (phone text CHECK (length(phone) = 11))")
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("INSERT INTO person VALUES ('1380013800')")
    logged = "".join(file.read_text() for file in server.logs.iterdir())
    assert "violates check constraint" in logged
    assert "1380013800" not in logged


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    directory = Path(tempfile.mkdtemp(prefix="anlan-test-"))
    with postgres.serve(directory) as server:
        yield server
    shutil.rmtree(directory)


@pytest.mark.parametrize(("role", "may_create_databases"), [("anlan_owner", True), ("anlan_app", False)])
def test_neither_role_is_a_superuser_or_passes_row_level_security(
    server: Server, role: str, may_create_databases: bool
) -> None:
    query = "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = %s"
    with server.connect(role, "anlan") as connection:
        row = connection.execute(query, [role]).fetchone()
    assert row == (False, False, False, may_create_databases)


def test_the_application_cannot_make_tables(server: Server) -> None:
    with (
        server.connect("anlan_app", "anlan") as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("CREATE TABLE mine ()")


def test_a_database_made_by_the_owner_has_the_extensions(server: Server) -> None:
    with server.connect("anlan_owner", "anlan") as connection:
        connection.execute("CREATE DATABASE test_anlan")
    with server.connect("anlan_owner", "test_anlan") as connection:
        rows = connection.execute("SELECT extname FROM pg_extension").fetchall()
    assert {"ltree", "pg_trgm", "btree_gist"} <= {name for (name,) in rows}


def test_similarity_search_knows_chinese(server: Server) -> None:
    with server.connect("anlan_app", "anlan") as connection:
        row = connection.execute("SELECT similarity('文三路四百号', '文三路四百二十号')").fetchone()
    assert row is not None
    assert row[0] > 0.3


def test_binaries_are_found_by_name_and_unknown_ones_named(server: Server) -> None:
    assert os.access(server.binary("pg_dump"), os.X_OK)
    with pytest.raises(PostgresError, match="pg_nothing"):
        server.binary("pg_nothing")
