"""The loop's promise: a matter only moves as its procedure declares, by whom it may, and nothing is lost."""

import pytest

from anlan.city.people import access
from anlan.city.people.access import scope_of, scoped
from anlan.loop import engine
from anlan.loop.models import Deadline, Event, Matter
from anlan.loop.refusals import BadInput, NotAllowed, NotPossible, Stale, Unknown
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import GRID, Cast, lamp


def opened(cast: Cast, **changes: object) -> Matter:
    return engine.open_matter(Dispatching, lamp(**changes), by=cast.wang).matter  # type: ignore[arg-type]


def on_scene(cast: Cast) -> Matter:
    matter = opened(cast)
    engine.advance(matter.id, "route", by=access.system())
    engine.advance(matter.id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.li)})
    engine.advance(matter.id, "accept", by=cast.li)
    return engine.advance(matter.id, "arrive", by=cast.li)


def test_a_whole_life_from_first_word_to_rating(cast: Cast) -> None:
    matter = on_scene(cast)
    engine.advance(matter.id, "feed_back", by=cast.li, told={"text": "已到现场，正在换灯"})
    engine.advance(matter.id, "resolve", by=cast.li, told={"outcome": "solved", "text": "换了灯泡"})
    matter = engine.advance(matter.id, "rate", by=cast.wang, told={"rating": 5})

    assert (matter.state, matter.rating, matter.outcome) == ("closed", 5, "solved")
    with scoped(scope_of(cast.chen)):
        kinds = list(Event.objects.filter(matter=matter).values_list("kind", flat=True))
        clocks = dict(Deadline.objects.filter(matter=matter).values_list("name", "met"))
    assert kinds == ["opened", "route", "assign", "accept", "arrive", "feed_back", "resolve", "rate"]
    assert clocks == dict.fromkeys(("respond", "arrive_in_time", "first_feedback", "settle", "rating_window"), True)


def test_a_step_that_the_state_does_not_have_is_refused(cast: Cast) -> None:
    with pytest.raises(NotPossible):
        engine.advance(opened(cast).id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.li)})


def test_only_the_assigned_unit_may_accept(cast: Cast) -> None:
    matter = opened(cast)
    engine.advance(matter.id, "route", by=access.system())
    engine.advance(matter.id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.li)})
    with pytest.raises(NotAllowed):
        engine.advance(matter.id, "accept", by=cast.he)


def test_a_matter_of_another_town_does_not_exist_for_its_neighbour(cast: Cast) -> None:
    with pytest.raises(Unknown):
        engine.advance(opened(cast).id, "route", by=cast.zhou)


def test_a_stale_page_loses_nothing_and_is_told(cast: Cast) -> None:
    matter = opened(cast)
    engine.advance(matter.id, "route", by=cast.chen, version=1)
    with pytest.raises(Stale):
        engine.advance(matter.id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.li)}, version=1)


def test_what_a_step_asks_must_be_told_and_is_named(cast: Cast) -> None:
    matter = on_scene(cast)
    with pytest.raises(BadInput) as refused:
        engine.advance(matter.id, "resolve", by=cast.li, told={"outcome": "vanished", "text": "…"})
    assert refused.value.field == "outcome"


def test_the_second_return_is_binding(cast: Cast) -> None:
    matter = opened(cast)
    engine.advance(matter.id, "route", by=cast.chen)
    for _ in range(2):
        engine.advance(matter.id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.li)})
        engine.advance(matter.id, "decline", by=cast.li, told={"reason": "不在本网格"})
    engine.advance(matter.id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.li)})
    with pytest.raises(NotPossible):
        engine.advance(matter.id, "decline", by=cast.li, told={"reason": "还是不在"})


def test_the_first_receiver_stays_responsible_until_another_accepts(cast: Cast) -> None:
    desk = next(held.organisation_id for held in cast.chen.held)
    matter = opened(cast, responsible_id=desk)
    engine.advance(matter.id, "route", by=cast.chen)
    matter = engine.advance(matter.id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.li)})
    assert matter.responsible_id == desk
    matter = engine.advance(matter.id, "accept", by=cast.li)
    assert matter.responsible_id == cast.li.held[0].organisation_id


def test_the_holder_of_the_code_may_rate_and_nobody_else_without_role(cast: Cast) -> None:
    from anlan.foundation.sealing.fields import blind_index

    opened_now = engine.open_matter(Dispatching, lamp(), by=access.anonymous())
    matter = opened_now.matter
    engine.advance(matter.id, "route", by=access.system())
    engine.advance(matter.id, "answer", by=cast.chen, told={"outcome": "explained", "text": "今晚来修"})
    with pytest.raises(Unknown):
        engine.advance(matter.id, "rate", by=access.anonymous(), told={"rating": 5})
    reporter = access.bearer(blind_index("code", opened_now.code))
    assert engine.advance(matter.id, "rate", by=reporter, told={"rating": 2}).rating == 2


def test_a_query_that_forgets_its_scope_finds_nothing(cast: Cast) -> None:
    opened(cast)
    assert not Matter.objects.exists()
    assert not Event.objects.exists()
    with scoped(scope_of(cast.chen)):
        assert Matter.objects.get().area == GRID
    assert not Matter.objects.exists()
