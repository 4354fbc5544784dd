"""Who leads a matter through its whole life, and what they say on the way."""

from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from anlan.city.people import access
from anlan.city.people.access import Actor
from anlan.city.people.models import Account, Posting, Unit
from anlan.loop import clock

LIFE: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("route", "dispatcher", {}),
    ("assign", "dispatcher", {"reason": "离得最近"}),
    ("accept", "responder", {}),
    ("arrive", "responder", {"lon": "120.100000", "lat": "30.290000"}),
    ("feed_back", "responder", {"text": "已到场，正在处置"}),
    ("resolve", "responder", {"outcome": "solved", "text": "处置完毕，路灯已亮"}),
    ("rate", "reporter", {"rating": 5}),
)
"""The transitions from received to closed: name, who makes it, what is told (`assign` is told the unit too)."""


@dataclass(frozen=True)
class Crew:
    """A grid worker, their grid, and the town's dispatcher."""

    area: str
    desk_id: UUID
    unit_id: UUID
    dispatcher: Actor
    responder: Actor


def crews(number: int) -> list[Crew]:
    """So many grid workers, each in a grid of its own."""
    units = Unit.objects.filter(kind=Unit.Kind.GRID_WORKER).select_related("home").order_by("home_id")
    return [_crew(unit) for unit in islice(units.iterator(), number)]


def _crew(unit: Unit) -> Crew:
    town = unit.home.path.split(".")[2]
    return Crew(
        area=unit.home.path,
        desk_id=unit.organisation_id,
        unit_id=unit.id,
        dispatcher=_actor(Posting.objects.filter(role="DISPATCHER", area_id=town)[0].account),
        responder=_actor(Posting.objects.filter(unit=unit)[0].account),
    )


def _actor(account: Account) -> Actor:
    return access.actor_of(account, on=clock.today())
