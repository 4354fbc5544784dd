"""The frame of every page: what a browser may do with it, and the reader's own choices."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from anlan.foundation.translations import LOCALE
from anlan.loop.files import most_bytes, most_files

SOURCE = LOCALE.parent
STATIC = SOURCE / "web" / "static" / "anlan"
TEMPLATES = sorted(SOURCE.glob("**/templates/**/*.html"))
LANGUAGES = ("zh-hans", "en")
COLOUR = re.compile(r"--([a-z0-9-]+): (#[0-9a-f]{6});")
# Text on its ground, as components.css sets them.
PAIRS = [
    ("ink", "paper"),
    ("ink", "card"),
    ("ink", "sand"),
    ("ink", "foam"),
    ("ink-2", "paper"),
    ("ink-2", "card"),
    ("ink-2", "sand"),
    ("ink-2", "foam"),
    ("tide-text", "paper"),
    ("tide-text", "sand"),
    ("tide-text", "foam"),
    ("tide-text", "red-back"),
    ("ink", "red-back"),
    ("red-text", "paper"),
    ("on-tide", "tide"),
    ("on-bar", "bar"),
    *((f"{tone}-text", f"{tone}-back") for tone in ("red", "orange", "yellow", "blue", "green")),
]


# What a browser may do


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/", "/styleguide", "/nowhere", "/health", "/api/docs", "/api/v1/nowhere"])
def test_every_answer_carries_the_strict_policy(client: Client, address: str) -> None:
    policy = client.get(address)["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_template_needs_what_the_policy_forbids(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|(?:src|href)=\"(?:https?:)?//", source)
    assert all(" src=" in tag for tag in re.findall(r"<script[^>]*>", source))


def test_the_api_pages_script_is_a_file_of_its_own(client: Client) -> None:
    page = client.get("/api/docs").content.decode()
    assert re.findall(r"<script>", page) == []
    assert "SwaggerUIBundle" in b"".join(client.get("/static/anlan/api-docs.js").streaming_content).decode()  # type: ignore[attr-defined]


@pytest.mark.parametrize("file", sorted(path.name for path in STATIC.iterdir()))
def test_every_static_file_is_served_without_being_collected(client: Client, file: str) -> None:
    answer = client.get(f"/static/anlan/{file}")
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content) == (STATIC / file).read_bytes()  # type: ignore[attr-defined]


@pytest.mark.parametrize(("language", "words"), [("zh-hans", "选小一些的文件"), ("en", "fewer or smaller files")])
def test_a_form_that_is_too_long_is_refused_before_it_is_read(client: Client, language: str, words: str) -> None:
    too_much = str(most_files() * most_bytes() + 1_000_000)
    answer = client.post("/report", {"text": "x"}, CONTENT_LENGTH=too_much, headers={"accept-language": language})
    assert answer.status_code == 413
    assert words in answer.content.decode()


# The reader's choices


@pytest.mark.parametrize(("language", "words"), [("zh-hans", "这里什么也没有"), ("en", "There is nothing here")])
def test_a_mistyped_address_is_answered_in_the_readers_language(client: Client, language: str, words: str) -> None:
    answer = client.get("/nowhere", headers={"accept-language": language})
    assert answer.status_code == 404
    assert words in answer.content.decode()


def test_chinese_comes_first_and_the_switch_is_remembered(client: Client) -> None:
    assert '<html lang="zh-Hans"' in client.get("/styleguide").content.decode()
    answer = client.post("/language", {"language": "en", "next": "/styleguide"})
    assert answer["Location"] == "/styleguide"
    assert '<html lang="en"' in client.get("/styleguide").content.decode()


def test_large_text_is_remembered_until_it_is_put_back(client: Client) -> None:
    client.post("/text-size", {"text": "large", "next": "/styleguide"})
    assert 'class="large"' in client.get("/styleguide").content.decode()
    client.post("/text-size", {"text": "ordinary", "next": "/styleguide"})
    assert 'class="large"' not in client.get("/styleguide").content.decode()


@pytest.mark.parametrize("address", ["/text-size", "/language"])
@pytest.mark.parametrize("next_page", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)", ""])
def test_a_choice_never_leads_to_another_server(client: Client, address: str, next_page: str) -> None:
    answer = client.post(address, {"next": next_page, "text": "large", "language": "en"})
    assert answer["Location"] == "/"


@pytest.mark.parametrize("address", ["/text-size", "/language"])
def test_a_choice_is_made_with_a_form_of_this_server(address: str) -> None:
    assert Client(enforce_csrf_checks=True).post(address, {"text": "large", "language": "en"}).status_code == 403


def test_the_page_for_our_own_fault_needs_no_request(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: Any, **_more: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("anlan.web.pages.render", broken)
    client.raise_request_exception = False
    answer = client.get("/styleguide")
    assert answer.status_code == 500
    assert "RuntimeError" not in answer.content.decode()
    assert '<main id="content"' in answer.content.decode()


# The components


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_styleguide_shows_every_component(client: Client, language: str) -> None:
    page = client.get("/styleguide", headers={"accept-language": language}).content.decode()
    known = "button field badge card table timeline stepper notice empty clock map chart dialog toast"
    for each in known.split():
        assert re.search(rf'class="{each}[ "]', page), each
    assert "<c-" not in page


def test_a_fields_hint_and_error_belong_to_it(client: Client) -> None:
    page = client.get("/styleguide", headers={"accept-language": "en"}).content.decode()
    assert re.search(r'<input id="phone"[^>]*aria-describedby="phone-hint phone-error" aria-invalid="true"', page)
    assert '<p class="error" id="phone-error">is not a telephone number</p>' in page
    assert not re.search(r'<textarea id="words"[^>]*aria-invalid', page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_stands_out_from_its_ground(scheme: str, text: str, ground: str) -> None:
    light, dark = (STATIC / "tokens.css").read_text(encoding="utf-8").split("@media (prefers-color-scheme: dark)")
    colours = dict(COLOUR.findall(light)) | (dict(COLOUR.findall(dark)) if scheme == "dark" else {})
    low, high = sorted((luminance(colours[text]), luminance(colours[ground])))
    assert (high + 0.05) / (low + 0.05) >= 4.5


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("came_from", "here"),
    [
        ("http://testserver/sign-in?next=/board", "/sign-in?next=/board"),
        ("https://elsewhere.example/sign-in", "/"),
        (None, "/"),
    ],
)
@pytest.mark.django_db
def test_after_a_refusal_the_choices_lead_to_the_page_before(client: Client, came_from: str | None, here: str) -> None:
    headers = {"Referer": came_from} if came_from else {}
    page = client.post("/sign-in", {"username": "chen", "password": "wrong"}, headers=headers)
    assert page.status_code == 422
    assert page.content.decode().count(f'name="next" value="{here}"') >= 2
