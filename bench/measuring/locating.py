"""Peers that tell where an address lies, down to its district (cpca) or its town (jionlp); none keeps a base.

They are installed for the benchmark alone (`pip install jionlp cpca`, or a folder of theirs on PYTHONPATH).
"""

import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from importlib import import_module
from typing import NamedTuple


class Where(NamedTuple):
    """The names that a peer gives, "" for none."""

    district: str = ""
    town: str = ""


Locator = Callable[[str], Where]


def locators() -> dict[str, Locator | None]:
    """Each peer by name; None where it is not installed."""
    return {"jionlp": _jionlp(), "cpca": _cpca()}


def _jionlp() -> Locator | None:
    try:
        # It greets on standard output, where a benchmark prints its result.
        with redirect_stdout(sys.stderr):
            jionlp = import_module("jionlp")
    except ImportError:
        return None

    def located(text: str) -> Where:
        found = jionlp.parse_location(text, town_village=True)
        return Where(found.get("county") or "", found.get("town") or "")

    return located


def _cpca() -> Locator | None:
    try:
        cpca = import_module("cpca")
    except ImportError:
        return None

    def located(text: str) -> Where:
        return Where(cpca.transform([text]).iloc[0]["区"] or "")

    return located
