"""A plan for grids from begin to undone: the day it holds from, what follows, what stays, and who may."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from anlan.city.areas import grid_changes
from anlan.city.areas.atlas import atlas
from anlan.city.areas.models import Area, AreaChange, GridPlan
from anlan.city.people.access import scope_of, scoped, system
from anlan.city.people.models import Account, Posting, Unit
from anlan.loop import clock
from anlan.loop.administering import mark_of
from anlan.loop.models import Matter
from tests.cast import COMMUNITY, GRID, WENXIN, Cast, post
from tests.loop import stories
from tests.loop.stories import kinds, now_of
from tests.services.administration.city import COMMUNITY_CODE, GRID_CODE, administrator, browser, written

WHY = {"reason": "为了测试"}
WEST, EAST, SOUTH, NORTH = 120.09, 120.11, 30.28, 30.30
OUTLINE = [[WEST, SOUTH], [EAST, SOUTH], [EAST, NORTH], [WEST, NORTH]]
CUT = "120.10, 30.27\n120.10, 30.31"
IN_THE_EAST = {"lon": 120.105, "lat": 30.29}
IN_THE_WEST = {"lon": 120.095, "lat": 30.29}


@pytest.fixture
def street(cast: Cast) -> Client:
    """The street's administrator; the community and its one grid are drawn."""
    Area.objects.filter(code__in=(COMMUNITY_CODE, GRID_CODE)).update(boundary=OUTLINE)
    atlas.cache_clear()
    return browser(administrator())


def plan_in(street: Client) -> GridPlan:
    """A new draft that splits the grid in a western and an eastern half."""
    community = Area.objects.get(code=COMMUNITY_CODE)
    street.post(f"/administration/areas/{COMMUNITY_CODE}/grids/plan", {**WHY, "mark": mark_of(community)})
    return step(street, GridPlan.objects.latest("made_at"), act="split", grid=GRID_CODE, line=CUT)


def step(street: Client, plan: GridPlan, **said: Any) -> GridPlan:
    answer = street.post(f"/administration/grids/{plan.id}/edit", {**WHY, "mark": mark_of(plan), **said})
    assert answer.status_code == 302, answer.content.decode()
    return now(plan)


def decided(street: Client, plan: GridPlan, day: date | None = None) -> GridPlan:
    said = {**WHY, "mark": mark_of(plan), "effective_on": str(day or clock.today())}
    answer = street.post(f"/administration/grids/{plan.id}/decide", said)
    assert answer.status_code == 302, answer.content.decode()
    return now(plan)


def now(plan: GridPlan) -> GridPlan:
    return GridPlan.objects.get(id=plan.id)


def place(matter: Matter) -> str:
    return now_of(matter.id).area


def halves() -> tuple[str, str]:
    """The paths of the western and the eastern half."""
    paths = Area.objects.filter(parent=COMMUNITY_CODE, valid_until=None).order_by("code").values_list("path", flat=True)
    west, east = paths
    return west, east


def test_a_split_ends_the_grid_and_makes_two_with_codes_of_their_own_from_west_to_east(street: Client) -> None:
    plan = decided(street, plan_in(street))
    assert plan.state == GridPlan.State.IN_FORCE
    ended = Area.objects.get(code=GRID_CODE)
    assert ended.valid_until == clock.today()
    assert halves() == (f"{COMMUNITY}.{COMMUNITY_CODE}002", f"{COMMUNITY}.{COMMUNITY_CODE}003")
    west = Area.objects.get(code=f"{COMMUNITY_CODE}002")
    assert west.lon is not None
    assert west.lon < 120.10
    assert (west.households, west.valid_from) == (None, clock.today())
    told = AreaChange.objects.get(area=ended, kind=AreaChange.Kind.SPLIT)
    assert told.after["into"] == [f"{COMMUNITY_CODE}002", f"{COMMUNITY_CODE}003"]


def test_nothing_happens_before_the_day_and_the_worker_does_it_then(street: Client) -> None:
    with stories.morning() as time:
        plan = decided(street, plan_in(street), clock.today() + timedelta(days=2))
        assert plan.state == GridPlan.State.DECIDED
        time.advance(timedelta(days=1))
        assert grid_changes.carry_out(clock.today(), clock.now()) == 0
        assert Area.objects.get(code=GRID_CODE).valid_until is None
        time.advance(timedelta(days=1))
        assert grid_changes.carry_out(clock.today(), clock.now()) == 1
        assert Area.objects.get(code=GRID_CODE).valid_until == clock.today()
        assert grid_changes.carry_out(clock.today(), clock.now()) == 0


