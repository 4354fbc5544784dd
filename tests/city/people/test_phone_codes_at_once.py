"""Many tries at one code at once, with real commits."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from django.db import connections

from anlan.city.people import phone_codes
from anlan.city.people.models import PhoneCode

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)


def test_many_tries_at_once_are_five_tries(committed: str) -> None:
    issued = phone_codes.issue("13911112222", "203.0.113.7", at=NOW)

    def attempt(_: int) -> bool:
        try:
            return phone_codes.redeem(issued.id, "no", at=NOW)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        assert not any(threads.map(attempt, range(12)))
    assert PhoneCode.objects.get().tries == 5


def test_two_right_answers_at_once_open_one_door(committed: str) -> None:
    issued = phone_codes.issue("13911112222", "203.0.113.7", at=NOW)

    def attempt(_: int) -> bool:
        try:
            return phone_codes.redeem(issued.id, issued.code, at=NOW)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(attempt, range(4))) == 1
