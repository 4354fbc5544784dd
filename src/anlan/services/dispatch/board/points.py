"""What the board's map shows: the matters of a lane that have a position, and the units on duty that have one."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from anlan.city.people.access import Actor, scope_of, scoped
from anlan.city.people.models import Unit
from anlan.loop import clock
from anlan.loop.models import Matter
from anlan.services.dispatch.board.filters import Asked, fitting, narrowed_to
from anlan.services.dispatch.board.lanes import LANES, at_hand, desk_areas, standing_in

MOST = 500
"""On the map at once, matters and units together: more would hide each other."""
_TOWN_DEPTH = 2
"""Dots in the path of a town."""


@dataclass(frozen=True)
class OnMap:
    """What stands on the map, and whether that is all of it."""

    matters: list[Matter]
    units: list[Unit]
    whole: bool


def on_map(actor: Actor, asked: Asked, *, found: Iterable[UUID] = ()) -> OnMap:
    """The lane's matters first, the most severe before others; then the units of a town while there is room."""
    areas = narrowed_to(asked, desk_areas(actor))
    placed = at_hand(areas).filter(
        fitting(asked, found), standing_in(LANES[asked.lane], areas, clock.now()), lon__isnull=False, lat__isnull=False
    )
    homes = Q()
    for area in areas:
        homes |= Q(home__path__within=area)
    on_duty = Unit.objects.filter(homes, on_duty=True, lon__isnull=False, lat__isnull=False)
    with scoped(scope_of(actor)):
        wanted = placed.only("id", "title", "severity", "lon", "lat", "version", "procedure")
        matters = list(wanted.order_by("-severity", "opened_at", "id")[: MOST + 1])
        # Above a town there are thousands of units: they would hide what is to be seen.
        wide = any(area.count(".") < _TOWN_DEPTH for area in areas)
        units = [] if wide else list(on_duty.only("id", "name", "lon", "lat").order_by("name", "id")[: MOST + 1])
    shown = matters[:MOST]
    room = MOST - len(shown)
    return OnMap(shown, units[:room], len(matters) <= MOST and len(units) <= room)
