"""A resident joins a report of their own to one that is worked on, and takes it out again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from anlan.city.people.access import Actor, anonymous, bearer, system
from anlan.city.people.models import Account
from anlan.foundation.sealing.fields import blind_index
from anlan.loop import engine, joining, verbs
from anlan.loop.models import Matter, Notice, Party
from anlan.loop.notices import address_waiting
from anlan.loop.queries import public_view
from anlan.loop.refusals import BadInput, NotAllowed, NotPossible
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
