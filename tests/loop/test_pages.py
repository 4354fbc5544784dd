"""The page of a matter: its story, its people behind a mask, and the steps that its reader may make now."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from anlan.city.areas.atlas import atlas
from anlan.city.people.models import Account
from anlan.loop import clock, engine, queries
from anlan.loop.models import Matter, Party
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import Cast, lamp
from tests.loop import stories


@pytest.fixture
def morning(cast: Cast) -> Iterator[clock.ManualClock]:
    atlas.cache_clear()
    with stories.morning() as manual:
        yield manual


@pytest.fixture
def matter(cast: Cast, morning: clock.ManualClock) -> Matter:
    person = Party(part="reporter", name="王秀英", phone="13812345678", address="德加公寓3幢501室")
    opened = engine.open_matter(Dispatching, lamp(parties=[person], description="三盏都不亮"), by=cast.wang).matter
    return engine.advance(opened.id, "route", by=cast.chen)


def browser(username: str, language: str = "en") -> Client:
    client = Client(headers={"Accept-Language": language})
    client.force_login(Account.objects.get(username=username))
    return client


def text(answer: Any) -> str:
    return str(answer.content.decode())


def steps(page: str) -> set[str]:
    return set(re.findall(r'action="/matters/[^"]+/steps/(\w+)"', page))


def test_the_page_tells_the_story_and_the_deadlines_with_their_source(cast: Cast, matter: Matter) -> None:
    page = browser("chen").get(f"/matters/{matter.id}")
    assert page.status_code == 200
    for said in (
        "路灯不亮",
        "三盏都不亮",
        "Received",
        "Route",
        "reporter",
        "dispatcher chen 名",
        "closed within 24 hours",
    ):
        assert said in text(page)
    assert "service target, not a legal right" in text(page)
    assert "default-src 'self'" in page["Content-Security-Policy"]


def test_the_steps_are_those_the_procedure_allows_this_reader(cast: Cast, matter: Matter) -> None:
    for who, actor in (("chen", cast.chen), ("wu", cast.wu), ("sun", cast.sun)):
        allowed = {step.name for step in engine.possible(stories.now_of(matter.id), actor)}
        assert steps(text(browser(who).get(f"/matters/{matter.id}"))) == allowed
    assert "assign" in steps(text(browser("chen").get(f"/matters/{matter.id}")))


@pytest.mark.parametrize(("who", "status"), [("chen", 200), ("wu", 200), ("sun", 200), ("zhou", 404), ("qian", 404)])
def test_each_reader_sees_what_their_posting_reaches(cast: Cast, matter: Matter, who: str, status: int) -> None:
    assert browser(who).get(f"/matters/{matter.id}").status_code == status


def test_a_reporter_has_a_page_of_their_own_and_not_this_one(cast: Cast, matter: Matter) -> None:
    assert browser("wang").get(f"/matters/{matter.id}").status_code == 404


def test_who_has_not_signed_in_is_led_to_the_door(cast: Cast, matter: Matter) -> None:
    assert Client().get(f"/matters/{matter.id}")["Location"] == f"/sign-in?next=%2Fmatters%2F{matter.id}"
    for address in ("steps/assign", "notes", f"people/{matter.id}/look"):
        assert Client().post(f"/matters/{matter.id}/{address}")["Location"] == "/sign-in"


def test_chinese_is_complete(cast: Cast, matter: Matter) -> None:
    engine.advance(matter.id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.li)})
    for who in ("chen", "li"):
        seen = re.sub(r"<[^>]*>", " ", text(browser(who, "zh-hans").get(f"/matters/{matter.id}")))
        assert set(re.findall(r"[A-Za-z]{2,}", seen)) - {"English", "MB", "chen", "li", "he"} == set()


def test_a_step_is_made_from_its_form(cast: Cast, matter: Matter) -> None:
    told = {"version": str(matter.version), "unit_id": cast.unit(cast.li), "reason": "最近"}
    answer = browser("chen").post(f"/matters/{matter.id}/steps/assign", told)
    assert answer["Location"] == f"/matters/{matter.id}"
    assert stories.now_of(matter.id).unit_id is not None
    assert "li 网格员" in text(browser("chen").get(f"/matters/{matter.id}"))


def test_a_refused_form_keeps_what_was_typed_and_names_the_field(cast: Cast, matter: Matter) -> None:
    told = {"version": str(matter.version), "reason": "<b>最近</b>"}
    answer = browser("chen").post(f"/matters/{matter.id}/steps/assign", told)
    assert answer.status_code == 422
    assert 'id="assign-unit_id-error">is required</p>' in text(answer)
    assert "&lt;b&gt;最近&lt;/b&gt;" in text(answer)
    assert stories.now_of(matter.id).state == "routed"


def test_a_stale_page_is_told_so_and_shows_what_is_now(cast: Cast, matter: Matter) -> None:
    engine.advance(matter.id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.he)})
    told = {"version": str(matter.version), "unit_id": cast.unit(cast.li)}
    answer = browser("chen").post(f"/matters/{matter.id}/steps/assign", told)
    assert answer.status_code == 409
    assert "moved on since you opened it" in text(answer)
    assert "he 网格员" in text(answer)


def test_a_step_that_is_not_theirs_is_refused_in_words(cast: Cast, matter: Matter) -> None:
    assigned = engine.advance(matter.id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.li)})
    answer = browser("chen").post(f"/matters/{matter.id}/steps/accept", {"version": str(assigned.version)})
    assert answer.status_code == 403
    assert "is not yours to do here" in text(answer)
    unknown = browser("chen").post(f"/matters/{matter.id}/steps/nonsense", {"version": str(assigned.version)})
    assert unknown.status_code == 404


def test_people_stand_behind_a_mask(cast: Cast, matter: Matter) -> None:
    for who in ("chen", "wu", "sun"):
        page = text(browser(who).get(f"/matters/{matter.id}"))
        assert "138****5678" in page
        assert not any(secret in page for secret in ("王秀英", "13812345678", "501室"))


def test_a_look_takes_a_purpose_and_is_shown(cast: Cast, matter: Matter) -> None:
    (person,) = queries.people(cast.chen, matter.id)
    address, client = f"/matters/{matter.id}/people/{person.id}/look", browser("chen")
    refused = client.post(address, {"purpose": "  "})
    assert refused.status_code == 422
    assert "13812345678" not in text(refused)
    opened = client.post(address, {"purpose": "回访"})
    assert "13812345678" in text(opened)
    assert opened["Cache-Control"] == "private, no-store"
    page = text(client.get(f"/matters/{matter.id}"))
    assert "回访" in page
    assert "13812345678" not in page


def test_another_town_can_not_look(cast: Cast, matter: Matter) -> None:
    (person,) = queries.people(cast.chen, matter.id)
    answer = browser("zhou").post(f"/matters/{matter.id}/people/{person.id}/look", {"purpose": "好奇"})
    assert answer.status_code == 404


def test_a_note_with_a_file_is_added(cast: Cast, matter: Matter, settings: Any, tmp_path: Path) -> None:
    settings.ANLAN_FILES = tmp_path
    picture = BytesIO()
    Image.new("RGB", (4, 4)).save(picture, "PNG")
    picture.seek(0)
    picture.name = "lamp.png"
    answer = browser("chen").post(f"/matters/{matter.id}/notes", {"text": "现场照片", "files": picture})
    assert answer.status_code == 302
    page = text(browser("chen").get(f"/matters/{matter.id}"))
    assert "现场照片" in page
    (address,) = re.findall(rf'<a href="(/matters/{matter.id}/files/[^"]+)">lamp', page)
    assert browser("chen").get(address)["Content-Type"] == "image/png"
    assert browser("zhou").get(address).status_code == 404
    assert Client().get(address).status_code == 302


def test_an_empty_note_is_refused(cast: Cast, matter: Matter) -> None:
    answer = browser("chen").post(f"/matters/{matter.id}/notes", {"text": ""})
    assert answer.status_code == 422


def test_a_file_that_is_not_taken_is_refused_beside_the_note(cast: Cast, matter: Matter) -> None:
    file = BytesIO(b"<svg onload=alert(1)>")
    file.name = "x.svg"
    answer = browser("chen").post(f"/matters/{matter.id}/notes", {"text": "看图", "files": file})
    assert answer.status_code == 422
    assert "看图</textarea>" in text(answer)


def test_a_part_that_is_fetched_anew_leaves_the_word_for_the_page(cast: Cast, matter: Matter) -> None:
    client, path = browser("chen"), f"/matters/{matter.id}"
    client.post(f"{path}/notes", {"text": "已联系", "version": str(matter.version)})
    said = client.session["said"]
    for part in (client.get(path, headers={"X-Live": "part"}), client.get(path, {"part": "list"})):
        assert said not in text(part)
    assert said in text(client.get(path))
    assert said not in text(client.get(path))
