"""Open matters that may be the one somebody is about to report.

A service may provide a better finder (`provide_similar`); until then this one compares category, place and time. What
is shown to somebody who only reports says nothing that another resident said: no words, photo, address or position.
Only what lies open on the street is offered: of a quarrel, an emergency or a question nobody learns here that a
neighbour has reported it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import scope_of, scoped, system
from anlan.foundation.rules import rulebook
from anlan.loop import clock
from anlan.loop.answers import category_label, label
from anlan.loop.joining import joined_counts
from anlan.loop.models import Matter
from anlan.loop.suggestions import Klass

COMMUNITY = 4
PUBLIC_FAMILIES = frozenset(("city", "environment", "traffic", "utilities"))
"""The families of categories that concern what all share; the others may tell of somebody's home or life."""
CELL = 0.001
"""Degrees, about a hundred metres: positions are compared no more closely, so that nobody can feel their way to the
exact place of a report by asking from many places."""
METRES_A_DEGREE = 111_320
LOOKED_THROUGH = 200
"""The newest open matters of a town that are looked through."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is about to be reported: its category, the path of its area, and its position where that is known."""

    klass: str
    category: str
    area: str
    position: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Similar:
    """An open matter as anybody may see it. `id` is for the program alone; `joined` is how many reported it besides."""

    id: UUID
    category: str
    place: str
    opened_at: datetime
    joined: int
    state: str


Finder = Callable[[Asked], Sequence[Matter]]
_finder: Finder | None = None


def provide_similar(find: Finder) -> None:
    """Make `find` the city's finder, the best match first; the last one provided serves."""
    global _finder
    _finder = find


def similar(asked: Asked) -> list[Similar]:
    """The open matters that it may be, at most as many as the rule allows."""
    if asked.klass != Klass.ORDINARY or _family(asked.category) not in PUBLIC_FAMILIES:
        return []
    with scoped(scope_of(system())):
        found = list((_finder or nearby)(asked))[: _value("loop.similar_shown")]
        counts = joined_counts(matter.id for matter in found)
    return [
        Similar(
            matter.id,
            category_label(matter.category),
            atlas().full_name(".".join(matter.area.split(".")[:COMMUNITY])),
            matter.opened_at,
            counts[matter.id],
            label(matter.stands),
        )
        for matter in found
    ]


def nearby(asked: Asked) -> list[Matter]:
    """The first finder: the same category, in the same community or near the position, of the last days, the newest
    first. Where only the family is known it stands for all its categories. For a scope that holds the city."""
    labels = asked.area.split(".")
    days, metres = _amount("loop.similar_days"), _value("loop.similar_metres")
    near = Q(community=labels[COMMUNITY - 1]) if len(labels) >= COMMUNITY else Q(pk=None)
    if asked.position is not None:
        near |= _around(*asked.position, metres)
    elif len(labels) < COMMUNITY:
        return []
    # Without a town only the position says where it is; then the newest of the city are looked through.
    place = Q(town=labels[2]) if len(labels) > 2 else Q()
    newest = (
        Matter.objects.filter(place, near, closed_at=None, merged_into=None, klass=Klass.ORDINARY)
        .filter(_same(asked.category), opened_at__gt=clock.now() - timedelta(days=days))
        .defer("description", "tracking", "head")
        .order_by("-opened_at")[:LOOKED_THROUGH]
    )
    return [matter for matter in newest if not matter.stands.done and _close(matter, asked, metres)]


def _same(category: str) -> Q:
    family = _family(category)
    return Q(category__startswith=f"{family}.") if category == family else Q(category__in=(category, family))


def _around(lon: float, lat: float, metres: int) -> Q:
    """A box that holds every cell within reach; the database compares no more closely than that."""
    up = metres / METRES_A_DEGREE + CELL
    across = up / max(math.cos(math.radians(lat)), 0.01)
    return Q(lon__range=(lon - across, lon + across), lat__range=(lat - up, lat + up))


def _close(matter: Matter, asked: Asked, metres: int) -> bool:
    labels = asked.area.split(".")
    if asked.position is None or matter.lon is None or matter.lat is None:
        return len(labels) >= COMMUNITY and matter.community == labels[COMMUNITY - 1]
    # Both known: the distance decides, also within one community.
    (lon, lat), (other_lon, other_lat) = (map(_cell, place) for place in (asked.position, (matter.lon, matter.lat)))
    across = (lon - other_lon) * math.cos(math.radians(lat))
    return math.hypot(across, lat - other_lat) * METRES_A_DEGREE <= metres


def _cell(degrees: float) -> float:
    return round(degrees / CELL) * CELL


def _family(category: str) -> str:
    return category.partition(".")[0]


def _value(id: str) -> int:
    return int(rulebook().at(id, clock.today()).value or 0)


def _amount(id: str) -> int:
    return rulebook().at(id, clock.today()).amount or 0
