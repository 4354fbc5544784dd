"""The web server: granian's processes around the WSGI application, and beside them the live streams and the worker.

All of them are children of one process that only watches. They are spawned, not forked: the same on every
system, and nothing is inherited that was made for one process (connections, threads, locks). A child whose parent
is gone ends itself; otherwise it would go on answering on a port that the next start takes for free.
"""

import errno
import multiprocessing
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import connections
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from anlan.foundation import freshness
from anlan.foundation.environment import address, reachable
from anlan.foundation.sealing.turning import IndexedOtherwise, refuse_other_indexes
from anlan.web.health import missing_migrations

log = structlog.get_logger("anlan.web.server")

# How many connections one web process takes at a time; idle ones that are kept alive count too. What comes on top
# waits in the kernel's queue.
CONNECTIONS_A_PROCESS = 1024
# Whoever is in the middle of an answer when the server is stopped has this long to end it.
STOP_SECONDS = 30
SECONDS_BEFORE_A_NEW_WORKER = 1.0


class CannotServe(Exception):
    """The server cannot be started; the message says why and what to do."""


@dataclass(frozen=True)
class Serving:
    """Where and with how much to serve. `worker`: run deadlines and notices beside it; `live_port`: where the live
    streams are, None to leave them out."""

    host: str
    port: int
    processes: int = 1
    threads: int = 4
    worker: bool = True
    live_port: int | None = None

    @property
    def address(self) -> str:
        return address(self.host, self.port)


def serve(serving: Serving, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; `announce` gets the address once it answers. Raises CannotServe."""
    refuse_missing_migrations()
    try:
        refuse_other_indexes()
    except IndexedOtherwise as error:
        raise CannotServe(str(error)) from error
    refuse_taken(serving.host, serving.port, "--port")
    if serving.live_port is not None:
        refuse_taken(serving.host, serving.live_port, "--live-port")
    connections.close_all()
    # The processes to come read them: receipts and notices name the address that is really served.
    os.environ |= {"ANLAN_HOST": serving.host, "ANLAN_PORT": str(serving.port)}
    os.environ.pop("ANLAN_LIVE_PORT", None)
    if serving.live_port is not None:
        os.environ["ANLAN_LIVE_PORT"] = str(serving.live_port)
    _share_metrics(settings.ANLAN_HOME / "metrics" / str(serving.port))
    multiprocessing.set_start_method("spawn", force=True)
    server = Granian(
        target="anlan.web.wsgi:application",
        address=serving.host,
        port=serving.port,
        interface=Interfaces.WSGI,
        workers=serving.processes,
        blocking_threads=serving.threads,
        backpressure=CONNECTIONS_A_PROCESS,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        websockets=False,
        log_level=LogLevels.error,
    )
    beside = []
    if serving.live_port is not None:
        beside.append(KeptRunning("live", _stream))
    if serving.worker:
        beside.append(KeptRunning("worker", _work))
    for each in beside:
        server.on_startup(each.start)
        server.on_shutdown(each.stop)
    server.on_startup(threading.Thread(target=_announce, args=(serving, announce), daemon=True).start)
    server.serve(target_loader=load_application)


def refuse_missing_migrations() -> None:
    """Raises CannotServe if the database's tables are older than the program."""
    missing = missing_migrations()
    if missing:
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise CannotServe(f"the database lacks {', '.join(missing[:3])}{more}: run `anlan migrate` first")


def refuse_taken(host: str, port: int, option: str) -> None:
    """Raises CannotServe if the address can't be used.

    Asked beforehand, because the server's processes share their port and would share it with a stranger too.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotServe(
                f"port {port} on {host} is taken: stop what uses it, or choose another {option}"
            ) from error
        raise CannotServe(f"cannot listen on {host}, port {port}: {error.strerror or error}") from error


def load_application(target: str) -> Any:
    """In a web process: the WSGI application, with what every request needs already in memory."""
    end_with_parent()
    from anlan.web.wsgi import application

    warm_up()
    freshness.keep_looking()
    return application


def warm_up() -> None:
    """Read the city once before the first request; threads that all come first would each read it for themselves."""
    from anlan.loop.suggestions import Report, triage

    triage(Report(text=""))


def end_with_parent() -> None:
    """Let this process be stopped as soon as the one that spawned it is gone."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent", daemon=True).start()


class KeptRunning:
    """A child process that is started anew when it ends before it was told to."""

    def __init__(self, name: str, run: Callable[[], None]) -> None:
        self._name = name
        self._run = run
        self._stopping = threading.Event()
        self._process: BaseProcess | None = None
        self._watch = threading.Thread(target=self._keep, name=name, daemon=True)

    def start(self) -> None:
        self._process = self._started()
        self._watch.start()

    def stop(self) -> None:
        """Tell it to end, and wait until it has."""
        self._stopping.set()
        while self._watch.is_alive():
            if self._process is not None:
                self._process.terminate()
            self._watch.join(timeout=1)

    def _started(self) -> BaseProcess:
        process = multiprocessing.get_context("spawn").Process(target=self._run, name=f"anlan-{self._name}")
        process.start()
        return process

    def _keep(self) -> None:
        while self._process is not None:
            self._process.join()
            # Ctrl-C reaches it as well as us, and it may be the first to have ended in order.
            if self._process.exitcode == 0 or self._stopping.is_set():
                return
            log.error(f"{self._name} ended by itself; starting it anew", code=self._process.exitcode)
            if self._stopping.wait(SECONDS_BEFORE_A_NEW_WORKER):
                return
            self._process = self._started()


def _work() -> None:
    """In the worker's process: the command of the same name."""
    end_with_parent()
    from anlan.cli import run_django

    run_django(["worker"])


def _stream() -> None:
    """In the process of the live streams: the command of the same name, at the address the environment gives."""
    end_with_parent()
    from anlan.cli import run_django

    run_django(["live"])


def _announce(serving: Serving, announce: Callable[[str], None]) -> None:
    # A process listens only after it has loaded the application.
    while True:
        try:
            socket.create_connection((reachable(serving.host), serving.port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            announce(serving.address)
            return


def _share_metrics(folder: Path) -> None:
    """Let the processes count into one folder, so that /metrics speaks for all of them."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # Read by the library as it is imported, which the processes to come do for themselves.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
