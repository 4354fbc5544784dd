"""Whatever is sent, the answer is a clear 4xx at worst.

First everything that the API's own description allows and forbids, made up by schemathesis; then, one by one, what
people and attackers really send, each refused in both languages with the field named.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from anlan.city.people.models import Account
from anlan.loop import engine
from anlan.loop.doors import token_for
from anlan.services.dispatch.procedure import Dispatching
from anlan.web.wsgi import application
from tests.cast import Cast, lamp

SCHEMA = schemathesis.openapi.from_wsgi("/api/openapi.json", application)
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
EXAMPLES = 15
# Where any text is a code there is nothing that does not fit.
ANYTHING_FITS = (
    "GET /api/v1/procedures",
    "GET /api/v1/reports/{code}",
    "GET /api/v1/reports/{code}/qr.svg",
    "GET /api/v1/dispatch/phone",
    "GET /api/v1/prepaid/shops/{code}",
    "GET /api/v1/prepaid/cards",
    "GET /api/v1/prepaid/uses",
)
FITTING, UNFITTING = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
each_operation = pytest.mark.parametrize(
    ("operation", "mode"),
    [pytest.param(each, FITTING, id=f"{each.label} fitting") for each in OPERATIONS]
    + [
        pytest.param(each, UNFITTING, id=f"{each.label} unfitting")
        for each in OPERATIONS
        if each.label not in ANYTHING_FITS
    ],
)


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """As Django's own test client does: the server's tidying up would close the connection the test stands in."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def staff(cast: Cast) -> dict[str, str]:
    """A dispatcher's header, with a matter to act on."""
    return {"Authorization": f"Bearer {token_for(Account.objects.get(username='chen'))}"}


def answers_well(operation: Any, headers: dict[str, str], mode: GenerationMode, **known: Any) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        # A made-up identifier is never there: without a real one nothing behind it would be reached.
        for name, value in known.items():
            if isinstance(case.path_parameters, dict) and name in case.path_parameters:
                case.path_parameters[name] = value
        case.call_and_validate(headers=headers, checks=list(CHECKS))

    check()


@each_operation
def test_nobody_in_particular_sends_anything(db: None, operation: Any, mode: GenerationMode) -> None:
    answers_well(operation, {}, mode)


@each_operation
def test_staff_send_anything_to_a_real_matter(
    cast: Cast, staff: dict[str, str], operation: Any, mode: GenerationMode
) -> None:
    opened = engine.open_matter(Dispatching, lamp(), by=cast.wang)
    answers_well(operation, staff, mode, matter_id=str(opened.matter.id), code=opened.code)


FIELDS: list[tuple[str, Any, str]] = [
    ("nothing said", {}, "text"),
    ("a number for a text", {"text": 5}, "text"),
    ("a list for a text", {"text": ["灯"]}, "text"),
    ("null for a text", {"text": None}, "text"),
    ("only spaces", {"text": " \n "}, "text"),
    ("a megabyte of text", {"text": "x" * 1_000_000}, "text"),
    ("a megabyte of title", {"title": "x" * 1_000_000}, "title"),
    ("a NUL byte", {"text": "灯\0"}, "text"),
    ("half a character", {"text": "\ud83d"}, "text"),
    ("half a character in a category", {"text": "灯", "category": "\ud83d"}, "category"),
    ("a bell", {"title": "灯\x07"}, "title"),
    ("writing turned round", {"title": "灯\u202e"}, "title"),
    ("a position outside the city", {"text": "灯", "lon": 2.35, "lat": 48.85}, "lon"),
    ("a position outside the world", {"text": "灯", "lon": 200, "lat": 30}, "lon"),
    ("half a position", {"text": "灯", "lon": 120.1}, "lat"),
    ("a huge number", {"text": "灯", "lon": 10**400, "lat": 30}, "lon"),
    ("a huge exponent", {"text": "灯", "lon": "1e999999999", "lat": 30}, "lon"),
    ("a number that is none", {"text": "灯", "lon": "NaN", "lat": 30}, "lon"),
    ("an endless number", {"text": "灯", "lon": "Infinity", "lat": 30}, "lon"),
    ("an unknown category", {"text": "灯", "category": "city.dragons"}, "category"),
    ("an unknown channel", {"text": "灯", "channel": "pigeon"}, "channel"),
    ("an office's channel", {"text": "灯", "channel": "police"}, "channel"),
    ("an unknown area", {"text": "灯", "area": "999999"}, "area"),
    ("an area of other digits", {"text": "灯", "area": "３３０１"}, "area"),
    ("an injection for an area", {"text": "灯", "area": "3301'; DROP TABLE loop_matter; --"}, "area"),
    ("no telephone number", {"text": "灯", "contact": {"phone": "call me"}}, "contact.phone"),
    ("a list for a contact", {"text": "灯", "contact": []}, "contact"),
    ("a field of one's own", {"text": "灯", "severity": 4}, "severity"),
    ("the program's own fields", {"text": "灯", "state": "closed"}, "state"),
]


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize(("body", "field"), [each[1:] for each in FIELDS], ids=[each[0] for each in FIELDS])
def test_a_wrong_field_is_named(client: Client, body: Any, field: str, language: str) -> None:
    error = refused(client, json.dumps(body).encode(), language=language)
    assert error["field"] == field
    assert error["message"]
    assert field in [fault["field"] for fault in error["details"]]


