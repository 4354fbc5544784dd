"""The application as it is, over ASGI in an event loop of its own, and readers of its streams; commits are real."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connections

from anlan.city.people.models import Account
from anlan.loop.doors import token_for
from anlan.web.live import hub as the_hub
from anlan.web.live.app import LiveApp

PATIENCE_SECONDS = 60
"""Only so that a failed test ends."""


class Reader:
    """One open stream, or a refusal."""

    def __init__(self, app: LiveApp, scope: dict[str, Any]) -> None:
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self._body = ""
        self._pieces: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._gone = asyncio.Event()
        self._task = asyncio.ensure_future(app(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, piece: dict[str, Any]) -> None:
        await self._pieces.put(piece)

    async def began(self) -> "Reader":
        start = await asyncio.wait_for(self._pieces.get(), PATIENCE_SECONDS)
        self.status, self.headers = start["status"], dict(start["headers"])
        return self

    async def event(self, *, but: tuple[str, ...] = ("here",)) -> tuple[str, Any, str]:
        """The next event that is no sign of life: its name, its data, its id."""
        while True:
            while "\n\n" in self._body:
                block, _, self._body = self._body.partition("\n\n")
                fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
                if "event" in fields and fields["event"] not in but:
                    return fields["event"], json.loads(fields["data"]), fields.get("id", "")
            piece = await asyncio.wait_for(self._pieces.get(), PATIENCE_SECONDS)
            self._body += piece["body"].decode()
            if not piece["more_body"] and "\n\n" not in self._body:
                return "closed", {}, ""

    async def refusal(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads((await self._pieces.get())["body"])["error"]
        return answer

    async def leave(self) -> None:
        self._gone.set()
        await asyncio.wait_for(self._task, PATIENCE_SECONDS)


class House:
    """The application with its listener, and the doors to it."""

    def __init__(self) -> None:
        self.app = LiveApp()

    async def reader(self, path: str = "/live", query: str = "", method: str = "GET", **headers: str) -> Reader:
        given = {"host": "localhost", **{name.replace("_", "-"): value for name, value in headers.items()}}
        scope = {
            "type": "http",
            "method": method,
            "scheme": "http",
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
            "client": ("127.0.0.1", 1),
            "server": ("localhost", 8001),
        }
        return await Reader(self.app, scope).began()


Story = Callable[[House], Awaitable[None]]


def play(story: Story) -> None:
    """Run a story with the application listening."""

    async def run() -> None:
        house = House()
        running = asyncio.ensure_future(house.app.run())
        try:
            await asyncio.wait_for(house.app.hub.listening.wait(), PATIENCE_SECONDS)
            await story(house)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            threads = house.app._threads
            await asyncio.gather(*(asyncio.wrap_future(threads.submit(connections.close_all)) for _ in range(8)))
            threads.shutdown()

    asyncio.run(run())


async def off(do: Callable[..., Any], *given: Any, **named: Any) -> Any:
    """Do something with the database in a thread, and close its connection."""

    def call() -> Any:
        try:
            return do(*given, **named)
        finally:
            connections.close_all()

    return await asyncio.to_thread(call)


def token(name: str) -> str:
    return f"Bearer {token_for(Account.objects.get(username=name))}"


def session(name: str) -> tuple[Any, str]:
    """A session of somebody, as signing in makes it, and its cookie."""
    account = Account.objects.get(username=name)
    made = import_module(settings.SESSION_ENGINE).SessionStore()
    made[SESSION_KEY] = str(account.pk)
    made[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    made[HASH_SESSION_KEY] = account.get_session_auth_hash()
    made.save()
    return made, f"{settings.SESSION_COOKIE_NAME}={made.session_key}"


@contextmanager
def changed(name: str, value: object) -> Iterator[None]:
    before = getattr(the_hub, name)
    setattr(the_hub, name, value)
    try:
        yield
    finally:
        setattr(the_hub, name, before)
