"""What a phone did without network arrives once, in order, and is never lost silently."""

import io
import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from PIL import Image

from anlan.city.areas.atlas import atlas
from anlan.city.people.models import Account
from anlan.loop import clock, engine
from anlan.loop.models import Attachment, Deadline, Event, Matter
from tests.cast import Cast
from tests.loop import stories

STEPS = "/api/v1/dispatch/steps"
DONE = {"outcome": "solved", "text": "换了灯泡"}


@pytest.fixture
def morning(cast: Cast) -> Iterator[clock.ManualClock]:
    atlas.cache_clear()
    with stories.morning() as manual:
        yield manual


def phone(username: str, *, checks: bool = False) -> Client:
    client = Client(headers={"Accept-Language": "en"}, enforce_csrf_checks=checks)
    client.force_login(Account.objects.get(username=username))
    return client


def send(client: Client, matter: Matter, step: str, told: dict[str, Any] | None = None, **more: Any) -> Any:
    given = {"key": str(uuid4()), "matter": str(matter.id), "step": step, "seen": matter.version}
    return client.post(STEPS, {**given, "told": json.dumps(told or {}), **more})


def photo(pixels: int = 40, name: str = "现场.jpg") -> SimpleUploadedFile:
    stream = io.BytesIO()
    Image.new("RGB", (pixels, pixels), "teal").save(stream, "JPEG")
    return SimpleUploadedFile(name, stream.getvalue(), "image/jpeg")


def events(matter_id: UUID) -> list[Event]:
    with stories.everything():
        return list(Event.objects.filter(matter_id=matter_id).order_by("seq"))


def last(matter_id: UUID) -> Event:
    return events(matter_id)[-1]


def meanwhile(client: Client, matter: Matter) -> Any:
    return client.get(f"/api/v1/dispatch/matters/{matter.id}/meanwhile", {"seen": matter.version})


def test_steps_made_on_one_version_are_taken_in_their_order(cast: Cast, morning: clock.ManualClock) -> None:
    matter, client = stories.assigned(cast), phone("li")
    for step, told in (
        ("accept", {}),
        ("arrive", {"lon": "120.1", "lat": "30.29", "accuracy_m": 12}),
        ("resolve", DONE),
    ):
        assert send(client, matter, step, told).json() == {"taken": "now"}
    assert stories.now_of(matter.id).state == "resolved"
    assert events(matter.id)[-2].data == {"lon": "120.1", "lat": "30.29", "accuracy_m": 12}


def test_the_same_key_twice_is_one_step(cast: Cast, morning: clock.ManualClock) -> None:
    matter, client, key = stories.on_scene(cast), phone("li"), str(uuid4())
    assert send(client, matter, "feed_back", {"text": "已到场"}, key=key).json() == {"taken": "now"}
    assert send(client, matter, "feed_back", {"text": "已到场"}, key=key).json() == {"taken": "before"}
    assert stories.kinds(matter.id).count("feed_back") == 1


def test_a_step_that_took_the_matter_away_is_still_known_when_it_comes_again(
    cast: Cast, morning: clock.ManualClock
) -> None:
    matter, client, key = stories.assigned(cast), phone("qian"), str(uuid4())
    matter = engine.advance(matter.id, "withdraw", by=cast.chen, told={"reason": "近"})
    matter = engine.advance(matter.id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.qian)})
    for taken in ("now", "before"):
        answer = send(client, matter, "decline", {"reason": "在另一现场"}, key=key)
        assert answer.json() == {"taken": taken}
    assert stories.now_of(matter.id).unit_id is None


def test_a_key_used_for_something_else_is_refused(cast: Cast, morning: clock.ManualClock) -> None:
    matter, client, key = stories.on_scene(cast), phone("li"), str(uuid4())
    send(client, matter, "feed_back", {"text": "已到场"}, key=key)
    answer = send(client, matter, "feed_back", {"text": "别的话"}, key=key)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "key_reused")
    assert send(phone("he"), matter, "feed_back", {"text": "别的话"}, key=key).status_code == 404


