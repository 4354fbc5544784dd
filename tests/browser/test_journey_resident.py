"""A resident's way from the first word to the last: in both languages, with scripts and without."""

import json
import re
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import FilePayload, Geolocation, Page, expect

from tests.browser.city import City
from tests.browser.filling import TOWN
from tests.browser.journeys import act, found, own_unit, report, send, standing, unfold
from tests.browser.test_journeys import CODE, both_languages, go_on, with_and_without_scripts
from tests.browser.visiting import Language, Visitor, Visits
from tests.faults.house import until

DISTRICT, COMMUNITY = TOWN[:6], "德加社区"
OFFICE = "文新街道综合信息指挥室"
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")
DISPATCHER = Visitor("dispatcher", "desk")


def say(page: Page, words: str) -> None:
    """Step one."""
    page.goto("/report")
    page.locator("textarea[name=text]").fill(words)
    go_on(page)
    page.wait_for_url("**/where")


def point(page: Page) -> None:
    """Show the place on the map: where one stands, then a little beside it."""
    page.locator("[data-here]").click()
    said = page.locator("[data-position] [role=status]")
    expect(said).to_contain_text("文新街道")
    page.evaluate("document.querySelector('[data-position] [role=status]').textContent = ''")
    ground = page.locator(".map-ground")
    ground.scroll_into_view_if_needed()
    box = ground.bounding_box()
    assert box
    ground.click(position={"x": box["width"] / 2 + 6, "y": box["height"] / 2 + 6})
    expect(said).to_contain_text("文新街道")


def where_a_unit_stands(desk: Page) -> Geolocation:
    """A place in Wenxin, as the borders of the demo's map have it: where a grid worker stands."""
    points = desk.request.get("/board/points").json()["points"]
    unit = next(point for point in points if "网格员" in point["label"])
    return {"longitude": unit["lon"], "latitude": unit["lat"]}


def choose(page: Page) -> None:
    """Choose the place from the lists, which come one after the other."""
    for name, choice in (("district", DISTRICT), ("town", TOWN)):
        page.locator(f"select[name={name}]").select_option(choice)
        page.locator("[data-more]").click()
    page.locator("select[name=community]").select_option(label=COMMUNITY)


def send_report(page: Page, phone: str) -> str:
    """Step three; returns the code."""
    page.locator("input[name=phone]").fill(phone)
    go_on(page)
    page.wait_for_url("**/receipt")
    code = CODE.search(page.url)
    assert code
    return code[1]


def photo() -> FilePayload:
    """A small picture, as the phone's own chooser would give it."""
    into = BytesIO()
    Image.new("RGB", (64, 48), "#305060").save(into, "PNG")
    return {"name": "灯.png", "mimeType": "image/png", "buffer": into.getvalue()}


@with_and_without_scripts
@both_languages
def test_a_resident_is_heard_from_the_first_word_to_the_rating_and_again(
    visits: Visits, language: Language, javascript: bool
) -> None:
    page = visits.open(Visitor("", "phone", language, javascript=javascript))
    desk = visits.open(DISPATCHER, "/board")
    page.context.set_geolocation(where_a_unit_stands(desk))
    words = f"小区门口的路灯坏了（{language}，{javascript}）"

    say(page, words)
    if javascript:
        point(page)
    else:
        choose(page)
    go_on(page)
    page.wait_for_url("**/send")
    expect(page.locator("main")).to_contain_text(OFFICE)
    expect(page.locator(".card.sand .facts")).to_contain_text(MOMENT)
    if page.locator("input[name=join]").count():
        page.locator("input[name=join][value='']").check()
    code = send_report(page, "13611110001")
    expect(page.locator(".code")).to_have_text(code)
    expect(page.locator("img.picture")).to_be_visible()
    number = page.locator(".facts dd.number").first.inner_text()
    matter = found(desk, number)

    page.goto("/track")
    page.locator("input[name=code]").fill(code)
    go_on(page)
    page.wait_for_url(f"**/t/{code}")
    note = page.locator("form:has(input[value=note])")
    note.locator("textarea").fill("灯杆也歪了")
    note.locator("input[type=file]").set_input_files(photo())
    send(note)
    page.wait_for_url("**?done=note")
    expect(page.locator(".timeline")).to_contain_text("灯杆也歪了")
    expect(page.locator("img.photo")).to_have_count(1)

    until(lambda: standing(desk, matter) == "routed")
    desk.goto(f"/matters/{matter}")
    look = unfold(desk, desk.locator("form[action*='/people/']"))
    look.locator("[name=purpose]").fill("回电核实灯杆编号")
    send(look)
    expect(desk.locator("main")).to_contain_text("13611110001")
    if not javascript:
        page.reload()
    expect(page.locator("main")).to_contain_text("回电核实灯杆编号")

    settle(visits, desk, matter)
    if not javascript:
        page.reload()
    page.locator("button[name=rating]").first.click()
    page.wait_for_url("**?done=rate")
    again = page.locator("form:has(input[value=reopen])")
    again.locator("textarea").fill("又坏了")
    send(again)
    page.wait_for_url("**?done=reopen")
    expect(page.locator(".timeline")).to_contain_text("又坏了")
    assert standing(desk, matter) == "routed"


