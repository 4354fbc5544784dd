"""Whose the inspection is: those who supervise or administer an area, for that area and what lies below it."""

from typing import Final

from django.db.models import Q
from django.utils.translation import gettext as _

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import SUPERVISOR, Actor, Role, covers
from anlan.loop.forms import Choices
from anlan.loop.refusals import BadInput, NotAllowed

INSPECTORS: Final = SUPERVISOR | Role.ADMINISTRATOR
LEVELS_BELOW: Final = 2
"""How far below one's own area areas are offered by name."""


def own_areas(actor: Actor) -> tuple[str, ...]:
    """The paths of the areas whose addresses an actor may have inspected."""
    return tuple(sorted({held.area for held in actor.held if held.role in INSPECTORS}))


def inspects(actor: Actor, path: str) -> bool:
    """May the actor have addresses of this area inspected?"""
    return any(covers(own, path) for own in own_areas(actor))


def require_over(actor: Actor, path: str) -> None:
    """Refuse who may not inspect the area at this path. Raises NotAllowed."""
    if not inspects(actor, path):
        raise NotAllowed(_("that area is not yours to inspect"))


def within_own(actor: Actor, lookup: str = "area") -> Q:
    """The condition that what `lookup` names (a path) lies in an area of one's own."""
    condition = Q(pk__in=())
    for path in own_areas(actor):
        condition |= Q(**{f"{lookup}__within": path})
    return condition


def areas_offered(actor: Actor) -> Choices:
    """The areas of one's own from the widest to the community, as code and name."""
    known, own = atlas(), own_areas(actor)
    near = (
        path
        for path in known.paths.values()
        if path.count(".") < len(("district", "town", "community", "grid"))
        and any(covers(area, path) and path.count(".") <= area.count(".") + LEVELS_BELOW for area in own)
    )
    ordered = sorted(near, key=lambda path: (path.count("."), path))
    return [(path.rpartition(".")[2], known.full_name(path)) for path in ordered]


def area_of(actor: Actor, code: str, *, field: str = "area") -> str:
    """The path of an area of one's own by its code or full name; empty is one's first own. Raises BadInput."""
    known = atlas()
    if not code:
        return own_areas(actor)[0]
    path = known.paths.get(code) or next((each for each in known.paths.values() if known.full_name(each) == code), "")
    if not path or not inspects(actor, path):
        raise BadInput(_("there is no such area, or it is not yours to inspect"), field=field)
    return path
