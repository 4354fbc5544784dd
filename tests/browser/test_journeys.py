"""The ways people go through the program, from one end to the other, as they do: tapping, typing, pressing keys."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.visiting import LANGUAGES, SIZES, Language, Size, Visitor, Visits, overflow

CODE = re.compile(r"/t/((?:[0-9A-Z]{4}-){3}[0-9A-Z]{4})")
PHONE: Size = "phone"
both_languages = pytest.mark.parametrize("language", LANGUAGES)
every_screen = pytest.mark.parametrize("size", SIZES)
with_and_without_scripts = pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no scripts"])


def go_on(page: Page) -> None:
    """Press the button that leads on; it is the last of the page's own."""
    page.locator("main form button:not([type=button])").last.click()


def report(page: Page, words: str, address: str) -> str:
    """From the first page to the receipt; returns the code."""
    page.locator("main a[href='/report']").click()
    page.locator("textarea[name=text]").fill(words)
    go_on(page)
    page.locator("input[name=address]").fill(address)
    go_on(page)
    expect(page.locator("main")).to_contain_text(words)
    page.locator("input[name=phone]").fill("13800000001")
    go_on(page)
    page.wait_for_url("**/receipt")
    found = CODE.search(page.url)
    assert found
    return found[1]


# A resident


@with_and_without_scripts
@both_languages
@every_screen
def test_a_resident_reports_and_finds_it_again_by_the_code(
    visits: Visits, size: Size, language: Language, javascript: bool
) -> None:
    visitor = Visitor("", size, language, javascript=javascript)
    page = visits.open(visitor, "/")
    code = report(page, "文新街道德加社区的路灯不亮，晚上很黑", "文二西路 100 号")
    expect(page.locator(".code")).to_have_text(code)
    expect(page.locator("img.picture")).to_be_visible()

    elsewhere = visits.open(visitor, "/track")
    elsewhere.locator("input[name=code]").fill(code.replace("-", " ").lower())
    go_on(elsewhere)
    elsewhere.wait_for_url(f"**/t/{code}")
    expect(elsewhere.locator(".timeline > li").first).to_be_visible()
    elsewhere.locator("textarea[name=text]").last.fill("还有一盏也不亮")
    elsewhere.locator("form:has(input[value=note]) button").last.click()
    elsewhere.wait_for_url("**?done=note")
    expect(elsewhere.locator(".timeline")).to_contain_text("还有一盏也不亮")


@with_and_without_scripts
def test_what_is_missing_is_said_beside_its_field_and_the_rest_stays(visits: Visits, javascript: bool) -> None:
    page = visits.open(Visitor(javascript=javascript), "/report", tolerates="status of 422")
    page.locator("textarea[name=text]").fill("路灯不亮")
    go_on(page)
    go_on(page)
    page.locator("input[name=name]").fill("王秀英")
    page.locator("input[name=phone]").fill("没有")
    go_on(page)
    expect(page.locator("#phone-error")).not_to_be_empty()
    expect(page.locator("input[name=phone]")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("input[name=name]")).to_have_value("王秀英")


@with_and_without_scripts
@both_languages
def test_a_resident_rates_in_one_tap_and_can_have_it_taken_up_again(
    visits: Visits, language: Language, javascript: bool
) -> None:
    code = visits.city.known.to_rate[2 * list(LANGUAGES).index(language) + javascript]
    page = visits.open(Visitor("", PHONE, language, javascript=javascript), f"/t/{code}")
    page.locator("button[name=rating]").first.click()
    page.wait_for_url("**?done=rate")
    expect(page.locator("button[name=rating]")).to_have_count(0)
    page.locator("form:has(input[value=reopen]) textarea").fill("又不亮了")
    page.locator("form:has(input[value=reopen]) button").last.click()
    page.wait_for_url("**?done=reopen")
    expect(page.locator(".timeline")).to_contain_text("又不亮了")


