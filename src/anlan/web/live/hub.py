"""The one listener, and who is told: everything here runs in a single event loop and needs no lock.

Each stream has a short queue. A reader too slow to keep it short is dropped, and resumes by its last event when it
comes back: nothing is buffered without bound for anybody.
"""

import asyncio
import json
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from uuid import UUID

import psycopg
import structlog
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from prometheus_client import Counter as Counted
from prometheus_client import Gauge
from psycopg import IsolationLevel

from anlan.city.people.access import sees
from anlan.loop.announcements import NEWS_SQL, WHERE_SQL, Heard, Position, UnknownPosition, heard, news_since
from anlan.loop.announcer import CHANNEL, connecting
from anlan.loop.refusals import Refused
from anlan.web.live.viewers import SESSION_ENDED, Viewer

log = structlog.get_logger("anlan.web.live")
STREAMS = Gauge("anlan_live_streams", "Open live streams", multiprocess_mode="livesum")
DROPPED = Counted("anlan_live_dropped_total", "Streams dropped because their reader was too slow")

LOOK_SECONDS = 1.0
"""How long a change stays unnoticed at most when its wake-up was lost."""
HEARTBEAT_SECONDS = 15.0
RECHECK_SECONDS = 60.0
RECONNECT_SECONDS = 1.0
QUEUED = 100
"""Pieces a reader may be behind."""
STREAMS_A_VIEWER = 20
"""A browser itself opens six at most; one session may be open in several."""
REMEMBERED_SECONDS = 120
"""A page that took longer from being made to being live is told to load itself anew."""

_WHOLE_CITY = f"SET LOCAL app.area = '{settings.ANLAN_CITY}'"
END = b"event: end\ndata: {}\n\n"
RESET = b"event: reset\ndata: {}\n\n"


class TooMany(Refused):
    """More streams than one viewer, one address or this process may hold."""

    status = 429
    code = "too_many"


class Stream:
    """One open answer: what waits to be sent, and to whom. `None` in the queue ends it."""

    def __init__(self, viewer: Viewer, address: str, again: Callable[[], Awaitable[Viewer]]) -> None:
        self.viewer = viewer
        self.key = viewer.key
        self.address = address
        self.again = again
        self.looking: UUID | None = None
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUED)
        self.on_drop: Callable[[], object] = lambda: None

    def put(self, piece: bytes | None) -> None:
        try:
            self.queue.put_nowait(piece)
        except asyncio.QueueFull:
            DROPPED.inc()
            self.on_drop()

    def end(self) -> None:
        """Say that there is no use in coming back, and close."""
        self.put(END)
        self.put(None)


