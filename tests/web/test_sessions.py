"""Where somebody is signed in: the list is their own, and what they end has ended."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from anlan.city.areas.atlas import atlas
from anlan.city.people import signed_in
from anlan.city.people.models import Account, SignedIn
from anlan.loop import clock
from anlan.loop.doors import token_for
from anlan.web import account
from anlan.web.account import forget_ended_sessions
from tests.cast import Cast
from tests.loop import stories

PASSWORD = "a long password"
NEW_PASSWORD = "another long password"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"
PHONE = (
    "Mozilla/5.0 (Linux; Android 12; HarmonyOS; NOH-AN00) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.5735.196 "
    "HuaweiBrowser/15.0.4.312 Mobile Safari/537.36"
)


@pytest.fixture(autouse=True)
def morning(cast: Cast) -> Iterator[clock.ManualClock]:
    atlas.cache_clear()
    for name in ("chen", "zhou"):
        person = Account.objects.get(username=name)
        person.set_password(PASSWORD)
        person.save()
    with stories.morning() as manual:
        yield manual


def chen() -> Account:
    return Account.objects.get(username="chen")


def browser(agent: str = WINDOWS, **more: Any) -> Client:
    return Client(headers={"Accept-Language": "en", "User-Agent": agent}, **more)


def signed_in_at(agent: str = WINDOWS, username: str = "chen", **more: Any) -> Client:
    client = browser(agent, **more)
    assert client.post("/sign-in", {"username": username, "password": PASSWORD}).status_code == 302
    return client


def is_in(client: Client) -> bool:
    return bool(client.get("/account/security").status_code == 200)


def page(client: Client) -> str:
    return client.get("/account/security").content.decode()


def api(token: str) -> int:
    return int(Client(headers={"Authorization": f"Bearer {token}"}).get("/api/v1/matters").status_code)


def change(client: Client, **given: str) -> Any:
    told = {"password": PASSWORD, "new_password": NEW_PASSWORD, "again": NEW_PASSWORD, **given}
    return client.post("/account/password", told)


# The list


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (WINDOWS, "Chrome · Windows"),
        (PHONE, "Huawei Browser · HarmonyOS"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1",
            "Safari · iPhone",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox · Linux"),
        ("curl/8.5", ""),
        ("", ""),
    ],
)
def test_a_device_is_called_by_its_browser_and_system(agent: str, words: str) -> None:
    assert signed_in.device_words(agent) == words


def test_the_list_names_each_device_and_marks_this_one() -> None:
    here = signed_in_at(WINDOWS)
    signed_in_at(PHONE, REMOTE_ADDR="192.0.2.7")
    shown = page(here)
    assert "Chrome · Windows" in shown
    assert shown.count(">this one<") == 1
    assert "Huawei Browser · HarmonyOS" in shown
    assert "another network" in shown


def test_nobody_sees_the_sessions_of_somebody_else() -> None:
    signed_in_at(PHONE, "zhou")
    assert "HarmonyOS" not in page(signed_in_at(WINDOWS))


def test_neither_key_nor_address_nor_the_whole_user_agent_is_kept_or_shown() -> None:
    here = signed_in_at(PHONE, REMOTE_ADDR="192.0.2.7")
    row = chen().sessions.get()
    assert "192.0.2.7" not in row.address
    assert "NOH-AN00" not in row.device
    assert row.session_key not in page(here)
    assert row.address not in page(here)


def test_last_seen_moves_at_most_once_a_minute() -> None:
    here = signed_in_at()
    before = chen().sessions.get().seen_at
    page(here)
    assert chen().sessions.get().seen_at == before
    chen().sessions.update(seen_at=before - timedelta(minutes=2))
    page(here)
    assert chen().sessions.get().seen_at > before - timedelta(minutes=1)


def test_whose_session_it_is_is_read_with_the_session(django_assert_max_num_queries: Any) -> None:
    here = signed_in_at()
    with django_assert_max_num_queries(20) as asked:
        here.get("/posting")
    assert sum("people_signedin" in each["sql"] for each in asked.captured_queries) == 1


def test_a_first_sign_in_on_a_device_is_marked_and_a_second_is_not() -> None:
    office = signed_in_at(WINDOWS)
    office.post("/sign-out")
    office.post("/sign-in", {"username": "chen", "password": PASSWORD})
    assert "first time on this device" not in page(office)
    assert "new here" not in page(office)
    signed_in_at(PHONE)
    assert "first time on this device" in page(office)
    assert "Signed in on a device that is new here" in page(office)


def test_a_device_is_known_by_each_account_for_itself() -> None:
    office = signed_in_at(WINDOWS)
    office.post("/sign-out")
    office.post("/sign-in", {"username": "zhou", "password": PASSWORD})
    assert "first time on this device" in page(office)


# Ending


def test_ending_one_session_ends_that_one_and_no_other() -> None:
    here, there = signed_in_at(WINDOWS), signed_in_at(PHONE)
    handle = chen().sessions.get(device__contains="HarmonyOS").handle
    assert here.post(f"/account/sessions/{handle}/end").status_code == 302
    assert not is_in(there)
    assert is_in(here)


def test_nobody_ends_the_session_of_somebody_else() -> None:
    signed_in_at(PHONE, "zhou")
    handle = SignedIn.objects.get(account__username="zhou").handle
    assert signed_in_at().post(f"/account/sessions/{handle}/end").status_code == 404
    assert SignedIn.objects.filter(handle=handle).exists()


def test_signing_out_everywhere_ends_sessions_and_tokens_and_nobody_elses() -> None:
    here, there, zhou = signed_in_at(), signed_in_at(PHONE), signed_in_at(PHONE, "zhou")
    token = token_for(chen())
    assert api(token) == 200
    assert here.post("/account/sessions/end")["Location"] == "/sign-in"
    assert [is_in(client) for client in (here, there, zhou)] == [False, False, True]
    assert api(token) == 401
    assert api(token_for(chen())) == 200


def test_a_session_that_comes_back_into_the_table_does_not_open_again() -> None:
    """Whoever restored the row, or wrote it at the same moment, finds the generation has moved on."""
    here = signed_in_at()
    row = chen().sessions.get()
    signed_in.end_everywhere(chen())
    row.save(force_insert=True)
    assert not is_in(here)


def test_the_live_streams_of_what_was_ended_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(account, "session_ended", told.append)
    here, there = signed_in_at(), signed_in_at(PHONE)
    keys = [client.cookies["sessionid"].value for client in (here, there)]
    here.post(f"/account/sessions/{chen().sessions.get(session_key=keys[1]).handle}/end")
    assert told == keys[1:]
    here.post("/account/sessions/end")
    assert told == [keys[1], keys[0]]


def test_a_session_from_before_the_sign_in_is_not_the_one_after() -> None:
    planted = browser()
    planted.post("/sign-in/passkey/options")
    key = planted.cookies["sessionid"].value
    planted.post("/sign-in", {"username": "chen", "password": PASSWORD})
    assert planted.cookies["sessionid"].value != key
    other = browser()
    other.cookies["sessionid"] = key
    assert not is_in(other)


def test_sessions_that_have_run_out_are_forgotten() -> None:
    signed_in_at()
    signed_in_at(PHONE)
    SignedIn.objects.filter(device__contains="HarmonyOS").update(expire_date=timezone.now() - timedelta(seconds=1))
    assert forget_ended_sessions() == 1
    assert SignedIn.objects.count() == 1


def test_a_session_that_has_run_out_is_not_in_the_list() -> None:
    here = signed_in_at()
    signed_in_at(PHONE)
    SignedIn.objects.filter(device__contains="HarmonyOS").update(expire_date=timezone.now() - timedelta(seconds=1))
    assert "HarmonyOS" not in page(here)


# The password


def test_a_new_password_ends_everything_but_this_session() -> None:
    here, there = signed_in_at(), signed_in_at(PHONE)
    token = token_for(chen())
    assert change(here).status_code == 302
    assert [is_in(client) for client in (here, there)] == [True, False]
    assert api(token) == 401
    assert chen().check_password(NEW_PASSWORD)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"password": "wrong"}, "this is not your password"),
        ({"again": "something else"}, "the two are not the same"),
        ({"new_password": "short", "again": "short"}, "too short"),
        ({"new_password": "8347561923", "again": "8347561923"}, "entirely numeric"),
        ({"new_password": "", "again": ""}, "must have between 1 and 200 characters"),
        ({"new_password": "\x00" * 12, "again": "\x00" * 12}, "can&#x27;t be stored"),
    ],
)
def test_a_password_that_will_not_do_is_refused_with_the_reason(given: dict[str, str], said: str) -> None:
    here = signed_in_at()
    answer = change(here, **given)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert chen().check_password(PASSWORD)


def test_guessing_the_password_from_inside_is_locked_as_well() -> None:
    here = signed_in_at()
    for _ in range(5):
        change(here, password="wrong")
    assert change(here).status_code == 422


@pytest.mark.parametrize("cookie", ["", "short", "x" * 32, "'" * 32, '"\\000abcdefghijk"'])
def test_a_cookie_that_opens_nothing_is_no_fault(cookie: str) -> None:
    answer = Client(headers={"Cookie": f"sessionid={cookie}"}).get("/account/security")
    assert answer["Location"].startswith("/sign-in")


@pytest.mark.parametrize("address", ["/account/security", "/account/security/app"])
def test_who_is_not_signed_in_is_led_to_the_door(address: str) -> None:
    client = browser()
    answer = client.get(address, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/sign-in?next=")


@pytest.mark.parametrize(
    "address",
    ["/account/sessions/end", "/account/password", "/account/security/recovery", "/account/security/app/remove"],
)
def test_a_form_from_elsewhere_is_refused(address: str) -> None:
    client = browser(enforce_csrf_checks=True)
    client.force_login(chen())
    assert client.post(address, {"password": PASSWORD}).status_code == 403
