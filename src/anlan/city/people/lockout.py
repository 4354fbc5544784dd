"""Whoever guesses passwords has to wait: after some failures under one name, or from one network address.

An attempt counts as failed from its beginning and is forgiven when it succeeds, so that many at once count too. While
a name is locked no further attempt is counted: nobody can keep somebody else out for longer than the pause. An
unknown name is treated like a known one. Behind a proxy that shows only its own address, the address counts for all.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Self
from uuid import UUID

from django.utils.crypto import salted_hmac

from anlan.city.people.models import SignInFailure
from anlan.foundation.identifiers import new_id
from anlan.foundation.rules import Rule, rulebook


@dataclass(frozen=True)
class Attempt:
    """One attempt to sign in; `times` and `minutes` are what is allowed under one name."""

    name: bytes
    address: bytes
    at: datetime
    times: int
    times_by_address: int
    minutes: int
    id: UUID = field(default_factory=new_id)

    @classmethod
    def of(cls, username: str, address: str, *, at: datetime) -> Self:
        return cls(
            name=_digest("name", username),
            address=_digest("address", address) if address else b"",
            at=at,
            times=int(_rule("people.sign_in_failures_by_name", at.date()).value or 0),
            times_by_address=int(_rule("people.sign_in_failures_by_address", at.date()).value or 0),
            minutes=_rule("people.sign_in_pause", at.date()).amount or 0,
        )

    def begin(self) -> bool:
        """May it be tried? If so it counts as a failure until it has succeeded."""
        since = self.at - timedelta(minutes=self.minutes)
        SignInFailure.objects.filter(at__lte=since).delete()
        failures = SignInFailure.objects.filter(at__gt=since)
        if failures.filter(name=self.name).count() >= self.times:
            return False
        if self.address and failures.filter(address=self.address).count() >= self.times_by_address:
            return False
        SignInFailure.objects.create(id=self.id, name=self.name, address=self.address, at=self.at)
        return True

    def withdraw(self) -> None:
        """This attempt did not fail; those before it still count, for there may be a second factor to guess."""
        SignInFailure.objects.filter(id=self.id).delete()


def forgive(username: str) -> None:
    """Whoever is in is forgiven what was tried under their name."""
    SignInFailure.objects.filter(name=_digest("name", username)).delete()


def _digest(kind: str, text: str) -> bytes:
    return salted_hmac(f"anlan.sign_in.{kind}", text, algorithm="sha256").digest()


def _rule(id: str, on: date) -> Rule:
    return rulebook().at(id, on)