BODIES: list[tuple[str, bytes, int]] = [
    ("nothing", b"", 422),
    ("no JSON", b"text=hello", 400),
    ("JSON cut off", b'{"text": "', 400),
    ("a list", b"[]", 422),
    ("a number", b"1", 422),
    ("null", b"null", 422),
    ("a field that can't be named", b'{"text": "x", "\\ud83d": 1}', 422),
    ("not a number", b'{"lon": NaN}', 400),
    ("infinity", b'{"lon": -Infinity}', 400),
    ("not UTF-8", b'{"text": "\xff\xfe"}', 400),
    ("UTF-16", '{"text": "灯"}'.encode("utf-16"), 400),
    ("nested without end", b"[" * 200_000, 400),
    ("a number of a million digits", b'{"lon": ' + b"9" * 1_000_000 + b"}", 400),
    ("three megabytes", b'{"text": "' + b"x" * 3_000_000 + b'"}', 413),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("body", "status"), [each[1:] for each in BODIES], ids=[each[0] for each in BODIES])
def test_a_body_that_is_none_is_refused(client: Client, body: bytes, status: int) -> None:
    assert refused(client, body, status=status)["message"]


@pytest.mark.django_db
def test_what_does_not_say_it_is_json_is_refused(client: Client) -> None:
    body = json.dumps({"text": "路灯不亮"}).encode()
    for wrong in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        error = refused(client, body, content_type=wrong, status=415)
        assert error["field"] == "Content-Type"


@pytest.mark.django_db
def test_the_words_for_what_is_wrong_are_in_the_readers_language(client: Client) -> None:
    body = json.dumps({"title": "x" * 300}).encode()
    assert refused(client, body, language="zh-CN")["details"][0]["message"] == "最多200个字符"
    assert refused(client, body, language="en")["details"][0]["message"] == "must have at most 200 characters"


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "x" * 300])
def test_a_key_that_is_none_is_named(client: Client, key: str) -> None:
    body = json.dumps({"text": "路灯不亮"})
    answer = client.post("/api/v1/reports", body, content_type="application/json", headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "Idempotency-Key")


@pytest.mark.django_db
def test_emoji_and_rare_characters_are_welcome(client: Client) -> None:
    said = "👨‍👩‍👧‍👦 𠮷野家门口路灯不亮\t\r\n第二行"
    answer = client.post("/api/v1/reports", json.dumps({"text": said}), content_type="application/json")
    assert answer.status_code == 201
    assert "𠮷野家" in client.get(f"/api/v1/reports/{answer.json()['code']}").json()["title"]


@pytest.mark.django_db
@pytest.mark.parametrize("cursor", ["x", "1.2", ".", "9" * 60 + ".0", f"{10**30}.{'0' * 32}", "\0"])
def test_a_cursor_that_was_never_given_out_is_named(client: Client, staff: dict[str, str], cursor: str) -> None:
    answer = client.get("/api/v1/matters", {"cursor": cursor}, headers=staff)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "cursor")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["state", "category"])
def test_a_filter_with_a_nul_byte_is_no_fault(client: Client, staff: dict[str, str], name: str) -> None:
    answer = client.get("/api/v1/matters", {name: "a\0"}, headers=staff)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, name)


def refused(
    client: Client,
    body: bytes,
    *,
    status: int | None = None,
    language: str = "zh-CN",
    content_type: str = "application/json",
) -> Any:
    """The error in the answer to a report that must be refused."""
    answer = client.post("/api/v1/reports", body, content_type=content_type, headers={"Accept-Language": language})
    assert 400 <= answer.status_code < 500, answer.content[:300]
    assert status is None or answer.status_code == status
    return answer.json()["error"]
