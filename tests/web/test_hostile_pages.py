"""What an attacker does with pages: forged forms, frames, files that are two things at once, guesses, stolen sessions.

What is sent to single fields is in test_hostile_input.py, what a file may be in test_files.py and test_file_store.py.
"""

import io
import os
import re
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit
from uuid import uuid4

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import ExifTags, Image

from anlan.city.people.access import bearer
from anlan.city.people.models import Account
from anlan.foundation.environment import REPOSITORY
from anlan.loop import engine
from anlan.loop.doors import tracking_index
from anlan.loop.engine import Opened
from anlan.loop.models import Attachment
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import CUIYUAN, Cast, lamp
from tests.loop.stories import everything
from tests.routes import pages

PASSWORD = "a long password"
SOME_ID = "01990000-0000-7000-8000-000000000000"
EXAMPLES = {"code": "0000-0000-0000-0000", "name": "route", "path": "x"}
ADDRESSES = sorted(
    {re.sub(r"\{(\w+)\}", lambda found: EXAMPLES.get(found[1], SOME_ID), each.address) for each in pages()}
)
ELSEWHERE = (
    "https://elsewhere.example/",
    "//elsewhere.example",
    "/\\elsewhere.example",
    "\thttps://elsewhere.example",
    "javascript:alert(1)",
)

pytestmark = pytest.mark.django_db(databases=["default", "owner"])


@pytest.fixture(autouse=True)
def _surroundings(settings: Any, tmp_path: Path) -> None:
    settings.ANLAN_FILES = tmp_path / "files"
    # Slow by intention, and not what is tried here.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def opened(cast: Cast) -> Opened:
    return engine.open_matter(Dispatching, lamp(), by=cast.wang)


@pytest.fixture
def chen(cast: Cast) -> Account:
    account = Account.objects.get(username="chen")
    account.set_password(PASSWORD)
    account.save()
    return account


