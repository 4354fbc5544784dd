"""The notices centre: what one's desk or unit was told, what of it is new, and nothing of anybody else's."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from anlan.city.areas.atlas import atlas
from anlan.city.people.models import Account
from anlan.loop import clock, notice_centre, verbs
from anlan.loop.models import Matter, Notice
from anlan.loop.notice_models import NoticesRead
from anlan.loop.refusals import BadInput
from tests.cast import CUIYUAN, WENXIN, Cast, post
from tests.loop import stories


@pytest.fixture(autouse=True)
def morning(cast: Cast) -> Iterator[clock.ManualClock]:
    atlas.cache_clear()
    with stories.morning() as manual:
        yield manual


def signed_in(username: str, **headers: str) -> Client:
    client = Client(headers={"Accept-Language": "en", **headers})
    client.force_login(Account.objects.get(username=username))
    return client


def tell(matter: Matter, count: int = 1, desk: str = WENXIN) -> None:
    """So many notices to a desk, each a minute after the one before."""
    with stories.everything():
        Notice.objects.bulk_create(
            Notice(
                matter_id=matter.id,
                area=matter.area,
                to=Notice.To.DESK,
                desk=desk,
                kind="escalated",
                event_seq=1,
                due_at=clock.now() + timedelta(minutes=number),
            )
            for number in range(count)
        )


def labels(cast_member: Any, **asked: Any) -> list[str]:
    return [told.label for told in notice_centre.notices(cast_member, **asked).items]


def test_a_unit_reads_what_it_is_sent_to(cast: Cast) -> None:
    matter = stories.assigned(cast)
    (told,) = notice_centre.notices(cast.li).items
    assert told.matter is not None
    assert told.matter.id == matter.id
    assert told.label == "Assign"
    assert told.unread
    assert labels(cast.he) == []


def test_a_desk_reads_what_it_is_told_and_the_neighbours_does_not(cast: Cast) -> None:
    matter = stories.routed(cast)
    tell(matter)
    assert len(labels(cast.chen)) == len(labels(cast.wu)) == 1
    assert labels(cast.zhou) == []
    # The district sees the matter; this was not said to it.
    assert labels(cast.sun) == []
    assert labels(cast.li) == []


def test_an_escalation_is_read_at_the_desk_above(cast: Cast) -> None:
    matter = stories.routed(cast)
    for _ in range(2):
        verbs.escalate(matter.id, by=cast.chen, reason="要上级协调")
    assert labels(cast.chen) == ["Escalated to the next level"]
    assert labels(cast.sun) == ["Escalated to the next level"]


def test_a_matter_that_has_gone_elsewhere_is_told_of_but_not_shown(cast: Cast) -> None:
    matter = stories.routed(cast)
    tell(matter)
    verbs.hand_over(matter.id, to_area=CUIYUAN, by=cast.chen, reason="属翠苑街道")
    (told,) = notice_centre.notices(cast.chen).items
    assert told.matter is None
    page = signed_in("chen").get("/notices").content.decode()
    assert "News of a matter that is no longer with you" in page
    assert str(matter.id) not in page


def test_a_resident_and_a_stranger_are_told_nothing_here(cast: Cast) -> None:
    tell(stories.routed(cast))
    assert labels(cast.wang) == []
    assert notice_centre.unread_count(cast.wang) == 0
    assert signed_in("wang").get("/notices").status_code == 403
    assert Client().get("/notices")["Location"].startswith("/sign-in")


def test_the_newest_stands_first_and_pages_go_on_where_the_last_ended(cast: Cast) -> None:
    tell(stories.routed(cast), notice_centre.PAGE + 20)
    first = notice_centre.notices(cast.chen)
    assert first.next is not None
    second = notice_centre.notices(cast.chen, before=first.next)
    moments = [told.at for page in (first, second) for told in page.items]
    assert len({told.id for page in (first, second) for told in page.items}) == notice_centre.PAGE + 20
    assert moments == sorted(moments, reverse=True)
    assert second.next is None


def test_notices_of_one_moment_are_neither_lost_nor_shown_twice(cast: Cast) -> None:
    matter = stories.routed(cast)
    for _ in range(notice_centre.PAGE + 5):
        tell(matter)
    first = notice_centre.notices(cast.chen)
    second = notice_centre.notices(cast.chen, before=first.next)
    assert len({told.id for page in (first, second) for told in page.items}) == notice_centre.PAGE + 5


def test_marking_read_leaves_what_came_after_the_page_was_made(cast: Cast) -> None:
    matter = stories.routed(cast)
    tell(matter, 3)
    newest = notice_centre.notices(cast.chen).items[0]
    with clock.use(clock.ManualClock(clock.now() + timedelta(hours=1))):
        tell(matter)
    notice_centre.mark_read(cast.chen, newest.id)
    assert notice_centre.unread_count(cast.chen) == 1
    assert len(labels(cast.chen, unread=True)) == 1
    assert [told.unread for told in notice_centre.notices(cast.chen).items] == [True, False, False, False]


def test_what_one_has_read_is_still_new_to_a_colleague(cast: Cast) -> None:
    tell(stories.routed(cast))
    notice_centre.mark_read(cast.chen, notice_centre.notices(cast.chen).items[0].id)
    assert notice_centre.unread_count(cast.chen) == 0
    assert notice_centre.unread_count(cast.wu) == 1


def test_an_old_page_does_not_make_unread_what_was_read_since(cast: Cast) -> None:
    tell(stories.routed(cast), 2)
    newest, oldest = notice_centre.notices(cast.chen).items
    notice_centre.mark_read(cast.chen, newest.id)
    notice_centre.mark_read(cast.chen, oldest.id)
    assert notice_centre.unread_count(cast.chen) == 0


def test_each_desk_keeps_its_own_mark(cast: Cast) -> None:
    tell(stories.routed(cast))
    notice_centre.mark_read(cast.chen, notice_centre.notices(cast.chen).items[0].id)
    post(Account.objects.get(username="chen"), "DISPATCHER", CUIYUAN)
    tell(stories.routed(cast, area=f"{CUIYUAN}.330106004001.330106004001001"), desk=CUIYUAN)
    both = Cast().chen
    assert notice_centre.unread_count(both) == 1
    assert len(labels(both)) == 2


def test_nobody_marks_by_a_notice_that_is_none_of_theirs(cast: Cast) -> None:
    tell(stories.routed(cast))
    theirs = notice_centre.notices(cast.chen).items[0].id
    for id in (theirs, UUID(int=7)):
        with pytest.raises(BadInput):
            notice_centre.mark_read(cast.zhou, id)
    assert not NoticesRead.objects.exists()


def test_counting_is_one_statement_and_stops_at_a_hundred(cast: Cast, django_assert_num_queries: Any) -> None:
    tell(stories.routed(cast), 130)
    chen = cast.chen
    with django_assert_num_queries(3):  # the statement between a savepoint and its release
        assert notice_centre.unread_count(chen) == notice_centre.MOST_COUNTED + 1
    assert 'class="unread number">99+' in signed_in("chen").get("/board").content.decode()


def test_the_bar_counts_and_marking_all_read_empties_it(cast: Cast) -> None:
    matter = stories.assigned(cast)
    client = signed_in("li")
    page = client.get("/notices").content.decode()
    assert 'class="unread number">1<' in page
    assert f'href="/matters/{matter.id}"' in page
    found = re.search(r'name="newest" value="([^"]+)"', page)
    assert found is not None
    after = client.post("/notices/read", {"newest": found[1]}, follow=True).content.decode()
    assert "All notices are marked as read." in after
    assert 'class="unread' not in after
    assert "Nothing unread" in client.get("/notices?unread=1").content.decode()


@pytest.mark.parametrize(
    "address", ["/notices?before=7", "/notices?before=4ee0f4cd-7b56-41e0-88cb-b1439798de3b", "/notices?before=%00"]
)
def test_a_place_in_the_list_that_was_never_given_out_is_refused(address: str) -> None:
    assert signed_in("chen").get(address).status_code == 422


def test_one_still_starts_where_one_works(cast: Cast) -> None:
    assert signed_in("chen").get("/home")["Location"] == "/board"
    assert 'href="/notices"' in signed_in("chen").get("/notices").content.decode()


def test_the_page_says_what_will_stand_on_it(cast: Cast) -> None:
    assert "No notices" in signed_in("chen").get("/notices").content.decode()
