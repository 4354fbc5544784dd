"""Visits to a city with a real browser: as whom, on what, in which language, and nothing that goes wrong overlooked."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, sync_playwright

from anlan.cli import find_browser
from tests.browser.city import PASSWORD, City

Size = Literal["phone", "desk"]
Language = Literal["zh", "en"]
Scheme = Literal["light", "dark"]

SIZES: dict[str, tuple[int, int]] = {"phone": (390, 844), "desk": (1440, 900)}
LANGUAGES = {"zh": "zh-CN", "en": "en-US"}
# Where the demo's town lies, for whoever lets the page read a position.
WENXIN = {"longitude": 120.1021, "latitude": 30.2868}
PATIENCE_MS = 30_000
"""Only so that a failed test ends: nothing is said about how fast anything is."""

AXE_OPTIONS = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    # The size of targets is part of WCAG 2.2 AA, but is left out unless it is asked for.
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}


@contextmanager
def a_browser() -> Iterator[Browser]:
    """Chromium without a window."""
    with sync_playwright() as playwright:
        # As root, as in a container, Chromium starts only without its own sandbox.
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass(frozen=True)
class Visitor:
    """Who comes, and with what."""

    who: str = ""
    """One of the demo's accounts; empty for somebody who has not signed in."""
    size: Size = "phone"
    language: Language = "zh"
    scheme: Scheme = "light"
    javascript: bool = True


@dataclass
class Visits:
    """Visits that belong together; `faults` gathers what the browsers complained of."""

    browser: Browser
    city: City
    sessions: dict[str, StorageState]
    """The sign-ins made so far, shared by all tests."""
    faults: list[str] = field(default_factory=list)
    _contexts: list[BrowserContext] = field(default_factory=list)

    def open(self, visitor: Visitor, address: str = "", *, tolerates: str | None = None) -> Page:
        """A page of a browser of one's own, at an address of the city.

        Everything the browser says of an error is a fault, a breach of the content policy too; `tolerates` is a part
        of what a test expects to be said, such as the status of a refusal.
        """
        session = self._session(visitor.who)
        context = self._context(visitor, session)
        page = context.new_page()
        page.on("console", lambda said: self._note(said.text, tolerates) if said.type == "error" else None)
        page.on("pageerror", lambda error: self._note(str(error), tolerates))
        if address:
            page.goto(address)
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _context(self, visitor: Visitor, session: StorageState | None) -> BrowserContext:
        width, height = SIZES[visitor.size]
        context = self.browser.new_context(
            base_url=self.city.address,
            viewport={"width": width, "height": height},
            locale=LANGUAGES[visitor.language],
            timezone_id="Asia/Shanghai",
            color_scheme=visitor.scheme,
            java_script_enabled=visitor.javascript,
            is_mobile=visitor.size == "phone",
            has_touch=visitor.size == "phone",
            reduced_motion="reduce",
            geolocation={"longitude": WENXIN["longitude"], "latitude": WENXIN["latitude"]},
            permissions=["geolocation"],
            storage_state=session,
        )
        context.set_default_timeout(PATIENCE_MS)
        self._contexts.append(context)
        return context

    def _session(self, who: str) -> StorageState | None:
        if who and who not in self.sessions:
            context = self._context(Visitor(), None)
            sign_in(context.new_page(), who)
            self.sessions[who] = context.storage_state()
        return self.sessions.get(who)

    def _note(self, said: str, tolerates: str | None) -> None:
        if tolerates is None or tolerates not in said:
            self.faults.append(said)


@contextmanager
def no_fault(visits: Visits) -> Iterator[Visits]:
    """Closes the visits at the end; until then nothing may have gone wrong in any of their browsers."""
    try:
        yield visits
    finally:
        visits.close()
    assert visits.faults == []


def sign_in(page: Page, who: str) -> None:
    """Through the door, as a person does."""
    page.goto("/sign-in")
    page.locator("input[name=username]").fill(who)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main form button:not([type=button])").first.click()
    page.wait_for_url(lambda url: "/sign-in" not in url)


def violations(page: Page, only: tuple[str, ...] = ()) -> list[str]:
    """What axe finds against WCAG 2.2 AA, or against these of its rules: rule, element and remedy."""
    options = {**AXE_OPTIONS, "runOnly": {"type": "rule", "values": list(only)}} if only else AXE_OPTIONS
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    # The violations alone: all that axe looked at would be more than the page itself.
    found: list[Any] = page.evaluate("async (options) => (await axe.run(options)).violations", options)
    return [
        f"{rule['id']}: {', '.join(map(str, node['target']))}: {rule['help']}\n"
        + "\n".join(f"    {check['message']}" for check in node["any"] + node["all"] + node["none"])
        for rule in found
        for node in rule["nodes"]
        # Places in a city may lie closer than two fingers; the list beside the map says the same (WCAG 2.5.8).
        if not (rule["id"] == "target-size" and "data-point" in node["html"])
    ]


def assert_accessible(page: Page, only: tuple[str, ...] = ()) -> None:
    found = violations(page, only)
    assert not found, "\n".join([page.url, *found])


def overflow(page: Page) -> int:
    """How many pixels a page is wider than its window."""
    assert page.viewport_size is not None
    # Not the window's own word: a telephone zooms out until a page that is too wide fits.
    wide: int = page.evaluate("document.documentElement.scrollWidth")
    return max(wide - page.viewport_size["width"], 0)


# What a reader sees or is read out; not numbers, codes, addresses and names of files, nor what says that it is of
# another language.
_WORDS = """() => {
  const apart = ".number, .code, kbd, body [lang], [translate=no], script, style, svg";
  const said = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const around = walk.currentNode.parentElement;
    if (!around.closest(apart) && around.checkVisibility()) said.push(walk.currentNode.data);
  }
  for (const element of document.querySelectorAll("[aria-label], [title], [placeholder], [alt]")) {
    for (const name of ["aria-label", "title", "placeholder", "alt"]) said.push(element.getAttribute(name) ?? "");
  }
  const text = [document.title, ...said].join(" ").replace(/\\S+[./]\\w\\S*/g, " ");
  return text.match(/[A-Za-z]{2,}/g) ?? [];
}"""


def latin_words(page: Page) -> set[str]:
    """The words in Latin letters that a page shows or reads out."""
    return set(page.evaluate(_WORDS))
