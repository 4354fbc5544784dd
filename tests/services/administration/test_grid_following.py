"""What hangs on a grid follows it: routing rows, areas that help, postings; each once, whoever comes twice."""

import threading
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from anlan.city.areas import grid_changes
from anlan.city.areas.atlas import atlas
from anlan.city.areas.models import Area, GridPlan
from anlan.city.people.models import Account, Posting
from anlan.loop import clock, verbs
from anlan.services.dispatch.models import Route
from tests.cast import COMMUNITY, CUIYUAN_GRID, GRID, Cast, post
from tests.loop import stories
from tests.loop.stories import kinds, now_of
from tests.services.administration.city import COMMUNITY_CODE, GRID_CODE, administrator, browser, written
from tests.services.administration.test_grid_pages import OUTLINE, decided, halves, now, plan_in, step

SECOND = f"{COMMUNITY}.{COMMUNITY_CODE}002"
MIDDLE = 120.10


@pytest.fixture
def street(cast: Cast) -> Client:
    """The street's administrator; the community and its one grid are drawn."""
    Area.objects.filter(code__in=(COMMUNITY_CODE, GRID_CODE)).update(boundary=OUTLINE)
    atlas.cache_clear()
    return browser(administrator())


@pytest.fixture
def two(street: Client) -> Client:
    """The same with two grids, the western and the eastern half."""
    west, east = (
        [[*OUTLINE[0]], [MIDDLE, OUTLINE[0][1]], [MIDDLE, OUTLINE[2][1]], [*OUTLINE[3]]],
        [
            [MIDDLE, OUTLINE[1][1]],
            [*OUTLINE[1]],
            [*OUTLINE[2]],
            [MIDDLE, OUTLINE[2][1]],
        ],
    )
    first = Area.objects.get(code=GRID_CODE)
    Area.objects.filter(code=GRID_CODE).update(boundary=west)
    second: dict[str, Any] = {"code": f"{COMMUNITY_CODE}002", "path": SECOND, "name": "第二网格", "boundary": east}
    rest = {name: getattr(first, name) for name in ("level", "parent_id", "kind", "valid_from")}
    Area.objects.create(**second, **rest)
    atlas.cache_clear()
    return street


def merged(street: Client) -> str:
    """Merge the two grids, in force at once; the path of the new one."""
    community = Area.objects.get(code=COMMUNITY_CODE)
    plan = grid_changes.begin(community, by=None, at=clock.now(), reason="并格")
    plan = step(street, now(plan), act="merge", grids=[GRID_CODE, f"{COMMUNITY_CODE}002"])
    assert decided(street, plan).state == GridPlan.State.IN_FORCE
    return Area.objects.get(parent=COMMUNITY_CODE, valid_until=None).path


def test_a_routing_row_of_a_split_grid_counts_in_both_halves(street: Client) -> None:
    Route.objects.create(category="city.lighting", area=GRID, unit_kind="grid_worker")
    plan = decided(street, plan_in(street))
    rows = Route.objects.filter(category="city.lighting").order_by("area")
    assert [(row.area, row.unit_kind) for row in rows] == [(path, "grid_worker") for path in halves()]
    assert plan.moved["routes"] == 1
    assert [entry.verb for entry in written() if entry.what == "dispatch.route"] == ["follow", "follow"]


def test_of_two_routing_rows_that_come_to_lie_in_one_grid_the_first_stays(two: Client) -> None:
    Route.objects.create(category="city.lighting", area=GRID, unit_kind="grid_worker")
    Route.objects.create(category="city.lighting", area=SECOND, unit_kind="police")
    path = merged(two)
    assert [(row.area, row.unit_kind) for row in Route.objects.filter(category="city.lighting")] == [
        (path, "grid_worker")
    ]


def test_routing_rows_of_other_areas_are_left_alone(street: Client) -> None:
    row = Route.objects.create(category="", area=CUIYUAN_GRID, unit_kind="grid_worker")
    decided(street, plan_in(street))
    assert Route.objects.get(id=row.id).area == CUIYUAN_GRID


def test_the_heir_of_a_grid_goes_on_helping_with_a_matter_from_elsewhere(street: Client, cast: Cast) -> None:
    matter = stories.opened(cast, area=CUIYUAN_GRID)
    verbs.share(matter.id, with_area=GRID, by=cast.zhou, reason="交界处")
    decided(street, plan_in(street))
    (helping,) = now_of(matter.id).shared_with
    assert helping in halves()
    assert kinds(matter.id)[-1] == "share_redrawn"
    assert now_of(matter.id).area == CUIYUAN_GRID


def test_whoever_held_one_role_in_two_grids_that_merge_holds_it_once(two: Client) -> None:
    li = Account.objects.get(username="li")
    unit = li.postings.get().unit
    post(li, "RESPONDER", SECOND, unit=unit)
    path = merged(two)
    day = clock.today()
    held = Posting.objects.filter(account=li, ends=None)
    assert [each.area.path for each in held] == [path]
    assert set(Posting.objects.filter(account=li).exclude(ends=None).values_list("ends", flat=True)) == {day}


def test_whoever_comes_while_another_follows_a_plan_leaves_it_to_that_one(committed: str) -> None:
    Area.objects.filter(code__in=(COMMUNITY_CODE, GRID_CODE)).update(boundary=OUTLINE)
    atlas.cache_clear()
    street = browser(administrator())
    plan = decided(street, plan_in(street))
    GridPlan.objects.filter(id=plan.id).update(followed_at=None)

    def come() -> None:
        grid_changes.carry_out(clock.today(), clock.now())
        connection.close()

    with transaction.atomic():
        GridPlan.objects.select_for_update().get(id=plan.id)
        other = threading.Thread(target=come)
        other.start()
        other.join()
    assert now(plan).followed_at is None
    grid_changes.carry_out(clock.today(), clock.now())
    assert now(plan).followed_at is not None
