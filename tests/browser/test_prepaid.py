"""From the code on the door to the money back: bought, proposed, confirmed on the telephone, ended and repaid."""

import re

from playwright.sync_api import Page, expect

from tests.browser.visiting import Visitor, Visits
from tests.browser.ways import first_row

BOUGHT = re.compile(r"/wallet/cards/[0-9a-f-]{36}\?done=buy")


def press(page: Page) -> None:
    """The button of the page's last form that leads on."""
    page.locator("main form button:not([type=button])").last.click()


def test_a_card_is_bought_used_with_a_tap_and_paid_back(visits: Visits) -> None:
    desk = visits.open(Visitor("supervisor", "desk"), "/prepaid?q=青丝")
    first_row(desk)
    code = desk.url.rpartition("/")[2]

    phone = visits.open(Visitor("resident", javascript=False), f"/prepaid/shops/{code}")
    phone.locator(f"main a[href='/wallet/buy/{code}']").click()
    phone.locator("main li a[href^='/wallet/buy/']").first.click()
    phone.locator("input[name=had_before]").check()
    press(phone)
    expect(phone).to_have_url(BOUGHT)
    card = phone.url.partition("?")[0]
    number = phone.locator("dl.facts dd.number").first.inner_text()

    counter = visits.open(Visitor("merchant", "desk"), f"/counter/{code}")
    counter.locator("#propose-card").fill(number)
    counter.locator("#item").fill("洗剪吹")
    counter.locator("#price").fill("100")
    counter.locator("form[action$='/proposals'] button").click()
    counter.wait_for_url("**/uses/*")

    phone.goto("/wallet")
    proposal = phone.locator(".proposal").filter(has_text="¥80.00")
    expect(proposal.locator("h2")).to_have_text("洗剪吹")
    proposal.locator("form[action$='/confirm'] button").click()
    phone.wait_for_url("**/wallet/uses/*")
    expect(phone.locator("main")).to_contain_text("¥80.00，仅此一笔。")
    counter.reload()
    expect(counter.locator("main")).to_contain_text("¥80.00 已划给商户。")

    phone.goto(f"{card}/refund")
    expect(phone.locator("main")).to_contain_text("法释〔2025〕4号")
    press(phone)
    expect(phone).to_have_url(f"{card}?done=refund")
    phone.goto("/wallet")
    expect(phone.locator("details")).to_contain_text("八折储值卡")