class Hub:
    """All streams of this process, and the connection they are fed by."""

    def __init__(self) -> None:
        self._streams: set[Stream] = set()
        self._by_viewer: Counter[str] = Counter()
        self._by_address: Counter[str] = Counter()
        self._looking: dict[UUID, set[Stream]] = {}
        self._recent: deque[tuple[float, Heard]] = deque()
        self._remembers_since = time.time()
        self.position: Position | None = None
        self.listening = asyncio.Event()

    # Streams come and go.

    def refuse_full(self, address: str) -> None:
        """Raises TooMany; asked before anything is looked up."""
        if len(self._streams) >= settings.ANLAN_LIVE_STREAMS:
            raise TooMany(_("too many pages are live at once; this one must be loaded again to see what is new"))
        if self._by_address[address] >= settings.ANLAN_LIVE_STREAMS_PER_ADDRESS:
            raise TooMany(_("too many pages are live from this network address"))

    def add(self, stream: Stream) -> None:
        """From now on the stream's queue fills. Raises TooMany."""
        self.refuse_full(stream.address)
        if self._by_viewer[stream.key] >= STREAMS_A_VIEWER:
            raise TooMany(_("too many pages are live at once for you; close some"))
        self._streams.add(stream)
        self._by_viewer[stream.key] += 1
        self._by_address[stream.address] += 1
        STREAMS.set(len(self._streams))

    def remove(self, stream: Stream) -> None:
        if stream not in self._streams:
            return
        self.look_at(stream, None)
        self._streams.discard(stream)
        for counter, key in ((self._by_viewer, stream.key), (self._by_address, stream.address)):
            counter[key] -= 1
            if not counter[key]:
                del counter[key]
        STREAMS.set(len(self._streams))

    def end_all(self) -> None:
        """The process stops: every answer is closed, and its reader comes back to the next one."""
        for stream in list(self._streams):
            stream.put(None)

    # What is told.

    def since(self, stream: Stream, second: int) -> bytes:
        """What concerns the stream's viewer and was heard since a second of the clock, or that this is not known."""
        if second < self._remembers_since:
            return RESET
        return frames((each for at, each in self._recent if at >= second), stream, None)

    def tell(self, news: list[Heard]) -> None:
        """Pass on what was heard, each to whom it concerns."""
        assert self.position is not None
        now, position = time.time(), str(self.position)
        self._recent.extend((now, each) for each in news)
        while self._recent and self._recent[0][0] < now - REMEMBERED_SECONDS:
            self._recent.popleft()
            self._remembers_since = now - REMEMBERED_SECONDS
        for stream in list(self._streams):
            if piece := frames(news, stream, position):
                stream.put(piece)
        for each in news:
            for stream in list(self._looking.get(each.matter_id, ())):
                if not sees(stream.viewer.actor, each):
                    self.look_at(stream, None)

    def reset_all(self) -> None:
        """What was missed can't be told: every page loads itself anew."""
        self._recent.clear()
        self._remembers_since = time.time()
        for stream in list(self._streams):
            stream.put(RESET)

    def here(self) -> bytes:
        """A sign of life, with the position to resume from."""
        return f"event: here\nid: {self.position}\ndata: {{}}\n\n".encode()

    def look_at(self, stream: Stream, matter: UUID | None) -> None:
        """Note which matter a stream's viewer has open, and tell those who have it open too. Only people on duty."""
        if matter == stream.looking or (matter is not None and not stream.viewer.name):
            return
        before, stream.looking = stream.looking, matter
        if before is not None:
            others = self._looking[before]
            others.discard(stream)
            self._tell_presence(before)
            if not others:
                del self._looking[before]
        if matter is not None:
            self._looking.setdefault(matter, set()).add(stream)
            self._tell_presence(matter)

    def _tell_presence(self, matter: UUID) -> None:
        here = self._looking[matter]
        for stream in here:
            mine = stream.viewer.actor.account_id
            names = sorted({each.viewer.name for each in here if each.viewer.actor.account_id != mine})
            data = json.dumps({"matter": str(matter), "people": names}, ensure_ascii=False)
            stream.put(f"event: presence\ndata: {data}\n\n".encode())

    # What runs for as long as the process does.

    async def run(self) -> None:
        """Listen, keep the streams alive and their viewers known, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._every(HEARTBEAT_SECONDS, self._beat))
            tasks.create_task(self._every(RECHECK_SECONDS, self._recheck))

    async def _listen(self) -> None:
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(**connecting(), autocommit=True) as database:
                    await self._follow(database)
            except psycopg.Error as error:
                log.warning("not listening; trying again", why=type(error).__name__)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _follow(self, database: psycopg.AsyncConnection[Any]) -> None:
        # In one snapshot the position is exactly that of what was read.
        await database.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        await database.execute(f"LISTEN {CHANNEL}")
        while True:
            await self._read(database)
            self.listening.set()
            async for said in database.notifies(timeout=LOOK_SECONDS, stop_after=1):
                if said.payload.startswith(SESSION_ENDED):
                    self._end_those_of(said.payload.removeprefix(SESSION_ENDED))

    async def _read(self, database: psycopg.AsyncConnection[Any]) -> None:
        """Whatever was committed since the position; the first time, only where that is."""
        before = self.position
        async with database.transaction():
            await database.execute(_WHOLE_CITY)
            row = await (await database.execute(WHERE_SQL)).fetchone()
            assert row is not None
            here = Position(*row)
            if before is None:
                self.position = here
                return
            rows = await (await database.execute(NEWS_SQL, news_since(before))).fetchall()
        try:
            before.refuse_unless_before(here)
            news = heard(rows)
        except UnknownPosition:
            self.position = here
            self.reset_all()
            return
        self.position = here
        if news:
            self.tell(news)

    def _end_those_of(self, viewer: str) -> None:
        for stream in [each for each in self._streams if each.key == viewer]:
            stream.end()

    async def _every(self, seconds: float, do: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            await do()

    async def _beat(self) -> None:
        here = self.here()
        for stream in list(self._streams):
            stream.put(here)

    async def _recheck(self) -> None:
        """Ask again who reads, once for each viewer; who is nobody any more is told so."""
        by_viewer: dict[str, list[Stream]] = {}
        for stream in self._streams:
            by_viewer.setdefault(stream.key, []).append(stream)
        for streams in by_viewer.values():
            try:
                viewer = await streams[0].again()
            except Refused:
                for stream in streams:
                    stream.end()
            except Exception as error:  # the database is away: asked again in a minute
                log.warning("a viewer could not be looked up", why=type(error).__name__)
            else:
                for stream in streams:
                    stream.viewer = viewer


def frames(news: Iterable[Heard], stream: Stream, position: str | None) -> bytes:
    """What of the news concerns the stream's viewer, as one piece that ends with the position."""
    viewer = stream.viewer
    told = [frame(each, viewer) for each in news if each.concerns(viewer.actor) or each.matter_id == viewer.follows]
    if told and position:
        told[-1] = f"id: {position}\n{told[-1]}"
    return "".join(told).encode()


def frame(each: Heard, viewer: Viewer) -> str:
    """One event. Residents are not told what offices do among themselves: to them every change is just a change, and
    one of the matter that their report was joined to is a change of their own."""
    kind = each.kind if viewer.actor.held else "changed"
    matter = viewer.own if each.matter_id == viewer.follows else each.matter_id
    data = {"matter": str(matter), "version": each.version, "kind": kind, "state": each.state}
    return f"event: matter\ndata: {json.dumps(data)}\n\n"
