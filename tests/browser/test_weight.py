"""What a page costs whoever pays for each megabyte: bytes over the wire and requests, with nothing kept from before."""

from dataclasses import dataclass

import pytest
from playwright.sync_api import Page

from tests.browser.visiting import Visitor, Visits
from tests.browser.ways import begin_report

KILOBYTE = 1000


@dataclass
class Weight:
    """What has come over the wire since it was put on a page."""

    size: float = 0
    requests: int = 0

    @classmethod
    def of(cls, page: Page) -> "Weight":
        weight = cls()
        wire = page.context.new_cdp_session(page)
        wire.send("Network.enable")
        wire.send("Network.setCacheDisabled", {"cacheDisabled": True})

        def finished(event: dict[str, float]) -> None:
            weight.size += event["encodedDataLength"]
            weight.requests += 1

        wire.on("Network.loadingFinished", finished)
        return weight


@pytest.mark.parametrize("address", ["/", "/report", "/track", "/t/{code}", "/t/{code}/receipt"])
def test_a_residents_page_is_light(visits: Visits, address: str) -> None:
    page = visits.open(Visitor())
    weight = Weight.of(page)
    page.goto(address.format(**vars(visits.city.known)), wait_until="networkidle")
    assert weight.requests <= 10
    assert weight.size < 100 * KILOBYTE


def test_with_the_map_it_stays_below_four_times_that(visits: Visits) -> None:
    page = visits.open(Visitor(), "/report")
    begin_report(page)
    weight = Weight.of(page)
    page.reload(wait_until="networkidle")
    assert 0 < weight.size < 400 * KILOBYTE
