"""Whoever is to be told is told once, or it can be seen that and why they were not."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connections

from anlan.city.people import access
from anlan.city.people.access import scope_of, scoped
from anlan.foundation.identifiers import spaced
from anlan.loop import clock, engine, notices
from anlan.loop.models import Matter, Notice, Party
from anlan.loop.notice_sinks import FolderSink, GatewaySink, LogSink, Message, NotDelivered, sink_for
from anlan.loop.notice_texts import text_for
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import GRID, Cast, lamp

PHONE = "13812345678"


class Kept:
    """A sink that keeps what it gets, after failing as often as told."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.messages: list[Message] = []

    def deliver(self, message: Message) -> None:
        if self.failures:
            self.failures -= 1
            raise NotDelivered(f"no line to {message.phone}")
        self.messages.append(message)


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Kept:
    kept = Kept()
    monkeypatch.setattr(notices, "_sink", lambda address: kept)
    return kept


@pytest.fixture
def time(cast: Cast) -> Iterator[clock.ManualClock]:
    manual = clock.ManualClock(clock.now())
    with clock.use(manual):
        yield manual


def answered(cast: Cast, *, language: str = "zh-hans", phone: str | None = PHONE) -> Matter:
    """A matter whose reporter left a number and has just been answered."""
    party = Party(part=Party.Part.REPORTER, name="王小明", phone=phone, language=language)
    matter = engine.open_matter(Dispatching, lamp(parties=[party]), by=access.anonymous()).matter
    return engine.advance(matter.id, "answer", by=cast.chen, told={"outcome": "explained", "text": "已说明"})


def notice_of(matter: Matter, to: str = Notice.To.REPORTER) -> Notice:
    with scoped(scope_of(access.system())):
        return Notice.objects.get(matter=matter, to=to)


def test_a_reporter_is_told_once_where_to_look_and_what_to_do(cast: Cast, sink: Kept, time: clock.ManualClock) -> None:
    matter = answered(cast)
    assert (notices.send_due(), notices.send_due()) == (1, 0)

    (message,) = sink.messages
    assert message.phone == PHONE
    assert matter.tracking is not None
    for part in (f"/t/{spaced(matter.tracking)}", matter.reference, "直接答复", "评价", "重办"):
        assert part in message.text
    notice = notice_of(matter)
    assert (notice.state, notice.attempts, notice.sent_at) == ("sent", 1, time.now())


def test_the_text_repeats_nothing_of_what_was_reported(cast: Cast, sink: Kept) -> None:
    answered(cast)
    notices.send_due()
    for personal in (PHONE, "王小明", "路灯", "已说明"):
        assert personal not in sink.messages[0].text


def test_the_text_is_in_the_reporters_language(cast: Cast, sink: Kept) -> None:
    answered(cast, language="en")
    notices.send_due()
    assert sink.messages[0].text.startswith("[Anlan] Your report")
    assert sink.messages[0].text.isascii()


@pytest.mark.parametrize("kind", ["suspended", "resumed", "extended", "merged", "unmerged", "feed_back", "unheard_of"])
@pytest.mark.parametrize("language", ["zh-hans", "en", "", "de"])
def test_every_kind_has_a_text_in_every_language(cast: Cast, kind: str, language: str) -> None:
    matter = answered(cast)
    assert matter.reference in text_for(matter, kind, language)


def test_a_reporter_without_a_number_gets_none(cast: Cast, sink: Kept) -> None:
    matter = answered(cast, phone=None)
    notices.send_due()
    assert sink.messages == []
    with scoped(scope_of(access.system())):
        assert not Notice.objects.filter(matter=matter, to=Notice.To.REPORTER).exists()


def test_a_desk_is_told_inside_the_house(cast: Cast, sink: Kept) -> None:
    matter = engine.open_matter(Dispatching, lamp(), by=cast.wang).matter
    with scoped(scope_of(access.system())):
        Notice.objects.create(
            matter=matter, area=GRID, to="desk", desk=GRID, kind="escalated", event_seq=1, due_at=clock.now()
        )
    assert notices.send_due() == 1
    assert notice_of(matter, Notice.To.DESK).state == "sent"
    assert sink.messages == []


def test_a_failed_notice_is_tried_again_after_growing_pauses_and_then_visibly_given_up(
    cast: Cast, sink: Kept, time: clock.ManualClock
) -> None:
    matter = answered(cast)
    sink.failures = len(notices.PAUSES) + 1
    for attempt, pause in enumerate(notices.PAUSES, start=1):
        assert notices.send_due() == 0
        notice = notice_of(matter)
        assert (notice.state, notice.attempts, notice.due_at) == ("waiting", attempt, time.now() + pause)
        time.advance(pause - timedelta(seconds=1))
        assert notices.send_due() == 0
        assert notice_of(matter).attempts == attempt
        time.advance(timedelta(seconds=1))
    notices.send_due()
    notice = notice_of(matter)
    assert (notice.state, notice.sent_at) == ("failed", None)
    assert notice.error == "no line to 138****5678"


