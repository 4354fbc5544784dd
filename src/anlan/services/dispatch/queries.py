"""Who could go, and why: the routing table's answer and the ranked suggestions."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from anlan.city.areas.atlas import atlas
from anlan.city.areas.geometry import distance_m
from anlan.city.people.models import Unit
from anlan.city.people.skills import named
from anlan.loop import clock
from anlan.loop.models import Matter
from anlan.loop.suggestions import Reason, categories
from anlan.services.dispatch.routing_table import decide

METRES_A_MINUTE = 250
"""On an electric bicycle through a town (15 km/h): a setting, to turn metres into minutes."""
MINUTES_A_MATTER = 15
MINUTES_A_SKILL = 10
"""What a matter already in hand, and a wanted skill that is missing, cost in the ranking: settings."""


@dataclass(frozen=True)
class UnitSuggestion:
    """One unit that could go, with what speaks for it and against it."""

    unit: Unit
    metres: int
    minutes: int
    matching: tuple[str, ...]
    missing: tuple[str, ...]
    in_hand: int
    reasons: tuple[Reason, ...]


def routed_unit(matter: Matter) -> Unit | None:
    """The unit that the routing table names for a matter, or None where a person has to choose."""
    row = decide(matter.category, matter.area).route
    if row is None:
        return None
    if row.unit is not None:
        return row.unit if row.unit.retired_on is None else None
    at_home = list(Unit.objects.filter(kind=row.unit_kind, home__path=matter.area, on_duty=True)[:2])
    moment = clock.local(clock.now())
    return at_home[0] if len(at_home) == 1 and at_home[0].works_at(moment) else None


def suggestions(matter: Matter, *, limit: int = 3) -> list[UnitSuggestion]:
    """The units of the matter's town that are on duty and have a hand free, best first.

    Ranked by minutes: the way there, what is in hand, and what a missing skill would cost.
    """
    town = matter.town_path
    wanted = set(categories()[matter.category].skills) if matter.category in categories() else set()
    units = Unit.objects.filter(on_duty=True, home__path__within=town, lon__isnull=False).annotate(in_hand=_in_hand())
    moment = clock.local(clock.now())
    could_go = (
        _suggestion(matter, unit, wanted, unit.in_hand)
        for unit in units
        if unit.in_hand < unit.capacity and unit.works_at(moment)
    )
    return sorted(could_go, key=_rank)[:limit]


def _in_hand() -> Coalesce:
    """How many matters a unit has in hand, by the index of those; what waits for its rating is done."""
    held = Matter.objects.filter(unit=OuterRef("id"), closed_at=None).exclude(state="resolved").order_by()
    return Coalesce(Subquery(held.values("unit").annotate(n=Count("id")).values("n")), 0)


def _rank(suggestion: UnitSuggestion) -> tuple[int, int, str, str]:
    minutes = suggestion.minutes + MINUTES_A_MATTER * suggestion.in_hand + MINUTES_A_SKILL * len(suggestion.missing)
    # Home and name last, so that equals always come in the same order.
    return minutes, suggestion.metres, suggestion.unit.home_id, suggestion.unit.name


def _suggestion(matter: Matter, unit: Unit, wanted: Iterable[str], in_hand: int) -> UnitSuggestion:
    lon, lat = _position(matter)
    metres = round(distance_m(lon, lat, unit.lon or lon, unit.lat or lat))
    minutes = max(1, ceil(metres / METRES_A_MINUTE))
    matching = tuple(sorted(skill for skill in wanted if skill in unit.skills))
    missing = tuple(sorted(skill for skill in wanted if skill not in unit.skills))
    reasons = [
        Reason("distance", (), f"{metres} 米，约 {minutes} 分钟", f"{metres} m, about {minutes} min"),
        Reason("load", (), f"手上 {in_hand} 件", f"{in_hand} in hand"),
    ]
    if matching:
        zh, en = named(matching)
        reasons.append(Reason("skill", matching, f"会：{zh}", f"skills: {en}"))
    if missing:
        zh, en = named(missing)
        reasons.append(Reason("lack", missing, f"不会：{zh}", f"lacks: {en}"))
    return UnitSuggestion(unit, metres, minutes, matching, missing, in_hand, tuple(reasons))


def _position(matter: Matter) -> tuple[float, float]:
    """Where the matter is: its own position, else a point inside the smallest area it is known to lie in."""
    if matter.lon is not None and matter.lat is not None:
        return matter.lon, matter.lat
    here = atlas()
    return next(here.points[code] for code in reversed(matter.area.split(".")) if code in here.points)
