"""A one-time password opens the page where it is changed, and nothing else."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from django.test import Client

from anlan.city.areas.atlas import atlas
from anlan.city.people import second_factor
from anlan.city.people.models import Account, SignedIn
from anlan.loop import clock
from tests.cast import Cast
from tests.loop import stories

ONE_TIME = "k7qm-4r2x-9hbn"
OWN = "eleven herons fly"


@pytest.fixture
def morning(cast: Cast) -> Iterator[clock.ManualClock]:
    atlas.cache_clear()
    chen = Account.objects.get(username="chen")
    chen.set_password(ONE_TIME)
    chen.must_change_password = True
    chen.save()
    with stories.morning() as manual:
        yield manual


@pytest.fixture
def client() -> Client:
    return Client(headers={"Accept-Language": "en"})


def begun(client: Client, **more: str) -> Any:
    return client.post("/sign-in", {"username": "chen", "password": ONE_TIME, **more})


def choose(client: Client, new: str = OWN, again: str = OWN) -> Any:
    return client.post("/sign-in/password", {"new_password": new, "again": again})


def test_the_sign_in_leads_to_the_change_and_nobody_is_in_before(morning: clock.ManualClock, client: Client) -> None:
    assert begun(client)["Location"] == "/sign-in/password"
    assert "A password of your own" in client.get("/sign-in/password").content.decode()
    assert client.get("/board")["Location"].startswith("/sign-in")
    assert client.get("/api/v1/matters").status_code == 401
    assert not SignedIn.objects.filter(account__username="chen").exists()


def test_with_the_change_one_is_in_where_one_wanted_to_be(morning: clock.ManualClock, client: Client) -> None:
    begun(client, next="/board")
    assert choose(client)["Location"] == "/board"
    assert client.get("/board").status_code == 200
    chen = Account.objects.get(username="chen")
    assert chen.check_password(OWN)
    assert not chen.must_change_password
    assert begun(Client()).status_code == 422


@pytest.mark.parametrize(
    ("new", "again", "words"),
    [
        (ONE_TIME, ONE_TIME, "this is the one-time password"),
        (OWN, "another heron flies", "the two are not the same"),
        ("short", "short", "at least 10"),
        ("", "", "between 1 and"),
    ],
)
def test_what_is_no_password_of_ones_own_is_refused(
    morning: clock.ManualClock, client: Client, new: str, again: str, words: str
) -> None:
    begun(client)
    answer = choose(client, new, again)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Account.objects.get(username="chen").must_change_password


def test_a_proven_password_alone_does_not_pass_by_the_second_factor(morning: clock.ManualClock, client: Client) -> None:
    chen = Account.objects.get(username="chen")
    second_factor.begin(chen)
    app = pyotp.TOTP(str(second_factor.pending_secret(chen)))
    assert second_factor.confirm(chen, app.at(clock.now()), at=clock.now())
    morning.advance(timedelta(hours=1))
    assert begun(client)["Location"] == "/sign-in/code"
    assert choose(client)["Location"] == "/sign-in"
    assert client.post("/sign-in/code", {"code": app.at(clock.now())})["Location"] == "/sign-in/password"
    assert choose(client)["Location"] == "/home"


def test_after_five_minutes_it_begins_again(morning: clock.ManualClock, client: Client) -> None:
    begun(client)
    morning.advance(timedelta(minutes=5))
    assert choose(client)["Location"] == "/sign-in"
    assert Account.objects.get(username="chen").must_change_password


def test_a_one_time_password_gives_no_token(morning: clock.ManualClock, client: Client) -> None:
    given = {"username": "chen", "password": ONE_TIME}
    answer = client.post("/api/v1/session", given, content_type="application/json")
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "not_allowed"
    assert "one-time password" in answer.json()["error"]["message"]
    begun(client)
    choose(client)
    given["password"] = OWN
    assert client.post("/api/v1/session", given, content_type="application/json").status_code == 200
