"""How a person gets to the pages that have no address to go to straight."""

from collections.abc import Callable
from random import randrange

from playwright.sync_api import Page

from tests.browser.city import PASSWORD


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


def to_first_check(page: Page) -> None:
    """From the list of spot checks to the first address of the newest."""
    first_row(page)
    first_row(page)


def to_retiring(page: Page) -> None:
    first_row(page)
    page.locator("a[href$=retire]").click()
    page.wait_for_load_state()


def half_in(page: Page) -> None:
    """Past the password of an account that has a second factor."""
    page.locator("input[name=username]").fill("careful")
    page.locator("input[name=password]").first.fill(PASSWORD)
    page.locator("main form button:not([type=button])").first.click()
    page.wait_for_url("**/sign-in/code")


def ask_for_code(page: Page) -> None:
    """Have a code sent; each time to another number, for there are only so many for one."""
    page.locator("input[name=phone]").fill(f"138{randrange(10**8):08d}")
    page.locator("main form button:not([type=button])").first.click()
    page.wait_for_url("**/account/code")


def begin_with_app(page: Page) -> None:
    """Begin to set up an app as a second factor."""
    form = page.locator("form[action$='/app/begin']")
    if not form.is_visible():
        page.locator("details:has(form[action$='/app/begin']) > summary").click()
    form.locator("input[name=password]").fill(PASSWORD)
    form.locator("button:not([type=button])").click()
    page.wait_for_url("**/security/app")


def note_on_several(page: Page) -> None:
    """A word added to everything that was ticked."""
    form = page.locator("form[action*='/board/bulk/note']")
    page.locator("details:has(form[action*='/board/bulk/note']) > summary").click()
    form.locator("textarea").fill("已通知社区")
    form.locator("button:not([type=button])").click()
    page.wait_for_url("**/board/bulk/note?**")


def begin_grid_plan(page: Page) -> None:
    """From the grids of a community to its open plan, which is begun if there is none."""
    begin = page.locator("a[href$='grids/plan']")
    if begin.count():
        begin.first.click()
        page.locator("[name=reason]").fill("调整网格")
        page.locator("main form button:not([type=button])").last.click()
    else:
        page.locator("main a[href*='/administration/grids/']").first.click()
    page.wait_for_url("**/administration/grids/*")


def to_first_card(page: Page) -> None:
    """From the wallet to the card bought last."""
    page.locator(".purse a").first.click()
    page.wait_for_url("**/wallet/cards/*")


def to_the_cards(part: str) -> Callable[[Page], None]:
    """From the wallet to a page of the first card: its code, its statement, what would be paid back."""

    def reach(page: Page) -> None:
        to_first_card(page)
        page.locator(f"main a[href$='/{part}']").first.click()
        page.wait_for_url(f"**/{part}")

    return reach


def to_receipt(page: Page) -> None:
    """From the wallet to what became of the newest proposal that is settled."""
    to_first_card(page)
    page.locator(".uses a").first.click()
    page.wait_for_url("**/wallet/uses/*")


def to_shop_code(page: Page) -> None:
    """From the regulator's list to the page behind the code on the first shop's door."""
    first_row(page)
    page.locator("main a[href^='/prepaid/shops/']").click()
    page.wait_for_url("**/prepaid/shops/*")


def to_what_is_sold(page: Page) -> None:
    """From the regulator's list to what the first shop sells, as everybody may buy it."""
    to_shop_code(page)
    page.locator("main a[href^='/wallet/buy/']").click()
    page.wait_for_url("**/wallet/buy/*")


def to_offer(page: Page) -> None:
    to_what_is_sold(page)
    page.locator("main li a[href^='/wallet/buy/']").first.click()
    page.wait_for_url("**/wallet/buy/*/*")


def to_counter(page: Page) -> None:
    """From the counters of the demo's owner to the first one."""
    page.locator("main a[href^='/counter/']").first.click()
    page.wait_for_url("**/counter/*")


def to_the_counters(part: str) -> Callable[[Page], None]:
    """From the counters to a page of the first one."""

    def reach(page: Page) -> None:
        to_counter(page)
        page.locator(f".inside a[href$='/{part}']").click()
        page.wait_for_url(f"**/{part}")

    return reach


def to_proposal(page: Page) -> None:
    to_counter(page)
    page.locator("main a[href*='/uses/']").first.click()
    page.wait_for_url("**/uses/*")