def test_one_key_sent_twice_at_once_is_one_step(committed: str) -> None:
    cast = Cast()
    atlas.cache_clear()
    matter, key = stories.on_scene(cast), str(uuid4())
    answers: list[dict[str, str]] = []

    def sending() -> None:
        answers.append(send(phone("li"), matter, "feed_back", {"text": "已到场"}, key=key).json())
        connections.close_all()

    threads = [threading.Thread(target=sending) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer["taken"] for answer in answers) == ["before", "before", "before", "now"]
    assert stories.kinds(matter.id).count("feed_back") == 1


def test_a_note_in_between_does_not_stand_in_the_way(cast: Cast, morning: clock.ManualClock) -> None:
    matter = stories.on_scene(cast)
    engine.note(matter.id, "居民又来电", by=cast.chen)
    assert send(phone("li"), matter, "resolve", DONE).json() == {"taken": "now"}


def test_the_told_moment_stands_beside_the_receipt_and_deadlines_count_the_receipt(
    cast: Cast, morning: clock.ManualClock
) -> None:
    matter = stories.assigned(cast)
    morning.advance(timedelta(minutes=31))
    done_at = stories.MORNING + timedelta(minutes=2)
    send(phone("li"), matter, "accept", done_at=done_at.isoformat())
    event = last(matter.id)
    assert datetime.fromisoformat(event.data["done_at"]) == done_at
    assert event.at == stories.MORNING + timedelta(minutes=31)
    with stories.everything():
        respond = Deadline.objects.get(matter_id=matter.id, name="respond")
    assert (respond.met, respond.in_time) == (True, False)
    page = phone("chen").get(f"/matters/{matter.id}").content.decode()
    assert "Done, by the phone’s clock" in page
    assert "03-02 09:02" in page


@pytest.mark.parametrize("minutes", [-60, -3, 34, 600])
def test_a_moment_that_cannot_be_true_is_not_kept_but_the_step_counts(
    cast: Cast, morning: clock.ManualClock, minutes: int
) -> None:
    matter = stories.assigned(cast)
    morning.advance(timedelta(minutes=31))
    done_at = stories.MORNING + timedelta(minutes=minutes)
    assert send(phone("li"), matter, "accept", done_at=done_at.isoformat()).json() == {"taken": "now"}
    assert "done_at" not in last(matter.id).data


def test_a_clock_that_is_a_little_slow_is_set_to_the_assignment(cast: Cast, morning: clock.ManualClock) -> None:
    matter = stories.assigned(cast)
    morning.advance(timedelta(minutes=31))
    send(phone("li"), matter, "accept", done_at=(stories.MORNING - timedelta(minutes=1)).isoformat())
    assert datetime.fromisoformat(last(matter.id).data["done_at"]) == stories.MORNING


def test_what_came_at_once_has_no_second_moment(cast: Cast, morning: clock.ManualClock) -> None:
    matter = stories.assigned(cast)
    morning.advance(timedelta(seconds=40))
    send(phone("li"), matter, "accept", done_at=stories.MORNING.isoformat())
    assert last(matter.id).data == {}


def test_nobody_slips_a_moment_in_among_the_words(cast: Cast, morning: clock.ManualClock) -> None:
    matter = stories.on_scene(cast)
    told = {"text": "已到场", "done_at": "2020-01-01T00:00:00Z"}
    assert send(phone("li"), matter, "feed_back", told).status_code == 422


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("key", "1"),
        ("matter", "x"),
        ("seen", "0"),
        ("seen", "9" * 30),
        ("step", "../x"),
        ("done_at", "yesterday"),
        ("done_at", "2026-03-02T09:00:00"),
    ],
)
def test_a_strange_step_is_refused_by_the_name_of_its_field(
    cast: Cast, morning: clock.ManualClock, field: str, value: str
) -> None:
    matter = stories.assigned(cast)
    given = {"key": str(uuid4()), "matter": str(matter.id), "step": "accept", "seen": str(matter.version)}
    answer = phone("li").post(STEPS, {**given, field: value})
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)


