"""A desk's browser, and how to read the board it shows."""

import re
from typing import Any

from django.test import Client

from anlan.city.people.models import Account
from anlan.loop.models import Matter

ENGLISH, CHINESE = "en", "zh-hans"


def browser(username: str, language: str = ENGLISH) -> Client:
    client = Client(headers={"Accept-Language": language})
    client.force_login(Account.objects.get(username=username))
    return client


def text(answer: Any) -> str:
    return str(answer.content.decode())


def titles(answer: Any) -> list[str]:
    """The titles of the rows, in order."""
    rows = text(answer).partition('<ol class="rows">')[2].partition("</ol>")[0]
    return re.findall(r'<span class="what"><strong>(.*?)</strong>', rows)


def counts(answer: Any) -> list[int]:
    """What the lanes count, in order."""
    lanes = text(answer).partition('<nav class="lanes"')[2].partition("</nav>")[0]
    return [int(number) for number in re.findall(r'<b class="number[^"]*">(\d+)</b>', lanes)]


def assign(client: Client, matter: Matter, unit: str, **more: str) -> Any:
    told = {"version": str(matter.version), "unit_id": unit, "reason": "near", **more}
    return client.post(f"/board/{matter.id}/steps/assign?lane=to_assign", told)
