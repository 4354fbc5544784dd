"""Files of a matter: taken from whoever has a part in it, cleaned, and given out to nobody else."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import ExifTags, Image

from anlan.city.people.access import Actor, bearer
from anlan.city.people.models import Account
from anlan.foundation.rules import RuleBook, rulebook
from anlan.foundation.sealing.fields import blind_index
from anlan.loop import engine, files, queries
from anlan.loop.doors import token_for
from anlan.loop.engine import Opened
from anlan.loop.models import Attachment, Event
from anlan.loop.refusals import BadInput, NotAllowed, Unknown
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import Cast, lamp
from tests.loop.stories import everything, kinds

PDF = b"%PDF-1.4\n1 0 obj\n<</Type/Catalog>>\nendobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture(autouse=True)
def store(settings: Any, tmp_path: Path) -> Path:
    settings.ANLAN_FILES = tmp_path / "files"
    return tmp_path / "files"


@pytest.fixture
def opened(cast: Cast) -> Opened:
    opened = engine.open_matter(Dispatching, lamp(), by=cast.wang)
    engine.advance(opened.matter.id, "route", by=cast.chen)
    engine.advance(opened.matter.id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.li)})
    return opened


def photo() -> bytes:
    """A picture that says where it was taken."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Camera 7"
    exif.get_ifd(ExifTags.Base.GPSInfo)[ExifTags.GPS.GPSLatitude] = (30.0, 16.0, 27.0)
    out = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(out, "JPEG", exif=exif)
    return out.getvalue()


def attach(opened: Opened, by: Actor, content: bytes | None = None, name: str = "灯.jpg", **more: Any) -> Attachment:
    return files.attach(opened.matter.id, io.BytesIO(content or photo()), name=name, by=by, **more)


def code_of(opened: Opened) -> Actor:
    return bearer(blind_index("code", opened.code))


def stored(store: Path) -> list[Path]:
    return [path for path in store.rglob("*") if path.is_file()]


# Who may add one.


@pytest.mark.parametrize("who", ["wang", "chen", "li", "sun"])
def test_whoever_has_a_part_in_it_adds_a_file(opened: Opened, cast: Cast, store: Path, who: str) -> None:
    added = attach(opened, getattr(cast, who), text="灯杆")
    with everything():
        kept, event = Attachment.objects.get(), Event.objects.get(kind="noted")
    assert (kept.id, kept.matter_id, kept.event_seq, kept.area) == (
        added.id,
        opened.matter.id,
        event.seq,
        opened.matter.area,
    )
    assert event.data["files"] == [{"digest": kept.digest, "name": "灯.jpg"}]
    assert event.data["text"] == "灯杆"
    assert [path.name for path in stored(store)] == [kept.digest]


def test_the_holder_of_the_code_adds_a_file(opened: Opened) -> None:
    attach(opened, code_of(opened))
    with everything():
        assert Event.objects.get(kind="noted").actor_role == "REPORTER"


@pytest.mark.parametrize(("who", "why"), [("zhou", Unknown), ("qian", Unknown), ("he", NotAllowed)])
def test_nobody_else_does_and_nothing_of_theirs_is_stored(
    opened: Opened, cast: Cast, store: Path, who: str, why: type[Exception]
) -> None:
    with pytest.raises(why):
        attach(opened, getattr(cast, who))
    assert stored(store) == []
    assert "noted" not in kinds(opened.matter.id)


def test_only_staff_keep_evidence(opened: Opened, cast: Cast, store: Path) -> None:
    for reporter in (cast.wang, code_of(opened)):
        with pytest.raises(NotAllowed) as refused:
            attach(opened, reporter, evidence=True)
        assert refused.value.field == "evidence"
    assert stored(store) == []


# What is taken.


