"""Open matters that it may be: near, recent, of the same kind, and nothing of whoever reported them."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta

import pytest

from anlan.loop import clock, similar
from anlan.loop.similar import Asked
from tests.cast import COMMUNITY, CUIYUAN_GRID, WENXIN, Cast
from tests.loop.stories import morning, opened, resolved, routed

HERE = (120.1000, 30.2900)
ASKED = Asked("ordinary", "city.lighting", COMMUNITY)


@pytest.fixture(autouse=True)
def _only_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(similar, "_finder", None)


@pytest.fixture
def nine() -> Iterator[clock.ManualClock]:
    with morning() as manual:
        yield manual


def found(asked: Asked = ASKED) -> list[object]:
    return [each.id for each in similar.similar(asked)]


@pytest.mark.usefixtures("nine")
def test_the_same_kind_in_the_same_community_is_found(cast: Cast) -> None:
    lamp = routed(cast)
    routed(cast, category="city.cleaning")
    routed(cast, area=CUIYUAN_GRID)
    assert found() == [lamp.id]


@pytest.mark.usefixtures("nine")
@pytest.mark.parametrize(
    ("category", "klass"),
    [
        ("dispute.family", "ordinary"),
        ("city.lighting", "police"),
        ("city.lighting", "urgent"),
        ("order.fight", "police"),
    ],
)
def test_of_what_is_not_public_nobody_learns(cast: Cast, category: str, klass: str) -> None:
    routed(cast, category=category, klass=klass)
    assert found(Asked(klass, category, COMMUNITY)) == []
    assert found() == []


@pytest.mark.usefixtures("nine")
@pytest.mark.parametrize(("metres", "near"), [(0, True), (150, True), (900, False)])
def test_positions_decide_also_across_a_boundary(cast: Cast, metres: int, near: bool) -> None:
    lon, lat = HERE
    matter = routed(cast, area=CUIYUAN_GRID, lon=lon, lat=lat + metres / similar.METRES_A_DEGREE)
    ours = routed(cast, lon=lon, lat=lat + 2000 / similar.METRES_A_DEGREE)
    asked = Asked("ordinary", "city.lighting", "3301", HERE)
    assert found(asked) == ([matter.id] if near else [])
    assert ours.id not in found(Asked("ordinary", "city.lighting", COMMUNITY, HERE))


@pytest.mark.usefixtures("nine")
def test_a_position_is_felt_no_more_closely_than_a_hundred_metres(cast: Cast) -> None:
    lon, lat = HERE
    routed(cast, lon=lon, lat=lat)
    edge = [
        bool(found(Asked("ordinary", "city.lighting", "3301", (lon, lat + step / similar.METRES_A_DEGREE))))
        for step in range(200, 420, 5)
    ]
    assert edge == sorted(edge, reverse=True)
    assert edge[0] is not edge[-1]
    moved = lat + 0.0003
    routed(cast, area=CUIYUAN_GRID, lon=lon + 0.1, lat=moved)
    again = [
        bool(found(Asked("ordinary", "city.lighting", "3301", (lon + 0.1, lat + step / similar.METRES_A_DEGREE))))
        for step in range(200, 420, 5)
    ]
    # Thirty metres further north, and the edge lies where it lay.
    assert again == edge


def test_what_is_older_than_the_rule_is_not_offered(cast: Cast, nine: clock.ManualClock) -> None:
    routed(cast)
    nine.advance(timedelta(days=13, hours=23))
    assert len(found()) == 1
    nine.advance(timedelta(hours=2))
    assert found() == []


@pytest.mark.usefixtures("nine")
def test_what_is_settled_or_merged_is_not_offered(cast: Cast) -> None:
    resolved(cast)
    assert found() == []


def test_at_most_three_are_offered_the_newest_first(cast: Cast, nine: clock.ManualClock) -> None:
    made = []
    for _ in range(5):
        made.append(routed(cast))
        nine.advance(timedelta(minutes=1))
    assert found() == [each.id for each in reversed(made[2:])]


@pytest.mark.usefixtures("nine")
def test_only_a_town_is_too_wide_to_compare(cast: Cast) -> None:
    routed(cast)
    assert found(Asked("ordinary", "city.lighting", WENXIN)) == []


@pytest.mark.usefixtures("nine")
def test_nothing_that_a_resident_said_is_shown(cast: Cast) -> None:
    matter = routed(cast, title="王家门口", description="三单元", address="文二西路100号2幢", lon=HERE[0], lat=HERE[1])
    (shown,) = similar.similar(ASKED)
    told = str(asdict(shown) | {"id": ""})
    assert all(words not in told for words in ("王家", "三单元", "文二西路", "120.1", "30.29", matter.reference))
    assert shown.place == "西湖区文新街道德加社区"


@pytest.mark.usefixtures("nine")
def test_another_finder_takes_its_place(cast: Cast) -> None:
    other = opened(cast, category="city.cleaning")
    similar.provide_similar(lambda _asked: [other])
    assert found() == [other.id]
