"""Wakes whoever listens for changes: `NOTIFY anlan`, sent by the application after its commits.

Never inside the transaction: a NOTIFY in each costs 43 % of the commits. A thread of its own sends one at once and
then at most one every few milliseconds, however many commits there were. A wake-up that is lost only delays, since
listeners also look by themselves once a second.
"""

import os
import threading
import time
from typing import Any

import psycopg
import structlog
from django.db import connection

log = structlog.get_logger("anlan.loop.announcer")

CHANNEL = "anlan"
SECONDS_BETWEEN = 0.005
# An idle connection is given up, and so is the thread: neither is kept by a process that changes nothing.
IDLE_SECONDS = 10.0
SECONDS_AFTER_A_FAULT = 1.0
_DJANGOS_OWN = ("server_side_binding", "cursor_factory", "context", "prepare_threshold")


class Announcer:
    """One for each process. `wake` and `tell` return at once and raise nothing."""

    def __init__(self) -> None:
        self._start_over()

    def _start_over(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._due = threading.Event()
        self._said: set[str] = set()
        self._database = ""
        self._connection: psycopg.Connection[Any] | None = None
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """There is something new to read. Call after the commit."""
        self.tell("")

    def tell(self, what: str) -> None:
        """Send a word; the same word is sent once, if the one before has not gone yet."""
        if self._process != os.getpid():  # forked: the thread stayed behind, perhaps with the lock in its hand
            self._start_over()
        with self._lock:
            self._said.add(what)
            # That of whoever committed: tests change it under way.
            self._database = connection.settings_dict["NAME"]
            self._due.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="announcer", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        try:
            while self._next():
                time.sleep(SECONDS_BETWEEN if self._send() else SECONDS_AFTER_A_FAULT)
        finally:
            self._disconnect()

    def _next(self) -> bool:
        """Wait until there is something to send; False after an idle time, and then the thread is given up."""
        if self._due.wait(IDLE_SECONDS):
            return True
        with self._lock:
            if self._due.is_set():
                return True
            self._thread = None
            return False

    def _send(self) -> bool:
        with self._lock:
            self._due.clear()
            said, self._said = sorted(self._said), set()
            database = self._database
        why = ""
        for _attempt in range(2):  # the connection may have been lost since the last time
            try:
                for each in said:
                    self._connected(database).execute("SELECT pg_notify(%s, %s)", [CHANNEL, each])
                return True
            except psycopg.Error as error:
                why = type(error).__name__
                self._disconnect()
        log.warning("listeners could not be woken; they look by themselves", why=why)
        return False

    def _connected(self, database: str) -> "psycopg.Connection[Any]":
        if self._connection is None or self._connection.info.dbname != database:
            self._disconnect()
            self._connection = psycopg.connect(**{**connecting(), "dbname": database}, autocommit=True)
            # Losing a wake-up in a crash does no harm, so it need not wait for the disk.
            self._connection.execute("SET synchronous_commit = off")
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def connecting() -> dict[str, Any]:
    """How the application connects, in psycopg's own words."""
    given = connection.get_connection_params()
    return {name: value for name, value in given.items() if name not in _DJANGOS_OWN}


announcer = Announcer()
