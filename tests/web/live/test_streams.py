"""The streams themselves: who gets one, what comes through it, and how it ends. The application runs as it is, over
ASGI, in an event loop of its own; commits are real."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connections

from anlan.city.people.access import anonymous
from anlan.city.people.models import Account
from anlan.loop import engine, verbs
from anlan.loop.doors import token_for
from anlan.loop.models import Matter
from anlan.services.dispatch.procedure import Dispatching
from anlan.web.live import hub as the_hub
from anlan.web.live.app import LiveApp
from anlan.web.live.viewers import session_ended
from tests.cast import CUIYUAN, Cast, lamp
from tests.loop.stories import assigned, opened, routed

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


@pytest.fixture
def town(committed: str) -> Cast:
    cast = Cast()
    # Looked up once, here: stories run in an event loop, where Django's database calls may not.
    for who in ("chen", "zhou", "wu", "li", "wang"):
        getattr(cast, who)
    return cast


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
    made = import_module(django_settings.SESSION_ENGINE).SessionStore()
    made[SESSION_KEY] = str(account.pk)
    made[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    made[HASH_SESSION_KEY] = account.get_session_auth_hash()
    made.save()
    return made, f"{django_settings.SESSION_COOKIE_NAME}={made.session_key}"


@contextmanager
def changed(name: str, value: object) -> Iterator[None]:
    before = getattr(the_hub, name)
    setattr(the_hub, name, value)
    try:
        yield
    finally:
        setattr(the_hub, name, before)


def test_a_change_reaches_its_town_without_a_word_of_it_and_no_other_town(town: Cast) -> None:
    chen, zhou = token("chen"), token("zhou")

    async def story(house: House) -> None:
        mine, other = await house.reader(authorization=chen), await house.reader(authorization=zhou)
        assert mine.headers[b"content-type"].startswith(b"text/event-stream")
        matter: Matter = await off(opened, town)
        theirs: Matter = await off(opened, town, area=CUIYUAN)
        told = {"matter": str(matter.id), "version": 1, "kind": "opened", "state": "received"}
        assert (await mine.event())[:2] == ("matter", told)
        # The first thing the other town hears of is its own.
        assert (await other.event())[1]["matter"] == str(theirs.id)

    play(story)


def test_the_town_that_loses_a_matter_gets_the_last_word(town: Cast) -> None:
    chen, matter = token("chen"), opened(town)

    async def story(house: House) -> None:
        reader = await house.reader(authorization=chen)
        await off(verbs.hand_over, matter.id, to_area=CUIYUAN, by=town.chen, reason="在翠苑")
        await off(engine.advance, matter.id, "route", by=town.zhou)
        next_one: Matter = await off(opened, town)
        assert (await reader.event())[1]["kind"] == "handed_over"
        assert (await reader.event())[1]["matter"] == str(next_one.id)

    play(story)


def test_a_code_hears_of_its_matter_and_not_what_offices_do(town: Cast) -> None:
    mine = engine.open_matter(Dispatching, lamp(), by=anonymous())

    async def story(house: House) -> None:
        reader = await house.reader(f"/live/t/{mine.code}")
        await off(opened, town)
        await off(engine.note, mine.matter.id, "内部备注", by=town.chen)
        name, told, _id = await reader.event()
        assert (name, told["matter"], told["kind"]) == ("matter", str(mine.matter.id), "changed")

    play(story)


def test_the_code_of_a_joined_report_hears_of_the_matter_that_is_worked_on_and_not_its_name(town: Cast) -> None:
    mine, main = engine.open_matter(Dispatching, lamp(), by=anonymous()), opened(town)
    verbs.merge(mine.matter.id, into=main.id, by=town.chen, reason="同一盏灯")

    async def story(house: House) -> None:
        reader = await house.reader(f"/live/t/{mine.code}")
        await off(engine.advance, main.id, "route", by=town.chen)
        name, told, last = await reader.event()
        assert (name, told["matter"], told["kind"]) == ("matter", str(mine.matter.id), "changed")
        await reader.leave()
        await off(engine.note, main.id, "好", by=town.chen)
        back = await house.reader(f"/live/t/{mine.code}", last_event_id=last)
        assert (await back.event())[1]["matter"] == str(mine.matter.id)

    play(story)


def test_whoever_comes_back_gets_what_was_missed_and_goes_on_from_there(town: Cast) -> None:
    chen = token("chen")

    async def story(house: House) -> None:
        reader = await house.reader(authorization=chen)
        matter: Matter = await off(opened, town)
        _, _, last = await reader.event()
        await reader.leave()
        await off(engine.advance, matter.id, "route", by=town.chen)
        for back in (
            await house.reader(authorization=chen, last_event_id=last),
            await house.reader(query=f"last={last}", authorization=chen),
        ):
            name, told, id = await back.event()
            assert (name, told["kind"]) == ("matter", "route")
            assert id not in ("", last)
        await off(engine.note, matter.id, "好", by=town.chen)
        assert (await back.event())[1]["kind"] == "noted"

    play(story)


@pytest.mark.parametrize("last", ["nonsense", "1.1.5:6:", "1.9999999999.5:6:"])
def test_a_position_nobody_gave_out_or_too_old_makes_the_page_load_itself_anew(town: Cast, last: str) -> None:
    chen = token("chen")

    async def story(house: House) -> None:
        assert (await (await house.reader(authorization=chen, last_event_id=last)).event())[0] == "reset"

    play(story)


def test_a_page_hears_what_changed_between_being_made_and_being_live(town: Cast) -> None:
    chen = token("chen")

    async def story(house: House) -> None:
        house.app.hub._remembers_since -= 10  # it has been running for a while
        made = int(time.time())
        watching = await house.reader(authorization=chen)
        matter: Matter = await off(opened, town)
        await watching.event()
        late = await house.reader(query=f"since={made}", authorization=chen)
        assert (await late.event())[1]["matter"] == str(matter.id)

    play(story)


def test_a_page_made_long_ago_loads_itself_anew(town: Cast) -> None:
    chen = token("chen")

    async def story(house: House) -> None:
        assert (await (await house.reader(query="since=1", authorization=chen)).event())[0] == "reset"

    play(story)


def test_signing_out_ends_the_stream_and_only_that_session_s(town: Cast) -> None:
    (first, cookie), (_, other_cookie) = session("chen"), session("chen")

    async def story(house: House) -> None:
        mine, other = await house.reader(cookie=cookie), await house.reader(cookie=other_cookie)
        key = first.session_key
        await off(first.flush)
        session_ended(key)
        assert (await mine.event())[0] == "end"
        assert (await mine.event())[0] == "closed"
        await off(opened, town)
        assert (await other.event())[0] == "matter"
        assert (await house.reader(cookie=cookie)).status == 401

    play(story)


def test_a_session_that_is_gone_is_noticed_without_being_told(town: Cast) -> None:
    made, cookie = session("chen")

    async def story(house: House) -> None:
        reader = await house.reader(cookie=cookie)
        await off(made.delete)
        assert (await reader.event())[0] == "end"

    with changed("RECHECK_SECONDS", 0.05):
        play(story)


def test_colleagues_on_one_matter_see_each_other_by_name_and_strangers_never(town: Cast) -> None:
    matter = assigned(town)
    chen, wu, zhou = token("chen"), token("wu"), token("zhou")

    async def story(house: House) -> None:
        looking = f"looking={matter.id}"
        first = await house.reader(query=looking, authorization=chen)
        assert (await first.event())[1]["people"] == []
        second = await house.reader(query=looking, authorization=wu)
        assert (await second.event())[1] == {"matter": str(matter.id), "people": ["chen 名"]}
        assert (await first.event())[1]["people"] == ["wu 名"]
        assert (await house.reader(query=looking, authorization=zhou)).status == 404
        await second.leave()
        assert (await first.event())[1]["people"] == []

    play(story)


def test_a_resident_is_no_presence(town: Cast) -> None:
    mine = engine.open_matter(Dispatching, lamp(), by=anonymous())
    chen = token("chen")

    async def story(house: House) -> None:
        desk = await house.reader(query=f"looking={mine.matter.id}", authorization=chen)
        assert (await desk.event())[1]["people"] == []
        resident = await house.reader(f"/live/t/{mine.code}", query=f"looking={mine.matter.id}")
        await off(engine.advance, mine.matter.id, "route", by=town.chen)
        assert (await resident.event())[0] == (await desk.event())[0] == "matter"

    play(story)


def test_a_reader_who_is_too_slow_is_dropped_and_not_buffered_for(town: Cast) -> None:
    chen = token("chen")

    async def story(house: House) -> None:
        reader = await house.reader(authorization=chen)
        (stream,) = house.app.hub._streams
        for _ in range(the_hub.QUEUED + 1):
            stream.put(b": \n\n")
        await asyncio.wait_for(reader._task, PATIENCE_SECONDS)
        assert not house.app.hub._streams

    play(story)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, 401),
        ({"authorization": "Bearer wrong"}, 401),
        ({"cookie": "sessionid=wrong"}, 401),
        ({"path": "/live/t/000000000000"}, 404),
        ({"path": "/elsewhere"}, 404),
        ({"method": "POST"}, 405),
        ({"query": "looking=x"}, 400),
        ({"query": "since=-1"}, 400),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://localhost:1"}, 403),
    ],
)
def test_what_is_refused_is_refused_clearly(town: Cast, asked: dict[str, str], status: int) -> None:
    async def story(house: House) -> None:
        reader = await house.reader(**asked)
        assert reader.status in (status, 422)
        refusal = await reader.refusal()
        assert refusal["code"]
        assert refusal["message"]

    play(story)


def test_only_our_own_page_may_read_the_answer(town: Cast) -> None:
    chen, ours = token("chen"), f"http://localhost:{django_settings.ANLAN_PORT}"

    async def story(house: House) -> None:
        reader = await house.reader(authorization=chen, origin=ours)
        assert reader.headers[b"access-control-allow-origin"] == ours.encode()
        assert reader.headers[b"access-control-allow-credentials"] == b"true"

    play(story)


def test_one_session_can_not_take_all_streams(town: Cast) -> None:
    chen, wu = token("chen"), token("wu")

    async def story(house: House) -> None:
        for _ in range(2):
            assert (await house.reader(authorization=chen)).status == 200
        assert (await house.reader(authorization=chen)).status == 429
        assert (await house.reader(authorization=wu)).status == 200

    with changed("STREAMS_A_VIEWER", 2):
        play(story)


def test_one_address_can_not_take_all_streams(town: Cast, settings: Any) -> None:
    settings.ANLAN_LIVE_STREAMS_PER_ADDRESS = 1
    chen, wu = token("chen"), token("wu")

    async def story(house: House) -> None:
        first = await house.reader(authorization=chen)
        assert (await house.reader(authorization=wu)).status == 429
        await first.leave()
        assert (await house.reader(authorization=wu)).status == 200

    play(story)


def test_after_the_listener_lost_its_connection_nothing_is_missing(town: Cast) -> None:
    chen = token("chen")

    async def story(house: House) -> None:
        reader = await house.reader(authorization=chen)
        await off(_end_listener)
        first: Matter = await off(routed, town)
        kinds = [(await reader.event())[1]["kind"] for _ in range(2)]
        assert kinds == ["opened", "route"]
        assert first

    play(story)


def _end_listener() -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