def test_large_text_grows_the_page_and_stays(visits: Visits) -> None:
    page = visits.open(Visitor(), "/")
    before = page.locator("h1").evaluate("(heading) => parseFloat(getComputedStyle(heading).fontSize)")
    page.locator("button[name=text]").click()
    page.goto("/track")
    page.goto("/")
    after = page.locator("h1").evaluate("(heading) => parseFloat(getComputedStyle(heading).fontSize)")
    assert after == pytest.approx(1.25 * before)
    assert overflow(page) == 0


# The desk


@every_screen
@both_languages
def test_a_dispatcher_sends_the_first_unit_with_one_key(visits: Visits, size: Size, language: Language) -> None:
    matters = visits.city.known.waiting
    matter = matters[2 * list(LANGUAGES).index(language) + list(SIZES).index(size)]
    page = visits.open(Visitor("dispatcher", size, language), f"/board?matter={matter}")
    reference = page.locator(".board-matter .number").first.inner_text()
    page.keyboard.press("a")
    page.wait_for_url(lambda url: "matter=" not in url)
    expect(page.locator("[role=status]").first).to_contain_text(reference)
    page.goto(f"/board?lane=sent&matter={matter}")
    expect(page.locator("[data-row][aria-current]")).to_have_attribute("href", re.compile(matter))


def test_keys_move_along_the_rows_and_can_be_turned_off(visits: Visits) -> None:
    page = visits.open(Visitor("dispatcher", "desk"), "/board?lane=sent")
    rows = page.locator("[data-row]")
    expect(rows.nth(0)).to_have_attribute("aria-current", "true")
    page.keyboard.press("j")
    expect(page.locator("[data-row]").nth(1)).to_have_attribute("aria-current", "true")
    page.keyboard.press("k")
    expect(page.locator("[data-row]").nth(0)).to_have_attribute("aria-current", "true")
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.locator("[data-keys]").uncheck()
    page.locator("h1").evaluate("(heading) => document.activeElement.blur()")
    page.keyboard.press("j")
    expect(page.locator("[data-row]").nth(0)).to_have_attribute("aria-current", "true")


# On the way


def step_of(page: Page, matter: str, step: str) -> Locator:
    """The form of a step of a task."""
    return page.locator(f"form[action='/tasks/{matter}/steps/{step}']")


@both_languages
def test_a_responder_takes_a_task_to_its_end_on_the_phone(visits: Visits, language: Language) -> None:
    matter = visits.city.known.in_hand[list(LANGUAGES).index(language)]
    page = visits.open(Visitor("responder", PHONE, language), "/tasks")

    step_of(page, matter, "accept").locator("button").click()
    step_of(page, matter, "arrive").locator("button").click()
    step_of(page, matter, "feed_back").locator("textarea").fill("已到现场，先围起来了")
    step_of(page, matter, "feed_back").locator("button").click()
    resolve = step_of(page, matter, "resolve")
    # As one of the other ways it may still be folded away.
    resolve.evaluate("(form) => form.closest('details')?.setAttribute('open', '')")
    resolve.locator("input[type=radio]").first.check()
    resolve.locator("textarea").fill("已换新井盖")
    resolve.locator("button").click()
    expect(page.locator("[role=status]").first).to_be_visible()
    expect(page.locator(f"[id='t-{matter}']")).to_have_count(0)


def test_a_responder_gives_a_task_back_with_a_reason(visits: Visits) -> None:
    matter = visits.city.known.in_hand[2]
    page = visits.open(Visitor("responder"), "/tasks")
    decline = step_of(page, matter, "decline")
    page.locator("details.step").filter(has=decline).locator("summary").click()
    decline.locator("textarea").fill("在另一现场")
    decline.locator("button").click()
    expect(page.locator(f"[id='t-{matter}']")).to_have_count(0)


# Everybody


@pytest.mark.parametrize("who", ["", "dispatcher", "responder"])
def test_a_keyboard_reaches_the_content_first_and_is_never_trapped(visits: Visits, who: str) -> None:
    address = {"": "/", "dispatcher": "/board", "responder": "/tasks"}[who]
    page = visits.open(Visitor(who, "desk"), address)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))
    assert len(reached) > 3
