"""Every page there is, as each who may see it: without a fault in the browser, accessible, whole on a small screen.

The pages come from the addresses of the program: whoever adds an address adds a line to `SHOWN`, or says in
`tests.routes.NO_PAGES` what it is instead.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, StorageState

from tests.browser.city import City
from tests.browser.visiting import (
    SIZES,
    Language,
    Scheme,
    Size,
    Visitor,
    Visits,
    assert_accessible,
    latin_words,
    no_fault,
    overflow,
)
from tests.browser.ways import (
    ask_for_code,
    back_to_words,
    begin_grid_plan,
    begin_report,
    begin_with_app,
    first_row,
    half_in,
    note_on_several,
    on_to_sending,
    open_data,
    to_counter,
    to_first_card,
    to_first_check,
    to_offer,
    to_proposal,
    to_receipt,
    to_retiring,
    to_shop_code,
    to_the_cards,
    to_the_counters,
    to_what_is_sold,
)
from tests.routes import NO_PAGES, pages

NOT_SIGNED_IN = ("",)
DESK = ("dispatcher", "supervisor", "district", "city")
ADMINISTRATORS = ("admin",)
RESIDENT = ("resident",)
OWNER = ("merchant",)
LENDING = frozenset({"LPR"})
SEVERAL = "/board/bulk?chosen={matter}:1&chosen={in_hand[5]}:1"
SYNONYMS = frozenset({"lamp", "light", "streetlight", "street", "post"})
# The account itself, the browser and how its passkey is opened.
DEVICES = frozenset({"PIN", "dispatcher", "responder", "Chrome", "Linux", "Android"})
USERNAMES = frozenset(
    {"dispatcher", "supervisor", "responder", "unit", "patrol", "admin", "grid", "city", "district"}
    | {"careful", "colleague"}
)
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
    "sign-in/code": Shown("/sign-in", reach=half_in),
    "posting": Shown("/posting", ("dispatcher", "responder")),
    "account/security": Shown("/account/security", ("dispatcher", "responder"), foreign=DEVICES),
    "account/security/app": Shown("/account/security", ("supervisor",), reach=begin_with_app),
    "account/sign-in": Shown("/account/sign-in"),
    "account/code": Shown("/account/sign-in", reach=ask_for_code),
    "account": Shown("/account", RESIDENT),
    "account/data": Shown("/account/data", RESIDENT),
    "account/delete": Shown("/account/delete", RESIDENT),
    "report": Shown("/report"),
    "report/<uuid:key>/what": Shown("/report", reach=back_to_words),
    "report/<uuid:key>/where": Shown("/report", reach=begin_report),
    "report/<uuid:key>/send": Shown("/report", reach=on_to_sending),
    "track": Shown("/track"),
    "t/<code>": Shown("/t/{code}"),
    "t/<code>/receipt": Shown("/t/{code}/receipt"),
    "guide": Shown("/guide"),
    "guide/<slug:name>": Shown("/guide/peoples-mediation?from=talk"),
    "board": Shown("/board", DESK),
    "board/bulk": Shown(SEVERAL, ("dispatcher",)),
    "board/bulk/<slug:name>": Shown(SEVERAL, ("dispatcher",), reach=note_on_several),
    "board/wall": Shown("/board/wall", DESK),
    "tasks": Shown("/tasks", ("responder",)),
    "tasks/offline": Shown("/tasks/offline"),
    "notices": Shown("/notices", ("dispatcher", "responder")),
    "overview": Shown("/overview", DESK),
    "topics": Shown("/topics", DESK),
    "addresses": Shown("/addresses", ("dispatcher",)),
    "addresses/names": Shown("/addresses/names", ADMINISTRATORS),
    "addresses/position": Shown("/addresses/position?lon=120.1&lat=30.29", ("dispatcher",)),
    "addresses/batches": Shown("/addresses/batches", ("dispatcher",), foreign=frozenset({"address"})),
    "addresses/<code>": Shown("/addresses/330106", ("dispatcher",)),
    "exports": Shown("/exports", ("dispatcher", "admin")),
    "matters": Shown("/matters", ("dispatcher", "admin")),
    "matters/<uuid:matter_id>/merge": Shown("/matters/{matter}/merge?with={in_hand[5]}", ("dispatcher",)),
    "matters/<uuid:matter_id>": Shown("/matters/{matter}", DESK),
    "matters/<uuid:matter_id>/people/<uuid:party_id>/look": Shown(
        "/matters/{matter}", ("dispatcher",), reach=open_data
    ),
    "inspection": Shown("/inspection", ("supervisor",)),
    "inspection/findings": Shown("/inspection/findings", ("supervisor",)),
    "inspection/rounds": Shown("/inspection/rounds", ("supervisor",)),
    "inspection/rounds/new": Shown("/inspection/rounds/new", ("supervisor",)),
    "inspection/rounds/<uuid:id>": Shown("/inspection/rounds", ("supervisor",), reach=first_row),
    "inspection/checks/<uuid:id>": Shown("/inspection/rounds", ("supervisor",), reach=to_first_check),
    "wallet": Shown("/wallet", RESIDENT),
    "wallet/buy/<code>": Shown("/prepaid?q=青丝", ("supervisor",), reach=to_what_is_sold),
    "wallet/buy/<code>/<uuid:offer>": Shown("/prepaid?q=青丝", ("supervisor",), reach=to_offer),
    "wallet/uses/<uuid:use>": Shown("/wallet", RESIDENT, reach=to_receipt),
    "wallet/cards/<uuid:card>": Shown("/wallet", RESIDENT, reach=to_first_card),
    "wallet/cards/<uuid:card>/code": Shown("/wallet", RESIDENT, reach=to_the_cards("code")),
    "wallet/cards/<uuid:card>/statement": Shown("/wallet", RESIDENT, reach=to_the_cards("statement")),
    "wallet/cards/<uuid:card>/refund": Shown("/wallet", RESIDENT, reach=to_the_cards("refund"), foreign=LENDING),
    "counter": Shown("/counter", OWNER),
    "counter/<code>": Shown("/counter", OWNER, reach=to_counter),
    "counter/<code>/uses/<uuid:use>": Shown("/counter", OWNER, reach=to_proposal),
    "counter/<code>/colour": Shown("/counter", OWNER, reach=to_the_counters("colour")),
    "counter/<code>/money": Shown("/counter", OWNER, reach=to_the_counters("money")),
    "prepaid": Shown("/prepaid", ("supervisor", "district")),
    "prepaid/shops/<code>": Shown("/prepaid?q=青丝", ("supervisor",), reach=to_shop_code),
    "prepaid/watched/<code>": Shown("/prepaid", ("supervisor",), reach=first_row),
    "prepaid/matters": Shown("/prepaid/matters", ("supervisor",)),
    "prepaid/funnel": Shown("/prepaid/funnel", ("supervisor",)),
    "prepaid/claims": Shown("/prepaid/claims", ("supervisor",)),
    "books": Shown("/books", ADMINISTRATORS, foreign=frozenset({"CNY"})),
    "books/accounts": Shown("/books/accounts", ADMINISTRATORS),
    "books/accounts/<uuid:id>": Shown("/books/accounts", ADMINISTRATORS, reach=first_row),
    "books/reconciliation": Shown("/books/reconciliation", ADMINISTRATORS, foreign=frozenset({"ISO", "camt"})),
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
    "administration/areas/<code>/grids": Shown(
        "/administration/areas/330106013001/grids", ADMINISTRATORS, foreign=frozenset({"GeoJSON"})
    ),
    "administration/grids/<uuid:id>": Shown(
        "/administration/areas/330106013001/grids",
        ADMINISTRATORS,
        reach=begin_grid_plan,
        foreign=frozenset({"GeoJSON", "Tab", "Shift", "Delete"}),
    ),
    "administration/areas/<code>/grids/import": Shown(
        "/administration/areas/330106013001/grids/import",
        ADMINISTRATORS,
        foreign=frozenset({"GeoJSON", "FeatureCollection", "code", "name", "households", "WGS", "GCJ", "BD"}),
    ),
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
    "administration/categories/<slug>": Shown(
        "/administration/categories/city.lighting", ADMINISTRATORS, foreign=SYNONYMS
    ),
    "administration/categories/<slug>/new": Shown("/administration/categories/city.lighting/new", ADMINISTRATORS),
    "triage/learning": Shown("/triage/learning", ("supervisor", "district", "city", "admin")),
    "triage/matters/<uuid:matter_id>/words": Shown("/triage/matters/{matter}/words", ("dispatcher", "supervisor")),
    "administration/log": Shown("/administration/log", ADMINISTRATORS),
}
# Every pair of the tokens is held to its contrast in tests/web/test_shell.py; these show each component once.
DARK = (
    *("wallet", "wallet/cards/<uuid:card>", "counter/<code>", "prepaid", "books"),
    *("styleguide", "report/<uuid:key>/where", "report/<uuid:key>/send", "t/<code>", "board", "board/wall"),
    *(
        "matters",
        "matters/<uuid:matter_id>",
        "tasks",
        "overview",
        "notices",
        "account/security",
        "administration/rules",
    ),
)
# What the switch at the top of every page leaves in the browser.
CHOSEN = {"zh": "zh-hans", "en": "en"}
first_visitor = pytest.mark.parametrize(
    "visit", [pytest.param(route, id=route or "first") for route in SHOWN], indirect=True
)
other_visitors = pytest.mark.parametrize(
    ("route", "who"), [(route, who) for route, shown in SHOWN.items() for who in shown.who[1:]]
)


def test_every_address_is_shown_or_says_what_it_is() -> None:
    there = {route.pattern for route in pages()}
    assert there - set(SHOWN) - set(NO_PAGES) == set(), "add a line to SHOWN or to NO_PAGES"
    assert (set(SHOWN) | set(NO_PAGES)) - there == set(), "these addresses are gone"


@dataclass
class Visit:
    """A page that is there, to be looked at in several ways: going there for each would cost more than looking."""

    page: Page
    foreign: frozenset[str]
    language: Language = "zh"

    def seen(self, size: Size = "phone", scheme: Scheme = "light", language: Language = "zh") -> Page:
        """The page on this screen and in this light; loaded anew only for another language."""
        width, height = SIZES[size]
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(color_scheme=scheme)
        if language != self.language:
            chosen = {"name": settings.LANGUAGE_COOKIE_NAME, "value": CHOSEN[language], "url": self.page.url}
            self.page.context.add_cookies([chosen])
            answer = self.page.reload()
            assert answer is not None
            assert answer.status == 200
            self.language = language
        return self.page


@pytest.fixture(scope="module")
def visit(
    request: pytest.FixtureRequest, browser: Browser, city: City, sessions: dict[str, StorageState]
) -> Iterator[Visit]:
    """The page of a route, before the first of those who see it."""
    shown = SHOWN[request.param]
    with no_fault(Visits(browser, city, sessions)) as visits:
        yield Visit(go(visits, Visitor(shown.who[0]), shown), shown.foreign)


@pytest.mark.parametrize("size", SIZES)
@first_visitor
def test_a_page_is_whole_and_accessible(visit: Visit, size: Size) -> None:
    assert_whole(visit.seen(size), visit.foreign)


@pytest.mark.parametrize("visit", DARK, indirect=True)
def test_a_page_can_be_read_in_the_dark(visit: Visit) -> None:
    assert_accessible(visit.seen(scheme="dark"), only=("color-contrast",))


@first_visitor
def test_a_page_is_whole_in_english(visit: Visit) -> None:
    # A language changes the words and their lengths, not what axe looks at; a telephone has least room for them.
    page = visit.seen(language="en")
    assert page.locator("html").get_attribute("lang") == "en"
    assert overflow(page) == 0


@other_visitors
def test_a_page_is_whole_for_others_who_see_it(visits: Visits, route: str, who: str) -> None:
    assert overflow(go(visits, Visitor(who), SHOWN[route])) == 0


def go(visits: Visits, visitor: Visitor, shown: Shown) -> Page:
    """To the page, by its way."""
    page = visits.open(visitor)
    answer = page.goto(shown.address.format(**vars(visits.city.known)))
    assert answer is not None
    assert answer.status == 200
    if shown.reach:
        shown.reach(page)
    return page


def assert_whole(page: Page, foreign: frozenset[str]) -> None:
    """A page in Chinese: nothing beyond its edge, nobody shut out, no English left."""
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    assert overflow(page) == 0
    assert_accessible(page)
    assert latin_words(page) - KNOWN_WORDS - foreign == set()
