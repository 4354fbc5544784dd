"""Whoever runs the program can see whether it is up, ready and well."""

import pytest
from django.test import Client

from anlan.web import health

everywhere = pytest.mark.django_db(databases=["default", "owner"])


def test_health_asks_nothing_but_the_process(client: Client) -> None:
    assert client.get("/health").json() == {"status": "up"}


@everywhere
def test_ready_once_the_database_answers_and_is_migrated(client: Client) -> None:
    assert client.get("/ready").json() == {"status": "ready"}


@everywhere
def test_not_ready_while_a_migration_is_missing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "missing_migrations", lambda: ["loop.0003_more"])
    response = client.get("/ready")
    assert response.status_code == 503
    assert response.json() == {"status": "waiting", "why": "migrations", "missing": ["loop.0003_more"]}


@everywhere
def test_not_ready_while_the_database_is_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    def away() -> list[str]:
        raise OperationalError("connection refused to secret-host")

    monkeypatch.setattr(health, "missing_migrations", away)
    response = client.get("/ready")
    assert response.status_code == 503
    assert response.json() == {"status": "waiting", "why": "database: OperationalError"}


def test_metrics_count_the_answers(client: Client) -> None:
    client.get("/health")
    text = client.get("/metrics").content.decode()
    assert 'anlan_request_seconds_count{method="GET",route="health",status="200"}' in text


def test_the_documentation_fetches_nothing_from_elsewhere(client: Client) -> None:
    page = client.get("/api/docs").content.decode()
    assert "swagger-ui-bundle.js" in page
    assert "//" not in page
    assert client.get("/api/docs/swagger-ui-bundle.js").status_code == 200
