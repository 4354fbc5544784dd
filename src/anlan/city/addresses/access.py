"""Who may change the base, and how a change that can't be is refused."""

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from anlan.city.people.access import Actor, Role, covers

_MAY_CHANGE = Role.ADMINISTRATOR | Role.SYSTEM


class CannotChange(Exception):
    """What is asked for can't be done; `field` names what was wrong where one thing was, `code` is for machines."""

    code: ClassVar[str] = "not_possible"

    def __init__(self, message: "str | Promise", *, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class NotYours(CannotChange):
    """The address lies in an area that the actor doesn't administer."""

    code = "not_allowed"


def administers(actor: Actor, path: str) -> bool:
    """May the actor change addresses in the area at this path?"""
    return any(held.role in _MAY_CHANGE and covers(held.area, path) for held in actor.held)


def require_over(actor: Actor, path: str) -> None:
    """Refuse who doesn't administer the area. Raises NotYours."""
    if not administers(actor, path):
        raise NotYours(_("that area is not yours to administer"))
