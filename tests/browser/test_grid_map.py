"""The grid map in the browser: split, checked, decided and put in force with the mouse, and drawn by keys alone."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.visiting import Visitor, Visits, assert_accessible
from tests.browser.ways import begin_grid_plan

JOURNEY, BY_KEYS = "330106013011", "330106013012"
"""Communities of Wenxin, one for each test: a community has one open plan."""


def opened(visits: Visits, community: str) -> Page:
    page = visits.open(Visitor("admin", "desk", "en"), f"/administration/areas/{community}/grids")
    begin_grid_plan(page)
    return page


def do(page: Page, what: str) -> Locator:
    return page.locator(f"[data-do={what}]")


def corners(page: Page) -> Locator:
    return page.locator(".grid-corner button:not(.between)")


def choose(page: Page, number: int) -> str:
    """Choose a grid in the list; its name."""
    page.locator("[data-choose]").select_option(index=number)
    return str(page.locator("[data-choose] option:checked").inner_text())


def grids_there(page: Page) -> int:
    return page.locator("[data-choose] option").count() - 1


def cut_through(page: Page) -> None:
    """Split the chosen grid from above to below, by two taps."""
    left, top, width, height = page.locator("path.grid-drawn.chosen").evaluate(
        "path => { const box = path.getBoundingClientRect(); return [box.left, box.top, box.width, box.height]; }"
    )
    do(page, "split").click()
    for y in (top - 15, top + height + 15):
        page.mouse.click(left + width / 2, y)
    do(page, "finish").click()
    page.wait_for_load_state()


def test_an_administrator_splits_a_grid_moves_a_corner_and_puts_the_plan_in_force(visits: Visits) -> None:
    page = opened(visits, JOURNEY)
    before = grids_there(page)
    choose(page, 1)
    cut_through(page)
    expect(page.locator("[data-choose] option")).to_have_count(before + 2)
    expect(page.locator(".findings")).to_contain_text("how many households live in it is not known")

    choose(page, 1)
    assert_accessible(page)
    box = corners(page).first.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 60, steps=4)
    page.mouse.up()
    expect(page.locator("[data-said]")).to_contain_text("Not saved yet")
    expect(do(page, "split")).to_be_disabled()
    do(page, "save").click()
    expect(page.locator(".findings .stops").first).to_be_visible()
    do(page, "undo").click()
    expect(page.locator(".findings .stops")).to_have_count(0)

    page.locator("[data-layer=before]").check()
    expect(page.locator("path.grid-before")).to_have_count(before)
    page.locator("a[href$=decide]").click()
    page.locator("[name=reason]").fill("人口增长，分设网格")
    page.locator("main form button:not([type=button])").last.click()
    page.wait_for_url(lambda url: not url.endswith("decide"))
    expect(page.locator("main")).to_contain_text("in force")
    expect(page.locator("main")).to_contain_text("not known")
    expect(page.locator("[data-do]")).to_have_count(0)


def test_the_map_is_drawn_by_keys_alone(visits: Visits) -> None:
    page = opened(visits, BY_KEYS)
    choose(page, 1)
    drawn, before = page.locator("path.grid-drawn.chosen"), corners(page).count()
    shape = drawn.get_attribute("d")
    corners(page).first.focus()
    page.keyboard.press("ArrowRight")
    expect(corners(page).first).to_be_focused()
    expect(drawn).not_to_have_attribute("d", str(shape))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(corners(page)).to_have_count(before + 1)
    page.keyboard.press("Delete")
    expect(corners(page)).to_have_count(before)
    for _step in range(3):
        page.keyboard.press("Control+z")
    expect(drawn).to_have_attribute("d", str(shape))
    expect(do(page, "save")).to_be_disabled()
    page.keyboard.press("Control+y")
    expect(drawn).not_to_have_attribute("d", str(shape))
    page.keyboard.press("Control+z")

    there = grids_there(page)
    do(page, "merge").press("Enter")
    choose(page, 2)
    do(page, "finish").press("Enter")
    expect(page.locator("[data-choose] option")).to_have_count(there)
    do(page, "undo").press("Enter")
    expect(page.locator("[data-choose] option")).to_have_count(there + 1)

    do(page, "draw").press("Enter")
    expect(page.locator("[data-map] .leaflet-container, .leaflet-container")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("[data-said]")).to_have_text("Points set: 1")
    page.keyboard.press("Escape")
    expect(do(page, "finish")).to_be_hidden()
