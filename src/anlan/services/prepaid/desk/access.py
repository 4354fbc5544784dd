"""Whose the regulator's desk is: those who supervise, dispatch for or administer an area, for that area."""

from typing import Final

from django.db.models import Q
from django.utils.translation import gettext as _

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import DISPATCHER, SUPERVISOR, Actor, Role, covers
from anlan.loop.forms import Choices
from anlan.loop.refusals import BadInput

DESK: Final = SUPERVISOR | DISPATCHER | Role.ADMINISTRATOR


def own_areas(actor: Actor) -> tuple[str, ...]:
    """The paths of the areas over whose shops somebody watches."""
    return tuple(sorted({held.area for held in actor.held if held.role in DESK}))


def within_own(actor: Actor) -> Q:
    """The condition that an `area` lies in one of one's own."""
    condition = Q(pk__in=())
    for path in own_areas(actor):
        condition |= Q(area__within=path)
    return condition


def areas_offered(actor: Actor) -> Choices:
    """One's own areas and those just below them, as code and name."""
    known, own = atlas(), own_areas(actor)
    near = [
        path
        for path in known.paths.values()
        if any(covers(area, path) and path.count(".") <= area.count(".") + 1 for area in own)
    ]
    ordered = sorted(near, key=lambda path: (path.count("."), path))
    return [(path.rpartition(".")[2], known.full_name(path)) for path in ordered]


def area_of(actor: Actor, code: str) -> str:
    """The path of an area of one's own by its code; empty is one's first own. Raises BadInput."""
    if not code:
        return own_areas(actor)[0]
    path = atlas().paths.get(code, "")
    if not path or not any(covers(own, path) for own in own_areas(actor)):
        raise BadInput(_("there is no such area, or it is not yours"), field="area")
    return path