def test_a_picture_loses_its_place_unless_it_is_evidence(opened: Opened, cast: Cast) -> None:
    clean, original = attach(opened, cast.li), attach(opened, cast.li, evidence=True)
    for added, place in ((clean, False), (original, True)):
        answer = files.opened(opened.matter.id, added.id, by=cast.li)
        picture = Image.open(io.BytesIO(b"".join(answer)))
        assert bool(picture.getexif().get_ifd(ExifTags.Base.GPSInfo)) is place
    assert original.digest != clean.digest


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (SVG, "灯.svg"),
        (SVG, "灯.jpg"),
        (PDF + b"PK\x03\x04 and a program", "合同.pdf"),
        (b"GIF89a" + b"/*" + SVG, "灯.gif"),
        (photo(), "灯.pdf"),
        (b"\x7fELF" + bytes(100), "灯.jpg"),
        (photo()[:100], "灯.jpg"),
        (b"", "空.txt"),
    ],
    ids=["svg", "svg as jpg", "something behind a pdf", "polyglot", "wrong name", "program", "cut off", "empty"],
)
def test_what_is_not_taken_leaves_no_line_and_nothing_in_the_store(
    opened: Opened, cast: Cast, store: Path, content: bytes, name: str
) -> None:
    with pytest.raises(BadInput) as refused:
        files.attach(opened.matter.id, io.BytesIO(content), name=name, by=cast.wang)
    assert refused.value.field == "files"
    assert str(refused.value.message)
    assert stored(store) == []
    assert "noted" not in kinds(opened.matter.id)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A house that takes two files of one megabyte at once."""
    limits = {"files.megabytes": 1, "files.in_one_note": 2}
    book = RuleBook(
        rule.model_copy(update={"value": limits[rule.id]}) if rule.id in limits else rule for rule in rulebook().all()
    )
    monkeypatch.setattr(files, "rulebook", lambda: book)
    return


@pytest.mark.usefixtures("small")
def test_a_file_larger_than_the_setting_is_refused(opened: Opened, cast: Cast, store: Path) -> None:
    attach(opened, cast.wang, b"x" * 1024 * 1024, "a.txt")
    with pytest.raises(BadInput, match="larger than 1 MB"):
        attach(opened, cast.wang, b"y" * (1024 * 1024 + 1), "a.txt")
    assert len(stored(store)) == 1


@pytest.mark.usefixtures("small")
def test_too_many_files_at_once_are_refused(opened: Opened, cast: Cast, store: Path) -> None:
    for count in (0, 3):
        sent = [files.Sent(io.BytesIO(b"x"), "a.txt") for _ in range(count)]
        with pytest.raises(BadInput) as refused:
            files.attach_all(opened.matter.id, sent, by=cast.wang)
        assert refused.value.field == "files"
    assert stored(store) == []


# Who sees it.


def shown(actor: Actor, opened: Opened) -> list[str]:
    return [file.name for file in queries.matter(actor, opened.matter.id).files]


def test_the_reporter_sees_what_they_sent_and_what_is_meant_for_them(opened: Opened, cast: Cast) -> None:
    attach(opened, cast.wang, name="我的.jpg")
    attach(opened, cast.li, name="内部.jpg")
    attach(opened, cast.li, name="修好.jpg", public=True)
    attach(opened, cast.li, name="原件.jpg", public=True, evidence=True)
    assert shown(cast.chen, opened) == ["我的.jpg", "内部.jpg", "修好.jpg", "原件.jpg"]
    for reporter in (cast.wang, code_of(opened)):
        assert shown(reporter, opened) == ["我的.jpg", "修好.jpg"]
    story = queries.public_view(blind_index("code", opened.code))
    assert [file.name for file in story.files] == ["我的.jpg", "修好.jpg"]


def test_a_file_that_is_not_shown_can_not_be_opened_either(opened: Opened, cast: Cast) -> None:
    inside, evidence = attach(opened, cast.li), attach(opened, cast.li, public=True, evidence=True)
    other = engine.open_matter(Dispatching, lamp(), by=cast.wang)
    for actor, matter, file in (
        (cast.wang, opened, inside),
        (cast.wang, opened, evidence),
        (code_of(opened), opened, inside),
        (cast.zhou, opened, inside),
        (cast.chen, other, inside),
    ):
        with pytest.raises(Unknown):
            files.opened(matter.matter.id, file.id, by=actor)


def test_opening_evidence_is_written_down_and_only_for_those_who_work_on_it(opened: Opened, cast: Cast) -> None:
    evidence = attach(opened, cast.li, evidence=True)
    files.opened(opened.matter.id, evidence.id, by=cast.chen)
    with everything():
        event = Event.objects.get(kind="evidence_opened")
    assert event.data == {"file": evidence.digest, "office": "文新街道综合信息指挥室"}
    with pytest.raises(NotAllowed):
        files.opened(opened.matter.id, evidence.id, by=cast.he)
    assert kinds(opened.matter.id).count("evidence_opened") == 1


# Over HTTP.


def headers(who: str, opened: Opened) -> dict[str, str]:
    if who == "code":
        return {"X-Tracking-Code": opened.code}
    return {"Authorization": f"Bearer {token_for(Account.objects.get(username=who))}"} if who else {}


def post(
    opened: Opened, who: str, *sent: tuple[str, bytes], path: str | None = None, language: str = "en", **form: str
) -> Any:
    uploads = [SimpleUploadedFile(name, content) for name, content in sent]
    address = path or f"/api/v1/matters/{opened.matter.id}/files"
    return Client().post(
        address, {"files": uploads, **form}, headers={**headers(who, opened), "Accept-Language": language}
    )


def get(opened: Opened, who: str, id: str | UUID) -> Any:
    return Client().get(f"/api/v1/matters/{opened.matter.id}/files/{id}", headers=headers(who, opened))


def test_files_go_in_and_come_out_over_http(opened: Opened) -> None:
    answer = post(opened, "li", ("灯.jpg", photo()), ("合同.pdf", PDF), text="两份", public="true")
    assert answer.status_code == 201, answer.content
    picture, contract = answer.json()
    assert (picture["media_type"], contract["media_type"]) == ("image/jpeg", "application/pdf")
    listed = Client().get(f"/api/v1/matters/{opened.matter.id}", headers=headers("chen", opened)).json()["files"]
    assert listed == [picture, contract]

    shown = get(opened, "wang", picture["id"])
    assert b"".join(shown).startswith(b"\xff\xd8\xff")
    assert shown.headers["Content-Disposition"].startswith("inline")
    saved = get(opened, "code", contract["id"])
    assert b"".join(saved) == PDF
    assert saved.headers["Content-Disposition"].startswith("attachment")
    for answer in (shown, saved):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert (shown.headers["Content-Type"], saved.headers["Content-Type"]) == ("image/jpeg", "application/pdf")


def test_evidence_is_saved_and_never_shown_in_place(opened: Opened) -> None:
    (evidence,) = post(opened, "li", ("灯.jpg", photo()), evidence="true").json()
    assert get(opened, "chen", evidence["id"]).headers["Content-Disposition"].startswith("attachment")


def test_a_reporter_sends_and_opens_files_by_code(opened: Opened) -> None:
    path = f"/api/v1/reports/{opened.code.lower()}/files"
    (added,) = post(opened, "", ("灯.jpg", photo()), path=path, text="又坏了").json()
    story = Client().get(f"/api/v1/reports/{opened.code}", headers={"Accept-Language": "en"}).json()
    assert story["files"] == [added]
    assert [line["text"] for line in story["timeline"] if line["label"] == "Note"] == ["又坏了"]
    assert b"".join(Client().get(f"{path}/{added['id']}")).startswith(b"\xff\xd8\xff")
    assert Client().get(f"/api/v1/reports/K7QM4R2XK7QM4R2X/files/{added['id']}").status_code == 404
    assert post(opened, "", ("灯.jpg", photo()), path="/api/v1/reports/K7QM4R2XK7QM4R2X/files").status_code == 404


@pytest.mark.parametrize(("who", "status"), [("", 401), ("zhou", 404), ("qian", 404), ("he", 403)])
def test_who_may_not_send_is_refused(opened: Opened, store: Path, who: str, status: int) -> None:
    assert post(opened, who, ("灯.jpg", photo())).status_code == status
    assert stored(store) == []


@pytest.mark.parametrize(("who", "status"), [("", 401), ("zhou", 404), ("wang", 404), ("code", 404), ("he", 200)])
def test_who_may_not_see_it_does_not_get_it(opened: Opened, cast: Cast, who: str, status: int) -> None:
    assert get(opened, who, attach(opened, cast.li).id).status_code == status


def test_a_file_that_is_not_there_is_no_fault(opened: Opened, cast: Cast, store: Path) -> None:
    added = attach(opened, cast.li)
    (file,) = stored(store)
    file.unlink()
    assert get(opened, "chen", added.id).status_code == 404
    assert get(opened, "chen", uuid4()).status_code == 404
    assert get(opened, "chen", "x").status_code == 422


@pytest.mark.parametrize(("language", "words"), [("zh-CN", "不接受"), ("en", "not accepted")])
def test_a_refused_file_is_named_in_the_askers_language(opened: Opened, language: str, words: str) -> None:
    answer = post(opened, "wang", ("灯.svg", SVG), language=language)
    error = answer.json()["error"]
    assert (answer.status_code, error["field"], error["code"]) == (422, "files", "bad_input")
    assert words in error["message"]


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", "application/json", 422),
        (json.dumps({"files": []}).encode(), "application/json", 422),
        (b"--x\r\n", "multipart/form-data; boundary=x", 422),
        (b"--x\r\nnonsense", "multipart/form-data", 400),
        (b"files=1", "application/x-www-form-urlencoded", 422),
    ],
)
def test_what_is_no_form_with_files_is_refused(opened: Opened, body: bytes, content_type: str, status: int) -> None:
    answer = Client().post(
        f"/api/v1/matters/{opened.matter.id}/files",
        body,
        content_type=content_type,
        headers=headers("wang", opened),
    )
    assert answer.status_code == status, answer.content
    assert answer.json()["error"]["message"]


@pytest.mark.usefixtures("small")
def test_what_is_too_much_is_refused_before_it_is_read(opened: Opened, store: Path) -> None:
    answer = post(
        opened, "wang", ("a.txt", b"x" * 1024 * 1024), ("b.txt", b"y" * 1024 * 1024), ("c.txt", b"z" * 200_000)
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_big")
    assert stored(store) == []


def test_words_with_files_are_checked_like_any(opened: Opened) -> None:
    for wrong in ("x" * 20_001, "a\x07"):
        answer = post(opened, "wang", ("灯.jpg", photo()), text=wrong)
        assert (answer.status_code, answer.json()["error"]["field"]) == (422, "text")
    assert post(opened, "wang", ("灯.jpg", photo()), colour="red").json()["error"]["field"] == "colour"
