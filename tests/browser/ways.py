"""How a person gets to the pages that have no address to go to straight."""

from playwright.sync_api import Page


def begin_report(page: Page) -> None:
    """Step one of a report; leads to step two."""
    page.locator("textarea[name=text]").fill("文新街道德加社区的路灯不亮，晚上很黑")
    page.locator("main form button:not([type=button])").last.click()
    page.wait_for_url("**/where")


def back_to_words(page: Page) -> None:
    begin_report(page)
    page.goto(page.url.replace("/where", "/what"))


def on_to_sending(page: Page) -> None:
    begin_report(page)
    page.locator("input[name=address]").fill("文二西路 100 号")
    page.locator("main form button:not([type=button])").last.click()
    page.wait_for_url("**/send")


def open_data(page: Page) -> None:
    """Look at a person's data, with a purpose."""
    person = page.locator("form[action*='/people/']").first
    page.locator("details:has(form[action*='/people/']) summary").first.click()
    person.locator("[name=purpose]").fill("回电核实位置")
    person.locator("button:not([type=button])").click()
    page.wait_for_url("**/look")


def first_row(page: Page) -> None:
    """From a list of administration to the first thing in it."""
    page.locator("main table tbody th a").first.click()
    page.wait_for_load_state()


def to_retiring(page: Page) -> None:
    first_row(page)
    page.locator("a[href$=retire]").click()
    page.wait_for_load_state()
