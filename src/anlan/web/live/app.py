"""The streams as an ASGI application: `GET /live` for whoever has signed in, `GET /live/t/CODE` for a reporter."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import structlog
from django.db import Error
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from anlan.loop.announcements import Position, UnknownPosition, missed
from anlan.loop.refusals import NotAllowed, Refused
from anlan.web.live.address import is_ours
from anlan.web.live.hub import RESET, Hub, Stream, frames
from anlan.web.live.viewers import Scope, Wish, asking, header, language_of, may_look_at, viewer_of, wish_of
from anlan.web.proxies import caller

log = structlog.get_logger("anlan.web.live")
LOOKUP_THREADS = 4
RETRY_MILLISECONDS = 2000

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class LiveApp:
    """One for each process; `run` beside it keeps the streams fed."""

    def __init__(self) -> None:
        self.hub = Hub()
        self._threads = ThreadPoolExecutor(LOOKUP_THREADS, thread_name_prefix="lookup")

    async def run(self) -> None:
        """Feed the streams until cancelled."""
        await self.hub.run()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        shared = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
        try:
            shared += _for_our_pages(scope)
            stream, first = await self._opened(scope)
        except Refused as refused:
            with translation.override(language_of(scope)):
                return await _answer(send, refused.status, refused.code, refused.message, refused.field, shared)
        except Error as error:
            log.warning("a viewer could not be looked up", why=type(error).__name__)
            with translation.override(language_of(scope)):
                why = _("the database is away; try again in a moment")
                return await _answer(send, 503, "waiting", why, None, shared)
        try:
            kind = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]
            await send({"type": "http.response.start", "status": 200, "headers": [*shared, *kind]})
            await _until_over(stream, first, receive, send)
        finally:
            self.hub.remove(stream)

    async def _opened(self, scope: Scope) -> tuple[Stream, bytes]:
        """The stream, counted and fed, and what its viewer has missed. Raises Refused."""
        if scope["method"] != "GET":
            raise OnlyGet(_("a stream is asked for with GET"), field="method")
        address = caller((scope.get("client") or ("", 0))[0], header(scope, b"x-forwarded-for"))
        self.hub.refuse_full(address)
        wish = wish_of(scope)
        viewer = await self._ask(scope, viewer_of, scope)
        if wish.looking is not None:
            await self._ask(scope, may_look_at, viewer, wish.looking)
        await self.hub.listening.wait()
        stream = Stream(viewer, address, again=partial(self._ask, scope, viewer_of, scope))
        self.hub.add(stream)
        try:
            # From here on the queue fills: what is read now joins on without a gap.
            first = f"retry: {RETRY_MILLISECONDS}\n\n".encode() + self.hub.here()
            first += await self._missed(scope, stream, wish)
            self.hub.look_at(stream, wish.looking)
        except BaseException:
            self.hub.remove(stream)
            raise
        return stream, first

    async def _missed(self, scope: Scope, stream: Stream, wish: Wish) -> bytes:
        if not wish.last:
            return b"" if wish.since is None else self.hub.since(stream, wish.since)
        try:
            news, here = await self._ask(
                scope, missed, stream.viewer.actor, Position.read(wish.last), stream.viewer.follows
            )
        except UnknownPosition:
            return RESET
        return frames(news, stream, str(here))

    async def _ask(self, scope: Scope, ask: Callable[..., Any], *given: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, asking, scope, ask, *given)


class OnlyGet(Refused):
    """Another method than the one there is."""

    status = 405
    code = "only_get"


async def _until_over(stream: Stream, first: bytes, receive: Receive, send: Send) -> None:
    """Send until the reader leaves, is too slow, or is told to go."""
    feeding, leaving = asyncio.ensure_future(_feed(stream, first, send)), asyncio.ensure_future(_left(receive))
    stream.on_drop = feeding.cancel
    try:
        await asyncio.wait((feeding, leaving), return_when=asyncio.FIRST_COMPLETED)
    finally:
        feeding.cancel()
        leaving.cancel()


async def _feed(stream: Stream, first: bytes, send: Send) -> None:
    piece: bytes | None = first
    while piece is not None:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        piece = await stream.queue.get()
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _for_our_pages(scope: Scope) -> list[tuple[bytes, bytes]]:
    """Our own pages may read the answer; a page from elsewhere gets no stream. Raises NotAllowed."""
    origin = header(scope, b"origin")
    if not origin:
        return []
    if not is_ours(origin, header(scope, b"host") or scope.get("authority", ""), scope["scheme"]):
        raise NotAllowed(_("streams are for the pages of this server alone"), field="Origin")
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"Origin"),
    ]


async def _answer(
    send: Send, status: int, code: str, message: object, field: str | None, headers: list[tuple[bytes, bytes]]
) -> None:
    """A refusal in the shape of every other door."""
    body = json.dumps(
        {"error": {"code": code, "message": str(message), "field": field, "details": []}}, ensure_ascii=False
    )
    kind = (b"content-type", b"application/json; charset=utf-8")
    await send({"type": "http.response.start", "status": status, "headers": [*headers, kind]})
    await send({"type": "http.response.body", "body": body.encode(), "more_body": False})
