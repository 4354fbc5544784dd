"""Who signs in, and as whom they act: in the same words for everybody, not without end, and only to our own pages."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from anlan.city.areas.atlas import atlas
from anlan.city.people.models import Account, Posting, SignInFailure
from anlan.loop import clock
from tests.cast import CUIYUAN, Cast, post
from tests.loop import stories

PASSWORD = "a long password"


@pytest.fixture
def morning(cast: Cast) -> Iterator[clock.ManualClock]:
    atlas.cache_clear()
    for name in ("chen", "li", "wang"):
        account = Account.objects.get(username=name)
        account.set_password(PASSWORD)
        account.save()
    with stories.morning() as manual:
        yield manual


def sign_in(username: str, password: str = PASSWORD, client: Client | None = None, **more: Any) -> Any:
    client = client or Client(headers={"Accept-Language": "en"})
    return client.post("/sign-in", {"username": username, "password": password, **more})


def signed_in(username: str, **headers: str) -> Client:
    client = Client(headers=headers)
    client.force_login(Account.objects.get(username=username))
    return client


@pytest.mark.parametrize(("language", "said"), [("en", "Sign in"), ("zh-hans", "登录")])
def test_the_door_speaks_both_languages(db: None, language: str, said: str) -> None:
    page = Client(headers={"Accept-Language": language}).get("/sign-in")
    assert page.status_code == 200
    assert f"<h1>{said}</h1>" in page.content.decode()
    assert "default-src 'self'" in page["Content-Security-Policy"]


def test_who_signs_in_comes_to_where_they_work(morning: clock.ManualClock) -> None:
    for name, room in (("chen", "/board"), ("li", "/tasks")):
        client = Client()
        assert sign_in(name, client=client)["Location"] == "/home"
        assert client.get("/home")["Location"] == room


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(morning: clock.ManualClock) -> None:
    answers = [sign_in(name, "wrong") for name in ("chen", "nobody")]
    assert [answer.status_code for answer in answers] == [422, 422]
    notices = [answer.content.decode().split('role="alert"')[1].split("</div>")[0] for answer in answers]
    assert notices[0] == notices[1]
    assert "the name or the password is wrong" in notices[0]


def test_what_was_typed_stays_but_never_the_password(morning: clock.ManualClock) -> None:
    page = sign_in("chen", "hunter-two").content.decode()
    assert 'value="chen"' in page
    assert "hunter-two" not in page


def test_an_empty_field_is_named_beside_it(db: None) -> None:
    page = Client(headers={"Accept-Language": "zh-hans"}).post("/sign-in", {"username": "chen"})
    assert page.status_code == 422
    assert '<p class="error" id="sign-in-password-error">必须填写</p>' in page.content.decode()


def test_after_five_failures_even_the_right_password_has_to_wait(morning: clock.ManualClock) -> None:
    for _ in range(5):
        sign_in("chen", "wrong")
    assert sign_in("chen").status_code == 422
    morning.advance(timedelta(minutes=15))
    assert sign_in("chen").status_code == 302


def test_an_unknown_name_is_locked_like_a_known_one(morning: clock.ManualClock) -> None:
    for name in ("chen", "nobody"):
        for _ in range(7):
            sign_in(name, "wrong")
    assert SignInFailure.objects.count() == 10


def test_whoever_knows_the_password_is_forgiven(morning: clock.ManualClock) -> None:
    for _ in range(4):
        sign_in("chen", "wrong")
    assert sign_in("chen").status_code == 302
    sign_in("chen", "wrong")
    assert sign_in("chen").status_code == 302


def test_one_address_can_not_try_one_password_on_many_names(morning: clock.ManualClock) -> None:
    for number in range(50):
        sign_in(f"name-{number}", "wrong")
    assert sign_in("chen").status_code == 422
    assert sign_in("chen", client=Client(REMOTE_ADDR="192.0.2.7")).status_code == 302


def test_the_api_has_the_same_lock(morning: clock.ManualClock) -> None:
    for _ in range(5):
        sign_in("chen", "wrong")
    given = {"username": "chen", "password": PASSWORD}
    assert Client().post("/api/v1/session", given, content_type="application/json").status_code == 401


def test_a_failure_keeps_neither_name_nor_address(morning: clock.ManualClock) -> None:
    sign_in("chen", "wrong")
    kept = SignInFailure.objects.get()
    assert b"chen" not in bytes(kept.name)
    assert b"127.0.0.1" not in bytes(kept.address)


@pytest.mark.parametrize("address", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"])
def test_nobody_is_led_to_another_site(morning: clock.ManualClock, address: str) -> None:
    assert sign_in("chen", next=address)["Location"] == "/home"


def test_who_wanted_a_page_gets_it_after_signing_in(morning: clock.ManualClock) -> None:
    client = Client()
    door = client.get("/board?lane=overdue")["Location"]
    assert door == "/sign-in?next=%2Fboard%3Flane%3Doverdue"
    assert '<input type="hidden" name="next" value="/board?lane=overdue">' in client.get(door).content.decode()
    assert sign_in("chen", client=client, next="/board?lane=overdue")["Location"] == "/board?lane=overdue"


def test_signing_out_ends_the_session(morning: clock.ManualClock) -> None:
    client = signed_in("chen")
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out")["Location"] == "/sign-in"
    assert client.get("/board").status_code == 302


def test_a_form_without_its_token_is_refused(morning: clock.ManualClock) -> None:
    client = Client(enforce_csrf_checks=True)
    assert sign_in("chen", client=client).status_code == 403


def test_who_holds_several_postings_chooses_one(morning: clock.ManualClock) -> None:
    chen = Account.objects.get(username="chen")
    there = post(chen, "DISPATCHER", CUIYUAN)
    client = Client(headers={"Accept-Language": "en"})
    assert sign_in("chen", client=client)["Location"] == "/posting"
    assert "翠苑街道 · dispatcher" in client.get("/posting").content.decode()
    assert client.post("/posting", {"posting": str(there.id)})["Location"] == "/home"
    here = stories.routed(Cast())
    assert client.get(f"/matters/{here.id}").status_code == 404
    assert client.get(f"/api/v1/matters/{here.id}").status_code == 404
    client.post("/posting", {"posting": ""})
    assert client.get(f"/matters/{here.id}").status_code == 200


def test_nobody_takes_a_posting_of_somebody_else(morning: clock.ManualClock) -> None:
    other = Posting.objects.get(account__username="sun")
    client = signed_in("chen")
    assert client.post("/posting", {"posting": str(other.id)}).status_code == 422
    assert client.post("/posting", {"posting": "\x00"}).status_code == 422


def test_a_posting_that_ended_no_longer_counts(morning: clock.ManualClock) -> None:
    chen = Account.objects.get(username="chen")
    there = post(chen, "DISPATCHER", CUIYUAN)
    client = signed_in("chen")
    client.post("/posting", {"posting": str(there.id)})
    Posting.objects.filter(id=there.id).update(ends=clock.today())
    assert "翠苑" not in client.get("/board").content.decode()
