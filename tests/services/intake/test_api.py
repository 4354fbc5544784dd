"""Reporting over HTTP, as a resident's telephone or another system does it."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client

from anlan.city.people.access import scope_of, scoped
from anlan.loop import engine
from anlan.loop.models import Matter
from anlan.services.intake import api, codes
from tests.cast import Cast

LAMP = {"text": "文新街道德加社区路灯不亮"}
pytestmark = pytest.mark.django_db


@pytest.fixture
def send(client: Client) -> Callable[..., Any]:
    def sent(body: Any, path: str = "", **headers: str) -> Any:
        return client.post(f"/api/v1/reports{path}", json.dumps(body), content_type="application/json", headers=headers)

    return sent


def test_a_resident_gets_a_receipt_without_signing_in(send: Callable[..., Any], settings: Any) -> None:
    settings.ANLAN_PUBLIC_URL = "https://anlan.example"
    response = send(LAMP)
    receipt = response.json()
    assert response.status_code == 201
    assert receipt["office"] == "文新街道综合信息指挥室"
    assert receipt["place"] == "西湖区文新街道德加社区"
    assert receipt["state_label"] == "已受理"
    assert receipt["track"] == f"https://anlan.example/t/{receipt['code']}"
    assert receipt["opened_at"] < receipt["settle_by"]


def test_a_repeated_report_gets_its_first_receipt_again(send: Callable[..., Any]) -> None:
    first, second = (send(LAMP, **{"Idempotency-Key": "k-1"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json() == {**first.json(), "repeated": True}


def test_a_key_with_another_report_is_refused(send: Callable[..., Any]) -> None:
    send(LAMP, **{"Idempotency-Key": "k-1"})
    refused = send({"text": "井盖丢了"}, **{"Idempotency-Key": "k-1"})
    assert refused.status_code == 422
    assert refused.json()["error"]["code"] == "key_reused"
    assert refused.json()["error"]["field"] == "Idempotency-Key"


def test_one_report_costs_one_transaction_with_one_statement(send: Callable[..., Any]) -> None:
    send(LAMP)
    statements: list[str] = []

    def counted(execute: Callable[..., Any], sql: Any, *rest: Any) -> Any:
        statements.append((sql if isinstance(sql, str) else sql.as_string()).split()[0])
        return execute(sql, *rest)

    with connection.execute_wrapper(counted):
        assert send({**LAMP, "contact": {"phone": "13800001111"}}, **{"Idempotency-Key": "k-2"}).status_code == 201
    # Inside the test's own transaction BEGIN and COMMIT are a savepoint, and the scope before it comes back.
    assert statements == ["SAVEPOINT", "WITH", "RELEASE"]


def test_a_preview_says_what_would_become_of_it_and_keeps_nothing(send: Callable[..., Any], cast: Cast) -> None:
    preview = send(LAMP, "/preview").json()
    assert (preview["office"], preview["category"]) == ("文新街道综合信息指挥室", "city.lighting")
    assert any("路灯" in reason["text"] for reason in preview["reasons"])
    assert [clock["rule"] for clock in preview["deadlines"]] == ["dispatch.close"]
    with scoped(scope_of(cast.sun)):
        assert not Matter.objects.exists()


def test_the_reporter_reads_the_story_but_not_what_offices_say_among_themselves(
    send: Callable[..., Any], client: Client, cast: Cast
) -> None:
    code = send(LAMP).json()["code"]
    matter = _matter(client, code)
    engine.advance(matter, "route", by=cast.chen)
    engine.note(matter, "内部：此人常来", by=cast.chen)
    engine.note(matter, "今晚来修", by=cast.chen, public=True)
    engine.advance(matter, "answer", by=cast.chen, told={"outcome": "explained", "text": "已安排"})

    story = client.get(f"/api/v1/reports/{code}").json()
    assert [(line["label"], line["text"]) for line in story["timeline"]] == [
        ("已收到", ""),
        ("分流", ""),
        ("补充说明", "今晚来修"),
        ("直接答复", "已安排"),
    ]
    assert {step["name"] for step in story["next_steps"]} == {"rate", "reopen"}
    assert "chen" not in json.dumps(story)


def test_the_holder_of_the_code_rates_through_the_api(send: Callable[..., Any], client: Client, cast: Cast) -> None:
    code = send(LAMP).json()["code"]
    matter = _matter(client, code)
    engine.advance(matter, "answer", by=cast.chen, told={"outcome": "solved", "text": "已修好"})
    rated = client.post(
        f"/api/v1/matters/{matter}/transitions/rate",
        json.dumps({"rating": 4}),
        content_type="application/json",
        headers={"X-Tracking-Code": code},
    )
    assert rated.json()["state"] == "closed"


@pytest.mark.parametrize("typed", [str.lower, lambda code: code.replace("-", ""), lambda code: code.replace("0", "o")])
def test_a_code_opens_its_matter_however_it_was_typed(
    send: Callable[..., Any], client: Client, typed: Callable[[str], str]
) -> None:
    receipt = send(LAMP).json()
    assert client.get(f"/api/v1/reports/{typed(receipt['code'])}").json()["number"] == receipt["number"]


@pytest.mark.parametrize("code", ["K7QM4R2XK7QM4R2X", "-", "💥", "%00", "x" * 2000])
def test_every_wrong_code_is_refused_alike(client: Client, code: str) -> None:
    response = client.get(f"/api/v1/reports/{code}")
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "unknown"


def test_the_picture_holds_the_address_of_the_tracking_page(
    send: Callable[..., Any], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(api, "qr_svg", lambda text: drawn.append(text) or codes.qr_svg(text))
    receipt = send(LAMP).json()
    response = client.get(f"/api/v1/reports/{receipt['code'].lower()}/qr.svg")
    assert response.headers["Content-Type"] == "image/svg+xml"
    assert b"<svg" in response.content
    assert drawn == [receipt["track"]]


def _matter(client: Client, code: str) -> UUID:
    (row,) = client.get("/api/v1/matters", headers={"X-Tracking-Code": code}).json()["items"]
    return UUID(row["id"])
