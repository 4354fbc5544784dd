"""Signing in with a passkey: with a real browser and its virtual authenticator, and what is refused without one."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connections
from django.test import Client

from anlan.city.areas.atlas import atlas
from anlan.city.people.models import Account, Passkey
from anlan.loop import clock
from anlan.web.wsgi import application
from tests.cast import Cast
from tests.loop import stories

CHROMIUM = Path("/usr/bin/chromium")
PASSWORD = "a long password"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def chen() -> Account:
    return Account.objects.get(username="chen")


def signed_in() -> Client:
    client = Client(headers={"Accept-Language": "en"}, HTTP_HOST="localhost")
    client.force_login(chen())
    return client


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


# Without a browser


@pytest.fixture
def morning(cast: Cast) -> Iterator[clock.ManualClock]:
    atlas.cache_clear()
    Account.objects.filter(username="chen").update(password=make_password(PASSWORD))
    with stories.morning() as manual:
        yield manual


def credential(**changes: Any) -> str:
    """What a browser might send, signed by nobody."""
    client_data = json.dumps({"type": "webauthn.get", "challenge": "AAAA", "origin": "http://localhost"}).encode()
    told = {"clientDataJSON": text(client_data), "authenticatorData": text(bytes(37)), "signature": text(b"signature")}
    return json.dumps({"id": text(b"key"), "rawId": text(b"key"), "type": "public-key", "response": told, **changes})


def test_the_browser_is_asked_to_verify_the_person_and_told_no_names(morning: clock.ManualClock) -> None:
    options = Client(HTTP_HOST="localhost:8000").post("/sign-in/passkey/options").json()
    assert options["rpId"] == "localhost"
    assert options["userVerification"] == "required"
    assert options["allowCredentials"] == []


def test_a_new_passkey_takes_the_password_and_lives_on_its_device(morning: clock.ManualClock) -> None:
    client, address = signed_in(), "/account/security/passkeys/options"
    assert client.post(address, {"name": "office", "password": "wrong"}).status_code == 422
    options = client.post(address, {"name": "office", "password": PASSWORD}).json()
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["user"]["name"] == "chen"


def test_nobody_adds_a_passkey_without_being_signed_in(morning: clock.ManualClock) -> None:
    for address in ("/account/security/passkeys/options", "/account/security/passkeys"):
        assert Client().post(address, {"name": "mine", "password": PASSWORD, "credential": "{}"}).status_code == 401


@pytest.mark.parametrize(
    "given",
    [
        "",
        "{}",
        "[]",
        "null",
        "7",
        "not json",
        '{"id": 7}',
        '{"id": "é"}',
        credential(),
        credential(type="x"),
        "[" * 9000,
    ],
)
def test_what_is_no_passkey_of_ours_is_refused(morning: clock.ManualClock, given: str) -> None:
    client = Client(HTTP_HOST="localhost", headers={"Accept-Language": "en"})
    client.post("/sign-in/passkey/options")
    answer = client.post("/sign-in/passkey", {"credential": given})
    assert answer.status_code in (401, 422)
    assert answer.json()["error"]["field"] == "credential"
    assert client.get("/board").status_code == 302


def test_a_forged_signature_opens_nothing(morning: clock.ManualClock) -> None:
    Passkey.objects.create(
        account=chen(), name="office", credential_id=b"key", public_key=b"no key", added_at=clock.now()
    )
    client = Client(HTTP_HOST="localhost")
    client.post("/sign-in/passkey/options")
    assert client.post("/sign-in/passkey", {"credential": credential()}).status_code == 401
    assert client.get("/board").status_code == 302


def test_a_challenge_is_good_for_one_answer_and_five_minutes(morning: clock.ManualClock) -> None:
    client = Client(HTTP_HOST="localhost")
    given = {"credential": credential()}
    assert client.post("/sign-in/passkey", given).status_code == 409
    client.post("/sign-in/passkey/options")
    assert [client.post("/sign-in/passkey", given).status_code for _ in range(2)] == [401, 409]
    client.post("/sign-in/passkey/options")
    morning.advance(timedelta(minutes=5))
    assert client.post("/sign-in/passkey", given).status_code == 409


def test_a_passkey_is_removed_by_its_owner_with_the_password(morning: clock.ManualClock) -> None:
    mine, other = (
        Passkey.objects.create(account=account, name="key", credential_id=id, public_key=b"", added_at=clock.now())
        for account, id in ((chen(), b"1"), (Account.objects.get(username="zhou"), b"2"))
    )
    client = signed_in()
    assert client.post(f"/account/security/passkeys/{mine.id}/remove", {"password": "wrong"}).status_code == 422
    assert client.post(f"/account/security/passkeys/{other.id}/remove", {"password": PASSWORD}).status_code == 404
    assert client.post(f"/account/security/passkeys/{mine.id}/remove", {"password": PASSWORD}).status_code == 302
    assert list(Passkey.objects.all()) == [other]


def test_with_a_passkey_the_password_alone_no_longer_opens(morning: clock.ManualClock) -> None:
    Passkey.objects.create(account=chen(), name="key", credential_id=b"1", public_key=b"", added_at=clock.now())
    client = Client(headers={"Accept-Language": "en"})
    answer = client.post("/sign-in", {"username": "chen", "password": PASSWORD})
    assert answer["Location"] == "/sign-in/code"
    page = client.get("/sign-in/code").content.decode()
    assert "Sign in with a passkey" in page
    assert "Recovery code" in page


# With a browser


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def place(committed: str) -> Iterator[str]:
    """The program on a port of its own, at a host that may have passkeys."""
    atlas.cache_clear()
    Account.objects.filter(username="chen").update(password=make_password(PASSWORD))
    server = make_server("127.0.0.1", 0, application, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def visitor(place: str) -> Iterator[Any]:
    """A page of a browser whose device holds passkeys."""
    if not CHROMIUM.exists():
        pytest.skip("no Chromium on this machine")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        context = browser.new_context(base_url=place, locale="en-GB")
        opened = context.new_page()
        devtools = context.new_cdp_session(opened)
        devtools.send("WebAuthn.enable")
        devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        opened.devtools = devtools
        yield opened
        browser.close()


def elsewhere(act: Callable[[], object]) -> None:
    """While Playwright runs, Django takes this thread for an asynchronous one."""

    def run() -> None:
        act()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def add_passkey(visitor: Any, name: str) -> None:
    visitor.goto("/sign-in")
    visitor.get_by_label("User name").fill("chen")
    visitor.get_by_label("Password").fill(PASSWORD)
    visitor.get_by_role("button", name="Sign in", exact=True).click()
    visitor.wait_for_url(lambda address: not address.endswith("/sign-in"))
    visitor.goto("/account/security")
    visitor.get_by_text("Add a passkey").first.click()
    visitor.get_by_label("What do you call it?").fill(name)
    visitor.locator("#passkey-password").fill(PASSWORD)
    visitor.get_by_role("button", name="Add a passkey").click()
    visitor.get_by_text("The passkey has been added.").wait_for()


def test_a_passkey_is_added_and_then_opens_by_itself(visitor: Any) -> None:
    add_passkey(visitor, "office computer")
    assert visitor.get_by_text("office computer", exact=True).first.is_visible()
    visitor.get_by_role("button", name="Sign out", exact=True).click()
    visitor.goto("/sign-in?next=/notices")
    visitor.get_by_role("button", name="Sign in with a passkey").click()
    visitor.get_by_role("heading", name="Notices").wait_for()


def test_a_passkey_is_the_second_factor_after_a_password(visitor: Any) -> None:
    add_passkey(visitor, "office computer")
    visitor.context.clear_cookies()
    visitor.goto("/sign-in?next=/notices")
    visitor.get_by_label("User name").fill("chen")
    visitor.get_by_label("Password").fill(PASSWORD)
    visitor.get_by_role("button", name="Sign in", exact=True).click()
    visitor.wait_for_url("**/sign-in/code")
    visitor.get_by_role("button", name="Sign in with a passkey").click()
    visitor.get_by_role("heading", name="Notices").wait_for()


def test_a_copied_passkey_whose_counter_runs_behind_is_refused(visitor: Any) -> None:
    add_passkey(visitor, "office computer")
    elsewhere(lambda: Passkey.objects.update(sign_count=1_000_000))
    visitor.context.clear_cookies()
    visitor.goto("/sign-in")
    visitor.get_by_role("button", name="Sign in with a passkey").click()
    visitor.get_by_text("this passkey does not open an account here").wait_for()
    assert visitor.url.endswith("/sign-in")


def test_who_shows_no_passkey_is_told_so_and_stays_outside(visitor: Any) -> None:
    add_passkey(visitor, "office computer")
    visitor.context.clear_cookies()
    visitor.goto("/sign-in")
    visitor.get_by_role("button", name="Sign in with a passkey").wait_for()
    visitor.evaluate(
        "() => { navigator.credentials.get = () => Promise.reject(new DOMException('no', 'NotAllowedError')); }"
    )
    visitor.get_by_role("button", name="Sign in with a passkey").click()
    visitor.get_by_text("No passkey was shown. Try again, or sign in another way.").wait_for()
