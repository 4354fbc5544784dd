"""The base of every map: borders as GeoJSON, and which area holds a point."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from anlan.city.areas.atlas import Atlas, atlas
from anlan.city.areas.geometry import PointLocator, area_m2, contains, simplified
from anlan.city.areas.layers import NoLayer, layer
from anlan.city.areas.layout import GridSizes, SyntheticArea, lay_out
from anlan.city.areas.models import Area
from anlan.city.areas.reference import Level, load, parent_code, path_of

XIHU = "330106"
WENXIN = "330106013"
SIZES = GridSizes(300, 500, 3000, 400, 800)


@pytest.fixture(scope="module")
def hangzhou() -> Atlas:
    """The whole reference city as its demo draws it."""
    drawn = lay_out(load(), SIZES, seed=7)
    children: dict[str, list[str]] = {}
    for area in drawn[1:]:
        children.setdefault(str(parent_code(area.code)), []).append(area.code)
    return Atlas(
        paths={area.code: path_of(area.code) for area in drawn},
        names={area.code: area.name for area in drawn},
        points={area.code: (area.lon, area.lat) for area in drawn},
        borders={area.code: area.polygon for area in drawn},
        schematic=frozenset(area.code for area in drawn),
        children={code: tuple(below) for code, below in children.items()},
        locator=PointLocator(drawn),
    )


def features(body: bytes) -> list[dict[str, Any]]:
    return list(json.loads(body)["features"])


# The layer


def test_the_districts_of_the_whole_city_are_small_enough_for_a_telephone(hangzhou: Atlas) -> None:
    body = layer(hangzhou, "3301", Level.DISTRICT)
    assert len(features(body)) == 13
    assert len(body) < 60_000


def test_the_towns_of_the_whole_city_are_too(hangzhou: Atlas) -> None:
    assert len(layer(hangzhou, "3301", Level.TOWN)) < 60_000


@pytest.mark.parametrize("level", [Level.COMMUNITY, Level.GRID])
def test_a_towns_parts_are_its_own_and_cover_it(hangzhou: Atlas, level: Level) -> None:
    found = features(layer(hangzhou, WENXIN, level))
    assert {feature["id"][: len(WENXIN)] for feature in found} == {WENXIN}
    assert {feature["properties"]["level"] for feature in found} == {level}
    parts = sum(area_m2(feature["geometry"]["coordinates"][0][:-1]) for feature in found)
    assert parts == pytest.approx(area_m2(hangzhou.borders[WENXIN]), rel=0.01)


def test_a_border_is_closed_rounded_and_holds_its_point(hangzhou: Atlas) -> None:
    for feature in features(layer(hangzhou, XIHU, Level.TOWN)):
        ring = feature["geometry"]["coordinates"][0]
        assert ring[0] == ring[-1]
        assert all(value == round(value, 5) for corner in ring for value in corner)
        assert contains(ring[:-1], *feature["properties"]["point"])


def test_synthetic_borders_are_said_to_be(hangzhou: Atlas) -> None:
    assert json.loads(layer(hangzhou, "3301", Level.DISTRICT))["schematic"] is True


@pytest.mark.parametrize(
    ("within", "level", "field"),
    [
        ("9999", Level.GRID, "within"),
        (XIHU, Level.DISTRICT, "level"),
        (XIHU, Level.CITY, "level"),
        ("3301", Level.GRID, "level"),
    ],
)
def test_what_can_not_be_drawn_is_refused_by_name(hangzhou: Atlas, within: str, level: Level, field: str) -> None:
    with pytest.raises(NoLayer) as refused:
        layer(hangzhou, within, level)
    assert refused.value.field == field


def test_corners_on_a_straight_line_are_left_out() -> None:
    square = [(0.0, 0.0), (0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.4, 1.0), (0.0, 1.0)]
    assert simplified(square, 0.001) == [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]


def test_a_ring_never_shrinks_below_three_corners() -> None:
    thin = [(0.0, 0.0), (1.0, 0.0001), (2.0, 0.0), (1.0, -0.0001)]
    assert len(simplified(thin, 10)) >= 3


# The pages


@pytest.fixture
def drawn_town(db: None) -> Iterator[list[SyntheticArea]]:
    """Wenxin and what is known of it, with borders."""
    boxes = {
        "3301": (119.0, 29.0, 121.0, 31.0),
        XIHU: (120.0, 30.0, 120.4, 30.4),
        WENXIN: (120.0, 30.2, 120.2, 30.4),
        "330106013001": (120.0, 30.2, 120.2, 30.4),
        "330106013001001": (120.0, 30.2, 120.2, 30.4),
    }
    for code, (west, south, east, north) in boxes.items():
        ring = [[west, south], [east, south], [east, north], [west, north]]
        Area.objects.filter(code=code).update(boundary=ring, synthetic=False)
    atlas.cache_clear()
    yield []
    atlas.cache_clear()


def test_the_layer_right_below_is_the_default_and_costs_no_statement(client: Client, drawn_town: object) -> None:
    client.get("/map/areas.json", {"within": XIHU})
    with CaptureQueriesContext(connection) as captured:
        answer = client.get("/map/areas.json", {"within": XIHU})
    assert [feature["id"] for feature in features(answer.content)] == [WENXIN]
    assert json.loads(answer.content)["schematic"] is False
    assert answer["Content-Type"] == "application/geo+json"
    assert len(captured) == 0


def test_a_layer_is_kept_by_browsers_and_asked_for_again_by_its_tag(client: Client, drawn_town: object) -> None:
    first = client.get("/map/areas.json", {"within": XIHU})
    assert "public" in first["Cache-Control"]
    assert "Set-Cookie" not in first
    again = client.get("/map/areas.json", {"within": XIHU}, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_layer_comes_compressed(client: Client, drawn_town: object) -> None:
    plain = client.get("/map/areas.json", {"within": XIHU})
    packed = client.get("/map/areas.json", {"within": XIHU}, headers={"accept-encoding": "gzip"})
    assert gzip.decompress(packed.content) == plain.content


@pytest.mark.parametrize(
    ("asked", "status", "field"),
    [
        ({}, 404, "within"),
        ({"within": "nowhere"}, 404, "within"),
        ({"within": "33\x00"}, 404, "within"),
        ({"within": XIHU, "level": "x"}, 422, "level"),
        ({"within": XIHU, "level": "9"}, 422, "level"),
        ({"within": XIHU, "level": "1"}, 422, "level"),
        ({"within": "330106013001001"}, 422, "level"),
    ],
)
def test_a_bad_question_is_answered_by_name(
    client: Client, drawn_town: object, asked: dict[str, str], status: int, field: str
) -> None:
    answer = client.get("/map/areas.json", asked)
    assert (answer.status_code, answer.json()["error"]["field"]) == (status, field)
    assert "Cache-Control" not in answer


def test_a_place_is_told_down_to_its_grid(client: Client, drawn_town: object) -> None:
    found = client.get("/map/where", {"lon": "120.1", "lat": "30.3"}).json()
    assert found["code"] == "330106013001001"
    assert found["name"] == "西湖区文新街道德加社区第一网格"
    assert found["path"] == ["3301", XIHU, WENXIN, "330106013001", "330106013001001"]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"lon": "1", "lat": "2"}, 404),
        ({"lon": "nan", "lat": "30"}, 422),
        ({"lon": "1e400", "lat": "30"}, 422),
        ({"lon": "120"}, 422),
        ({"lon": "东", "lat": "30"}, 422),
    ],
)
def test_a_place_outside_and_what_is_no_place_are_told_apart(
    client: Client, drawn_town: object, asked: dict[str, str], status: int
) -> None:
    answer = client.get("/map/where", asked)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]
