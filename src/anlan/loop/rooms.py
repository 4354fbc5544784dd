"""Where people on duty work: each service says which page is whose, and the shell leads them there."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise

from anlan.city.people.access import Actor, Role


@dataclass(frozen=True, slots=True)
class Room:
    """A page for those who hold one of the roles; `name` is its address's name.

    One that is `general` stands after the rooms of the services: it is nobody's place of work. One that lies `inside`
    another is reached from there: the bar of that room leads to it. One of `the_city` is for those who hold the role
    over all of it.
    """

    name: str
    label: "str | Promise"
    roles: Role
    general: bool = False
    inside: str = ""
    the_city: bool = False

    @property
    def address(self) -> str:
        return reverse(self.name)


_rooms: list[Room] = []


def register(room: Room) -> None:
    """Add a room, once."""
    if room not in _rooms:
        _rooms.append(room)


def rooms_of(actor: Actor) -> list[Room]:
    """The rooms open to somebody, in the order in which they were added, the general ones last."""
    rooms = [room for room in _rooms if not room.inside and _open(room, actor)]
    return sorted(rooms, key=lambda room: room.general)


def rooms_inside(actor: Actor, name: str) -> list[Room]:
    """The rooms inside another one that are open to somebody: its own page first, then as they were added."""
    rooms = [room for room in _rooms if room.inside == name and _open(room, actor)]
    return sorted(rooms, key=lambda room: room.name != name)


def _open(room: Room, actor: Actor) -> bool:
    held = (each for each in actor.held if not room.the_city or each.area == settings.ANLAN_CITY)
    return any(each.role in room.roles for each in held)