def test_open_matters_go_where_they_lie_and_a_closed_one_keeps_the_grid_of_its_day(street: Client, cast: Cast) -> None:
    east, west = stories.opened(cast, **IN_THE_EAST), stories.opened(cast, **IN_THE_WEST)
    in_hand = stories.assigned(cast, **IN_THE_EAST)
    closed = stories.opened(cast, **IN_THE_EAST)
    with scoped(scope_of(system())):
        Matter.objects.filter(id=closed.id).update(closed_at=clock.now())
    decided(street, plan_in(street))
    western, eastern = halves()
    assert [place(matter) for matter in (east, west, in_hand)] == [eastern, western, eastern]
    assert now_of(in_hand.id).unit_id == in_hand.unit_id
    assert kinds(east.id)[-1] == "area_redrawn"
    assert place(closed) == GRID
    assert atlas().names[GRID_CODE] == "第一网格"


def test_a_matter_that_was_put_there_by_hand_stays_with_the_heir_of_its_grid(street: Client, cast: Cast) -> None:
    elsewhere = stories.opened(cast, lon=120.2, lat=30.2)
    decided(street, plan_in(street))
    assert place(elsewhere) in halves()


def test_following_twice_moves_nothing_twice(street: Client, cast: Cast) -> None:
    matter = stories.opened(cast, **IN_THE_EAST)
    plan = decided(street, plan_in(street))
    GridPlan.objects.filter(id=plan.id).update(followed_at=None)
    grid_changes.carry_out(clock.today(), clock.now())
    assert kinds(matter.id).count("area_redrawn") == 1
    assert now(plan).followed_at is not None


def test_units_and_postings_follow_and_who_held_what_before_can_still_be_read(street: Client, cast: Cast) -> None:
    decided(street, plan_in(street))
    unit = Unit.objects.get(name="li 网格员")
    assert unit.home.path in halves()
    old, new = Posting.objects.filter(account__username="li").order_by("starts")
    assert (old.area_id, old.ends) == (GRID_CODE, clock.today())
    assert (new.area.path, new.starts, new.unit_id) == (unit.home.path, clock.today(), unit.id)


def test_an_editor_with_an_old_page_is_refused_and_nothing_is_half_saved(street: Client) -> None:
    plan = plan_in(street)
    old = mark_of(plan)
    plan = step(street, plan, act="rename", grid="n1", name="东网格")
    answer = street.post(
        f"/administration/grids/{plan.id}/edit", {**WHY, "mark": old, "act": "merge", "grids": ["n1", "n2"]}
    )
    assert answer.status_code == 409
    assert "somebody else has changed this" in answer.content.decode()
    assert now(plan).drawing == plan.drawing


def test_a_community_has_one_open_plan(street: Client) -> None:
    plan_in(street)
    community = Area.objects.get(code=COMMUNITY_CODE)
    answer = street.post(f"/administration/areas/{COMMUNITY_CODE}/grids/plan", {**WHY, "mark": mark_of(community)})
    assert answer.status_code == 409
    assert "open plan already" in answer.content.decode()


def test_a_plan_is_a_draft_again_if_the_grids_were_changed_in_another_way(street: Client) -> None:
    plan = decided(street, plan_in(street), clock.today() + timedelta(days=1))
    Area.objects.filter(code=GRID_CODE).update(boundary=[[WEST, SOUTH], [EAST, SOUTH], [EAST, NORTH]])
    assert grid_changes.carry_out(clock.today() + timedelta(days=1), clock.now()) == 0
    assert (now(plan).state, now(plan).outdated) == (GridPlan.State.DRAFT, True)
    assert Area.objects.filter(parent=COMMUNITY_CODE).count() == 1


def test_a_drawing_with_a_gap_is_not_decided(street: Client) -> None:
    plan = step(street, plan_in(street), act="remove", grid="n1")
    said = {**WHY, "mark": mark_of(plan), "effective_on": str(clock.today())}
    answer = street.post(f"/administration/grids/{plan.id}/decide", said)
    assert answer.status_code == 409
    assert "no grid covers this part" in answer.content.decode()
    assert now(plan).state == GridPlan.State.DRAFT
    past = {**said, "effective_on": str(clock.today() - timedelta(days=1))}
    assert street.post(f"/administration/grids/{plan.id}/decide", past).status_code == 422


