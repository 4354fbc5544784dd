"""Codes sent to a telephone: six digits, for some minutes and some tries, and not too many of them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from anlan.city.people import phone_codes
from anlan.city.people.access import actor_of, postings_of
from anlan.city.people.models import Account, PhoneCode
from tests.cast import WENXIN, post

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
PHONE, HERE = "13911112222", "203.0.113.7"


def issued(phone: str = PHONE, address: str = HERE, *, at: datetime = NOW) -> phone_codes.Issued:
    return phone_codes.issue(phone, address, at=at)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_the_right_code_is_taken_once() -> None:
    code = issued()
    assert len(code.code) == 6
    assert phone_codes.redeem(code.id, f" {code.code[:3]} {code.code[3:]} ", at=NOW)
    assert not phone_codes.redeem(code.id, code.code, at=NOW)


def test_full_width_digits_are_digits() -> None:
    code = issued()
    wide = code.code.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    assert phone_codes.redeem(code.id, wide, at=NOW)


@pytest.mark.parametrize("typed", ["", "abcdef", "\x00", "9" * 5000])
def test_what_is_no_code_is_refused(typed: str) -> None:
    assert not phone_codes.redeem(issued().id, typed, at=NOW)


def test_after_five_tries_even_the_right_code_is_refused() -> None:
    code = issued()
    for _ in range(5):
        assert not phone_codes.redeem(code.id, wrong(code.code), at=NOW)
    assert not phone_codes.redeem(code.id, code.code, at=NOW)


@pytest.mark.parametrize(("minutes", "good"), [(4.9, True), (5, False)])
def test_a_code_is_good_for_five_minutes(minutes: float, good: bool) -> None:
    code = issued()
    assert phone_codes.redeem(code.id, code.code, at=NOW + timedelta(minutes=minutes)) is good


def test_one_requests_code_opens_no_other_request() -> None:
    mine, theirs = issued(), issued("13933334444")
    assert not phone_codes.redeem(mine.id, theirs.code, at=NOW) or mine.code == theirs.code


def test_neither_number_nor_address_nor_code_lies_in_the_table() -> None:
    code = issued()
    kept = PhoneCode.objects.values_list("phone", "address", "code").get()
    readable = b"|".join(map(bytes, kept))
    assert all(text.encode() not in readable for text in (PHONE, HERE, code.code))


def test_a_number_gets_one_code_a_minute_and_five_an_hour() -> None:
    for turn in range(5):
        at = NOW + timedelta(minutes=turn * 2)
        issued(f"+86 {PHONE}" if turn % 2 else PHONE, f"198.51.100.{turn}", at=at)
        with pytest.raises(phone_codes.TooMany):
            issued(at=at + timedelta(seconds=59))
    with pytest.raises(phone_codes.TooMany):
        issued(at=NOW + timedelta(minutes=30))
    issued(at=NOW + timedelta(minutes=61))


def test_an_address_gets_thirty_an_hour_for_all_numbers_together() -> None:
    for turn in range(30):
        issued(f"139{turn:08}")
    with pytest.raises(phone_codes.TooMany):
        issued("13799999999")
    issued("13799999999", "198.51.100.9")


def test_old_requests_are_forgotten() -> None:
    issued()
    issued("13933334444", at=NOW + timedelta(hours=2))
    assert PhoneCode.objects.count() == 1


def test_the_first_proof_makes_an_account_and_the_next_finds_it() -> None:
    first = phone_codes.account_of_phone("139 1111 2222")
    again = phone_codes.account_of_phone("+86-13911112222")
    assert first
    assert again
    assert first.id == again.id
    assert first.kind == Account.Kind.RESIDENT
    assert "139" not in first.username
    assert not first.has_usable_password()


def test_a_number_that_somebody_on_duty_has_opens_an_account_of_its_own() -> None:
    # The cast all have 13800000000.
    made = phone_codes.account_of_phone("13800000000")
    assert made
    assert made.kind == Account.Kind.RESIDENT
    assert not postings_of(made, on=NOW.date()).exists()


def test_a_residents_account_holds_no_posting_even_where_one_was_entered() -> None:
    account = phone_codes.account_of_phone(PHONE)
    assert account
    post(account, "DISPATCHER", WENXIN)
    assert actor_of(account, on=NOW.date()).kind == "resident"
    assert actor_of(account, on=NOW.date()).held == ()


def test_a_residents_account_never_administers() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.create_user("x", kind=Account.Kind.RESIDENT, is_staff=True)


def test_a_closed_account_opens_no_more() -> None:
    account = phone_codes.account_of_phone(PHONE)
    assert account
    Account.objects.filter(id=account.id).update(is_active=False)
    assert phone_codes.account_of_phone(PHONE) is None
