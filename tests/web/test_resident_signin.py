"""Residents sign in by a code on their telephone: the same answers for every number, nothing for those who guess."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user
from django.test import Client

from anlan.city.people.models import Account, PhoneCode
from anlan.city.people.phone_codes import new_resident
from anlan.web.code_sink import code_sink

pytestmark = pytest.mark.django_db

PHONE = "13911112222"
KNOWN = "13955556666"


@pytest.fixture
def outbox(tmp_path: Path, settings: Any) -> Path:
    settings.ANLAN_CODE_SINK = f"file://{tmp_path}/codes"
    return tmp_path / "codes"


def ask(client: Client, phone: str = PHONE, **headers: Any) -> Any:
    return client.post("/account/sign-in", {"phone": phone}, **headers)


def code_in(outbox: Path) -> str:
    (message,) = [json.loads(file.read_text(encoding="utf-8")) for file in outbox.iterdir()]
    found = re.search(r"\d{6}", message["text"])
    assert found
    return found[0]


def signed_in(client: Client, outbox: Path, phone: str = PHONE) -> Account:
    ask(client, phone)
    answer = client.post("/account/code", {"code": code_in(outbox)})
    assert answer.status_code == 302, answer.content.decode()
    for file in outbox.iterdir():
        file.unlink()
    PhoneCode.objects.all().delete()
    return Account.objects.get(id=client.session["_auth_user_id"])


def test_a_code_lets_its_reader_in(client: Client, outbox: Path) -> None:
    assert ask(client)["Location"] == "/account/code"
    page = client.get("/account/code").content.decode()
    assert "139****2222" in page
    assert PHONE not in page
    assert client.post("/account/code", {"code": code_in(outbox)})["Location"] == "/account"
    assert client.get("/account").status_code == 200
    assert Account.objects.get(id=client.session["_auth_user_id"]).phone == PHONE


def test_known_and_unknown_numbers_get_the_same_answers(outbox: Path) -> None:
    Account.objects.create_user("known", kind="resident", phone=KNOWN)
    pages = []
    for phone in (PHONE, KNOWN):
        client = Client()
        first, shown = ask(client, phone), client.get("/account/code")
        wrong = client.post("/account/code", {"code": "x"})
        bodies = [re.sub(r'value="[^"]{32,}"|1\d\d\*{4}\d{4}', "", each.content.decode()) for each in (shown, wrong)]
        pages.append((first.status_code, first["Location"], shown.status_code, wrong.status_code, *bodies))
    assert pages[0] == pages[1]


@pytest.mark.parametrize("phone", ["", "call me", "1", "<script>alert(1)</script>", "\x00139", "9" * 40])
def test_what_is_no_number_is_said_beside_the_field(client: Client, outbox: Path, phone: str) -> None:
    answer = ask(client, phone)
    assert answer.status_code == 422
    assert re.search(r'id="phone-error">[^<]+<', answer.content.decode())
    assert "<script>alert" not in answer.content.decode()
    assert not outbox.exists()


def test_a_wrong_code_is_refused_and_after_five_the_right_one_too(client: Client, outbox: Path) -> None:
    ask(client)
    code = code_in(outbox)
    for _ in range(5):
        assert client.post("/account/code", {"code": "000000" if code != "000000" else "1"}).status_code == 422
    assert client.post("/account/code", {"code": code}).status_code == 422
    assert "_auth_user_id" not in client.session


def test_a_code_opens_only_the_browser_that_asked(client: Client, outbox: Path) -> None:
    ask(client)
    other = Client()
    assert other.post("/account/code", {"code": code_in(outbox)})["Location"] == "/account/sign-in"


def test_a_second_code_within_a_minute_is_refused_with_the_wait(client: Client, outbox: Path) -> None:
    ask(client)
    answer = client.post("/account/sign-in", {"again": "yes"}, headers={"accept-language": "en"})
    assert answer.status_code == 422
    assert "Please wait 1 minutes" in answer.content.decode()


def test_the_session_gets_a_new_key_and_holds_no_number(client: Client, outbox: Path) -> None:
    ask(client)
    before = client.session.session_key
    assert PHONE not in str(dict(client.session.items()))
    client.post("/account/code", {"code": code_in(outbox)})
    assert client.session.session_key != before


@pytest.mark.parametrize(
    ("wanted", "where"), [("/t/x", "/t/x"), ("//evil.example", "/account"), ("https://evil.example/", "/account")]
)
def test_afterwards_it_goes_on_to_a_page_of_ours_only(client: Client, outbox: Path, wanted: str, where: str) -> None:
    client.get("/account/sign-in", {"next": wanted})
    ask(client)
    assert client.post("/account/code", {"code": code_in(outbox)})["Location"] == where


def test_a_gateway_that_is_down_is_said_and_is_no_fault(client: Client, settings: Any) -> None:
    settings.ANLAN_CODE_SINK = "http://127.0.0.1:9/"
    answer = ask(client, headers={"accept-language": "en"})
    assert answer.status_code == 422
    assert "could not be sent" in answer.content.decode()


def test_without_a_gateway_the_page_does_not_offer_it(client: Client, settings: Any) -> None:
    settings.ANLAN_CODE_SINK = ""
    assert 'name="phone"' not in client.get("/account/sign-in").content.decode()
    assert ask(client).status_code == 422


@pytest.mark.parametrize(("language", "words"), [("zh-hans", "服务器控制台"), ("en", "console of the server")])
def test_on_a_laptop_the_code_is_on_the_console_and_the_page_says_so(
    client: Client, settings: Any, capsys: pytest.CaptureFixture[str], language: str, words: str
) -> None:
    settings.ANLAN_CODE_SINK = "console"
    assert words in client.get("/account/sign-in", headers={"accept-language": language}).content.decode()
    ask(client)
    assert words in client.get("/account/code", headers={"accept-language": language}).content.decode()
    found = re.search(r"\d{6}(?!\d)", capsys.readouterr().err.partition(": ")[2])
    assert found
    assert client.post("/account/code", {"code": found[0]}).status_code == 302


def test_a_forged_form_is_refused() -> None:
    assert Client(enforce_csrf_checks=True).post("/account/sign-in", {"phone": PHONE}).status_code == 403


@pytest.mark.parametrize("address", ["/board", "/tasks", "/matters"])
def test_a_residents_session_gets_no_page_of_staff(client: Client, outbox: Path, address: str) -> None:
    signed_in(client, outbox)
    answer = client.get(address)
    assert answer.status_code in (403, 404)


@pytest.fixture
def without_number(client: Client) -> Account:
    """A resident who came in by a login elsewhere."""
    account = new_resident()
    client.force_login(account)
    return account


def test_who_came_in_without_a_number_adds_one_by_a_code(client: Client, outbox: Path, without_number: Account) -> None:
    assert "添加手机号" in client.get("/account/data").content.decode()
    ask(client)
    answer = client.post("/account/code", {"code": code_in(outbox)})
    assert (answer.status_code, answer["Location"]) == (302, "/account/data")
    assert Account.objects.get(id=without_number.id).phone == PHONE
    assert Account.objects.filter(kind=Account.Kind.RESIDENT).count() == 1
    assert "添加手机号" not in client.get("/account/data").content.decode()


def test_a_number_with_an_account_of_its_own_is_not_taken_over(
    client: Client, outbox: Path, without_number: Account
) -> None:
    holder = new_resident(phone=PHONE)
    ask(client)
    answer = client.post("/account/code", {"code": code_in(outbox)})
    assert answer.status_code == 409
    assert not Account.objects.get(id=without_number.id).phone
    assert Account.objects.get(id=holder.id).phone == PHONE


def test_out_on_this_device(client: Client, outbox: Path) -> None:
    signed_in(client, outbox)
    client.post("/account/sign-out")
    assert client.get("/account")["Location"] == "/account/sign-in?next=%2Faccount"


def test_out_everywhere(client: Client, outbox: Path) -> None:
    elsewhere = Client()
    assert signed_in(client, outbox) == signed_in(elsewhere, outbox)
    client.post("/account/sign-out-everywhere")
    assert elsewhere.get("/account").status_code == 302
    assert get_user(client).is_anonymous


@pytest.mark.parametrize("address", ["/account/sign-out", "/account/sign-out-everywhere"])
def test_nobody_is_signed_out_by_a_link(client: Client, address: str) -> None:
    assert client.get(address).status_code == 405


def test_a_gateway_gets_what_a_notice_would(settings: Any) -> None:
    assert type(code_sink("https://gateway.example/sms")).__name__ == "GatewaySink"
