"""What happens by itself to a matter that has come in."""

import pytest

from anlan.city.people import access
from anlan.city.people.access import scope_of, scoped
from anlan.city.people.models import Unit
from anlan.loop import engine
from anlan.loop.models import Event, Matter
from anlan.loop.refusals import NotPossible
from anlan.services.dispatch import actions
from anlan.services.dispatch.models import Route
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import CITY, GRID, Cast, lamp


def reported(cast: Cast, **changes: object) -> Matter:
    return engine.open_matter(Dispatching, lamp(**changes), by=cast.wang).matter  # type: ignore[arg-type]


def test_an_ordinary_matter_reaches_the_desk(cast: Cast) -> None:
    assert actions.direct(reported(cast).id).state == "routed"


def test_a_police_matter_goes_to_110_at_once_with_the_reason(cast: Cast) -> None:
    matter = actions.direct(reported(cast, klass="police").id)
    assert matter.state == "with_police"
    with scoped(scope_of(cast.chen)):
        assert Event.objects.get(matter=matter, kind="call_police").data["reason"]


def test_what_the_police_handed_over_is_not_handed_back_by_itself(cast: Cast) -> None:
    matter = actions.direct(reported(cast, klass="police", channel="police").id)
    assert matter.state == "routed"
    assert (
        engine.advance(
            reported(cast, klass="police", channel="police").id,
            "return_to_police",
            by=cast.chen,
            told={"reason": "警务"},
        ).state
        == "with_police"
    )


def test_what_did_not_come_from_the_police_cannot_be_returned_to_them(cast: Cast) -> None:
    matter = actions.direct(reported(cast).id)
    with pytest.raises(NotPossible):
        engine.advance(matter.id, "return_to_police", by=cast.chen, told={"reason": "…"})


def test_the_routing_table_decides_where_it_names_a_unit(cast: Cast) -> None:
    unit = Unit.objects.get(id=cast.unit(cast.he))
    Route.objects.create(category="city", area=CITY, unit_kind="patrol")
    Route.objects.create(category="city.lighting", area=GRID, unit=unit)
    matter = actions.direct(reported(cast).id)
    assert (matter.state, matter.unit_id) == ("assigned", unit.id)


def test_a_row_that_fits_two_units_leaves_the_choice_to_the_desk(cast: Cast) -> None:
    # Li and He both have their home in this grid.
    Route.objects.create(category="city", area=CITY, unit_kind="grid_worker")
    assert actions.direct(reported(cast).id).state == "routed"


def test_the_worker_sends_on_everything_that_waits_and_nothing_twice(cast: Cast) -> None:
    waiting = [reported(cast).id for _ in range(3)]
    engine.advance(waiting[0], "route", by=cast.chen)
    assert actions.direct_waiting() == 2
    assert actions.direct_waiting() == 0
    with scoped(scope_of(access.system())):
        assert set(Matter.objects.filter(id__in=waiting).values_list("state", flat=True)) == {"routed"}
