"""Merging by eye: what lies near is offered, the two stand side by side, and what was merged can be parted."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from anlan.loop import clock, engine, verbs
from anlan.loop.duplicates import possible_duplicates
from anlan.loop.files import attach
from anlan.loop.models import Event, Matter, Party
from tests.cast import CUIYUAN_GRID, Cast
from tests.loop import stories
from tests.loop.test_pages import browser, matter, morning, text

__all__ = ["matter", "morning"]

HERE = {"lon": 120.10, "lat": 30.29}


def merging(one: Matter, other: Matter, kept: Matter, **changes: str) -> dict[str, str]:
    now = {each.id: stories.now_of(each.id) for each in (one, other)}
    versions = {f"version-{id}": str(each.version) for id, each in now.items()}
    return {"with": str(other.id), "kept": str(kept.id), "reason": "同一盏灯", **versions, **changes}


def picture(colour: str = "red") -> BytesIO:
    drawn = BytesIO()
    Image.new("RGB", (800, 600), colour).save(drawn, "PNG")
    drawn.seek(0)
    return drawn


def test_what_lies_near_in_place_time_and_kind_is_offered(cast: Cast, morning: clock.ManualClock) -> None:
    one = stories.opened(cast, **HERE)
    near = stories.opened(cast, **{**HERE, "lat": 30.2909})
    stories.opened(cast, **{**HERE, "lat": 30.31})
    stories.opened(cast, **HERE, category="environment.noise")
    stories.opened(cast, area=CUIYUAN_GRID, **HERE)
    found = possible_duplicates(cast.chen, stories.now_of(one.id))
    assert [each.matter.id for each in found] == [near.id]
    assert 90 <= (found[0].metres or 0) <= 110


def test_what_was_opened_long_ago_is_not_offered(cast: Cast, morning: clock.ManualClock) -> None:
    stories.opened(cast, **HERE)
    morning.advance(timedelta(days=30))
    assert possible_duplicates(cast.chen, stories.now_of(stories.opened(cast, **HERE).id)) == []


def test_those_come_first_whose_words_are_alike_and_the_words_are_shown(cast: Cast) -> None:
    one = stories.opened(cast, **HERE, title="搅拌站夜间噪音扰民", description="丽发新城附近的搅拌站整夜施工。")
    nearer = stories.opened(cast, **HERE, title="路灯不亮", description="路口的灯坏了。")
    alike = stories.opened(
        cast, **{**HERE, "lat": 30.2905}, title="丽发新城旁的搅拌站太吵", description="搅拌站整夜施工。"
    )
    found = possible_duplicates(cast.chen, stories.now_of(one.id))
    assert [each.matter.id for each in found] == [alike.id, nearer.id]
    assert found[0].words(stories.now_of(one.id))[0] in "搅拌站整夜施工"
    assert found[1].words(stories.now_of(one.id)) == []
    page = text(browser("chen").get(f"/matters/{one.id}/merge"))
    assert "both say “" in page


def test_without_a_position_the_same_community_is_near(cast: Cast, matter: Matter) -> None:
    other = stories.opened(cast)
    (found,) = possible_duplicates(cast.chen, stories.now_of(matter.id))
    assert (found.matter.id, found.metres) == (other.id, None)


def test_candidates_stand_on_the_page_with_their_reasons(cast: Cast, morning: clock.ManualClock) -> None:
    one = stories.opened(cast, **HERE)
    morning.advance(timedelta(minutes=20))
    other = stories.opened(cast, **{**HERE, "lat": 30.2909})
    page = text(browser("chen").get(f"/matters/{one.id}/merge"))
    assert f"?with={other.id}" in page
    assert "20 min between" in page
    assert "same category" in page


def test_the_other_is_named_by_its_number(cast: Cast, matter: Matter) -> None:
    other = stories.opened(cast, title="灯坏了")
    for named in (other.reference, str(other.number), str(other.id)):
        assert "灯坏了" in text(browser("chen").get(f"/matters/{matter.id}/merge", {"with": named}))


@pytest.mark.parametrize("named", ["260302-999999", "nonsense", "\x00", "9" * 40])
def test_a_number_that_is_none_is_said_beside_the_field(cast: Cast, matter: Matter, named: str) -> None:
    answer = browser("chen").get(f"/matters/{matter.id}/merge", {"with": named})
    assert answer.status_code == 404
    assert 'id="with-error">there is no such matter</p>' in text(answer)


def test_a_matter_out_of_sight_can_not_be_named(cast: Cast, matter: Matter) -> None:
    elsewhere = stories.opened(cast, area=CUIYUAN_GRID)
    assert browser("chen").get(f"/matters/{matter.id}/merge", {"with": elsewhere.reference}).status_code == 404
    assert browser("zhou").get(f"/matters/{matter.id}/merge").status_code == 404


def test_who_may_not_merge_does_not_get_the_page(cast: Cast, matter: Matter) -> None:
    engine.advance(matter.id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.li)})
    assert browser("li").get(f"/matters/{matter.id}/merge").status_code == 403


def test_both_stand_side_by_side_with_people_masked_and_photos(
    cast: Cast, matter: Matter, settings: Any, tmp_path: Path
) -> None:
    settings.ANLAN_FILES = tmp_path
    other = stories.opened(cast, parties=[Party(part="reporter", name="李明华", phone="13987654321")])
    photo = attach(other.id, picture(), name="灯.png", by=cast.chen)
    page = text(browser("chen").get(f"/matters/{matter.id}/merge", {"with": other.reference}))
    assert "138****5678" in page
    assert "139****4321" in page
    assert "13987654321" not in page
    assert f"/matters/{other.id}/files/{photo.id}/small" in page
    assert page.count('name="kept"') == 2


def test_the_chosen_one_is_worked_on_and_the_other_waits(cast: Cast, matter: Matter) -> None:
    other = stories.opened(cast)
    answer = browser("chen").post(f"/matters/{matter.id}/merge", merging(matter, other, other))
    assert answer["Location"] == f"/matters/{other.id}"
    assert stories.now_of(matter.id).merged_into_id == other.id


def test_a_merge_is_undone_on_the_page_of_the_one_that_waits(cast: Cast, matter: Matter) -> None:
    other = stories.opened(cast)
    client = browser("chen")
    client.post(f"/matters/{matter.id}/merge", merging(matter, other, matter))
    assert f'action="/matters/{other.id}/verbs/unmerge"' in text(client.get(f"/matters/{other.id}"))
    version = str(stories.now_of(other.id).version)
    told = {"version": version, "reason": "两盏灯"}
    assert client.post(f"/matters/{other.id}/verbs/unmerge", told).status_code == 302
    assert stories.now_of(other.id).merged_into_id is None


def test_without_a_choice_or_a_reason_it_is_refused_beside_the_field(cast: Cast, matter: Matter) -> None:
    other, client = stories.opened(cast), browser("chen")
    unsaid = client.post(f"/matters/{matter.id}/merge", merging(matter, other, other, reason=" "))
    assert unsaid.status_code == 422
    assert 'id="merge-reason-error">is required</p>' in text(unsaid)
    unchosen = client.post(f"/matters/{matter.id}/merge", {**merging(matter, other, other), "kept": "x"})
    assert unchosen.status_code == 422
    assert "choose which of the two" in text(unchosen)
    assert "同一盏灯</textarea>" in text(unchosen)
    assert stories.now_of(matter.id).merged_into_id is None


@pytest.mark.parametrize("moved", ["matter", "other"])
def test_if_either_has_moved_on_it_is_looked_at_again(cast: Cast, matter: Matter, moved: str) -> None:
    other = stories.opened(cast)
    told = merging(matter, other, matter)
    engine.note(matter.id if moved == "matter" else other.id, "新情况", by=cast.wu)
    answer = browser("chen").post(f"/matters/{matter.id}/merge", told)
    assert answer.status_code == 409
    assert "moved on since you opened it" in text(answer)
    assert "新情况" in text(answer)


def test_a_matter_is_not_merged_into_itself_or_twice(cast: Cast, matter: Matter) -> None:
    client = browser("chen")
    assert client.get(f"/matters/{matter.id}/merge", {"with": matter.reference}).status_code == 409
    other, third = stories.opened(cast), stories.opened(cast)
    verbs.merge(other.id, into=third.id, by=cast.chen, reason="r")
    answer = client.post(f"/matters/{matter.id}/merge", merging(matter, other, matter))
    assert answer.status_code == 409
    assert "merged already" in text(answer)


def test_a_photo_is_shown_small_where_it_was_added_and_evidence_never(
    cast: Cast, matter: Matter, settings: Any, tmp_path: Path
) -> None:
    settings.ANLAN_FILES = tmp_path
    photo = attach(matter.id, picture(), name="灯.png", by=cast.chen, text="看")
    evidence = attach(matter.id, picture("blue"), name="证.png", by=cast.chen, evidence=True)
    client = browser("chen")
    page = text(client.get(f"/matters/{matter.id}"))
    small = f"/matters/{matter.id}/files/{photo.id}/small"
    # Once among the photos, once in the story.
    assert page.count(f'src="{small}"') == 2
    assert f"/files/{evidence.id}/small" not in page
    assert client.get(f"/matters/{matter.id}/files/{evidence.id}/small").status_code == 404
    with stories.everything():
        assert not Event.objects.filter(matter_id=matter.id, kind="evidence_opened").exists()
    thumbnail = client.get(small)
    assert thumbnail["Content-Type"] == "image/jpeg"
    assert max(Image.open(BytesIO(thumbnail.content)).size) == 360
    assert browser("zhou").get(small).status_code == 404
