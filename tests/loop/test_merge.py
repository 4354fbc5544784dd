"""Merging duplicates: one is worked on, the other waits; it can be taken back."""

from datetime import timedelta

import pytest

from anlan.city.people.access import system
from anlan.loop import engine, verbs
from anlan.loop.models import Matter, Notice, Party
from anlan.loop.notices import address_waiting
from anlan.loop.refusals import NotAllowed, NotPossible, Unknown
from tests.cast import CUIYUAN_GRID, Cast
from tests.loop.stories import (
    clocks,
    everything,
    kinds,
    minutes,
    morning,
    now_of,
    on_scene,
    opened,
    resolved,
    routed,
)


def merge(duplicate: Matter, main: Matter, cast: Cast) -> None:
    verbs.merge(duplicate.id, into=main.id, by=cast.chen, reason="同一盏灯")


def test_both_histories_tell_of_it(cast: Cast) -> None:
    main, duplicate = routed(cast), opened(cast)
    merge(duplicate, main, cast)
    assert kinds(duplicate.id) == ["opened", "merged"]
    assert kinds(main.id) == ["opened", "route", "absorbed"]
    assert now_of(duplicate.id).merged_into_id == main.id


def test_a_merged_matter_does_not_move_and_offers_nothing(cast: Cast) -> None:
    main, duplicate = opened(cast), opened(cast)
    merge(duplicate, main, cast)
    assert not engine.possible(now_of(duplicate.id), cast.chen)
    with pytest.raises(NotPossible):
        engine.advance(duplicate.id, "route", by=cast.chen)


def test_its_clocks_stand_still_until_the_merge_is_taken_back(cast: Cast) -> None:
    with morning() as clock:
        main, duplicate = opened(cast), opened(cast)
        before = clocks(duplicate.id)["settle"].due_at
        merge(duplicate, main, cast)
        clock.advance(timedelta(days=2))
        with pytest.raises(NotPossible):
            verbs.miss_deadline(duplicate.id, "settle", by=system())
        verbs.unmerge(duplicate.id, by=cast.chen, reason="两盏灯")
    assert clocks(duplicate.id)["settle"].due_at == before + timedelta(days=2)


def test_taken_back_it_stands_where_it_stood(cast: Cast) -> None:
    main, duplicate = opened(cast), on_scene(cast)
    merge(duplicate, main, cast)
    verbs.unmerge(duplicate.id, by=cast.chen, reason="两盏灯")
    assert kinds(main.id) == ["opened", "absorbed", "released"]
    matter = engine.advance(duplicate.id, "feed_back", by=cast.li, told={"text": "到了"})
    assert (matter.state, matter.merged_into_id) == ("on_scene", None)


def test_suspended_and_merged_its_clocks_wait_for_both(cast: Cast) -> None:
    with morning() as clock:
        main, duplicate = opened(cast), opened(cast)
        before = clocks(duplicate.id)["settle"].due_at
        merge(duplicate, main, cast)
        verbs.suspend(duplicate.id, by=cast.wu, reason="等待", approver="主任")
        clock.advance(minutes(10))
        verbs.unmerge(duplicate.id, by=cast.chen, reason="两盏灯")
        assert clocks(duplicate.id)["settle"].held_since is not None
        clock.advance(minutes(10))
        verbs.resume(duplicate.id, by=cast.wu, reason="好了")
    assert clocks(duplicate.id)["settle"].due_at == before + minutes(20)


def test_the_reporter_of_the_duplicate_hears_of_the_main_matter(cast: Cast) -> None:
    parties = [Party(part="reporter", phone="13800000001")]
    main, duplicate = on_scene(cast), opened(cast, parties=parties)
    merge(duplicate, main, cast)
    engine.advance(main.id, "resolve", by=cast.li, told={"outcome": "solved", "text": "换了灯泡"})
    with everything():
        address_waiting()
        told = Notice.objects.filter(party__matter=duplicate).order_by("event_seq").values_list("kind", flat=True)
        assert set(told) == {"merged", "resolve"}


def test_a_reporter_in_another_town_hears_of_it_too(cast: Cast) -> None:
    parties = [Party(part="reporter", phone="13800000002")]
    main, duplicate = on_scene(cast), opened(cast, area=CUIYUAN_GRID, parties=parties)
    verbs.merge(duplicate.id, into=main.id, by=cast.sun, reason="同一盏灯")
    # Li's scope ends at Wenxin.
    engine.advance(main.id, "resolve", by=cast.li, told={"outcome": "solved", "text": "换了灯泡"})
    with everything():
        address_waiting()
        told = Notice.objects.filter(party__matter=duplicate).values_list("kind", flat=True)
        assert set(told) == {"merged", "resolve"}


def test_what_can_not_be_merged_is_refused(cast: Cast) -> None:
    main, duplicate = opened(cast), opened(cast)
    with pytest.raises(NotPossible):
        merge(main, main, cast)
    with pytest.raises(NotPossible):
        verbs.unmerge(main.id, by=cast.chen, reason="没有合并")
    merge(duplicate, main, cast)
    with pytest.raises(NotPossible):
        merge(duplicate, opened(cast), cast)
    with pytest.raises(NotPossible):
        merge(main, duplicate, cast)
    closed = resolved(cast)
    engine.advance(closed.id, "rate", by=cast.wang, told={"rating": 3})
    with pytest.raises(NotPossible):
        merge(closed, main, cast)


def test_both_must_be_the_mergers_own(cast: Cast) -> None:
    ours, theirs = opened(cast), opened(cast, area=CUIYUAN_GRID)
    with pytest.raises(Unknown):
        verbs.merge(ours.id, into=theirs.id, by=cast.chen, reason="同一盏灯")
    with pytest.raises(NotAllowed):
        verbs.merge(ours.id, into=opened(cast).id, by=cast.li, reason="同一盏灯")
    assert kinds(ours.id) == ["opened"]


def test_a_helping_area_can_merge_what_was_shared_with_it(cast: Cast) -> None:
    ours, shared = opened(cast, area=CUIYUAN_GRID), opened(cast)
    verbs.share(shared.id, with_area="3301.330106.330106004", by=cast.chen, reason="交界处")
    verbs.merge(shared.id, into=ours.id, by=cast.zhou, reason="同一盏灯")
    assert kinds(shared.id) == ["opened", "shared", "merged"]
    assert clocks(shared.id)["settle"].held_since is not None
