"""The second step of a report with its map: it helps whoever can see it, and nobody needs it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from anlan.city.areas.atlas import atlas
from anlan.city.areas.models import Area
from tests.cast import CITY

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_areas() -> Iterator[None]:
    atlas.cache_clear()
    yield
    atlas.cache_clear()


def where(client: Client) -> tuple[str, str]:
    """The address of the second step, and its page."""
    address = client.post("/report", {"text": "路灯不亮，晚上很黑"})["Location"]
    return address, client.get(address, headers={"accept-language": "en"}).content.decode()


def weight(client: Client, page: str) -> int:
    """Bytes of a page with everything it names."""
    files = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page))
    return len(page.encode()) + sum(
        len(b"".join(client.get(file).streaming_content))  # type: ignore[attr-defined]
        for file in files
    )


def test_the_map_waits_for_its_module_and_the_lists_do_not(client: Client) -> None:
    _, page = where(client)
    assert re.search(r'class="stack close" data-position hidden', page)
    assert 'data-pick="' in page
    assert '<select id="district"' in page


def test_the_page_with_its_map_is_light_enough(client: Client) -> None:
    _, page = where(client)
    assert "leaflet/leaflet.js" in page
    assert weight(client, page) < 400_000


@pytest.mark.parametrize("address", ["/", "/report", "/track", "/sign-in"])
def test_a_page_without_a_map_does_not_load_one(client: Client, address: str) -> None:
    page = client.get(address).content.decode()
    assert "leaflet" not in page
    assert weight(client, page) < 100_000


def test_a_pin_is_kept_in_the_draft_and_shown_again(client: Client) -> None:
    ring = [[120.0, 30.2], [120.2, 30.2], [120.2, 30.4], [120.0, 30.4]]
    Area.objects.filter(path__within=CITY).update(boundary=ring)
    atlas.cache_clear()
    address, _ = where(client)
    assert client.post(address, {"lon": "120.1", "lat": "30.3"}).status_code == 302
    page = client.get(address).content.decode()
    assert 'name="lon" value="120.1"' in page


@pytest.mark.parametrize(("lon", "lat"), [("200", "30"), ("abc", "30"), ("120.1", "")])
def test_a_pin_that_is_nowhere_is_refused_beside_the_map(client: Client, lon: str, lat: str) -> None:
    address, _ = where(client)
    answer = client.post(address, {"lon": lon, "lat": lat})
    assert answer.status_code == 422
    assert 'class="error" role="alert"' in answer.content.decode()


def test_a_city_with_tiles_names_them_and_their_source(client: Client, settings: Any) -> None:
    settings.ANLAN_MAP_TILES = "https://tiles.example/{z}/{x}/{y}.png"
    settings.ANLAN_MAP_ATTRIBUTION = "<b>天地图</b>"
    _, page = where(client)
    assert 'data-tiles="https://tiles.example/{z}/{x}/{y}.png"' in page
    assert "&lt;b&gt;天地图&lt;/b&gt;" in page
