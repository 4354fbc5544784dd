"""A login that residents have elsewhere, with a real provider: who comes back, what is linked, and what goes wrong."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from authlib.integrations.requests_client import OAuth2Session
from django.test import Client
from joserfc import jwt
from joserfc.jwk import RSAKey

from anlan.city.people.models import Account, ExternalIdentity
from anlan.web import oidc
from tests.web.oidc_provider import CLIENT_ID, SECRET, USERS, Provider

pytestmark = pytest.mark.django_db

HOME = "http://testserver"
CALLBACK = f"{HOME}/account/oidc/callback"
ENGLISH = {"accept-language": "en"}


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    directory: Path = tmp_path_factory.mktemp("provider")
    running = Provider(directory, free_port(), CALLBACK)
    try:
        running.wait()
        yield running
    finally:
        running.stop()


@pytest.fixture(autouse=True)
def _settings(provider: Provider, settings: Any) -> Iterator[None]:
    settings.ANLAN_OIDC_ISSUER, settings.ANLAN_OIDC_CLIENT_ID = provider.issuer, CLIENT_ID
    settings.ANLAN_OIDC_CLIENT_SECRET, settings.ANLAN_PUBLIC_URL = SECRET, HOME
    oidc._provider.cache_clear()
    yield
    oidc._provider.cache_clear()


def back(client: Client, provider: Provider, **how: Any) -> str:
    """There, and back to the address that the provider answers with."""
    there = client.get("/account/oidc")
    assert there.status_code == 302, there.content.decode()
    return provider.agree(there["Location"], **how).removeprefix(HOME)


def come_in(client: Client, provider: Provider, **how: Any) -> Any:
    return client.get(back(client, provider, **how), headers=ENGLISH)


def who(client: Client) -> Account | None:
    return Account.objects.filter(id=client.session.get("_auth_user_id") or UUID(int=0)).first()


def refused(client: Client, answer: Any) -> str:
    assert answer.status_code == 422
    assert who(client) is None
    return str(answer.content.decode())


def test_the_door_offers_it_under_its_name(client: Client, settings: Any) -> None:
    settings.ANLAN_OIDC_LABEL = "浙里办"
    assert "浙里办" in client.get("/account/sign-in").content.decode()


def test_the_way_there_carries_state_nonce_and_a_challenge(client: Client) -> None:
    asked = parse_qs(urlsplit(client.get("/account/oidc")["Location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["response_type"] == ["code"]
    assert asked["redirect_uri"] == [CALLBACK]
    assert all(len(asked[name][0]) >= 20 for name in ("state", "nonce", "code_challenge"))
    assert asked["scope"] == ["openid"]


def test_who_comes_for_the_first_time_gets_an_account_and_finds_it_again(client: Client, provider: Provider) -> None:
    assert come_in(client, provider)["Location"] == "/account"
    first = who(client)
    assert first
    assert first.kind == Account.Kind.RESIDENT
    assert first.phone is None
    again, other = Client(), Client()
    come_in(again, provider)
    come_in(other, provider, user=USERS[1])
    assert who(again) == first
    assert who(other) != first


def test_the_subject_is_kept_as_a_digest_only(client: Client, provider: Provider) -> None:
    come_in(client, provider)
    identity = ExternalIdentity.objects.get()
    assert identity.issuer == provider.issuer
    assert len(bytes(identity.subject)) == 16


def test_afterwards_it_goes_on_to_the_page_that_was_wanted(client: Client, provider: Provider) -> None:
    client.get("/account/sign-in", {"next": "/account/data"})
    assert come_in(client, provider)["Location"] == "/account/data"


def test_a_claim_of_a_number_or_an_address_opens_nobodys_account(client: Client, provider: Provider) -> None:
    has_number = Account.objects.create_user("wangxiuying", kind="resident", phone="13911112222")
    come_in(client, provider)
    assert who(client) != has_number


def test_an_account_is_linked_only_by_whoever_is_signed_in_and_says_so(client: Client, provider: Provider) -> None:
    mine = Account.objects.create_user("mine", kind="resident", phone="13911112222")
    client.force_login(mine)
    assert come_in(client, provider)["Location"] == "/account/link"
    assert not ExternalIdentity.objects.exists()
    client.post("/account/link", {"link": "no"})
    assert not ExternalIdentity.objects.exists()
    come_in(client, provider)
    client.post("/account/link", {"link": "yes"})
    elsewhere = Client()
    come_in(elsewhere, provider)
    assert who(elsewhere) == mine
    client.post("/account/unlink")
    assert not mine.identities.exists()


def test_a_login_of_another_account_is_not_taken_over(client: Client, provider: Provider) -> None:
    come_in(Client(), provider)
    client.force_login(Account.objects.create_user("mine", kind="resident"))
    answer = come_in(client, provider)
    assert answer.status_code == 422
    assert "belongs to another account" in answer.content.decode()


def test_an_account_of_staff_gets_no_second_door(client: Client, provider: Provider) -> None:
    client.force_login(Account.objects.get(username="chen"))
    assert come_in(client, provider).status_code == 422
    assert not ExternalIdentity.objects.exists()


def test_nothing_is_linked_without_the_question(client: Client) -> None:
    client.force_login(Account.objects.create_user("mine", kind="resident"))
    assert client.post("/account/link", {"link": "yes"})["Location"] == "/account"
    assert not ExternalIdentity.objects.exists()


def test_a_closed_account_stays_closed(client: Client, provider: Provider) -> None:
    come_in(client, provider)
    Account.objects.update(is_active=False)
    answer = come_in(Client(), provider)
    assert answer.status_code == 403


# What goes wrong


def test_whoever_does_not_agree_there_is_back_at_the_door(client: Client, provider: Provider) -> None:
    assert "did not agree" in refused(client, come_in(client, provider, allow=False))


def test_another_browsers_answer_is_refused(client: Client, provider: Provider) -> None:
    stolen = back(Client(), provider)
    client.get("/account/oidc")
    assert "did not work" in refused(client, client.get(stolen, headers=ENGLISH))


def test_an_answer_is_taken_once(client: Client, provider: Provider) -> None:
    address = back(client, provider)
    assert client.get(address).status_code == 302
    client.post("/account/sign-out")
    refused(client, client.get(address, headers=ENGLISH))


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?state=x&code=y",
        "?code=y",
        "?error=server_error&error_description=<script>",
        "?state=%00&code=%F0%9F%98%80",
    ],
)
def test_an_answer_that_nobody_asked_for_is_refused(client: Client, query: str) -> None:
    page = refused(client, client.get(f"/account/oidc/callback{query}", headers=ENGLISH))
    assert "<script>" not in page.replace("<script type=", "")


def test_a_provider_that_is_down_is_said(client: Client, settings: Any) -> None:
    settings.ANLAN_OIDC_ISSUER = f"http://127.0.0.1:{free_port()}/o"
    assert "did not work" in refused(client, client.get("/account/oidc", headers=ENGLISH))


def test_a_provider_that_goes_down_on_the_way_is_said(
    client: Client, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = back(client, provider)
    dead = f"http://127.0.0.1:{free_port()}/token"
    metadata = oidc._provider(provider.issuer, CLIENT_ID).load_server_metadata()
    monkeypatch.setitem(metadata, "token_endpoint", dead)
    refused(client, client.get(address, headers=ENGLISH))


def test_a_provider_under_another_name_is_not_believed(client: Client, provider: Provider, settings: Any) -> None:
    settings.ANLAN_OIDC_ISSUER = provider.issuer.replace("127.0.0.1", "localhost")
    refused(client, client.get("/account/oidc", headers=ENGLISH))


def test_without_a_provider_the_address_says_so(client: Client, settings: Any) -> None:
    settings.ANLAN_OIDC_ISSUER = None
    for address in ("/account/oidc", "/account/oidc/callback?state=x&code=y"):
        assert "not set up" in refused(client, client.get(address, headers=ENGLISH))


# A token that says something else: the provider's answer is replaced, all else is as it is.

KEY = RSAKey.generate_key(2048, parameters={"kid": "ours"})


@pytest.mark.parametrize(
    ("changed", "fine"),
    [
        ({}, True),
        ({"exp": -10, "iat": -700}, True),
        ({"exp": -600, "iat": -1200}, False),
        ({"iat": 40}, True),
        ({"nonce": "another"}, False),
        ({"nonce": None}, False),
        ({"aud": "somebody-else"}, False),
        ({"iss": "https://evil.example"}, False),
        ({"sub": None}, False),
        ({"sub": ""}, False),
        ({"sub": 7}, False),
    ],
)
def test_only_a_token_for_us_now_and_for_this_request_lets_anybody_in(
    client: Client, provider: Provider, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], fine: bool
) -> None:
    there = client.get("/account/oidc")["Location"]
    asked = {name: values[0] for name, values in parse_qs(urlsplit(there).query).items()}
    now = int(time.time())
    claims = {
        "iss": provider.issuer,
        "aud": CLIENT_ID,
        "sub": "77",
        "nonce": asked["nonce"],
        "exp": now + 300,
        "iat": now,
        **{name: now + value if name in ("exp", "iat") else value for name, value in changed.items()},
    }
    told = {name: value for name, value in claims.items() if value is not None}
    token = {
        "access_token": "x",
        "token_type": "Bearer",
        "id_token": jwt.encode({"alg": "RS256", "kid": "ours"}, told, KEY),
    }
    monkeypatch.setattr(OAuth2Session, "fetch_token", lambda *_args, **_kwargs: token)
    metadata = oidc._provider(provider.issuer, CLIENT_ID).load_server_metadata()
    monkeypatch.setitem(metadata, "jwks", {"keys": [KEY.as_dict(private=False)]})
    answer = client.get("/account/oidc/callback", {"state": asked["state"], "code": "x"}, headers=ENGLISH)
    assert answer.status_code == (302 if fine else 422)
    assert (who(client) is not None) is fine


@pytest.mark.parametrize(
    "token", [{}, {"access_token": "x", "token_type": "Bearer"}, {"access_token": "x", "id_token": "a.b.c"}]
)
def test_an_answer_without_a_token_of_identity_lets_nobody_in(
    client: Client, monkeypatch: pytest.MonkeyPatch, token: dict[str, str]
) -> None:
    asked = parse_qs(urlsplit(client.get("/account/oidc")["Location"]).query)
    monkeypatch.setattr(OAuth2Session, "fetch_token", lambda *_args, **_kwargs: token)
    answer = client.get("/account/oidc/callback", {"state": asked["state"][0], "code": "x"}, headers=ENGLISH)
    refused(client, answer)
