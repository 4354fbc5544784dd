"""Hand-over and co-handling: who sees it, who acts, who stays responsible."""

from collections.abc import Callable

import pytest

from anlan.city.people.access import Actor, scope_of, scoped
from anlan.loop import engine, verbs
from anlan.loop.models import Matter, Notice, Party
from anlan.loop.refusals import BadInput, NotAllowed, NotPossible, Unknown
from tests.cast import CITY, CUIYUAN, CUIYUAN_GRID, DISTRICT, WENXIN, Cast
from tests.loop.stories import assigned, clocks, desks_told, everything, kinds, now_of, opened, routed


def sees(actor: Actor, matter: Matter) -> bool:
    with scoped(scope_of(actor)):
        return Matter.objects.filter(id=matter.id).exists()


def test_a_handed_over_matter_leaves_one_desk_and_comes_to_the_other(cast: Cast) -> None:
    matter = opened(cast)
    verbs.hand_over(matter.id, to_area=CUIYUAN_GRID, by=cast.chen, reason="在翠苑")
    assert (sees(cast.chen, matter), sees(cast.zhou, matter), sees(cast.sun, matter)) == (False, True, True)
    assert engine.advance(matter.id, "route", by=cast.zhou).area == CUIYUAN_GRID
    assert desks_told(matter.id) == [CUIYUAN_GRID]


def test_all_that_belongs_to_it_moves_along_but_the_history_stays_where_it_was_written(cast: Cast) -> None:
    matter = opened(cast, parties=[Party(part="reporter", phone="13800000001")])
    engine.note(matter.id, "灯杆 12 号", by=cast.wang)
    verbs.hand_over(matter.id, to_area=CUIYUAN_GRID, by=cast.chen, reason="在翠苑")
    with scoped(scope_of(cast.zhou)):
        assert matter.parties.count() == 1
        assert matter.deadlines.count() == 1
    with scoped(scope_of(cast.chen)):
        assert matter.events.count() == 3
        assert not Party.objects.exists()


def test_whoever_is_responsible_stays_so_until_the_other_accepts(cast: Cast) -> None:
    desk = next(held.organisation_id for held in cast.chen.held)
    matter = opened(cast, responsible_id=desk)
    verbs.hand_over(matter.id, to_area=CUIYUAN_GRID, by=cast.chen, reason="在翠苑")
    engine.advance(matter.id, "route", by=cast.zhou)
    matter = engine.advance(matter.id, "assign", by=cast.zhou, told={"unit_id": cast.unit(cast.qian)})
    assert matter.responsible_id == desk
    matter = engine.advance(matter.id, "accept", by=cast.qian)
    assert matter.responsible_id == cast.qian.held[0].organisation_id


def test_its_clocks_run_on(cast: Cast) -> None:
    matter = opened(cast)
    before = clocks(matter.id)["settle"].due_at
    verbs.hand_over(matter.id, to_area=CUIYUAN_GRID, by=cast.chen, reason="在翠苑")
    assert clocks(matter.id)["settle"].due_at == before
    assert clocks(matter.id)["settle"].area == CUIYUAN_GRID


def test_what_a_unit_has_in_hand_is_not_handed_over(cast: Cast) -> None:
    matter = assigned(cast)
    with pytest.raises(NotPossible):
        verbs.hand_over(matter.id, to_area=CUIYUAN, by=cast.chen, reason="在翠苑")


def test_it_is_not_handed_over_to_where_it_is(cast: Cast) -> None:
    matter = opened(cast)
    with pytest.raises(NotPossible):
        verbs.hand_over(matter.id, to_area=matter.area, by=cast.chen, reason="在这里")


def test_a_neighbour_can_not_take_a_matter(cast: Cast) -> None:
    matter = opened(cast)
    with pytest.raises(Unknown):
        verbs.hand_over(matter.id, to_area=CUIYUAN, by=cast.zhou, reason="给我")
    assert now_of(matter.id).area == matter.area


NO_AREAS = ["", "3301.999999", "330106013", "3301,3301", "'; DROP", f"{WENXIN}.", "a\x00", "*", "杭州"]


@pytest.mark.parametrize("area", NO_AREAS)
@pytest.mark.parametrize("verb", ["hand_over", "share"])
def test_an_area_that_is_not_there_is_refused_by_field(cast: Cast, verb: str, area: str) -> None:
    matter = opened(cast)
    field = {"hand_over": "to_area", "share": "with_area"}[verb]
    act: Callable[..., Matter] = getattr(verbs, verb)
    with pytest.raises(BadInput) as refused:
        act(matter.id, by=cast.chen, reason="交界处", **{field: area})
    assert refused.value.field == field
    assert kinds(matter.id) == ["opened"]


def test_a_shared_matter_is_seen_and_acted_on_by_both(cast: Cast) -> None:
    matter = routed(cast)
    verbs.share(matter.id, with_area=CUIYUAN, by=cast.chen, reason="交界处")
    assert (sees(cast.chen, matter), sees(cast.zhou, matter)) == (True, True)
    matter = engine.advance(matter.id, "assign", by=cast.zhou, told={"unit_id": cast.unit(cast.li)})
    assert matter.state == "assigned"
    assert desks_told(matter.id) == [CUIYUAN]
    assert clocks(matter.id)["respond"].area == matter.area


def test_an_area_that_has_it_already_is_not_asked_again(cast: Cast) -> None:
    matter = opened(cast)
    with pytest.raises(NotPossible):
        verbs.share(matter.id, with_area=matter.area, by=cast.chen, reason="交界处")
    verbs.share(matter.id, with_area=CUIYUAN, by=cast.chen, reason="交界处")
    with pytest.raises(NotPossible):
        verbs.share(matter.id, with_area=CUIYUAN_GRID, by=cast.chen, reason="交界处")


def test_several_areas_can_help(cast: Cast) -> None:
    matter = opened(cast)
    verbs.share(matter.id, with_area=CUIYUAN, by=cast.chen, reason="交界处")
    verbs.share(matter.id, with_area=DISTRICT, by=cast.chen, reason="涉及区里")
    assert now_of(matter.id).shared_with == [CUIYUAN, DISTRICT]


def test_only_a_desk_shares_or_hands_over(cast: Cast) -> None:
    matter = opened(cast)
    for actor in (cast.li, cast.wang):
        with pytest.raises(NotAllowed):
            verbs.share(matter.id, with_area=CUIYUAN, by=actor, reason="交界处")
        with pytest.raises(NotAllowed):
            verbs.hand_over(matter.id, to_area=CITY, by=actor, reason="交界处")


def test_the_reporter_still_sees_it_and_is_not_told_by_whom(cast: Cast) -> None:
    matter = opened(cast)
    verbs.hand_over(matter.id, to_area=CUIYUAN, by=cast.chen, reason="在翠苑")
    assert sees(cast.wang, matter)
    with everything():
        assert not Notice.objects.filter(to__in=("reporter", "reporters")).exists()
