"""What the journeys share: matters of their own to play with, brought in as another system of the city brings them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page

from tests.browser.filling import TOWN
from tests.browser.visiting import Visitor, Visits
from tests.faults.house import until

STALE = "status of 409"
"""What a browser says on its console of a step that came too late."""


@dataclass(frozen=True)
class Reported:
    """A matter as its reporter knows it, and the identifier by which the staff's addresses name it."""

    id: str
    number: str
    code: str
    title: str


def report(visits: Visits, desk: Page, title: str, **more: Any) -> Reported:
    """A matter of one's own at Wenxin's desk, waiting for a unit; `desk` is a page of somebody who sees it there."""
    resident = visits.open(Visitor())
    given = {"title": title, "text": f"{title}，请派人来看。", "area": TOWN, "address": "文二西路 1 号"} | more
    answer = resident.request.post("/api/v1/reports", data=given)
    assert answer.ok, answer.text()
    receipt = answer.json()
    resident.context.close()
    matter = Reported(found(desk, receipt["number"]), receipt["number"], receipt["code"], title)
    until(lambda: standing(desk, matter.id) == "routed")
    return matter


def found(page: Page, number: str) -> str:
    """The identifier of a matter."""
    (row,) = page.request.get("/api/v1/matters", params={"q": number}).json()["items"]
    return str(row["id"])


def standing(page: Page, matter: str) -> str:
    """The state in which a matter stands."""
    return str(page.request.get(f"/api/v1/matters/{matter}").json()["state"])


def act(page: Page, matter: str, step: str, told: Mapping[str, str] | None = None) -> None:
    """A step by whoever is signed in on `page`, made elsewhere than on that page."""
    token = page.locator("[name=csrfmiddlewaretoken]").first.input_value()
    answer = page.request.post(
        f"/api/v1/matters/{matter}/transitions/{step}",
        data=dict(told or {}),
        headers={"X-CSRFToken": token, "Referer": page.url},
    )
    assert answer.ok, answer.text()


def own_unit(page: Page) -> str:
    """The unit of the responder whose tasks are on the page."""
    return page.locator("input[name=unit]").first.input_value()


def unfold(page: Page, form: Locator) -> Locator:
    """Open what a form is folded into; returns the form."""
    folded = page.locator("details:not([open])").filter(has=form)
    if folded.count():
        folded.locator("> summary").click()
    return form


def send(form: Locator) -> None:
    """Press the button of a form that sends it."""
    form.locator("button:not([type=button])").last.click()