# Forged forms and frames


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_address_takes_a_forged_form(chen: Account, address: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(chen)
    answer = client.post(address, {"text": "x", "next": "/"}, headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code in (403, 404, 405) or address in (
        "/health",
        "/ready",
        "/metrics",
        "/api/docs",
        "/api/docs/x",
    )


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("signed_in", [True, False])
def test_nothing_can_be_put_into_a_frame(chen: Account, address: str, signed_in: bool) -> None:
    client = Client()
    if signed_in:
        client.force_login(chen)
    answer = client.get(address)
    assert answer["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_page_leads_to_another_site(chen: Account, address: str) -> None:
    signed_in = Client()
    for target in ELSEWHERE:
        told = {"next": target, "username": "chen", "password": PASSWORD, "posting": "", "language": "en", "text": "x"}
        signed_in.force_login(chen)
        for client in (Client(), signed_in):
            assert where_to(client.get(address, {"next": target})) in (None, "testserver")
            assert where_to(client.post(f"{address}?{urlencode({'next': target})}", told)) in (None, "testserver")


def where_to(answer: Any) -> str | None:
    """The server to which a browser would go on; None if it stays."""
    if "Location" not in answer:
        return None
    # Browsers leave out what can't be seen and take a backslash for a slash.
    leads = re.sub(r"[\x00-\x20]", "", answer["Location"]).replace("\\", "/")
    there = urlsplit(urljoin("http://testserver/", leads))
    return there.hostname if there.scheme == "http" else leads


@pytest.mark.parametrize("header", ["HTTP_HOST", "HTTP_X_FORWARDED_HOST"])
def test_a_made_up_host_is_never_repeated(opened: Opened, header: str) -> None:
    for address in ("/", f"/t/{opened.code}/receipt", "/board", "/sign-in?next=/board"):
        answer = Client().get(address, **{header: "elsewhere.example"})  # type: ignore[arg-type]
        assert answer.status_code == (400 if header == "HTTP_HOST" else answer.status_code)
        assert "elsewhere" not in answer.content.decode() + answer.get("Location", "")


# Files that are not what they say


def page_for(what: bytes) -> bytes:
    return b"<html><script>alert(document.cookie)</script>" + what


def gif_with_archive() -> bytes:
    picture, archive = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (4, 4)).save(picture, "GIF")
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("Applet.class", b"\xca\xfe\xba\xbe")
    return picture.getvalue() + archive.getvalue()


def picture(kind: str = "JPEG", **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "orange").save(out, kind, **more)
    return out.getvalue()


def png_of(width: int, height: int) -> bytes:
    """A few bytes that say they are a picture of any size."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def bomb() -> bytes:
    """A workbook of a few kilobytes that unpacks to a thousand times that."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr("xl/workbook.xml", bytes(20 * 1024 * 1024))
    return out.getvalue()


PDF = b"%PDF-1.4\n1 0 obj\n<</Type/Catalog>>\nendobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
BAD_FILES = {
    "svg with a script": ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
    "svg called a picture": ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
    "page": ("a.html", page_for(b"")),
    "page called text": ("a.txt", page_for(b"")),
    "page called a document": ("a.pdf", page_for(PDF)),
    "document with a page in it": ("a.pdf", PDF.replace(b"endobj", b"<script>alert(1)</script>endobj")),
    "document that runs a script": ("a.pdf", PDF.replace(b"/Catalog", b"/Catalog/OpenAction<</S/JavaScript/JS(x)>>")),
    "gif with an archive behind it": ("a.gif", gif_with_archive()),
    "gif called a jpeg": ("a.jpg", gif_with_archive()),
    "picture of a billion points": ("a.png", png_of(40_000, 40_000)),
    "workbook that unpacks without end": ("a.xlsx", bomb()),
    "program": ("a.jpg", b"MZ" + bytes(200)),
    "picture called a document": ("a.pdf", picture()),
    "picture with a page behind it": ("a.jpg", picture() + page_for(b"")),
    "name with two endings": ("a.jpg.html", picture()),
}


@pytest.mark.parametrize(("name", "content"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_file_that_is_not_what_it_says_is_refused_on_every_page(
    opened: Opened, chen: Account, name: str, content: bytes
) -> None:
    desk = Client()
    desk.force_login(chen)
    for client, address, told in (
        (Client(), f"/t/{opened.code}", {"act": "note", "text": "x"}),
        (desk, f"/matters/{opened.matter.id}/notes", {"text": "x"}),
    ):
        answer = client.post(address, {**told, "files": SimpleUploadedFile(name, content, "image/jpeg")})
        assert answer.status_code == 422
        assert "files-error" in answer.content.decode()
    with everything():
        assert not Attachment.objects.exists()


def kept(opened: Opened, name: str, content: bytes) -> tuple[str, Any]:
    """Send a file with the code; returns its address and what is answered there."""
    answer = Client().post(
        f"/t/{opened.code}", {"act": "note", "text": "x", "files": SimpleUploadedFile(name, content)}
    )
    assert answer.status_code == 302, answer.content.decode()
    with everything():
        address = f"/t/{opened.code}/files/{Attachment.objects.get().id}"
    return address, Client().get(address)


def test_a_photo_says_neither_where_nor_with_what_it_was_taken(opened: Opened) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Camera 7"
    exif.get_ifd(ExifTags.Base.GPSInfo)[ExifTags.GPS.GPSLatitude] = (30.0, 16.0, 27.0)
    sent = picture(exif=exif, comment=b"at home")
    assert b"Camera 7" in sent
    _, answer = kept(opened, "lamp.jpg", sent)
    given = b"".join(answer.streaming_content)
    assert b"Camera 7" not in given
    assert b"at home" not in given
    assert not Image.open(io.BytesIO(given)).getexif()


@pytest.mark.parametrize(
    ("name", "content", "how"),
    [("a.jpg", picture(), "inline"), ("a.pdf", PDF, "attachment"), ("a.txt", b"plain", "attachment")],
)
def test_a_file_is_given_out_so_that_it_can_not_act_as_a_page(
    opened: Opened, name: str, content: bytes, how: str
) -> None:
    _, answer = kept(opened, name, content)
    assert answer["Content-Disposition"].startswith(how)
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["Content-Type"].partition(";")[0] in ("image/jpeg", "application/pdf", "text/plain")


def test_a_name_can_not_write_headers_or_paths(opened: Opened) -> None:
    _, answer = kept(opened, '..\\..\\"a\r\nSet-Cookie: x=1".jpg', picture())
    assert "\n" not in answer["Content-Disposition"]
    assert "Set-Cookie" not in answer.headers
    assert ".." not in answer["Content-Disposition"]


# Guessing


def test_a_file_opens_only_through_its_own_matter(opened: Opened, cast: Cast, chen: Account) -> None:
    address, _ = kept(opened, "a.jpg", picture())
    file = address.rpartition("/")[2]
    other = engine.open_matter(Dispatching, lamp(area=CUIYUAN), by=cast.wang)
    assert Client().get(f"/t/{other.code}/files/{file}").status_code == 404
    desk = Client()
    desk.force_login(chen)
    assert desk.get(f"/matters/{opened.matter.id}/files/{file}").status_code == 200
    assert desk.get(f"/matters/{other.matter.id}/files/{file}").status_code == 404
    zhou = Client()
    zhou.force_login(Account.objects.get(username="zhou"))
    assert zhou.get(f"/matters/{other.matter.id}/files/{file}").status_code == 404


def test_another_towns_matter_is_answered_like_one_that_does_not_exist(cast: Cast, chen: Account) -> None:
    other = engine.open_matter(Dispatching, lamp(area=CUIYUAN), by=cast.wang).matter
    desk = Client()
    desk.force_login(chen)
    for method, tail in (("get", ""), ("post", "/steps/route"), ("post", "/notes"), ("get", f"/files/{uuid4()}")):
        there, nowhere = (
            getattr(desk, method)(f"/matters/{each}{tail}", {"text": "x", "version": "1"})
            for each in (other.id, uuid4())
        )
        assert there.status_code == nowhere.status_code == 404
        assert bare(there, other.id) == bare(nowhere, other.id)


def bare(answer: Any, matter_id: object) -> str:
    """A page without what differs from one request to the next."""
    return re.sub(r'value="[^"]*"', "", answer.content.decode()).replace(str(matter_id), "")


def test_a_code_is_too_long_to_be_guessed(cast: Cast) -> None:
    codes = [engine.open_matter(Dispatching, lamp(), by=cast.wang).code for _ in range(20)]
    assert len({code[:6] for code in codes}) == 20, "neither counted nor made from the time"
    assert all(len(code.replace("-", "")) == 16 for code in codes)


def test_one_sign_away_from_a_code_is_nothing(opened: Opened) -> None:
    plain = opened.code.replace("-", "")
    near = [plain[:at] + ("2" if plain[at] != "2" else "3") + plain[at + 1 :] for at in range(len(plain))]
    assert {Client().get(f"/t/{code}").status_code for code in near} == {404}


def test_an_unknown_name_costs_as_much_work_as_a_wrong_password(chen: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    original = MD5PasswordHasher.encode

    def counted(self: Any, password: str, *args: Any, **more: Any) -> str:
        hashed.append(password)
        return original(self, password, *args, **more)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    work = []
    for name in ("chen", "nobody"):
        hashed.clear()
        Client().post("/sign-in", {"username": name, "password": "wrong"})
        work.append(len(hashed))
    assert work[0] == work[1] == 1


# Sessions


def test_signing_in_takes_a_new_session(chen: Account) -> None:
    client = Client()
    client.post("/report", {"text": "路灯不亮"})
    before = client.cookies["sessionid"].value
    client.post("/sign-in", {"username": "chen", "password": PASSWORD})
    assert client.cookies["sessionid"].value != before
    planted = Client()
    planted.cookies["sessionid"] = before
    assert planted.get("/board").status_code == 302


def test_a_session_made_up_by_somebody_else_is_not_kept(chen: Account) -> None:
    client = Client()
    client.cookies["sessionid"] = "attackerattackerattackerattacker"
    client.post("/sign-in", {"username": "chen", "password": PASSWORD})
    assert client.cookies["sessionid"].value != "attackerattackerattackerattacker"


def test_a_copy_of_the_cookie_ends_with_the_session(chen: Account) -> None:
    client, copy = Client(), Client()
    client.post("/sign-in", {"username": "chen", "password": PASSWORD})
    copy.cookies["sessionid"] = client.cookies["sessionid"].value
    assert copy.get("/board").status_code == 200
    client.post("/sign-out")
    assert copy.get("/board").status_code == 302


def test_the_session_cookie_is_for_this_server_alone(chen: Account) -> None:
    client = Client()
    client.post("/sign-in", {"username": "chen", "password": PASSWORD})
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


@pytest.mark.parametrize(("production", "secure"), [("true", "True"), ("false", "False")])
def test_in_production_cookies_travel_only_sealed(tmp_path: Path, production: str, secure: str) -> None:
    shown = (
        "import anlan.settings as s; print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SESSION_COOKIE_HTTPONLY)"
    )
    surroundings = os.environ | {
        "PYTHONPATH": str(REPOSITORY / "src"),
        "ANLAN_HOME": str(tmp_path),
        "ANLAN_PRODUCTION": production,
        "ANLAN_SECRET_KEY": "x" * 60,
        "ANLAN_SEALING_KEYS": "first:" + "A" * 43 + "=",
    }
    done = subprocess.run([sys.executable, "-c", shown], env=surroundings, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [secure, secure, "True"]


def test_a_resident_who_signs_in_gets_no_staff_page(cast: Cast) -> None:
    client = Client()
    client.force_login(Account.objects.get(username="wang"))
    assert {client.get(address).status_code for address in ("/board", "/tasks")} == {403}


def test_the_holder_of_a_code_reads_the_story_and_not_the_file_of_the_office(opened: Opened, cast: Cast) -> None:
    engine.note(opened.matter.id, "内部意见", by=cast.chen)
    assert "内部意见" not in Client().get(f"/t/{opened.code}").content.decode()
    by_header = Client(headers={"X-Tracking-Code": opened.code}).get(f"/matters/{opened.matter.id}")
    assert by_header.status_code in (302, 404)
    assert engine.possible(opened.matter, bearer(tracking_index(opened.code))) == []
