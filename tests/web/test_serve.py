"""The server starts only where it can serve, answers, and stops without losing anything."""

import base64
import http.client
import json
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from psycopg import pq

from anlan.foundation.postgres import Server
from tests.faults.house import House, a_house, until


@pytest.fixture(scope="module")
def seeded(shared_directory: Path) -> Iterator[House]:
    with a_house(kept=shared_directory) as house:
        yield house


@pytest.fixture
def house(seeded: House) -> Iterator[House]:
    yield seeded
    if seeded.server is not None and seeded.server.poll() is None:
        seeded.kill()


def spawned(house: House) -> list[psutil.Process]:
    """The web process, the live streams and the worker, without Python's own helper."""
    return [child for child in house.processes() if lives(child) and "spawn_main" in " ".join(child.cmdline())]


def lives(process: psutil.Process) -> bool:
    """A process that ended but whose end nobody has looked at yet does not live."""
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_it_gives_its_address_answers_and_stops_with_everything_it_started(house: House) -> None:
    assert house.start() == f"安澜 Anlan: http://127.0.0.1:{house.port}\n"
    assert house.report("路灯不亮") is not None
    children = spawned(house)
    assert len(children) == 3

    assert house.stop() == 0
    assert not any(map(lives, children))
    assert Server(house.home.resolve()).answers() == pq.Ping.NO_RESPONSE


def test_a_receipt_names_the_address_that_is_really_served(house: House) -> None:
    house.start("--no-worker")
    connection = http.client.HTTPConnection("127.0.0.1", house.port)
    body = json.dumps({"text": "路灯不亮"})
    connection.request("POST", "/api/v1/reports", body, {"Content-Type": "application/json"})
    receipt = json.loads(connection.getresponse().read())
    connection.close()
    assert receipt["track"] == f"http://127.0.0.1:{house.port}/t/{receipt['code']}"
    assert house.stop() == 0


def test_its_metrics_speak_for_the_worker_too(house: House) -> None:
    house.start()
    until(lambda: 'anlan_worker_heartbeat_seconds{job="notices"}' in house.get("/metrics"))
    assert house.report("路灯不亮") is not None
    assert 'anlan_request_seconds_count{method="POST"' in house.get("/metrics")
    assert house.stop() == 0


def test_ctrl_c_stops_it_in_order_too(house: House) -> None:
    house.start()
    assert house.server is not None
    house.server.send_signal(signal.SIGINT)
    house.server.communicate()
    assert house.server.returncode == 0


def test_whoever_is_being_answered_gets_the_answer_before_it_stops(house: House) -> None:
    house.start("--no-worker")
    assert house.server is not None
    holder = house.spawn("-m", "tests.faults.inside", "lock")
    assert holder.stdout is not None
    assert holder.stdout.readline() == "locked\n"
    answers: list[str | None] = []
    client = threading.Thread(target=lambda: answers.append(house.report("停机之前")))
    client.start()
    until(lambda: waiting_for_a_lock(house))

    house.server.terminate()
    holder.communicate("let go\n")
    client.join()
    house.server.communicate()
    assert answers[0] is not None
    assert answers[0] in house.inside("state")["codes"]


def waiting_for_a_lock(house: House) -> bool:
    with Server(house.home.resolve()).connect("anlan_owner", "anlan") as connection:
        return connection.execute("SELECT FROM pg_locks WHERE NOT granted").fetchone() is not None


def test_a_taken_port_is_named(house: House) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        code, said = house.command("serve", "--port", port)
    assert code == 1
    assert f"port {port} on 127.0.0.1 is taken" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("--port", "70000"), "--port: a number from 1 to 65535"),
        (("--threads", "0"), "--threads: a number from 1 to 256"),
        (("--workers", "-1"), "--workers: a number from 1 to 64"),
        (("--live-port", "0"), "--live-port: a number from 1 to 65535"),
        (("--host", "no-such-host.invalid"), "cannot listen on no-such-host.invalid"),
    ],
)
def test_a_wrong_option_is_named(house: House, arguments: tuple[str, str], what: str) -> None:
    code, said = house.command("serve", *arguments)
    assert code == 1
    assert what in said
    assert "Traceback" not in said


def test_keys_that_find_nothing_of_what_is_stored_are_named(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANLAN_SEALING_KEYS", "other:" + base64.b64encode(bytes(32)).decode())
    code, said = house.command("serve")
    assert code == 1
    assert "ANLAN_SEALING_KEYS: " in said
    assert "Traceback" not in said


def test_a_database_without_its_tables_is_not_served(house: House) -> None:
    code, said = house.command("migrate", "sessions", "zero")
    assert code == 0, said
    try:
        code, said = house.command("serve", "--port", str(house.port))
        assert code == 1
        assert "lacks sessions.0001_initial: run `anlan migrate` first" in said
    finally:
        house.command("migrate")


def test_a_worker_that_is_killed_is_started_anew(house: House) -> None:
    house.start()
    # The live streams take their port a little later.
    until(lambda: len(spawned(house)) == 3 and asked_for_a_stream(house) == 401)
    # Of the server's children the one that holds no port.
    (worker,) = [child for child in spawned(house) if not child.net_connections(kind="inet")]
    worker.kill()
    until(lambda: worker not in spawned(house) and len(spawned(house)) == 3)
    assert house.report("路灯不亮") is not None
    assert house.stop() == 0


def test_nothing_goes_on_serving_when_its_parent_is_killed(house: House) -> None:
    house.start()
    children = spawned(house)
    assert house.server is not None
    house.server.kill()
    until(lambda: not any(map(lives, children)))
    assert house.report("谁还在") is None


def test_the_live_streams_answer_beside_the_pages_and_end_with_them(house: House) -> None:
    house.start("--no-worker")
    until(lambda: asked_for_a_stream(house) == 401)
    assert f"http://127.0.0.1:{house.port + 1}" in policy_of(house)
    assert house.stop() == 0
    assert asked_for_a_stream(house) is None


def test_without_the_live_streams_no_page_looks_for_them(house: House) -> None:
    house.start("--no-worker", "--no-live")
    assert len(spawned(house)) == 1
    assert 'name="live"' not in house.get("/")
    assert "connect-src 'self';" in policy_of(house)
    assert house.stop() == 0


def asked_for_a_stream(house: House) -> int | None:
    """The status with which a stream is refused to a stranger; None while nothing answers."""
    connection = http.client.HTTPConnection("127.0.0.1", house.port + 1)
    try:
        connection.request("GET", "/live")
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


def policy_of(house: House) -> str:
    """What the first page may do in a browser."""
    connection = http.client.HTTPConnection("127.0.0.1", house.port)
    connection.request("GET", "/")
    policy = connection.getresponse().getheader("Content-Security-Policy")
    connection.close()
    return policy or ""