def test_a_notice_that_failed_first_goes_out_later(cast: Cast, sink: Kept, time: clock.ManualClock) -> None:
    matter = answered(cast)
    sink.failures = 1
    notices.send_due()
    time.advance(notices.PAUSES[0])
    assert notices.send_due() == 1
    notice = notice_of(matter)
    assert (notice.state, notice.error, len(sink.messages)) == ("sent", "", 1)


def test_a_dead_gateway_ends_the_round_and_not_the_rest(cast: Cast, sink: Kept) -> None:
    matters = [answered(cast) for _ in range(notices.FAILURES_THAT_END_A_ROUND + 2)]
    sink.failures = 1000
    notices.send_due()
    attempts = [notice_of(matter).attempts for matter in matters]
    assert sum(attempts) == notices.FAILURES_THAT_END_A_ROUND
    assert max(attempts) == 1


def test_a_notice_that_cannot_be_made_holds_up_no_other(
    cast: Cast, sink: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = answered(cast), answered(cast)

    def text(matter: Matter, kind: str, language: str) -> str:
        if matter.id == broken.id:
            raise KeyError(kind)
        return text_for(matter, kind, language)

    monkeypatch.setattr(notices, "text_for", text)
    assert notices.send_due() == 1
    assert notice_of(sound).state == "sent"
    assert notice_of(broken).error == "fault: KeyError"


def test_two_workers_at_once_send_each_notice_once(committed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    matters = [answered(Cast()) for _ in range(12)]
    kept, both = Kept(), threading.Barrier(2)
    monkeypatch.setattr(notices, "_sink", lambda address: kept)

    def send() -> None:
        both.wait()
        notices.send_due()
        connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(message.reference for message in kept.messages) == sorted(matter.reference for matter in matters)


def test_a_worker_killed_before_delivery_leaves_the_notice_waiting(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    matter = answered(cast)

    class Killed(Kept):
        def deliver(self, message: Message) -> None:
            raise SystemExit

    monkeypatch.setattr(notices, "_sink", lambda address: Killed())
    with pytest.raises(SystemExit):
        notices.send_due()
    notice = notice_of(matter)
    assert (notice.state, notice.attempts) == ("waiting", 0)


def message(id: UUID | None = None) -> Message:
    return Message(str(id or uuid4()), PHONE, "【安澜】有新进展", "zh-hans", "261122-1")


def test_the_folder_drops_a_notice_it_has_had(tmp_path: Path) -> None:
    sink, twice = FolderSink(tmp_path / "out"), message()
    sink.deliver(twice)
    sink.deliver(twice)
    sink.deliver(message())
    assert len(list((tmp_path / "out").iterdir())) == 2
    assert json.loads((tmp_path / "out" / f"{twice.id}.json").read_text())["text"] == twice.text


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(NotDelivered, match="the folder"):
        FolderSink(tmp_path / "out").deliver(message())


def test_the_log_shows_no_number_and_no_text(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="anlan"):
        LogSink().deliver(message())
    assert "138****5678" in caplog.text
    assert PHONE not in caplog.text
    assert "新进展" not in caplog.text


@pytest.fixture
def gateway() -> Iterator[tuple[str, list[dict[str, Any]], list[int]]]:
    """The address of a gateway, what it got, and the status codes it answers next."""
    got: list[dict[str, Any]] = []
    answers: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append({"key": self.headers["Idempotency-Key"], **json.loads(body)})
            self.send_response(answers.pop(0) if answers else 200)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/sms", got, answers
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_gateway_gets_the_message_with_a_key_that_stays_the_same(gateway: Any) -> None:
    address, got, _ = gateway
    twice = message()
    for _ in range(2):
        GatewaySink(address).deliver(twice)
    assert [each["key"] for each in got] == [twice.id] * 2
    assert (got[0]["phone"], got[0]["text"]) == (PHONE, twice.text)


@pytest.mark.parametrize("status", [302, 400, 429, 500, 503])
def test_any_other_answer_of_a_gateway_is_no_delivery(gateway: Any, status: int) -> None:
    address, got, answers = gateway
    answers.append(status)
    with pytest.raises(NotDelivered, match=str(status)):
        GatewaySink(address).deliver(message())
    assert len(got) == 1


def test_a_gateway_that_is_not_there_is_no_delivery() -> None:
    with pytest.raises(NotDelivered, match="cannot be reached"):
        GatewaySink("http://127.0.0.1:1/sms").deliver(message())


def test_the_setting_chooses_the_sink(tmp_path: Path) -> None:
    assert isinstance(sink_for("log"), LogSink)
    folder = sink_for(f"file://{tmp_path}/a%20b")
    assert isinstance(folder, FolderSink)
    assert folder.folder == tmp_path / "a b"
    assert isinstance(sink_for("https://gateway.example/sms"), GatewaySink)
