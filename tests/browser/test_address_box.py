"""The field for an address as one types into it: its list by keys and by finger, and answers that come late or never.

What the server would suggest is told by the tests, so that they decide when an answer comes.
"""

import json
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.visiting import PATIENCE_MS, Size, Visitor, Visits, assert_accessible, overflow
from tests.browser.ways import begin_report

ROADS = ["文一西路1号", "文一西路2号", "文一西路3号"]
LOOKS_MS = 20
BOX = "[data-address] [role=listbox]"
LINES = f"{BOX} [role=option]"


class Suggestions:
    """Stands for the server: every question waits until it is answered."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.waiting: dict[str, Route] = {}
        page.route("**/addresses/suggest?**", self._ask)

    def answer(self, typed: str, texts: list[str], *, status: int = 200) -> None:
        """Answer the question for what was typed, as soon as it is asked."""
        self.await_question(typed)
        rows = [{"code": str(number), "text": text} for number, text in enumerate(texts)]
        self.waiting.pop(typed).fulfill(status=status, content_type="application/json", body=json.dumps(rows))

    def await_question(self, typed: str) -> None:
        for _ in range(PATIENCE_MS // LOOKS_MS):
            if typed in self.waiting:
                return
            self.page.wait_for_timeout(LOOKS_MS)
        raise AssertionError(f"nothing was asked for {typed}")

    def _ask(self, route: Route) -> None:
        (typed,) = parse_qs(urlparse(route.request.url).query)["q"]
        self.waiting[typed] = route


def where(visits: Visits, size: Size = "desk") -> tuple[Page, Locator, Suggestions]:
    """Step two of a report, its field, and who answers it."""
    page = visits.open(Visitor("", size), "/report")
    begin_report(page)
    return page, page.locator("input[name=address]"), Suggestions(page)


def typed_and_answered(visits: Visits, size: Size = "desk") -> tuple[Page, Locator]:
    """The same with ROADS listed beneath the field."""
    page, field, suggestions = where(visits, size)
    field.press_sequentially("文一")
    suggestions.answer("文一", ROADS)
    expect(page.locator(LINES)).to_have_text(ROADS)
    return page, field


def chosen(page: Page) -> str:
    """The line that the field points at for whoever can't see it; empty for none."""
    line = page.locator("input[name=address]").get_attribute("aria-activedescendant")
    if line is None:
        return ""
    expect(page.locator(f"[id='{line}']")).to_have_attribute("aria-selected", "true")
    expect(page.locator(f"{LINES}[aria-selected=true]")).to_have_count(1)
    return page.locator(f"[id='{line}']").inner_text()


@pytest.mark.parametrize("size", ["phone", "desk"])
def test_an_open_list_is_named_fits_and_is_accessible(visits: Visits, size: Size) -> None:
    page, field = typed_and_answered(visits, size)
    expect(field).to_have_role("combobox")
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(page.locator(f"[id='{field.get_attribute('aria-controls')}']")).to_be_visible()
    assert overflow(page) == 0
    assert_accessible(page)


def test_arrow_keys_go_round_the_lines_and_the_field_says_where(visits: Visits) -> None:
    page, field = typed_and_answered(visits)
    assert chosen(page) == ""
    ways = []
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp", "ArrowUp"):
        field.press(key)
        ways.append(chosen(page))
    assert ways == [ROADS[0], ROADS[1], ROADS[2], ROADS[0], ROADS[2], ROADS[1]]


def test_enter_takes_the_line_without_sending_the_page(visits: Visits) -> None:
    page, field = typed_and_answered(visits)
    step = page.url
    field.press("ArrowDown")
    field.press("Enter")
    expect(field).to_have_value(ROADS[0])
    expect(field).to_have_attribute("aria-expanded", "false")
    expect(page.locator(BOX)).to_be_hidden()
    assert (page.url, chosen(page)) == (step, "")


def test_a_press_takes_a_line_and_leaves_the_field_in_hand(visits: Visits) -> None:
    page, field = typed_and_answered(visits, "phone")
    page.locator(LINES).nth(1).click()
    expect(field).to_have_value(ROADS[1])
    expect(field).to_be_focused()
    expect(page.locator(BOX)).to_be_hidden()


def test_escape_closes_the_list_and_keeps_what_was_typed(visits: Visits) -> None:
    page, field = typed_and_answered(visits)
    field.press("ArrowDown")
    field.press("Escape")
    expect(field).to_have_value("文一")
    expect(field).to_have_attribute("aria-expanded", "false")
    assert chosen(page) == ""


def test_a_late_answer_does_not_take_the_place_of_a_newer_one(visits: Visits) -> None:
    page, field, suggestions = where(visits)
    field.press_sequentially("文一")
    suggestions.await_question("文一")
    field.press_sequentially("西路")
    suggestions.answer("文一西路", ROADS)
    expect(page.locator(LINES)).to_have_text(ROADS)
    suggestions.answer("文一", ["文一街9号"])
    page.wait_for_timeout(100)
    expect(page.locator(LINES)).to_have_text(ROADS)


def test_an_answer_after_leaving_the_field_opens_nothing(visits: Visits) -> None:
    page, field, suggestions = where(visits)
    field.press_sequentially("文一")
    suggestions.await_question("文一")
    field.press("Tab")
    suggestions.answer("文一", ROADS)
    page.wait_for_timeout(100)
    expect(page.locator(BOX)).to_be_hidden()


def test_that_nothing_is_suggested_is_said_and_no_empty_list_opens(visits: Visits) -> None:
    page, field, suggestions = where(visits)
    field.press_sequentially("某处")
    suggestions.answer("某处", [])
    said = page.locator("[data-address] [role=status]")
    expect(said).to_have_text(page.locator("[data-address]").get_attribute("data-none") or "-")
    expect(field).to_have_attribute("aria-expanded", "false")


def test_a_server_that_fails_leaves_a_plain_field(visits: Visits) -> None:
    page = visits.open(Visitor("", "desk"), "/report", tolerates="503")
    begin_report(page)
    suggestions, field = Suggestions(page), page.locator("input[name=address]")
    field.press_sequentially("文一")
    suggestions.answer("文一", [], status=503)
    field.press_sequentially("西路1号")
    expect(page.locator(BOX)).to_be_hidden()
    page.locator("main form button:not([type=button])").last.click()
    page.wait_for_url("**/send")