@pytest.mark.parametrize("told", ["[]", "{", '"x"', "\x00"])
def test_words_that_are_no_object_are_refused(cast: Cast, morning: clock.ManualClock, told: str) -> None:
    matter = stories.assigned(cast)
    given = {"key": str(uuid4()), "matter": str(matter.id), "step": "accept", "seen": matter.version, "told": told}
    answer = phone("li").post(STEPS, given)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "told")


def test_of_two_phones_the_second_learns_what_the_first_did(cast: Cast, morning: clock.ManualClock) -> None:
    matter = stories.on_scene(cast)
    assert send(phone("li"), matter, "resolve", DONE).json() == {"taken": "now"}
    second = send(phone("li"), matter, "resolve", {**DONE, "text": "也换了"})
    assert (second.status_code, second.json()["error"]["code"]) == (409, "not_possible")
    assert meanwhile(phone("li"), matter).json()["state"] == "Resolved"


def test_who_lost_the_matter_meanwhile_learns_why_and_no_more(cast: Cast, morning: clock.ManualClock) -> None:
    matter = engine.advance(stories.assigned(cast).id, "accept", by=cast.li)
    engine.advance(matter.id, "withdraw", by=cast.chen, told={"reason": "改派翠苑"})
    engine.advance(matter.id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.he), "reason": "秘密"})
    engine.note(matter.id, "后来的话", by=cast.he)
    assert send(phone("li"), matter, "arrive").status_code == 403
    told = meanwhile(phone("li"), matter).json()
    assert [(line["label"], line["by"], line["text"]) for line in told["lines"]] == [
        ("Withdraw", "dispatcher", "改派翠苑")
    ]


def test_a_matter_assigned_anew_is_not_the_one_that_was_seen(cast: Cast, morning: clock.ManualClock) -> None:
    matter = stories.assigned(cast)
    engine.advance(matter.id, "withdraw", by=cast.chen, told={"reason": "误派"})
    engine.advance(matter.id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.li)})
    answer = send(phone("li"), matter, "accept")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "stale")
    assert stories.now_of(matter.id).state == "assigned"


def test_what_was_refused_can_be_kept_as_a_note_with_its_photos_and_moment(
    cast: Cast, morning: clock.ManualClock
) -> None:
    matter = stories.on_scene(cast)
    engine.advance(matter.id, "resolve", by=cast.li, told=DONE)
    morning.advance(timedelta(minutes=20))
    done_at = stories.MORNING + timedelta(minutes=2)
    answer = send(
        phone("li"), matter, "note", {"text": "办结 · 也换了"}, done_at=done_at.isoformat(), files=[photo(), photo()]
    )
    assert answer.json() == {"taken": "now"}
    event = last(matter.id)
    assert (event.kind, event.data["text"], event.actor_role) == ("noted", "办结 · 也换了", "RESPONDER")
    assert datetime.fromisoformat(event.data["done_at"]) == done_at
    with stories.everything():
        assert Attachment.objects.filter(matter_id=matter.id, event_seq=event.seq).count() == 2


def test_a_unit_that_holds_the_matter_no_longer_can_still_leave_its_note(
    cast: Cast, morning: clock.ManualClock
) -> None:
    matter = stories.routed(cast)
    matter = engine.advance(matter.id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.qian)})
    engine.advance(matter.id, "withdraw", by=cast.chen, told={"reason": "改派"})
    client = phone("qian")
    assert client.get(f"/api/v1/matters/{matter.id}").status_code == 404
    assert send(client, matter, "note", {"text": "已到场"}).json() == {"taken": "now"}
    assert last(matter.id).data["text"] == "已到场"
    assert client.get(f"/api/v1/matters/{matter.id}").status_code == 404


