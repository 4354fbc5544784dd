"""Asking a language model outside: by a click, without anybody's data, and with nothing lost when it fails."""

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from django.test import Client

from anlan.city.people.models import Account
from anlan.loop import engine
from anlan.loop.models import Event, Matter, Party
from anlan.services.dispatch.procedure import Dispatching
from anlan.services.triage.language.endpoint import Endpoint, Unavailable
from tests.cast import GRID, Cast, lamp
from tests.services.administration.city import browser, written

WORDS = "我叫王秀英，电话 138 0000 0000，住12号楼3单元501室。文一路的路灯从2026年3月1日起不亮，浙A12345撞了灯杆。"


class Model(ThreadingHTTPServer):
    """A model outside, as this test wants it to answer: `body` with `status`, after `wait` seconds a byte."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.asked: list[dict[str, Any]] = []
        self.heads: list[dict[str, str]] = []
        self.status, self.body, self.wait, self.leads_to = 200, answer("A street lamp is dark."), 0.0, ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Answering(BaseHTTPRequestHandler):
    server: Model

    def do_POST(self) -> None:
        self.server.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.server.heads.append(dict(self.headers))
        self.send_response(self.server.status)
        if self.server.leads_to:
            self.send_header("Location", self.server.leads_to)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        try:
            for byte in [self.server.body] if not self.server.wait else [bytes([each]) for each in self.server.body]:
                time.sleep(self.server.wait)
                self.wfile.write(byte)
                self.wfile.flush()
        except OSError:
            return  # whoever asked has gone

    def log_message(self, *args: Any) -> None:
        pass


def answer(words: Any) -> bytes:
    return json.dumps({"choices": [{"message": {"content": words}}]}).encode()


@pytest.fixture
def model(settings: Any) -> Iterator[Model]:
    with Model() as server:
        settings.ANLAN_LLM_URL, settings.ANLAN_LLM_MODEL, settings.ANLAN_LLM_KEY = server.url, "small-1", "secret-key"
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def matter(cast: Cast) -> Matter:
    person = Party(part="reporter", name="王秀英", phone="13800000000")
    return engine.open_matter(Dispatching, lamp(GRID, description=WORDS, parties=[person]), by=cast.wang).matter


def desk(username: str = "chen") -> Client:
    return browser(Account.objects.get(username=username))


def address(matter: Matter) -> str:
    return f"/triage/matters/{matter.id}/words"


def test_a_click_brings_a_translation_that_names_its_model(matter: Matter, model: Model) -> None:
    page = desk().post(address(matter), {"task": "en"}).content.decode()
    assert "A street lamp is dark." in page
    assert "made by a machine" in page
    assert "small-1" in page
    assert model.heads[0]["Authorization"] == "Bearer secret-key"


def test_what_leaves_holds_nobodys_data_and_is_what_the_page_showed(matter: Matter, model: Model) -> None:
    shown = desk().get(address(matter)).content.decode()
    desk().post(address(matter), {"task": "summary"})
    left = json.dumps(model.asked[0], ensure_ascii=False)
    assert not [secret for secret in ("王秀英", "138", "0000 0000", "12号楼", "501", "A12345") if secret in left]
    assert "文一路的路灯从2026年3月1日起不亮" in left
    assert model.asked[0]["messages"][1]["content"].splitlines()[-1] in shown


def test_looking_at_matters_and_at_the_page_asks_nobody(matter: Matter, model: Model) -> None:
    client = desk()
    assert address(matter) in client.get(f"/matters/{matter.id}").content.decode()
    client.get(address(matter))
    assert model.asked == []


def test_who_asks_is_written_down_even_when_no_answer_comes(matter: Matter, model: Model) -> None:
    model.status = 500
    desk().post(address(matter), {"task": "zh"})
    (entry,) = written()
    assert (entry.verb, entry.account, entry.object_id) == ("ask-model", "chen", str(matter.id))
    assert entry.difference["task"] == ["", "zh"]
    assert "路灯" not in json.dumps(entry.difference, ensure_ascii=False)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"choices": []}', answer(None), answer("  "), answer([1])])
def test_rubbish_changes_nothing_but_a_line(matter: Matter, model: Model, body: bytes) -> None:
    before = Matter.objects.filter(id=matter.id).values()
    model.body = body
    answered = desk().post(address(matter), {"task": "en"})
    assert answered.status_code == 200
    assert "Its answer cannot be read." in answered.content.decode()
    assert WORDS.split("，")[0] in answered.content.decode()
    assert list(before) == list(Matter.objects.filter(id=matter.id).values())
    assert not Event.objects.filter(matter_id=matter.id, seq__gt=1).exists()


def test_a_redirect_is_not_followed(matter: Matter, model: Model) -> None:
    with Model() as other:
        Thread(target=other.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        model.status, model.leads_to = 307, f"{other.url}/chat/completions"
        page = desk().post(address(matter), {"task": "en"}).content.decode()
        assert "error 307" in page
        assert other.asked == []
        other.shutdown()


def test_an_answer_that_drips_is_cut_off(model: Model) -> None:
    model.wait = 0.05
    with pytest.raises(Unavailable, match="too long"):
        Endpoint(model.url, "small-1", seconds=0.3).ask("Say it", "路灯")


def test_an_answer_without_end_is_cut_off(model: Model) -> None:
    model.body = b"x" * 3_000_000
    with pytest.raises(Unavailable, match="cannot be read"):
        Endpoint(model.url, "small-1").ask("Say it", "路灯")


def test_where_nobody_listens_a_line_says_so() -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        Endpoint("http://127.0.0.1:9/v1", "small-1").ask("Say it", "路灯")


def test_the_answer_is_text_and_no_page(matter: Matter, model: Model) -> None:
    model.body = answer("<script>alert(1)</script>\x00\x1b[31m")
    page = desk().post(address(matter), {"task": "en"}).content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "\x1b" not in page


def test_without_an_endpoint_nothing_is_offered_and_nothing_leaves(matter: Matter) -> None:
    client = desk()
    assert address(matter) not in client.get(f"/matters/{matter.id}").content.decode()
    assert "Nothing leaves." in client.get(address(matter)).content.decode()
    assert "No language model is set up." in client.post(address(matter), {"task": "en"}).content.decode()
    assert written() == []


def test_only_who_works_on_a_matter_may_ask(matter: Matter, model: Model) -> None:
    assert desk("zhou").post(address(matter), {"task": "en"}).status_code == 404
    assert desk("wang").post(address(matter), {"task": "en"}).status_code == 403
    assert model.asked == []


def test_an_unknown_task_is_refused(matter: Matter, model: Model) -> None:
    assert desk().post(address(matter), {"task": "poem"}).status_code == 404
    assert model.asked == []


def test_the_page_of_a_matter_shows_the_gist_and_what_to_ask(cast: Cast) -> None:
    long = "垃圾没有人清运，味道很大，大家都受不了。" * 15
    opened = engine.open_matter(Dispatching, lamp(description=long), by=cast.wang).matter
    page = desk().get(f"/matters/{opened.id}").content.decode()
    assert "In short, in its own words" in page
    assert "Since when, and how often?" in page


def test_a_note_that_answers_a_question_takes_it_away(cast: Cast) -> None:
    opened = engine.open_matter(Dispatching, lamp(description="垃圾没有人清运"), by=cast.wang).matter
    client = desk()
    client.post(f"/matters/{opened.id}/notes", {"text": "已电话了解，从上周开始"})
    assert "Since when" not in client.get(f"/matters/{opened.id}").content.decode()


def test_before_sending_a_resident_is_asked_gently_and_may_send_all_the_same(cast: Cast) -> None:
    client = Client(headers={"Accept-Language": "en"})
    where = client.post("/report", {"text": "有很大的噪音"})["Location"]
    send = client.post(where, {"address": ""})["Location"]
    page = client.get(send).content.decode()
    assert "It would help to know" in page
    assert "Where exactly?" in page
    assert "a number to call back" not in page
    assert client.post(send, {}).status_code == 302
