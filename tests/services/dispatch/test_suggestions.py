"""Which unit is suggested, and why. A suggestion shows its reasons and never decides."""

from datetime import UTC, datetime, time

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import scope_of, scoped
from anlan.city.people.models import Unit
from anlan.loop import clock, engine
from anlan.services.dispatch.procedure import Dispatching
from anlan.services.dispatch.queries import UnitSuggestion, suggestions
from tests.cast import Cast, lamp

NEAR, FAR = (120.101, 30.29), (120.13, 30.29)


def suggested(cast: Cast, **changes: object) -> list[UnitSuggestion]:
    atlas.cache_clear()
    opening = lamp(lon=120.10, lat=30.29, **changes)  # type: ignore[arg-type]
    matter = engine.open_matter(Dispatching, opening, by=cast.wang).matter
    with scoped(scope_of(cast.chen)):
        return suggestions(matter)


def stand(cast: Cast, where: dict[str, tuple[float, float]]) -> None:
    for name, (lon, lat) in where.items():
        Unit.objects.filter(id=cast.unit(getattr(cast, name))).update(lon=lon, lat=lat)


def test_the_nearer_unit_comes_first_with_its_distance_as_the_reason(cast: Cast) -> None:
    stand(cast, {"li": FAR, "he": NEAR})
    first, second = suggested(cast)
    assert (first.unit.name, second.unit.name) == ("he 网格员", "li 网格员")
    assert first.reasons[0].text == f"{first.metres} 米，约 1 分钟"
    assert 80 < first.metres < 110


def test_a_unit_with_its_hands_full_is_not_suggested(cast: Cast) -> None:
    matter = engine.open_matter(Dispatching, lamp(), by=cast.wang).matter
    engine.advance(matter.id, "route", by=cast.chen)
    engine.advance(matter.id, "assign", by=cast.chen, told={"unit_id": cast.unit(cast.li)})
    assert [each.unit.name for each in suggested(cast)] == ["he 网格员"]


def test_a_missing_skill_is_said_and_costs_minutes(cast: Cast) -> None:
    stand(cast, {"li": NEAR, "he": FAR})
    Unit.objects.filter(id=cast.unit(cast.he)).update(skills=["electric"])
    first, second = suggested(cast)
    # He is some 3 km away, which takes longer than the missing skill costs.
    assert first.missing == ("electric",)
    assert "不会：电工" in [reason.text for reason in first.reasons]
    assert second.matching == ("electric",)
    stand(cast, {"he": (120.11, 30.29)})
    assert suggested(cast)[0].matching == ("electric",)


def test_off_duty_and_off_shift_units_are_not_suggested(cast: Cast) -> None:
    Unit.objects.filter(id=cast.unit(cast.li)).update(on_duty=False, lon=None, lat=None)
    Unit.objects.filter(id=cast.unit(cast.he)).update(shift_start=time(7), shift_end=time(21))
    noon, night = datetime(2026, 3, 2, 4, tzinfo=UTC), datetime(2026, 3, 2, 15, tzinfo=UTC)
    with clock.use(clock.ManualClock(noon)):
        assert [each.unit.name for each in suggested(cast)] == ["he 网格员"]
    with clock.use(clock.ManualClock(night)):
        assert suggested(cast) == []


def test_a_neighbour_towns_units_are_not_suggested(cast: Cast) -> None:
    assert "qian 网格员" not in [each.unit.name for each in suggested(cast)]
