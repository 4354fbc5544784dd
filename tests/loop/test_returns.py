"""Returning an order: counted, and once the designation binds, no longer possible."""

import pytest

from anlan.loop import engine
from anlan.loop.models import Matter
from anlan.loop.refusals import BadInput, NotPossible
from tests.cast import Cast
from tests.loop.stories import assigned, now_of


def returned_twice(cast: Cast) -> Matter:
    matter = assigned(cast)
    for unit in (cast.he, cast.li):
        engine.advance(matter.id, "decline", by=cast.li if unit is cast.he else cast.he, told={"reason": "不在本网格"})
        engine.advance(matter.id, "assign", by=cast.chen, told={"unit_id": cast.unit(unit)})
    return now_of(matter.id)


def test_returns_are_counted_whoever_returns(cast: Cast) -> None:
    assert returned_twice(cast).returns == 2


def test_once_binding_it_is_neither_offered_nor_possible(cast: Cast) -> None:
    matter = returned_twice(cast)
    assert {step.name for step in engine.possible(matter, cast.li)} == {"accept", "call_police"}
    with pytest.raises(NotPossible):
        engine.advance(matter.id, "decline", by=cast.li, told={"reason": "还是不在"})


def test_the_command_centre_can_still_take_it_back(cast: Cast) -> None:
    matter = returned_twice(cast)
    matter = engine.advance(matter.id, "withdraw", by=cast.chen, told={"reason": "改派"})
    assert (matter.state, matter.unit_id, matter.returns) == ("routed", None, 2)


@pytest.mark.parametrize("told", [None, {}, {"reason": "  "}, {"reason": 7}, {"reason": "x", "why": "y"}])
def test_a_return_says_why(cast: Cast, told: dict[str, object] | None) -> None:
    matter = assigned(cast)
    with pytest.raises(BadInput):
        engine.advance(matter.id, "decline", by=cast.li, told=told)
    assert now_of(matter.id).returns == 0
