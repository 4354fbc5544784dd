"""A city that a browser can visit: the real server and its worker, on a database of their own."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.house import House, a_house

PASSWORD = "anlan-demo"


@dataclass(frozen=True)
class Known:
    """What is in the city: matters by their identifier, reports by their code."""

    waiting: list[str]
    """At Wenxin's desk, for a unit."""
    in_hand: list[str]
    """Sent to the demo's responder, who has not accepted them."""
    to_rate: list[str]
    """The codes of what the office says is settled."""
    code: str
    """Of the one matter that is only looked at: with a reporter and a photo."""
    matter: str
    file: str
    party: str


@dataclass(frozen=True)
class City:
    """Where the city is served, and what is in it."""

    address: str
    known: Known
    codes: Path
    """Where the codes for residents' telephones come to, a file each."""


@contextmanager
def a_city(kept: Path | None = None) -> Iterator[City]:
    """A filled city that is served until the end; see `a_house` for `kept`."""
    with a_house(_fill, kept=kept) as house:
        house.start("--threads", "8")
        known = Known(**json.loads((house.home / "known.json").read_text(encoding="utf-8")))
        yield City(f"http://127.0.0.1:{house.port}", known, house.codes)
        house.stop()


def _fill(house: House) -> None:
    filling = (
        "from django.conf import settings; from tests.browser.filling import fill;"
        "fill(settings.ANLAN_HOME / 'known.json')"
    )
    code, said = house.command("shell", "--no-imports", "-c", filling)
    assert code == 0, said
