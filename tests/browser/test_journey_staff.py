"""What everybody on duty has: a second factor, the list of their sessions, their notices, and the wall."""

import re
import time

import pyotp
from playwright.sync_api import Page, expect

from tests.browser.city import PASSWORD
from tests.browser.journeys import act, own_unit, report, send, unfold
from tests.browser.visiting import Visitor, Visits, sign_in
from tests.faults.house import until

CODE_REFUSED = "status of 422"


def give_password(page: Page, who: str) -> None:
    """The first page of the door."""
    page.goto("/sign-in")
    page.locator("input[name=username]").fill(who)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main form button:not([type=button])").first.click()


def give_code(page: Page, code: str) -> None:
    """The second page of the door."""
    page.wait_for_url("**/sign-in/code")
    page.locator("input[name=code]").fill(code)
    send(page.locator("form[action='/sign-in/code']"))


def test_an_app_is_set_up_asked_for_at_the_door_and_removed(visits: Visits) -> None:
    visitor = Visitor("", "phone", "en")
    page = visits.open(visitor)
    sign_in(page, "city")
    page.goto("/account/security")
    begin = unfold(page, page.locator("form[action$='/app/begin']"))
    begin.locator("input[name=password]").fill(PASSWORD)
    send(begin)
    page.wait_for_url("**/account/security/app")
    expect(page.locator("img.qr")).to_be_visible()
    app = pyotp.TOTP(re.sub(r"\s", "", page.locator(".secret").text_content() or ""))
    page.locator("input[name=code]").fill(app.now())
    send(page.locator("main form"))
    codes = page.locator(".recovery li").all_inner_texts()
    assert len(codes) == 10

    again = visits.open(visitor, tolerates=CODE_REFUSED)
    give_password(again, "city")
    give_code(again, codes[0])
    again.wait_for_url(lambda url: "/sign-in" not in url)
    again.goto("/account/security")
    expect(again.locator("main")).to_contain_text("9")

    once_more = visits.open(visitor, tolerates=CODE_REFUSED)
    give_password(once_more, "city")
    give_code(once_more, codes[0])
    expect(once_more.locator("#code-error")).not_to_be_empty()
    # The next code of the app: the one that set it up has been used.
    give_code(once_more, app.at(int(time.time()), counter_offset=1))
    once_more.wait_for_url(lambda url: "/sign-in" not in url)

    page.goto("/account/security")
    remove = unfold(page, page.locator("form[action$='/app/remove']"))
    remove.locator("input[name=password]").fill(PASSWORD)
    remove.locator("input[name=code]").fill(codes[1])
    send(remove)
    expect(page.locator("form[action$='/app/begin']")).to_have_count(1)


def test_ending_a_session_elsewhere_ends_its_live_page_too(visits: Visits) -> None:
    # Among the sessions ended here is the one that other tests share.
    visits.sessions.pop("supervisor", None)
    here, elsewhere = visits.open(Visitor("", "desk")), visits.open(Visitor("", "desk"))
    sign_in(elsewhere, "supervisor")
    elsewhere.goto(f"/matters/{visits.city.known.matter}")
    state = elsewhere.locator("[data-live-state]").first
    expect(state).to_have_attribute("data-live-state", "live")

    sign_in(here, "supervisor")
    here.goto("/account/security")
    others = here.locator("form[action*='/account/sessions/']:not([action$='/sessions/end'])")
    expect(others).not_to_have_count(0)
    while count := others.count():
        others.first.locator("button").click()
        expect(others).to_have_count(count - 1)
    expect(state).to_have_attribute("data-live-state", "ended")
    elsewhere.goto("/board")
    elsewhere.wait_for_url("**/sign-in?**")


def test_a_unit_is_told_what_was_sent_to_it_and_marks_it_as_read(visits: Visits) -> None:
    desk = visits.open(Visitor("dispatcher", "desk"), "/board")
    matter = report(visits, desk, "请看通知")
    page = visits.open(Visitor("responder"), "/tasks")
    act(desk, matter.id, "assign", {"unit_id": own_unit(page)})
    page.goto("/notices?unread=1")
    expect(page.locator(".told li.new").filter(has_text=matter.title)).to_have_count(1)
    count = page.locator(".menu .unread")
    expect(count).to_be_visible()
    with page.expect_navigation():
        send(page.locator("form[action='/notices/read']"))
    page.goto("/notices")
    expect(page.locator(".told li.new")).to_have_count(0)
    expect(page.locator(".told li").filter(has_text=matter.title)).to_have_count(1)
    expect(count).to_have_count(0)


def test_the_wall_counts_what_comes_in_while_nobody_touches_it(visits: Visits) -> None:
    desk = visits.open(Visitor("dispatcher", "desk"), "/board")
    wall = visits.open(Visitor("dispatcher", "desk"), "/board/wall")
    to_assign = wall.locator(".wall-lanes dd").first
    before = int(to_assign.inner_text())
    matter = report(visits, desk, "墙上也看得见")
    until(lambda: int(to_assign.inner_text()) > before)
    expect(wall.locator("body")).not_to_contain_text(matter.title)