def settle(visits: Visits, desk: Page, matter: str) -> None:
    """What desk and responder do, without their pages."""
    responder = visits.open(Visitor("responder"), "/tasks")
    desk.goto("/board")
    act(desk, matter, "assign", {"unit_id": own_unit(responder)})
    act(responder, matter, "accept")
    act(responder, matter, "arrive")
    act(responder, matter, "resolve", {"outcome": "solved", "text": "已换新灯"})
    responder.context.close()


# The same thing, reported by a neighbour


def test_a_neighbour_joins_a_report_of_the_same_thing_follows_it_and_leaves_again(visits: Visits) -> None:
    desk = visits.open(DISPATCHER, "/board")
    page = visits.open(Visitor())
    say(page, "垃圾堆了三天没人收，是三号楼的老李先看到的")
    choose_anywhere(page, "骆家庄社区")
    first = send_report(page, "13611110002")

    page = visits.open(Visitor())
    say(page, "垃圾没人清运，很臭")
    choose_anywhere(page, "骆家庄社区")
    offered = page.locator("input[name=join]:not([value=''])")
    offered.first.check()
    expect(page.locator("main")).not_to_contain_text("老李")
    second = send_report(page, "13611110003")
    assert second != first

    matter = found_by_code(desk, first)
    until(lambda: standing(desk, matter) == "routed")
    responder = visits.open(Visitor("responder"), "/tasks")
    act(desk, matter, "assign", {"unit_id": own_unit(responder)})
    act(responder, matter, "accept")
    page.goto(f"/t/{second}")
    together = page.locator(".card.sand").first
    expect(together.locator(".timeline")).to_contain_text("接单")
    expect(together).not_to_contain_text("老李")

    leave = page.locator("form:has(input[value=leave])")
    leave.locator("textarea").fill("我说的是另一处")
    send(leave)
    page.wait_for_url("**?done=leave")
    expect(page.locator("form:has(input[value=leave])")).to_have_count(0)
    expect(page.locator(".timeline")).to_have_count(1)
    expect(page.locator(".timeline")).to_contain_text("我说的是另一处")


def choose_anywhere(page: Page, community: str) -> None:
    """The place by the lists, with scripts: each list follows from the one before."""
    page.locator("select[name=district]").select_option(DISTRICT)
    page.locator("select[name=town]").select_option(TOWN)
    page.locator("select[name=community]").select_option(label=community)
    go_on(page)
    page.wait_for_url("**/send")


def found_by_code(desk: Page, code: str) -> str:
    """The identifier of a matter whose code one has."""
    told = desk.request.get(f"/api/v1/reports/{code}")
    return found(desk, told.json()["number"])


# An account by telephone


def sent_code(city: City, phone: str) -> str:
    """The newest code that was sent to a number."""
    texts = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(city.codes.glob("*.json"), key=age)]
    text = [each["text"] for each in texts if each["phone"] == phone][-1]
    code = re.search(r"\d{6}", text)
    assert code
    return code[0]


def age(file: Path) -> float:
    return file.stat().st_mtime


def test_a_resident_signs_in_by_phone_gathers_reports_and_signs_out_everywhere(visits: Visits) -> None:
    phone = "13711110001"
    desk = visits.open(DISPATCHER, "/board")
    earlier = report(visits, desk, "河道漂浮垃圾")
    visitor = Visitor()
    page = visits.open(visitor, "/account/sign-in", tolerates="status of 422")
    page.locator("input[name=phone]").fill(phone)
    go_on_first(page)
    page.wait_for_url("**/code")
    page.locator("input[name=code]").fill("000000")
    go_on_first(page)
    expect(page.locator("#code-error")).not_to_be_empty()
    page.locator("input[name=code]").fill(sent_code(visits.city, phone))
    go_on_first(page)
    page.wait_for_url("**/account")
    expect(page.locator(".empty")).to_be_visible()

    page.locator("input[name=code]").fill(earlier.code)
    send(page.locator("form[action$=claim]"))
    expect(page.locator(".report")).to_have_count(1)
    expect(page.locator(".report")).to_contain_text(earlier.title)

    say(page, "垃圾桶满了没人收")
    go_on(page)
    page.wait_for_url("**/send")
    if page.locator("input[name=join]").count():
        page.locator("input[name=join][value='']").check()
    expect(page.locator("input[name=phone]")).to_have_value(phone)
    go_on(page)
    page.wait_for_url("**/receipt")
    page.goto("/account")
    expect(page.locator(".report")).to_have_count(2)

    elsewhere = visits.open(visitor)
    elsewhere.context.add_cookies(page.context.cookies())  # type: ignore[arg-type]
    elsewhere.goto("/account")
    expect(elsewhere.locator(".report")).to_have_count(2)
    with page.expect_navigation():
        send(page.locator("form[action*=everywhere]"))
    for each in (page, elsewhere):
        each.goto("/account")
        each.wait_for_url("**/sign-in**")


def go_on_first(page: Page) -> None:
    """Press the button of the page's first form."""
    page.locator("main form button:not([type=button])").first.click()
