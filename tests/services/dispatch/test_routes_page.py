"""The routing table: the most exact row decides, and what is wrong with a row is said."""

from typing import Any

import pytest

from anlan.city.people.models import Unit
from anlan.services.dispatch.models import Route
from anlan.services.dispatch.routing_table import decide, warnings
from tests.cast import CUIYUAN_GRID, GRID, WENXIN, Cast
from tests.services.administration.city import Known, administrator, browser


@pytest.fixture
def known(cast: Cast) -> Known:
    return Known()


def add(**told: Any) -> Any:
    return browser(administrator()).post("/administration/routes/new", {"reason": "试", **told})


def test_the_longest_category_then_the_deepest_area_decides(known: Known) -> None:
    Route.objects.create(category="", area=GRID, unit_kind="grid_worker")
    Route.objects.create(category="city", area=GRID, unit_kind="grid_worker")
    decision = decide("city.lighting", GRID)
    assert decision.route == known.route
    assert [each.category for each in decision.fitting] == ["city", ""]


def test_a_second_row_for_the_same_is_refused(known: Known) -> None:
    answer = add(category="city.lighting", in_area="330106013", unit_kind="patrol")
    assert answer.status_code == 422
    assert "there is a row for this category in this area already" in answer.content.decode()


@pytest.mark.parametrize("told", [{}, {"unit_kind": "patrol", "unit": "of wenxin"}])
def test_a_row_names_a_unit_or_a_kind_and_not_both(known: Known, told: dict[str, str]) -> None:
    told = {**told, **({"unit": str(known.unit.id)} if "unit" in told else {})}
    answer = add(in_area="330106013", **told)
    assert answer.status_code == 422
    assert "one of the two" in answer.content.decode()


def test_the_page_says_which_row_decides_and_why(known: Known) -> None:
    page = browser(administrator()).get("/administration/routes", {"category": "city.lighting", "in_area": "330106013"})
    assert "It goes to he 网格员" in page.content.decode()
    page = browser(administrator()).get("/administration/routes", {"category": "housing", "in_area": "330106013"})
    assert "No row fits" in page.content.decode()


def test_what_speaks_against_a_row_is_said(known: Known) -> None:
    assert warnings(known.route) == []
    Unit.objects.filter(id=known.unit.id).update(on_duty=False, lon=None, lat=None)
    away = Route.objects.create(category="city.noise", area=CUIYUAN_GRID, unit=known.unit)
    assert [str(each) for each in warnings(Route.objects.get(id=known.route.id))] == ["the unit is off duty now"]
    said = [str(each) for each in warnings(Route.objects.get(id=away.id))]
    assert "the unit is at home outside the area" in said
    assert "the category no longer exists" in said
    assert known.route.area == WENXIN
