"""A password that somebody saw is not enough: the code at the door, recovery, and who must have a second factor."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from django.core import signing
from django.test import Client

from anlan.city.areas.atlas import atlas
from anlan.city.people import second_factor
from anlan.city.people.models import Account, Authenticator, RecoveryCode
from anlan.foundation import rules
from anlan.loop import clock
from tests.cast import Cast
from tests.loop import stories

PASSWORD = "a long password"
HALF_A_MINUTE = timedelta(seconds=30)


@pytest.fixture
def morning(cast: Cast) -> Iterator[clock.ManualClock]:
    atlas.cache_clear()
    for name in ("chen", "li"):
        account = Account.objects.get(username=name)
        account.set_password(PASSWORD)
        account.save()
    with stories.morning() as manual:
        yield manual


@pytest.fixture
def app(morning: clock.ManualClock) -> pyotp.TOTP:
    """Chen's app, set up an hour ago."""
    chen = account("chen")
    second_factor.begin(chen)
    secret = second_factor.pending_secret(chen)
    assert secret is not None
    totp = pyotp.TOTP(secret)
    assert second_factor.confirm(chen, totp.at(clock.now()), at=clock.now())
    morning.advance(timedelta(hours=1))
    return totp


@pytest.fixture
def must(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dispatchers must have a second factor from today on."""
    book = rules.rulebook()
    entries = [
        rule.model_copy(update={"value": 1}) if rule.id == "people.second_factor.dispatcher" else rule
        for rule in book.all()
    ]
    monkeypatch.setattr(second_factor, "rulebook", lambda: rules.RuleBook(entries))


def account(username: str) -> Account:
    return Account.objects.get(username=username)


def english(**headers: str) -> Client:
    return Client(headers={"Accept-Language": "en", **headers})


def password(client: Client, username: str = "chen", given: str = PASSWORD, **more: str) -> Any:
    return client.post("/sign-in", {"username": username, "password": given, **more})


def code(client: Client, given: str) -> Any:
    return client.post("/sign-in/code", {"code": given})


def is_in(client: Client) -> bool:
    return bool(client.get("/account/security").status_code == 200)


def signed_in(username: str = "chen") -> Client:
    client = english()
    client.force_login(account(username))
    return client


# At the door


def test_without_a_second_factor_the_password_is_enough(morning: clock.ManualClock) -> None:
    client = english()
    assert password(client)["Location"] == "/home"
    assert is_in(client)


def test_with_an_app_the_password_leads_to_the_code_and_the_code_in(app: pyotp.TOTP) -> None:
    client = english()
    assert password(client, next="/notices")["Location"] == "/sign-in/code"
    assert code(client, app.at(clock.now()))["Location"] == "/notices"
    assert is_in(client)


def test_between_the_two_nobody_is_signed_in(app: pyotp.TOTP) -> None:
    client = english()
    password(client)
    for page in ("/board", "/notices", "/posting", "/account/security", "/home"):
        assert client.get(page)["Location"].startswith("/sign-in")
    assert client.get("/api/v1/matters").status_code == 401
    # It must not show or change the app of an account that has one.
    assert client.get("/account/security/app")["Location"] == "/account/security"
    assert client.get("/account/security/app.svg").status_code == 404
    assert account("chen").sessions.count() == 0


def test_without_a_proven_password_there_is_no_second_page(app: pyotp.TOTP) -> None:
    client = english()
    assert client.get("/sign-in/code")["Location"] == "/sign-in"
    assert code(client, app.at(clock.now()))["Location"] == "/sign-in"
    assert not is_in(client)


def test_a_proven_password_is_good_for_five_minutes(app: pyotp.TOTP, morning: clock.ManualClock) -> None:
    client = english()
    password(client)
    morning.advance(timedelta(minutes=5))
    assert code(client, app.at(clock.now()))["Location"] == "/sign-in"


def test_a_proven_password_ends_with_a_sign_out_everywhere(app: pyotp.TOTP) -> None:
    client, other = english(), signed_in()
    password(client)
    other.post("/account/sessions/end")
    assert code(client, app.at(clock.now()))["Location"] == "/sign-in"


def test_a_code_is_good_once(app: pyotp.TOTP) -> None:
    now = app.at(clock.now())
    for client, answer in ((english(), 302), (english(), 422)):
        password(client)
        assert code(client, now).status_code == answer


@pytest.mark.parametrize(("steps", "good"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_telephones_clock_may_be_half_a_minute_off(app: pyotp.TOTP, steps: int, good: bool) -> None:
    client = english()
    password(client)
    code(client, app.at(clock.now() + steps * HALF_A_MINUTE))
    assert is_in(client) is good


def test_an_older_code_is_no_good_after_a_newer_one(app: pyotp.TOTP, morning: clock.ManualClock) -> None:
    now, before = app.at(clock.now()), app.at(clock.now() - HALF_A_MINUTE)
    first, second = english(), english()
    password(first)
    code(first, now)
    password(second)
    assert code(second, before).status_code == 422


def test_wrong_codes_are_counted_like_wrong_passwords(app: pyotp.TOTP, morning: clock.ManualClock) -> None:
    client = english()
    for _ in range(2):
        password(client, given="wrong")
    password(client)
    for _ in range(3):
        assert code(client, "000000").status_code == 422
    # Five failures of both together: even the right code has to wait.
    assert code(client, app.at(clock.now())).status_code == 422
    morning.advance(timedelta(minutes=15))
    password(client)
    assert code(client, app.at(clock.now())).status_code == 302


def test_the_right_password_does_not_buy_more_tries_at_the_code(app: pyotp.TOTP) -> None:
    client = english()
    for _ in range(5):
        password(client)
        code(client, "000000")
    assert password(client).status_code == 422


@pytest.mark.parametrize("given", ["", "12345", "½½½½½½", "٠١٢٣٤٥", "\x00", "x" * 5000])
def test_what_is_no_code_is_refused_on_the_page(app: pyotp.TOTP, given: str) -> None:
    client = english()
    password(client)
    answer = code(client, given)
    assert answer.status_code == 422
    assert "the code is wrong or was used before" in answer.content.decode()


def test_the_session_has_a_new_key_after_each_step(app: pyotp.TOTP) -> None:
    client = english()
    client.get("/sign-in")
    keys = []
    for step in (lambda: password(client), lambda: code(client, app.at(clock.now()))):
        step()
        keys.append(client.cookies["sessionid"].value)
    assert len(set(keys)) == 2
    intruder = english()
    intruder.cookies["sessionid"] = keys[0]
    assert not is_in(intruder)


# The API


def open_session(**given: str) -> Any:
    body = {"username": "chen", "password": PASSWORD, **given}
    return english().post("/api/v1/session", body, content_type="application/json")


def test_the_api_takes_the_code_with_the_password(app: pyotp.TOTP) -> None:
    refused = open_session()
    assert refused.status_code == 401
    assert refused.json()["error"]["field"] == "code"
    assert open_session(code="000000").status_code == 401
    assert open_session(code=app.at(clock.now())).status_code == 200


def test_who_does_not_know_the_password_does_not_learn_of_a_second_factor(app: pyotp.TOTP) -> None:
    answers = [open_session(password="wrong"), open_session(password="wrong", username="nobody")]
    assert answers[0].json() == answers[1].json()
    assert "code" not in answers[0].json()["error"]["message"].split("the name")[0]


def test_the_api_opens_to_nobody_who_must_have_a_second_factor_and_has_none(
    morning: clock.ManualClock, must: None
) -> None:
    assert open_session().status_code == 403
    assert open_session(username="li").status_code == 200


# Setting up and taking away


def set_up(client: Client) -> tuple[pyotp.TOTP, Any]:
    """Through the pages; the app and the page after the confirmation."""
    assert client.post("/account/security/app/begin", {"password": PASSWORD})["Location"] == "/account/security/app"
    page = client.get("/account/security/app").content.decode()
    found = re.search(r'class="secret" translate="no">([A-Z2-7 ]+)<', page)
    assert found is not None
    app = pyotp.TOTP(found[1].replace(" ", ""))
    return app, client.post("/account/security/app", {"code": app.at(clock.now())})


def shown_codes(answer: Any) -> list[str]:
    return re.findall(r"<li>([0-9A-Z]{5}-[0-9A-Z]{5})</li>", answer.content.decode())


def test_an_app_is_set_up_by_picture_or_by_hand_and_counts_once_confirmed(morning: clock.ManualClock) -> None:
    client = signed_in()
    client.post("/account/security/app/begin", {"password": PASSWORD})
    picture = client.get("/account/security/app.svg")
    assert picture["Content-Type"] == "image/svg+xml"
    assert picture.content.startswith(b"<?xml")
    assert "no-store" in picture["Cache-Control"]
    assert not second_factor.has_one(account("chen"))
    _app, answer = set_up(client)
    assert second_factor.has_one(account("chen"))
    assert len(shown_codes(answer)) == 10
    assert client.get("/account/security/app")["Location"] == "/account/security"


def test_setting_up_takes_the_password(morning: clock.ManualClock) -> None:
    client = signed_in()
    answer = client.post("/account/security/app/begin", {"password": "wrong"})
    assert answer.status_code == 422
    assert "this is not your password" in answer.content.decode()
    assert not Authenticator.objects.exists()


def test_a_wrong_code_does_not_confirm(morning: clock.ManualClock) -> None:
    client = signed_in()
    client.post("/account/security/app/begin", {"password": PASSWORD})
    assert client.post("/account/security/app", {"code": "000000"}).status_code == 422
    assert not second_factor.has_one(account("chen"))


def test_the_code_that_confirmed_does_not_open_the_door(morning: clock.ManualClock) -> None:
    app, _answer = set_up(signed_in())
    client = english()
    password(client)
    assert code(client, app.at(clock.now())).status_code == 422


def test_the_secret_is_sealed_and_the_recovery_codes_are_digests(morning: clock.ManualClock) -> None:
    from django.db import connection

    app, answer = set_up(signed_in())
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM people_authenticator")
        assert app.secret.encode() not in bytes(cursor.fetchone()[0])
    kept = [bytes(each) for each in RecoveryCode.objects.values_list("digest", flat=True)]
    assert len(kept) == 10
    assert not any(shown.replace("-", "").encode() in each for shown in shown_codes(answer) for each in kept)


def test_an_app_that_counts_is_not_replaced_without_being_removed(app: pyotp.TOTP) -> None:
    signed_in().post("/account/security/app/begin", {"password": PASSWORD})
    assert second_factor.pending_secret(account("chen")) is None
    assert Authenticator.objects.get().secret == app.secret


def test_taking_the_app_away_takes_the_password_and_a_code(app: pyotp.TOTP) -> None:
    client = signed_in()
    address = "/account/security/app/remove"
    assert client.post(address, {"password": "wrong", "code": app.at(clock.now())}).status_code == 422
    assert client.post(address, {"password": PASSWORD, "code": "000000"}).status_code == 401
    assert second_factor.has_one(account("chen"))
    assert client.post(address, {"password": PASSWORD, "code": app.at(clock.now())}).status_code == 302
    assert not second_factor.has_one(account("chen"))
    assert password(english())["Location"] == "/home"


# Recovery codes


def test_each_recovery_code_opens_once_however_it_is_typed(app: pyotp.TOTP) -> None:
    codes = shown_codes(signed_in().post("/account/security/recovery", {"password": PASSWORD}))
    typed = codes[0].replace("-", " ").lower()
    for expected in (302, 422):
        client = english()
        password(client)
        assert code(client, typed).status_code == expected
    assert RecoveryCode.objects.count() == 9


def test_new_recovery_codes_end_the_ones_before(app: pyotp.TOTP) -> None:
    client = signed_in()
    old, new = (shown_codes(client.post("/account/security/recovery", {"password": PASSWORD})) for _ in range(2))
    assert len(set(old + new)) == 20
    door = english()
    password(door)
    assert code(door, old[0]).status_code == 422
    assert code(door, new[0]).status_code == 302


def test_a_recovery_code_is_its_owners_alone(app: pyotp.TOTP) -> None:
    codes = second_factor.new_recovery_codes(account("li"))
    client = english()
    password(client)
    assert code(client, codes[0]).status_code == 422


def test_recovery_codes_take_the_password(app: pyotp.TOTP) -> None:
    assert signed_in().post("/account/security/recovery", {"password": "wrong"}).status_code == 422
    assert RecoveryCode.objects.count() == 0


# Roles that must have one


def test_who_must_have_one_sets_it_up_before_anything_else(morning: clock.ManualClock, must: None) -> None:
    client = english()
    assert password(client, next="/notices")["Location"] == "/account/security/app"
    assert client.get("/board")["Location"].startswith("/sign-in")
    page = client.get("/account/security/app").content.decode()
    assert "Your role takes a second factor" in page
    secret = second_factor.pending_secret(account("chen"))
    assert secret is not None
    answer = client.post("/account/security/app", {"code": pyotp.TOTP(secret).at(clock.now())})
    assert len(shown_codes(answer)) == 10
    assert 'href="/notices"' in answer.content.decode()
    assert is_in(client)


def test_roles_of_which_it_is_not_asked_get_in_by_password(morning: clock.ManualClock, must: None) -> None:
    assert password(english(), "li")["Location"] == "/home"


def test_nobody_must_have_one_unless_the_house_says_so(morning: clock.ManualClock) -> None:
    assert not any(second_factor.required_of(each, on=clock.today()) for each in Account.objects.all())


def test_an_administrator_can_reset_what_was_lost(app: pyotp.TOTP) -> None:
    second_factor.new_recovery_codes(account("chen"))
    second_factor.reset(account("chen"))
    assert password(english())["Location"] == "/home"
    assert RecoveryCode.objects.count() == 0


def test_a_forged_state_of_the_door_is_worth_nothing(app: pyotp.TOTP) -> None:
    client = english()
    client.cookies["sessionid"] = signing.dumps({"account": str(account("chen").id)})
    assert client.get("/sign-in/code")["Location"] == "/sign-in"
