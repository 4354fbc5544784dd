"""Reads about offices and units."""

import functools
from collections.abc import Iterator, Mapping
from uuid import UUID

from anlan.city.people.models import Organisation
from anlan.foundation import freshness


@functools.cache
def command_centres() -> Mapping[str, UUID]:
    """The command centre of each area that has one, by the area's path."""
    found = Organisation.objects.filter(kind=Organisation.Kind.COMMAND).values_list("area__path", "id")
    return dict(found)


@functools.cache
def office_name(id: UUID) -> str:
    """What an office is called."""
    return Organisation.objects.values_list("name", flat=True).get(id=id)


freshness.keep("organisations", command_centres.cache_clear)
freshness.keep("organisations", office_name.cache_clear)


def desk_of(path: str) -> tuple[str, UUID] | None:
    """The nearest command centre at or above a path: the area it directs and its identifier."""
    desks = command_centres()
    return next(((area, desks[area]) for area in upward(path) if area in desks), None)


def upward(path: str) -> Iterator[str]:
    """A path and every path above it, from the smallest up."""
    labels = path.split(".")
    for length in range(len(labels), 0, -1):
        yield ".".join(labels[:length])
