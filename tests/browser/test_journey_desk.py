"""The desk's day: two people on one board, several matters at once, duplicates, and what goes to other desks."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.filling import TOWN
from tests.browser.journeys import STALE, Reported, act, own_unit, report, send, standing, unfold
from tests.browser.visiting import Visitor, Visits

DISPATCHER = Visitor("dispatcher", "desk")
COLLEAGUE = Visitor("colleague", "desk")
IN_ENGLISH = Visitor("dispatcher", "desk", "en")
DISTRICT = Visitor("district", "desk")
OTHER_TOWN, OTHER_TOWN_NAME = "330106005", "西湖区翠苑街道"


@pytest.fixture
def desk(visits: Visits) -> Page:
    return visits.open(DISPATCHER, "/board", tolerates=STALE)


def board_of(words: str, chosen: Reported | None = None, lane: str = "to_assign") -> str:
    """The board narrowed to some words, so that what else lies in the town is not in the way."""
    return f"/board?lane={lane}&q={words}" + (f"&matter={chosen.id}" if chosen else "")


# Two on one board


def test_two_dispatchers_see_each_other_and_neither_loses_what_the_other_did(visits: Visits, desk: Page) -> None:
    first, second = (report(visits, desk, f"同看一件事 {name}") for name in ("甲", "乙"))
    desk.goto(board_of("同看一件事", first))
    other = visits.open(COLLEAGUE, board_of("同看一件事", first), tolerates=STALE)
    for page in (desk, other):
        expect(page.locator("[data-live-state]").first).to_have_attribute("data-live-state", "live")
        expect(page.locator("[data-live-presence]")).to_have_text(re.compile(r"：.*\S$"))
    other.evaluate("window.neverReloaded = true")
    answer = unfold(other, other.locator("form[action*='/steps/answer']"))
    answer.locator("textarea").fill("已联系物业")

    desk.keyboard.press("a")
    desk.wait_for_url(lambda url: "matter=" not in url)
    expect(other.locator(f"li[data-matter='{first.id}']")).to_have_count(0)
    expect(other.locator(f"li[data-matter='{second.id}']")).to_have_count(1)
    expect(other.locator(".meanwhile")).to_be_visible()
    expect(answer.locator("textarea")).to_have_value("已联系物业")
    assert other.evaluate("window.neverReloaded")

    answer.locator("input[type=radio]").first.check()
    send(answer)
    expect(other.locator("[role=alert]").first).to_be_visible()
    # The page of the refusal is a board that lives on.
    third = report(visits, desk, "同看一件事 丙")
    expect(other.locator(f"li[data-matter='{third.id}']")).to_have_count(1)
    assert standing(desk, first.id) == "assigned"


def test_what_a_colleague_sends_elsewhere_is_loaded_when_it_is_asked_for(visits: Visits, desk: Page) -> None:
    matter = report(visits, desk, "另一人先派了")
    page = visits.open(COLLEAGUE, board_of("另一人先派了", matter))
    expect(page.locator("[data-live-state]").first).to_have_attribute("data-live-state", "live")
    unfold(page, page.locator("form[action*='/steps/answer']")).locator("textarea").fill("写到一半")
    desk.goto(board_of("另一人先派了", matter))
    desk.keyboard.press("a")
    desk.wait_for_url(lambda url: "matter=" not in url)
    page.locator(".meanwhile button").click()
    expect(page.locator("[data-step=withdraw]")).to_have_count(1)
    expect(page.locator(".units")).to_have_count(0)


# By hand, and several at once


def test_a_matter_dragged_onto_a_unit_is_sent_and_taken_back_at_once(visits: Visits, desk: Page) -> None:
    matter = report(visits, desk, "拖到队伍上")
    desk.goto(board_of("拖到队伍上", matter))
    desk.locator(f"li[data-matter='{matter.id}']").drag_to(desk.locator("[data-unit]").nth(1))
    expect(desk.locator("[role=status]").filter(has_text=matter.number)).to_be_visible()
    assert standing(desk, matter.id) == "assigned"
    expect(desk.locator("[data-undo]")).to_be_visible()
    desk.keyboard.press("u")
    expect(desk.locator(f"li[data-matter='{matter.id}']")).to_have_count(1)
    assert standing(desk, matter.id) == "routed"


def test_several_are_chosen_by_keys_and_of_each_it_is_said_what_became_of_it(visits: Visits, desk: Page) -> None:
    words = "一起收回"
    unit = own_unit(visits.open(Visitor("responder"), "/tasks"))
    matters = [report(visits, desk, f"{words} {name}") for name in ("甲", "乙", "丙")]
    for matter in matters:
        act(desk, matter.id, "assign", {"unit_id": unit})
    page = visits.open(DISPATCHER, board_of(words, lane="sent"))
    page.keyboard.press("x")
    for number in (1, 2):
        page.keyboard.press("j")
        expect(page.locator("[data-row]").nth(number)).to_have_attribute("aria-current", "true")
    page.keyboard.press("Shift+X")
    expect(page.locator("[data-ticked]")).to_have_text("3")
    page.locator("[data-bulk]").click()
    expect(page.locator(".bulk-list > li")).to_have_count(3)

    act(desk, matters[1].id, "withdraw", {"reason": "我先收回了"})
    withdraw = unfold(page, page.locator("form[action*='/board/bulk/withdraw']"))
    withdraw.locator("textarea").fill("派错了队伍")
    send(withdraw)
    not_done, done = page.locator("main section").all()
    expect(not_done.locator("li")).to_have_count(1)
    expect(not_done).to_contain_text(matters[1].title)
    expect(not_done.locator(".error")).not_to_be_empty()
    expect(done.locator("li")).to_have_count(2)
    for matter in (matters[0], matters[2]):
        expect(done).to_contain_text(matter.title)
        assert standing(desk, matter.id) == "routed"


# Finding


def test_a_phone_number_is_searched_for_without_standing_in_an_address(visits: Visits, desk: Page) -> None:
    phone = "13511110005"
    matter = report(visits, desk, "按电话找", contact={"name": "王秀英", "phone": phone})
    desk.locator("[data-search]").fill(phone)
    desk.keyboard.press("Enter")
    expect(desk.locator("[data-row]")).to_have_count(1)
    expect(desk.locator(f"li[data-matter='{matter.id}']")).to_have_count(1)
    expect(desk.locator(".chips").first).to_contain_text("135****0005")
    assert phone not in desk.url
    assert phone not in desk.content()
    desk.locator(".chips .chip").first.click()
    expect(desk.locator(".chips")).to_have_count(0)


def test_a_filter_is_kept_under_a_name_used_and_removed(visits: Visits, desk: Page) -> None:
    words, name = "常用筛选", "我的筛选"
    matter = report(visits, desk, words)
    page = visits.open(IN_ENGLISH, board_of(words))
    chips = page.locator("ul.chips[aria-label]")
    expect(chips).to_contain_text(words)
    page.locator("[data-saved] > summary").click()
    page.locator("#filter-name").fill(name)
    with page.expect_navigation():
        page.keyboard.press("Enter")

    page.goto("/board")
    expect(chips).to_have_count(0)
    page.locator("[data-saved] > summary").click()
    page.locator("[data-saved] a.chip", has_text=name).click()
    expect(page.locator("[data-row]")).to_have_count(1)
    expect(page.locator(f"li[data-matter='{matter.id}']")).to_have_count(1)
    chips.locator(".chip").first.click()
    expect(chips).to_have_count(0)

    page.locator("[data-saved] > summary").click()
    kept = page.locator("[data-saved] li").filter(has_text=name)
    with page.expect_navigation():
        kept.locator("button").click()
    page.goto("/board")
    page.locator("[data-saved] > summary").click()
    expect(page.locator("#filter-name")).to_be_visible()
    expect(kept).to_have_count(0)


# Duplicates


def test_two_reports_of_one_thing_are_compared_merged_and_parted_again(visits: Visits, desk: Page) -> None:
    kept, gone = (report(visits, desk, f"窨井盖破损 {name}", address="文三路 20 号") for name in ("甲", "乙"))
    page = visits.open(IN_ENGLISH, f"/matters/{gone.id}")
    page.locator(f"a[href='/matters/{gone.id}/merge']").click()
    page.locator(f"a[href='?with={kept.id}']").click()
    expect(page.locator(".side")).to_have_count(2)
    page.locator(f"input[name=kept][value='{kept.id}']").check()
    page.locator("form:has(input[name=kept]) textarea").fill("同一个井盖")
    send(page.locator("form:has(input[name=kept])"))
    page.wait_for_url(f"**/matters/{kept.id}")
    expect(page.locator("[role=status]").filter(has_text=gone.number)).to_be_visible()

    page.goto(f"/matters/{gone.id}")
    expect(page.locator(f"dd a[href='/matters/{kept.id}']")).to_be_visible()
    part = unfold(page, page.locator("form[action$='/verbs/unmerge']"))
    part.locator("textarea").fill("其实是两个井盖")
    send(part)
    expect(page.locator("[role=status]").first).to_be_visible()
    expect(page.locator(f"dd a[href='/matters/{kept.id}']")).to_have_count(0)
    expect(page.locator("form[action$='/verbs/unmerge']")).to_have_count(0)


# To other desks


def test_what_is_handed_over_is_gone_here_and_stands_there(visits: Visits, desk: Page) -> None:
    matter = report(visits, desk, "该由邻街道办")
    # The open page hears that the matter moved, asks for it anew, and is told that there is none here any more.
    leaving = visits.open(DISPATCHER, f"/matters/{matter.id}", tolerates="404")
    expect(leaving.locator("[data-live-state]")).to_contain_text("实时")
    hand_over = unfold(leaving, leaving.locator("form[action$='/verbs/hand_over']"))
    hand_over.locator("[name=to_area]").fill(OTHER_TOWN_NAME)
    hand_over.locator("textarea").fill("地点在翠苑")
    with leaving.expect_navigation():
        send(hand_over)
    desk.goto(board_of("该由邻街道办"))
    expect(desk.locator("[data-row]")).to_have_count(0)
    above = visits.open(DISTRICT, f"/board?area={OTHER_TOWN}&q=该由邻街道办")
    expect(above.locator(f"li[data-matter='{matter.id}']")).to_contain_text("翠苑")


def test_what_is_handled_together_names_the_other_desk_and_stays(visits: Visits, desk: Page) -> None:
    matter = report(visits, desk, "与邻街道共办")
    desk.goto(f"/matters/{matter.id}")
    share = unfold(desk, desk.locator("form[action$='/verbs/share']"))
    share.locator("[name=with_area]").fill(OTHER_TOWN_NAME)
    share.locator("textarea").fill("两边交界")
    send(share)
    expect(desk.locator("dl.facts").filter(has_text=OTHER_TOWN_NAME)).to_be_visible()
    desk.goto(board_of("与邻街道共办"))
    expect(desk.locator(f"li[data-matter='{matter.id}'] .flag")).to_contain_text(OTHER_TOWN_NAME)


def test_clocks_stand_still_while_a_matter_is_suspended(visits: Visits, desk: Page) -> None:
    matter = report(visits, desk, "等鉴定结果")
    page = visits.open(Visitor("supervisor", "desk", "en"), f"/matters/{matter.id}")
    running = page.locator(".deadline .clock")
    expect(running).not_to_have_count(0)
    suspend = unfold(page, page.locator("form[action$='/verbs/suspend']"))
    suspend.locator("textarea").fill("等待鉴定")
    suspend.locator("[name=approver]").fill("李主任")
    send(suspend)
    expect(running).to_have_count(0)
    resume = unfold(page, page.locator("form[action$='/verbs/resume']"))
    resume.locator("textarea").fill("鉴定已出")
    send(resume)
    expect(running).not_to_have_count(0)


# The district


def test_a_districts_desk_goes_from_the_whole_to_one_town(visits: Visits, desk: Page) -> None:
    here = report(visits, desk, "区里看得见")
    page = visits.open(DISTRICT, board_of(here.title))
    parts = page.locator("details.parts")
    expect(parts).to_have_attribute("open", "")
    parts.locator("li a", has_text="文新街道").click()
    page.wait_for_url(f"**area={TOWN}**")
    expect(page.locator(f"li[data-matter='{here.id}']")).to_have_count(1)
    expect(page.locator("ul.chips[aria-label]")).to_contain_text("文新街道")
    page.locator(f"li[data-matter='{here.id}'] [data-row]").click()
    expect(page.locator(f"[data-chosen='{here.id}']")).to_be_visible()
    page.locator("ul.chips[aria-label] .chip", has_text="文新街道").click()
    page.wait_for_url(lambda url: f"area={TOWN}" not in url)
    expect(parts.locator("li")).not_to_have_count(0)