def test_the_matter_of_another_unit_is_not_there(cast: Cast, morning: clock.ManualClock) -> None:
    matter, client = stories.assigned(cast), phone("qian")
    for step, told in (("accept", {}), ("note", {"text": "x"}), ("no_such_step", {})):
        assert send(client, matter, step, told).status_code == 404
    assert meanwhile(client, matter).status_code == 404
    assert stories.kinds(matter.id)[-1] == "assign"


def test_a_colleague_next_door_makes_no_step_and_no_note(cast: Cast, morning: clock.ManualClock) -> None:
    matter, client = stories.assigned(cast), phone("he")
    assert send(client, matter, "accept").status_code == 404
    assert send(client, matter, "note", {"text": "x"}).status_code == 404


@pytest.mark.parametrize("who", ["chen", "wu", "wang"])
def test_only_responders_send_steps(cast: Cast, morning: clock.ManualClock, who: str) -> None:
    matter, client = stories.assigned(cast), phone(who)
    assert send(client, matter, "accept").status_code == 403
    assert client.get("/api/v1/dispatch/phone").status_code == 403


def test_who_has_not_signed_in_is_told_so(cast: Cast, morning: clock.ManualClock) -> None:
    assert send(Client(), stories.assigned(cast), "accept").status_code == 401
    assert Client().get("/api/v1/dispatch/phone").status_code == 401


def test_a_forged_form_is_refused_and_the_phone_is_given_the_token(cast: Cast, morning: clock.ManualClock) -> None:
    matter, client = stories.assigned(cast), phone("li", checks=True)
    forged = send(client, matter, "accept")
    assert (forged.status_code, forged.json()["error"]["field"]) == (403, "X-CSRFToken")
    told = client.get("/api/v1/dispatch/phone").json()
    assert told["account"] == str(Account.objects.get(username="li").id)
    given = {"key": str(uuid4()), "matter": str(matter.id), "step": "accept", "seen": matter.version}
    assert client.post(STEPS, given, headers={"X-CSRFToken": told["csrf"]}).json() == {"taken": "now"}


def test_ten_thousand_characters_are_taken_and_too_many_are_not(cast: Cast, morning: clock.ManualClock) -> None:
    matter, client = stories.on_scene(cast), phone("li")
    assert send(client, matter, "feed_back", {"text": "字" * 10_000}).json() == {"taken": "now"}
    answer = send(client, matter, "feed_back", {"text": "字" * 20_001})
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "text")


def test_photos_come_with_the_step_and_are_painted_anew(cast: Cast, morning: clock.ManualClock) -> None:
    matter = stories.on_scene(cast)
    assert send(phone("li"), matter, "resolve", DONE, files=[photo(2048), photo()]).json() == {"taken": "now"}
    assert stories.kinds(matter.id)[-2:] == ["resolve", "noted"]
    assert [file["name"] for file in last(matter.id).data["files"]] == ["现场.jpg", "现场.jpg"]


def test_with_one_photo_that_is_none_nothing_is_written(cast: Cast, morning: clock.ManualClock) -> None:
    matter = stories.on_scene(cast)
    fake = SimpleUploadedFile("x.jpg", b"<script>", "image/jpeg")
    answer = send(phone("li"), matter, "resolve", DONE, files=[photo(), fake])
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "files")
    assert stories.now_of(matter.id).state == "on_scene"


def test_too_many_photos_are_refused(cast: Cast, morning: clock.ManualClock) -> None:
    answer = send(phone("li"), stories.on_scene(cast), "resolve", DONE, files=[photo() for _ in range(11)])
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "files")


def test_a_step_that_lacks_an_answer_names_the_field(cast: Cast, morning: clock.ManualClock) -> None:
    answer = send(phone("li"), stories.on_scene(cast), "resolve", {"outcome": "solved"})
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "text")