def test_steps_are_undone_and_done_again(street: Client) -> None:
    plan = plan_in(street)
    assert [each["key"] for each in step(street, plan, act="undo").drawing] == [GRID_CODE]
    assert [each["key"] for each in step(street, now(plan), act="redo").drawing] == ["n1", "n2"]


def test_a_counter_plan_draws_what_was_there_before(street: Client) -> None:
    plan = decided(street, plan_in(street))
    street.post(f"/administration/grids/{plan.id}/restore", {**WHY, "mark": mark_of(plan)})
    counter = decided(street, GridPlan.objects.latest("made_at"))
    assert counter.state == GridPlan.State.IN_FORCE
    there = Area.objects.get(parent=COMMUNITY_CODE, valid_until=None)
    # The old code has ended for good.
    assert (there.code, there.name) == (f"{COMMUNITY_CODE}004", "第一网格")
    assert {tuple(corner) for corner in OUTLINE} <= {tuple(corner) for corner in there.boundary}


def test_a_grid_handed_over_belongs_to_the_other_community_with_its_ground(street: Client, cast: Cast) -> None:
    east_of_it = [[EAST, SOUTH], [EAST + 0.01, SOUTH], [EAST + 0.01, NORTH], [EAST, NORTH]]
    other = Area.objects.create(
        code="330106013002",
        path=f"{WENXIN}.330106013002",
        level=4,
        parent_id="330106013",
        name="骆家庄社区",
        kind="社区",
        boundary=east_of_it,
        valid_from=date(2020, 1, 1),
    )
    matter = stories.opened(cast, **IN_THE_EAST)
    plan = plan_in(street)
    eastern = max(grid_changes.drawing_of(plan.drawing), key=lambda grid: max(lon for lon, _ in grid.ring))
    decided(street, step(street, plan, act="hand_over", grid=eastern.key, to=other.code))
    assert place(matter) == f"{other.path}.330106013002001"
    other.refresh_from_db()
    assert min(lon for lon, _ in other.boundary) == pytest.approx(120.10)
    own = Area.objects.get(code=COMMUNITY_CODE)
    assert max(lon for lon, _ in own.boundary) == pytest.approx(120.10)


def test_whoever_administers_only_the_community_sees_and_does_not_draw(street: Client) -> None:
    held = Account.objects.create_user("gu", name="gu")
    post(held, "ADMINISTRATOR", COMMUNITY)
    own = browser(held)
    plan = plan_in(street)
    assert own.get(f"/administration/grids/{plan.id}").status_code == 200
    said = {**WHY, "mark": mark_of(plan), "act": "undo"}
    assert own.post(f"/administration/grids/{plan.id}/edit", said).status_code == 403
    assert now(plan).drawing == plan.drawing


@pytest.mark.parametrize(
    "said",
    [
        {"act": "nothing"},
        {"act": "split", "grid": "n9", "line": CUT},
        {"act": "split", "grid": "n1", "line": "a, b"},
        {"act": "redraw", "grid": "n1", "ring": "120.1, 30.28\n120.2"},
        {"act": "redraw", "grid": "n1", "ring": "120.1, 30.2\n120.2, 30.3\n120.2, 30.2\n120.1, 30.3"},
        {"act": "draw", "ring": "nan, inf\n1, 2\n3, 4"},
        {"act": "rings", "rings": "[1"},
        {"act": "rings", "rings": '{"n1": 3}'},
        {"act": "households", "grid": "n1", "households": "many"},
        {"act": "hand_over", "grid": "n1", "to": "330106004001"},
        {"act": "rename", "grid": "n1", "name": " "},
    ],
)
def test_what_can_not_be_drawn_is_refused_in_words(street: Client, said: dict[str, str]) -> None:
    plan = plan_in(street)
    answer = street.post(f"/administration/grids/{plan.id}/edit", {**WHY, "mark": mark_of(plan), **said})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert now(plan).drawing == plan.drawing


def test_every_step_stands_in_the_audit_log(street: Client) -> None:
    plan = decided(street, plan_in(street))
    told = [(entry.verb, entry.account) for entry in written() if entry.object_id == str(plan.id)]
    assert told == [("begin", "feng"), ("draw", "feng"), ("decide", "feng")]


def test_the_page_tells_what_moves_before_it_is_decided(street: Client, cast: Cast) -> None:
    stories.opened(cast, **IN_THE_EAST)
    stories.opened(cast, **IN_THE_WEST)
    plan = plan_in(street)
    text = street.get(f"/administration/grids/{plan.id}").content.decode()
    assert "What moves on the day" in text
    assert "not known" in text
