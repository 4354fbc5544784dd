"""Where people on duty work: each service says which page is whose, and the shell leads them there."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise

from anlan.city.people.access import Actor, Role


@dataclass(frozen=True, slots=True)
class Room:
    """A page for those who hold one of the roles; `name` is its address's name."""

    name: str
    label: "str | Promise"
    roles: Role

    @property
    def address(self) -> str:
        return reverse(self.name)


_rooms: list[Room] = []


def register(room: Room) -> None:
    """Add a room, once."""
    if room not in _rooms:
        _rooms.append(room)


def rooms_of(actor: Actor) -> list[Room]:
    """The rooms open to somebody, in the order in which they were added."""
    return [room for room in _rooms if any(held.role in room.roles for held in actor.held)]
