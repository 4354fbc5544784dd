"""Child matters: a part that goes its own way, and of which the whole keeps hearing."""

from uuid import uuid4

import pytest

from anlan.city.people.access import system
from anlan.loop import engine
from anlan.loop.models import Event, Matter
from anlan.loop.refusals import NotAllowed, Unknown
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import CUIYUAN_GRID, GRID, Cast, lamp
from tests.loop.stories import everything, kinds, opened


def child_of(parent: Matter, cast: Cast, area: str = GRID) -> Matter:
    return engine.open_matter(Dispatching, lamp(area), by=cast.chen, parent_id=parent.id).matter


def test_the_parent_hears_of_opening_and_closing(cast: Cast) -> None:
    parent = opened(cast)
    child = child_of(parent, cast)
    engine.advance(child.id, "call_police", by=cast.chen, told={"reason": "电缆被盗"})
    assert kinds(parent.id) == ["opened", "child_opened", "child_closed"]
    with everything():
        told = Event.objects.get(matter=parent, kind="child_closed").data
    assert told == {"child": str(child.id), "state": "with_police", "outcome": ""}


def test_the_parent_hears_also_from_a_child_in_another_town(cast: Cast) -> None:
    parent = opened(cast)
    child = child_of(parent, cast, area=CUIYUAN_GRID)
    engine.advance(child.id, "call_police", by=cast.zhou, told={"reason": "电缆被盗"})
    assert kinds(parent.id)[-1] == "child_closed"


def test_a_child_of_nothing_is_refused_and_nothing_is_left(cast: Cast) -> None:
    with pytest.raises(Unknown):
        engine.open_matter(Dispatching, lamp(), by=cast.chen, parent_id=uuid4())
    with everything():
        assert not Matter.objects.exists()


def test_a_resident_or_a_neighbour_opens_no_child(cast: Cast) -> None:
    parent = opened(cast)
    for actor, refusal in ((cast.wang, NotAllowed), (cast.zhou, Unknown)):
        with pytest.raises(refusal):
            engine.open_matter(Dispatching, lamp(), by=actor, parent_id=parent.id)
    assert kinds(parent.id) == ["opened"]
    with everything():
        assert Matter.objects.count() == 1


def test_parent_and_child_move_on_their_own(cast: Cast) -> None:
    parent = opened(cast)
    child = child_of(parent, cast)
    engine.advance(parent.id, "route", by=system())
    with everything():
        assert Matter.objects.get(id=child.id).state == "received"
        assert parent.children.get() == child
