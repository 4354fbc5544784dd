"""A resident joins a report of their own to one that is worked on, and takes it out again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from anlan.city.people.access import Actor, anonymous, bearer, system
from anlan.city.people.models import Account
from anlan.foundation.sealing.fields import blind_index
from anlan.insight.indicators import figures
from anlan.loop import clock, engine, joining, verbs
from anlan.loop.models import Matter, Notice, Party
from anlan.loop.notices import address_waiting
from anlan.loop.queries import public_view
from anlan.loop.refusals import BadInput, NotAllowed, NotPossible, Unknown
from anlan.loop.sweeps import sweep_joined
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import CUIYUAN_GRID, GRID, Cast, lamp
from tests.loop.stories import clocks, everything, kinds, morning, now_of, on_scene, opened, resolved, routed


def anonymously(area: str = GRID, **changes: object) -> tuple[Matter, Actor]:
    """A report without an account, and who shows its code."""
    found = engine.open_matter(Dispatching, lamp(area, **changes), by=anonymous())
    return found.matter, bearer(blind_index("code", found.code))


def test_both_histories_say_that_a_resident_joined(cast: Cast) -> None:
    main = routed(cast)
    own, neighbour = anonymously(CUIYUAN_GRID)
    joining.join(own.id, into=main.id, by=neighbour)
    assert kinds(own.id) == ["opened", "joined"]
    assert kinds(main.id) == ["opened", "route", "was_joined"]
    assert now_of(own.id).merged_into_id == main.id
    assert clocks(own.id)["settle"].held_since is not None


def test_only_its_reporter_joins_a_report(cast: Cast) -> None:
    main, own = routed(cast), anonymously()[0]
    for somebody in (anonymous(), cast.li, anonymously()[1], cast.wang):
        with pytest.raises(NotAllowed):
            joining.join(own.id, into=main.id, by=somebody)
    assert kinds(main.id) == ["opened", "route"]


def test_nothing_is_joined_to_what_is_settled_merged_or_itself(cast: Cast) -> None:
    own, by = anonymously()
    other, other_by = anonymously()
    main = routed(cast)
    joining.join(other.id, into=main.id, by=other_by)
    for target in (resolved(cast).id, other.id, own.id):
        with pytest.raises(NotPossible):
            joining.join(own.id, into=target, by=by)
    joining.join(own.id, into=main.id, by=by)
    with pytest.raises(NotPossible):
        joining.join(own.id, into=routed(cast).id, by=by)


def test_whoever_joined_is_told_of_each_step_and_reads_it(cast: Cast) -> None:
    main = on_scene(cast)
    own, by = anonymously(parties=[Party(part="reporter", phone="13800000009")])
    joining.join(own.id, into=main.id, by=by)
    engine.advance(main.id, "resolve", by=cast.li, told={"outcome": "solved", "text": "换了灯泡"})
    with everything():
        address_waiting()
        assert set(Notice.objects.filter(party__matter=own).values_list("kind", flat=True)) == {"resolve"}
    assert by.tracking
    view = public_view(by.tracking).together
    assert view
    assert view.done
    assert "换了灯泡" in [line.text for line in view.timeline]


def test_another_residents_words_are_not_read_by_who_joined(cast: Cast) -> None:
    main = resolved(cast, description="我家在三单元")
    engine.note(main.id, "我叫王秀英", by=cast.wang, public=True)
    engine.note(main.id, "已联系王女士", by=cast.chen, public=True)
    engine.advance(main.id, "reopen", by=cast.wang, told={"reason": "我家门口还是黑的"})
    own, by = anonymously()
    joining.join(own.id, into=main.id, by=by)
    assert by.tracking
    told = public_view(by.tracking).model_dump_json()
    assert all(words not in told for words in ("三单元", "王秀英", "王女士", "我家门口"))
    assert main.reference not in told


def test_who_joined_may_leave_at_any_time_and_the_clocks_run_on(cast: Cast) -> None:
    with morning() as clock:
        main = routed(cast)
        own, by = anonymously()
        before = clocks(own.id)["settle"].due_at
        joining.join(own.id, into=main.id, by=by)
        clock.advance(timedelta(hours=3))
        with pytest.raises(BadInput):
            joining.leave(own.id, by=by, reason=" ")
        joining.leave(own.id, by=by, reason="不是同一盏灯")
    assert kinds(own.id) == ["opened", "joined", "left"]
    assert kinds(main.id) == ["opened", "route", "was_joined", "was_left"]
    assert clocks(own.id)["settle"].due_at == before + timedelta(hours=3)
    engine.advance(own.id, "route", by=system())


def test_what_an_office_merged_is_parted_only_once_the_other_is_settled(cast: Cast) -> None:
    main = on_scene(cast)
    own, by = anonymously()
    verbs.merge(own.id, into=main.id, by=cast.chen, reason="同一盏灯")
    with pytest.raises(NotPossible):
        joining.leave(own.id, by=by, reason="不同意")
    engine.advance(main.id, "resolve", by=cast.li, told={"outcome": "solved", "text": "换了灯泡"})
    joining.leave(own.id, by=by, reason="我家门口还是黑的")
    assert now_of(own.id).merged_into_id is None


def test_an_office_can_part_what_a_resident_joined(cast: Cast) -> None:
    main = routed(cast)
    own, by = anonymously()
    joining.join(own.id, into=main.id, by=by)
    verbs.unmerge(own.id, by=cast.chen, reason="两盏灯")
    assert now_of(own.id).merged_into_id is None


def test_nobody_leaves_what_was_never_joined(cast: Cast) -> None:
    own, by = anonymously()
    with pytest.raises(NotPossible):
        joining.leave(own.id, by=by, reason="不同意")


def test_joined_reports_are_counted_at_every_remove(cast: Cast) -> None:
    main, other = routed(cast), routed(cast)
    for target in (main, main, other):
        own, by = anonymously()
        joining.join(own.id, into=target.id, by=by)
    verbs.merge(other.id, into=main.id, by=cast.chen, reason="同一盏灯")
    alone = routed(cast)
    with everything():
        assert joining.joined_counts([main.id, alone.id]) == {main.id: 4, alone.id: 0}


# Claiming


def test_a_code_puts_a_report_under_an_account_once(cast: Cast) -> None:
    own, by = anonymously()
    wang = Account.objects.get(username="wang")
    claimant = replace(by, kind="resident", account_id=wang.id)
    assert joining.claim(own.id, by=claimant).reporter_id == wang.id
    assert now_of(own.id).reporter_id == wang.id
    assert kinds(own.id) == ["opened", "claimed"]
    with pytest.raises(NotPossible):
        joining.claim(own.id, by=claimant)


def test_a_report_of_another_account_is_not_taken_from_it(cast: Cast) -> None:
    mine = opened(cast)
    other = Account.objects.create_user("other", kind="resident")
    with everything():
        tracking = bytes(Matter.objects.get(id=mine.id).tracking_index or b"")
    with pytest.raises(NotPossible):
        joining.claim(mine.id, by=Actor("resident", other.id, tracking=tracking))
    Account.objects.filter(username="wang").update(is_active=False)
    assert joining.claim(mine.id, by=Actor("resident", other.id, tracking=tracking)).reporter_id == other.id


# One end for both


def joined(cast: Cast, main: Matter) -> tuple[Matter, Actor]:
    """A report that its reporter joined to another."""
    own, by = anonymously()
    return joining.join(own.id, into=main.id, by=by), by


def closed(cast: Cast, main: Matter) -> None:
    engine.advance(main.id, "resolve", by=cast.li, told={"outcome": "solved", "text": "换了灯泡"})
    engine.advance(main.id, "rate", by=cast.wang, told={"rating": 5})


def test_a_joined_report_is_settled_with_the_one_that_is_worked_on(cast: Cast) -> None:
    with morning() as clock:
        main = on_scene(cast)
        own, by = joined(cast, main)
        assert sweep_joined() == 0
        closed(cast, main)
        clock.advance(timedelta(minutes=1))
        assert sweep_joined() == 1
        assert sweep_joined() == 0
    settled = clocks(own.id)["settle"]
    assert (now_of(own.id).closed_at, settled.met) == (settled.ended_at, False)
    assert kinds(own.id)[-1] == "settled_with"
    assert by.tracking
    view = public_view(by.tracking)
    assert view.closed
    assert view.together
    assert view.together.closed


def test_what_was_joined_to_a_joined_report_is_settled_too(cast: Cast) -> None:
    main, between = on_scene(cast), routed(cast)
    own, _by = joined(cast, between)
    verbs.merge(between.id, into=main.id, by=cast.chen, reason="同一盏灯")
    closed(cast, main)
    while sweep_joined():
        pass
    assert now_of(own.id).closed_at is not None
    assert now_of(between.id).closed_at is not None


def test_a_joined_report_is_open_again_with_the_one_that_is_reopened(cast: Cast) -> None:
    main = on_scene(cast)
    own, _by = joined(cast, main)
    closed(cast, main)
    sweep_joined()
    engine.advance(main.id, "reopen", by=cast.wu, told={"reason": "又坏了"})
    assert sweep_joined() == 1
    assert now_of(own.id).closed_at is None
    again = clocks(own.id)["settle"]
    assert again.ended_at is None
    assert again.held_since is not None


def test_a_report_taken_out_of_a_settled_matter_gets_its_whole_time_anew(cast: Cast) -> None:
    with morning() as clock:
        main = on_scene(cast)
        own, by = joined(cast, main)
        closed(cast, main)
        sweep_joined()
        clock.advance(timedelta(days=2))
        joining.leave(own.id, by=by, reason="我家门口还是黑的")
        began = clock.now()
    again = clocks(own.id)["settle"]
    assert (again.started_at, again.ended_at, again.held_since) == (began, None, None)
    assert again.due_at == began + timedelta(hours=24)
    assert now_of(own.id).closed_at is None
    engine.advance(own.id, "route", by=system())


def test_an_office_that_parts_settled_reports_starts_the_clocks_anew(cast: Cast) -> None:
    main = on_scene(cast)
    own, _by = joined(cast, main)
    closed(cast, main)
    sweep_joined()
    verbs.unmerge(own.id, by=cast.chen, reason="两盏灯")
    assert clocks(own.id)["settle"].ended_at is None
    assert now_of(own.id).closed_at is None


def test_nothing_leaves_a_settled_matter_once_that_can_not_be_reopened(cast: Cast) -> None:
    with morning() as clock:
        main = on_scene(cast)
        own, by = joined(cast, main)
        closed(cast, main)
        sweep_joined()
        clock.advance(timedelta(days=400))
        with pytest.raises(NotPossible):
            joining.leave(own.id, by=by, reason="还是黑的")
        assert by.tracking
        together = public_view(by.tracking).together
    assert together
    assert not together.may_leave


def test_a_joined_report_does_not_reopen_the_other_one(cast: Cast) -> None:
    main = on_scene(cast)
    _own, by = joined(cast, main)
    closed(cast, main)
    with pytest.raises(Unknown):
        engine.advance(main.id, "reopen", by=by, told={"reason": "我家门口还是黑的"})


def test_only_the_program_lets_a_report_follow(cast: Cast) -> None:
    main = on_scene(cast)
    own, _by = joined(cast, main)
    closed(cast, main)
    with pytest.raises(NotAllowed):
        joining.follow(own.id, by=cast.chen)
    with pytest.raises(NotPossible):
        joining.follow(main.id, by=system())


def test_what_is_settled_together_counts_as_two_reports_and_one_answer(cast: Cast) -> None:
    main = on_scene(cast)
    joined(cast, main)
    before = figures(since=main.opened_at, until=clock.now())
    closed(cast, main)
    sweep_joined()
    after = figures(since=main.opened_at, until=clock.now())
    assert (before.received, before.settled) == (2, 0)
    assert (after.received, after.settled, after.merged) == (2, 2, 1)
    assert (after.resolved.of, after.satisfied.of) == (1, 1)
    settle = next(each for each in after.on_time if each.name == "settle")
    assert (settle.in_time.of, settle.fell_away) == (1, 1)
