"""The logs name no path: a path can hold a tracking code, and whoever has the code has the matter."""

import io
import logging
import logging.config
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from django.core.servers.basehttp import WSGIRequestHandler
from django.test import Client
from django.test.utils import override_settings

from anlan.foundation.logging import configuration

CODE = "K7QM-4R2X-K7QM-4R2X"


@pytest.fixture(params=["text", "json"])
def log(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What a real start would write to standard error."""
    form: Literal["text", "json"] = request.param
    written = io.StringIO()
    configured = configuration(form)
    configured["handlers"]["stderr"]["stream"] = written
    configured["loggers"]["anlan"] = {"level": "DEBUG"}
    logging.config.dictConfig(configured)
    yield written
    logging.config.dictConfig(configuration("text"))


def plain(text: str) -> str:
    return text.replace("-", "").upper()


@pytest.mark.django_db
@pytest.mark.parametrize("path", [f"/t/{CODE}", f"/api/v1/reports/{CODE}", f"/api/v1/reports/{CODE}/qr.svg"])
def test_a_refused_request_leaves_no_code(log: io.StringIO, caplog: pytest.LogCaptureFixture, path: str) -> None:
    for each in (path, path.lower(), path.replace("-", "")):
        assert Client().get(each).status_code == 404
        Client().post(each, "x", content_type="text/plain")
    assert plain(CODE) not in plain(log.getvalue())
    assert plain(CODE) not in plain(caplog.text)


@pytest.mark.django_db
def test_a_fault_leaves_its_traceback_and_no_code(
    log: io.StringIO, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*args: Any) -> None:
        raise ZeroDivisionError("a fault of ours")

    monkeypatch.setattr("anlan.services.intake.api.public_view", fails)
    client = Client(raise_request_exception=False)
    with override_settings(DEBUG=False):
        assert client.get(f"/api/v1/reports/{CODE}").status_code == 500
    assert "a fault of ours" in log.getvalue()
    assert "request answered with 500" in log.getvalue()
    assert plain(CODE) not in plain(log.getvalue())
    assert plain(CODE) not in plain(caplog.text)


def test_a_forged_form_leaves_no_code(log: io.StringIO) -> None:
    logging.getLogger("django.security.csrf").warning(
        "Forbidden (%s): %s", "CSRF cookie not set.", f"/t/{CODE}", extra={"status_code": 403, "request": None}
    )
    assert "request answered with 403" in log.getvalue()
    assert plain(CODE) not in plain(log.getvalue())


def test_the_development_server_leaves_no_code(log: io.StringIO) -> None:
    handler = WSGIRequestHandler.__new__(WSGIRequestHandler)
    handler.request = None  # type: ignore[assignment]
    for status in ("200", "404", "500"):
        handler.log_message('"%s" %s %s', f"GET /t/{CODE} HTTP/1.1", status, "-")
    assert plain(CODE) not in plain(log.getvalue())
