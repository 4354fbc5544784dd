"""The responder's phone without network: what is done there comes to the server later, in order, and is never lost."""

import pytest
from PIL import Image
from playwright.sync_api import Dialog, Locator, Page, expect

from tests.browser.visiting import Visitor, Visits, assert_accessible, overflow

RESPONDER = Visitor("responder", "phone", "zh")
NO_NETWORK = "Failed to load resource"


_KEPT = """async () => {
  const kept = async () => (await caches.open("anlan-page")).match("/tasks");
  for (let tried = 0; !(await kept()); tried++) {
    if (tried === 300) throw new Error("the page of tasks was not kept");
    await new Promise((again) => setTimeout(again, 100));
  }
}"""


def on_the_phone(visits: Visits, visitor: Visitor = RESPONDER) -> Page:
    """The page of tasks, kept by the phone."""
    page = visits.open(visitor, "/tasks", tolerates=NO_NETWORK)
    page.evaluate(_KEPT)
    return page


def step(page: Page, matter: str, name: str) -> Locator:
    """The form of a step as it is shown now."""
    return page.locator(f"#task-{matter} form[data-step='{name}']:visible")


def press(page: Page, matter: str, name: str) -> None:
    step(page, matter, name).locator("button:not([type=button])").click()


def waiting(page: Page) -> Locator:
    return page.locator("[data-waiting-count]")


def resolve(page: Page, matter: str, words: str) -> None:
    form = step(page, matter, "resolve")
    # After the first feedback it is the main button; before it, one of the ways besides.
    if not form.count():
        page.locator(f"#task-{matter} details:has(form[data-step='resolve']):visible > summary").click()
    form.locator("input[type=radio]").first.check()
    form.locator("textarea").fill(words)
    press(page, matter, "resolve")


def history(page: Page, matter: str) -> list[str]:
    told = page.request.get(f"/api/v1/matters/{matter}/history")
    return [event["kind"] for event in told.json()]


def standing(page: Page, matter: str) -> str:
    return str(page.request.get(f"/api/v1/matters/{matter}").json()["state"])


def act(page: Page, matter: str, name: str, told: dict[str, str]) -> None:
    """A step by somebody else, who is signed in on `page`."""
    token = page.locator("[name=csrfmiddlewaretoken]").first.input_value()
    answer = page.request.post(
        f"/api/v1/matters/{matter}/transitions/{name}", data=told, headers={"X-CSRFToken": token, "Referer": page.url}
    )
    assert answer.ok, answer.text()


@pytest.fixture
def matter(visits: Visits) -> str:
    """A matter just sent to the responder, each test's own."""
    phone = visits.open(RESPONDER, "/tasks")
    unit = phone.locator("input[name=unit]").first.input_value()
    phone.context.close()
    desk = visits.open(Visitor("dispatcher", "desk"), "/board")
    waiting = [id for id in visits.city.known.waiting if standing(desk, id) == "routed"]
    assert waiting, "no matter waits for a unit any more"
    act(desk, waiting[0], "assign", {"unit_id": unit, "reason": "近"})
    return waiting[0]


def test_a_task_is_done_without_network_and_arrives_in_order(visits: Visits, matter: str) -> None:
    page = on_the_phone(visits)
    page.context.set_offline(True)
    press(page, matter, "accept")
    press(page, matter, "arrive")
    expect(waiting(page)).to_contain_text("2")
    page.reload()
    expect(waiting(page)).to_contain_text("2")
    expect(page.locator("[data-network]")).to_contain_text("没有网络")
    step(page, matter, "feed_back").locator("textarea").fill("已到场，先围起来")
    press(page, matter, "feed_back")
    expect(waiting(page)).to_contain_text("3")
    resolve(page, matter, "井盖已换")
    expect(waiting(page)).to_contain_text("4")
    assert overflow(page) == 0
    assert_accessible(page)

    page.context.set_offline(False)
    expect(waiting(page)).to_be_hidden()
    expect(page.locator(f"#task-{matter}")).to_have_count(0)
    assert history(page, matter)[-4:] == ["accept", "arrive", "feed_back", "resolve"]


