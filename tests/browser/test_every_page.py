"""Every page there is, as each who may see it: without a fault in the browser, accessible, whole on a small screen.

The pages come from the addresses of the program: whoever adds an address adds a line to `SHOWN`, or says in
`tests.routes.NO_PAGES` what it is instead.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page

from tests.browser.visiting import (
    HTML_LANG,
    LANGUAGES,
    SIZES,
    Visitor,
    Visits,
    assert_accessible,
    latin_words,
    overflow,
)
from tests.browser.ways import back_to_words, begin_report, first_row, on_to_sending, open_data, to_retiring
from tests.routes import NO_PAGES, pages

NOT_SIGNED_IN = ("",)
DESK = ("dispatcher", "supervisor", "district", "city")
ADMINISTRATORS = ("admin",)
USERNAMES = frozenset({"dispatcher", "supervisor", "responder", "unit", "patrol", "admin", "grid", "city", "district"})
LAW_WORDS = frozenset({"GB"})
# Words in Latin letters that are Chinese enough, or that every page shows.
KNOWN_WORDS = {"Anlan", "English", "GPS", "QR", "MB", "KB", "CSV", "XLSX", "JSON", "PDF"}


@dataclass(frozen=True)
class Shown:
    """How to see the page of a route: its address (with what the city knows in braces), and who sees it."""

    address: str
    who: tuple[str, ...] = NOT_SIGNED_IN
    reach: Callable[[Page], None] | None = None
    """What is done first, on the page at `address`, where a page has no address to go to straight."""
    foreign: frozenset[str] = field(default_factory=frozenset)
    """Words in Latin letters that belong on the Chinese page."""


SHOWN = {
    "": Shown("/"),
    "styleguide": Shown("/styleguide", foreign=frozenset({"red", "orange", "yellow", "blue", "green", "abc"})),
    "sign-in": Shown("/sign-in"),
    "posting": Shown("/posting", ("dispatcher", "responder")),
    "report": Shown("/report"),
    "report/<uuid:key>/what": Shown("/report", reach=back_to_words),
    "report/<uuid:key>/where": Shown("/report", reach=begin_report),
    "report/<uuid:key>/send": Shown("/report", reach=on_to_sending),
    "track": Shown("/track"),
    "t/<code>": Shown("/t/{code}"),
    "t/<code>/receipt": Shown("/t/{code}/receipt"),
    "board": Shown("/board", DESK),
    "tasks": Shown("/tasks", ("responder",)),
    "matters/<uuid:matter_id>": Shown("/matters/{matter}", DESK),
    "matters/<uuid:matter_id>/people/<uuid:party_id>/look": Shown(
        "/matters/{matter}", ("dispatcher",), reach=open_data
    ),
    "administration": Shown("/administration", ADMINISTRATORS),
    "administration/organisations": Shown("/administration/organisations", ADMINISTRATORS),
    "administration/organisations/new": Shown("/administration/organisations/new", ADMINISTRATORS),
    "administration/organisations/<uuid:id>": Shown("/administration/organisations", ADMINISTRATORS, reach=first_row),
    "administration/units": Shown("/administration/units", ADMINISTRATORS),
    "administration/units/new": Shown("/administration/units/new", ADMINISTRATORS),
    "administration/units/<uuid:id>": Shown("/administration/units", ADMINISTRATORS, reach=first_row),
    "administration/units/<uuid:id>/retire": Shown("/administration/units", ADMINISTRATORS, reach=to_retiring),
    "administration/accounts": Shown("/administration/accounts", ADMINISTRATORS, foreign=USERNAMES),
    "administration/accounts/new": Shown("/administration/accounts/new", ADMINISTRATORS),
    "administration/accounts/<uuid:id>": Shown(
        "/administration/accounts?q=dispatcher", ADMINISTRATORS, reach=first_row, foreign=USERNAMES
    ),
    "administration/areas": Shown("/administration/areas", ADMINISTRATORS),
    "administration/areas/<code>": Shown("/administration/areas/330106013", ADMINISTRATORS),
    "administration/areas/<code>/rename": Shown("/administration/areas/330106013/rename", ADMINISTRATORS),
    "administration/areas/<code>/close": Shown("/administration/areas/330106013001/close", ADMINISTRATORS),
    "administration/rules": Shown("/administration/rules", ADMINISTRATORS, foreign=LAW_WORDS),
    "administration/rules/<id>": Shown("/administration/rules/dispatch.close", ADMINISTRATORS),
    "administration/rules/<id>/versions/new": Shown(
        "/administration/rules/dispatch.close/versions/new", ADMINISTRATORS
    ),
    "administration/routes": Shown("/administration/routes", ADMINISTRATORS),
    "administration/routes/new": Shown("/administration/routes/new", ADMINISTRATORS),
    "administration/categories": Shown("/administration/categories", ADMINISTRATORS),
    "administration/categories/<slug>": Shown("/administration/categories/city.lighting", ADMINISTRATORS),
    "administration/categories/<slug>/new": Shown("/administration/categories/city.lighting/new", ADMINISTRATORS),
    "administration/log": Shown("/administration/log", ADMINISTRATORS),
}
each_page = pytest.mark.parametrize(
    ("route", "who"),
    [
        pytest.param(route, who, id=f"{route or 'first'} as {who or 'anybody'}")
        for route, shown in SHOWN.items()
        for who in shown.who
    ],
)


def test_every_address_is_shown_or_says_what_it_is() -> None:
    there = {route.pattern for route in pages()}
    assert there - set(SHOWN) - set(NO_PAGES) == set(), "add a line to SHOWN or to NO_PAGES"
    assert (set(SHOWN) | set(NO_PAGES)) - there == set(), "these addresses are gone"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", SIZES)
@each_page
def test_a_page_is_whole_and_accessible(visits: Visits, route: str, who: str, size: str, language: str) -> None:
    shown = SHOWN[route]
    page = visits.open(Visitor(who, size, language))  # type: ignore[arg-type]
    answer = page.goto(shown.address.format(**vars(visits.city.known)))
    assert answer is not None
    assert answer.status == 200
    if shown.reach:
        shown.reach(page)
    assert page.locator("html").get_attribute("lang") == HTML_LANG[language]
    assert overflow(page) == 0
    assert_accessible(page)
    if language == "zh":
        assert latin_words(page) - KNOWN_WORDS - shown.foreign == set()


@each_page
def test_a_page_is_accessible_in_the_dark(visits: Visits, route: str, who: str) -> None:
    shown = SHOWN[route]
    page = visits.open(Visitor(who, "phone", scheme="dark"), shown.address.format(**vars(visits.city.known)))
    if shown.reach:
        shown.reach(page)
    assert_accessible(page)
