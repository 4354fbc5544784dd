"""What stands at a position: its grid and community, and what is said of one that is none."""

from datetime import date

import pytest

from anlan.city.addresses.landing import Given, land
from anlan.city.addresses.models import Level
from anlan.city.areas.atlas import atlas
from anlan.city.areas.geometry import PointLocator
from tests.cast import GRID, Cast
from tests.loop.test_pages import browser

HERE = {"lon": "120.11", "lat": "30.29"}


def shown(lon: str, lat: str) -> tuple[int, str]:
    answer = browser("chen").get("/addresses/position", {"lon": lon, "lat": lat})
    return answer.status_code, answer.content.decode()


def test_a_position_shows_its_address_community_and_grid(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    names = {Level.ROAD: "文一西路", Level.NUMBER: "98", Level.COMPOUND: "德加公寓"}
    land([Given("330106013001", names, 120.11, 30.29)], atlas(), source="test", on=date(2024, 1, 1))
    monkeypatch.setattr(PointLocator, "locate", lambda *_: GRID.rpartition(".")[2])
    status, page = shown(**HERE)
    assert status == 200
    for code in GRID.split(".")[1:]:
        assert atlas().names[code] in page
    assert "德加公寓" in page


def test_where_no_address_stands_near_the_grid_is_still_told(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PointLocator, "locate", lambda *_: GRID.rpartition(".")[2])
    status, page = shown(**HERE)
    assert status == 200
    assert "No address of the base stands near" in page
    assert atlas().names[GRID.rpartition(".")[2]] in page


def test_an_exchange_of_the_two_numbers_is_named(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PointLocator, "locate", lambda *_: GRID.rpartition(".")[2])
    status, page = shown(HERE["lat"], HERE["lon"])
    assert status == 422
    assert "longitude and latitude are exchanged" in page


@pytest.mark.parametrize(
    ("lon", "lat", "status", "said"),
    [
        ("x", "30.29", 422, "write it in degrees"),
        ("nan", "30.29", 422, "this is not a position"),
        ("120.1", "", 422, "write it in degrees"),
        ("120.1", "91", 422, "this is not a position"),
        ("116.4", "39.9", 200, "outside the city"),
    ],
)
def test_a_position_that_is_none_is_told_beside_its_field(
    cast: Cast, lon: str, lat: str, status: int, said: str
) -> None:
    found, page = shown(lon, lat)
    assert found == status
    assert said in page
