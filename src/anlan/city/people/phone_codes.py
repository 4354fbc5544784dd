"""Signing in by telephone: a code of six digits is sent to a number, and whoever can read it there is in.

A code is kept as a keyed digest, for some minutes and some tries. It can be tried only where it was asked for: the
browser that asked holds the request's identifier. Whether a number has an account changes nothing in any answer; the
account is made by the first code that is right. All the numbers are dated settings (`rules.toml`).
"""

import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac

from anlan.city.people.models import Account, PhoneCode
from anlan.foundation.rules import rulebook
from anlan.foundation.sealing.fields import phone_index

DIGITS = 6
LONGEST = 40
"""Of what is typed, no more is looked at."""


class TooMany(Exception):
    """Too many codes have been asked for, for this number or from this address; `minutes` is how long to wait."""

    def __init__(self, minutes: int) -> None:
        super().__init__(minutes)
        self.minutes = minutes


@dataclass(frozen=True)
class Issued:
    """A code that must now be sent; `id` stays with whoever asked."""

    id: UUID
    code: str


def minutes_valid(on: date) -> int:
    """How long a code is good for."""
    return _amount("people.phone_code_valid", on)


def issue(phone: str, address: str, *, at: datetime) -> Issued:
    """Make a code for a number, asked for from a network address. Raises TooMany."""
    window = _amount("people.phone_code_window", at.date())
    counted = PhoneCode.objects.filter(at__gt=at - timedelta(minutes=window))
    index, asker = phone_index(phone), _digest("address", address)
    PhoneCode.objects.filter(at__lte=at - timedelta(minutes=max(window, minutes_valid(at.date())))).delete()
    pause = _amount("people.phone_code_pause", at.date())
    if counted.filter(phone=index, at__gt=at - timedelta(minutes=pause)).exists():
        raise TooMany(pause)
    by_number = counted.filter(phone=index).count() >= _value("people.phone_codes_by_number", at.date())
    by_address = counted.filter(address=asker).count() >= _value("people.phone_codes_by_address", at.date())
    if by_number or (address and by_address):
        raise TooMany(window)
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    made = PhoneCode(phone=index, address=asker, at=at)
    made.code = _digest(f"code.{made.id}", code)
    made.save(force_insert=True)
    return Issued(made.id, code)


def redeem(id: UUID, typed: str, *, at: datetime) -> bool:
    """Is this the code? Counts the try before it looks, so that many at once count too; a right one is spent."""
    valid = timedelta(minutes=minutes_valid(at.date()))
    alive = PhoneCode.objects.filter(id=id, used=False, at__gt=at - valid)
    if not alive.filter(tries__lt=_value("people.phone_code_tries", at.date())).update(tries=F("tries") + 1):
        return False
    # Chinese input methods write full-width digits.
    bare = re.sub(r"\s", "", unicodedata.normalize("NFKC", typed[:LONGEST]))
    if not constant_time_compare(bytes(PhoneCode.objects.get(id=id).code), _digest(f"code.{id}", bare)):
        return False
    return alive.update(used=True) == 1


def account_of_phone(phone: str) -> Account | None:
    """The resident's account of a number that has just been proven, made where there is none; None where the city
    has closed it."""
    held = Account.objects.filter(kind=Account.Kind.RESIDENT, phone_index=phone_index(phone))
    found = held.first()
    if found is None:
        try:
            with transaction.atomic():
                found = new_resident(phone=phone)
        except IntegrityError:
            # The same number proven twice at once: the other one made it.
            found = held.get()
    return found if found.is_active else None


def lacks_phone(account: object) -> bool:
    """Is this a resident who came in by a login elsewhere and has no number yet?"""
    return isinstance(account, Account) and account.kind == Account.Kind.RESIDENT and not account.phone


def add_phone(account: Account, phone: str) -> bool:
    """Give an account without a number the one that has just been proven; False where another account has it."""
    account.phone = phone
    try:
        with transaction.atomic():
            account.save(update_fields=["phone", "phone_index"])
    except IntegrityError:
        return False
    return True


def new_resident(*, phone: str | None = None) -> Account:
    """A resident's account, under a name that says nothing and without a password."""
    return Account.objects.create_user(f"resident-{uuid4().hex}", kind=Account.Kind.RESIDENT, phone=phone)


def _digest(kind: str, text: str) -> bytes:
    return salted_hmac(f"anlan.phone_code.{kind}", text, algorithm="sha256").digest()


def _value(id: str, on: date) -> int:
    return int(rulebook().at(id, on).value or 0)


def _amount(id: str, on: date) -> int:
    return rulebook().at(id, on).amount or 0
