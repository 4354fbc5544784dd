"""Suggestions: what the program proposes and a person (or a table of rules) decides.

A service that can suggest registers a function under the name of what it suggests; whoever needs a suggestion
asks for it by that name. So services meet here without importing each other, and a better classifier
replaces an older one behind the same door.
"""

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _


class Klass(enum.StrEnum):
    """The four-way split of what comes in (field rules 2.3)."""

    POLICE = "police"
    URGENT = "urgent"
    ORDINARY = "ordinary"
    INQUIRY = "inquiry"


KLASS_LABELS = {
    Klass.POLICE: _("police"),
    Klass.URGENT: _("urgent, not police"),
    Klass.ORDINARY: _("not urgent"),
    Klass.INQUIRY: _("inquiry"),
}


class Severity(enum.IntEnum):
    """Of the matter, never of a person."""

    BLUE = 1
    YELLOW = 2
    ORANGE = 3
    RED = 4


SEVERITY_LABELS = {
    Severity.RED: _("red"),
    Severity.ORANGE: _("orange"),
    Severity.YELLOW: _("yellow"),
    Severity.BLUE: _("blue"),
}


@dataclass(frozen=True, slots=True)
class Meant:
    """The one address of the city's base that a report's address stands for; `area` is the code of the smallest area
    that holds it."""

    area: str


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody said, before it is a matter. `meant` is what the base of addresses makes of the address."""

    text: str
    title: str = ""
    lon: float | None = None
    lat: float | None = None
    address: str = ""
    channel: str = ""
    meant: Meant | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """What in the report led to the suggestion."""

    kind: str
    words: tuple[str, ...]
    text: str
    text_en: str


@dataclass(frozen=True, slots=True)
class Triage:
    """Class, category, severity and place of a report, with the reasons for each."""

    klass: Klass
    category: str
    severity: Severity
    area: str | None
    confidence: float | None
    reasons: tuple[Reason, ...]
    source: str
    triggers: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Category:
    """What a matter can be about: its place in the tree (`city.lighting`), who owns the substance, what it takes.

    One that is not `offered` is for no new report; matters that have it keep it.
    """

    slug: str
    zh: str
    en: str
    department: str
    skills: tuple[str, ...] = ()
    offered: bool = True


_triage: Callable[[Report], Triage] | None = None
_categories: Callable[[], Mapping[str, Category]] | None = None


def provide_triage(function: Callable[[Report], Triage]) -> None:
    """Make `function` the city's triage; the last one provided serves."""
    global _triage
    _triage = function


def triage(report: Report) -> Triage:
    """Ask for class, category, severity and area of a report. Raises LookupError if no service provides it."""
    if _triage is None:
        raise LookupError("no service provides triage")
    return _triage(report)


def provide_categories(function: Callable[[], Mapping[str, Category]]) -> None:
    """Make `function` the city's category tree, by slug."""
    global _categories
    _categories = function


def categories() -> Mapping[str, Category]:
    """The city's category tree, by slug. Raises LookupError if no service provides it."""
    if _categories is None:
        raise LookupError("no service provides categories")
    return _categories()


def offered_categories() -> Mapping[str, Category]:
    """Those that a new report may get."""
    return {slug: category for slug, category in categories().items() if category.offered}