def test_a_photo_leaves_the_phone_small_and_comes_with_its_step(
    visits: Visits, matter: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    large = tmp_path_factory.mktemp("photos") / "现场.png"
    Image.effect_noise((3000, 1500), 60).save(large)
    page = on_the_phone(visits)
    press(page, matter, "accept")
    expect(step(page, matter, "arrive")).to_be_visible()
    press(page, matter, "arrive")
    expect(page.locator("[data-network]")).to_contain_text("已上传")
    expect(waiting(page)).to_be_hidden()
    page.context.set_offline(True)
    form = step(page, matter, "feed_back")
    form.locator("input[type=file]").set_input_files([large, large])
    expect(form.locator("[data-photos] li")).to_have_count(2)
    form.locator("textarea").fill("看照片")
    press(page, matter, "feed_back")
    expect(page.locator(".entry", has_text="看照片")).to_contain_text("2 张照片")
    page.context.set_offline(False)
    expect(waiting(page)).to_be_hidden()
    assert history(page, matter)[-2:] == ["feed_back", "noted"]
    files = page.request.get(f"/api/v1/matters/{matter}").json()["files"]
    assert {file["name"] for file in files} == {"现场.jpg"}


def test_what_others_did_meanwhile_is_shown_and_the_responder_decides(visits: Visits, matter: str) -> None:
    page = on_the_phone(visits)
    page.context.set_offline(True)
    press(page, matter, "accept")
    press(page, matter, "arrive")

    desk = visits.open(Visitor("dispatcher", "desk"), f"/board?matter={matter}")
    act(desk, matter, "withdraw", {"reason": "改派专业队伍"})

    page.context.set_offline(False)
    conflict = page.locator(".entry [data-conflict]:visible")
    expect(conflict).to_have_count(1)
    expect(conflict).to_contain_text("改派专业队伍")
    expect(page.locator(".entry")).to_have_count(2)
    assert_accessible(page)

    conflict.locator("[data-keep]").click()
    # The step after it waited for the decision; now it is its turn to be decided on.
    expect(page.locator(".entry")).to_have_count(1)
    page.once("dialog", lambda dialog: dialog.accept())
    conflict.locator("[data-discard]").click()
    expect(page.locator(".entry")).to_have_count(0)
    assert history(desk, matter)[-2:] == ["withdraw", "noted"]


def test_signing_out_warns_of_what_was_not_sent_and_takes_everything_along(visits: Visits, matter: str) -> None:
    page = on_the_phone(visits)
    # Without network, so that the server does not hear of it: the tests share the responder's session.
    page.context.set_offline(True)
    press(page, matter, "accept")
    expect(waiting(page)).to_contain_text("1")
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        """No the first time, yes the second."""
        asked.append(dialog.message)
        if len(asked) == 1:
            dialog.dismiss()
        else:
            dialog.accept()

    page.on("dialog", answer)
    sign_out = page.locator("form[action='/sign-out'] button")
    page.locator(".menu").click()
    sign_out.click()
    assert page.url.endswith("/tasks")
    sign_out.click()
    page.wait_for_url(lambda url: "/sign-" in url)
    assert len(asked) == 2
    assert page.evaluate("async () => (await indexedDB.databases()).map((each) => each.name)") == []
    assert page.evaluate("async () => (await caches.keys()).includes('anlan-page')") is False


def test_another_account_on_the_same_phone_neither_sees_nor_sends_the_queue(visits: Visits, matter: str) -> None:
    page = on_the_phone(visits)
    page.context.set_offline(True)
    press(page, matter, "accept")
    expect(waiting(page)).to_contain_text("1")
    account = page.locator("[data-phone]").get_attribute("data-account")
    # Somebody else's page on this phone: its own account, its own list.
    names = page.evaluate("async () => (await indexedDB.databases()).map((each) => each.name)")
    assert names == [f"anlan-steps-{account}"]
    page.context.clear_cookies()
    page.context.set_offline(False)
    expect(page.locator("[data-network]")).to_contain_text("重新登录")
    expect(waiting(page)).to_contain_text("1")


def test_where_nothing_was_kept_the_phone_says_that_there_is_no_network(visits: Visits) -> None:
    page = on_the_phone(visits)
    page.context.set_offline(True)
    page.goto("/posting")
    expect(page.locator("main")).to_contain_text("没有网络")
