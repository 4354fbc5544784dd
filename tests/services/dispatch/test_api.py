"""The desk asks over HTTP who could go; nobody else is told where the units are."""

from typing import Any

import pytest
from django.test import Client

from anlan.city.areas.atlas import atlas
from anlan.city.people.models import Account
from anlan.foundation.identifiers import spaced
from anlan.loop import engine
from anlan.loop.doors import token_for
from anlan.services.dispatch.models import Route
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import GRID, Cast, lamp


@pytest.fixture
def opened(cast: Cast) -> engine.Opened:
    atlas.cache_clear()
    return engine.open_matter(Dispatching, lamp(lon=120.10, lat=30.29), by=cast.wang)


def ask(opened: engine.Opened, **headers: str) -> Any:
    return Client().get(f"/api/v1/dispatch/matters/{opened.matter.id}/units", headers=headers)


def signed_in(username: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token_for(Account.objects.get(username=username))}"}


def test_the_desk_gets_units_with_reasons_in_its_language(opened: engine.Opened) -> None:
    answer = ask(opened, **signed_in("chen"), **{"Accept-Language": "en"})
    assert answer.status_code == 200
    told = answer.json()
    assert told["decided"] is None
    assert {each["name"] for each in told["suggested"]} == {"li 网格员", "he 网格员"}
    assert "0 in hand" in told["suggested"][0]["reasons"]


def test_what_the_routing_table_decides_is_named(opened: engine.Opened, cast: Cast) -> None:
    Route.objects.create(category="city", area=GRID, unit_id=cast.unit(cast.he))
    assert ask(opened, **signed_in("chen")).json()["decided"] == cast.unit(cast.he)


def test_the_reporter_is_not_told_where_the_units_are(opened: engine.Opened) -> None:
    assert ask(opened, **{"X-Tracking-Code": spaced(opened.code)}).status_code == 403


def test_another_towns_desk_does_not_know_of_the_matter(opened: engine.Opened) -> None:
    assert ask(opened, **signed_in("zhou")).status_code == 404


def test_nobody_asks_without_being_known(opened: engine.Opened) -> None:
    assert ask(opened).status_code == 401
