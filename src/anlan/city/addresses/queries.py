"""Looking addresses up: by code, by exact keys, by position, and the names that a resolver keeps in memory."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet

from anlan.city.addresses.models import PLACED, Address, AddressChange, Alias, Level
from anlan.city.areas.atlas import atlas
from anlan.city.areas.geometry import distance_m

NAMED: Final = (Level.ROAD, Level.COMPOUND, Level.POI)
"""The levels that have a name of their own; below them are numbers."""

_MOST_STEPS: Final = 50
_NEAREST_IN_DEGREES: Final = 4
"""Degrees of longitude are the shorter ones, so more are fetched than asked for and measured in metres."""


class Name(NamedTuple):
    """A name of a district: as it is written, and the canonical name of the address that it means."""

    level: Level
    name: str
    means: str
    district: str


def by_code(code: str) -> Address | None:
    """The address of a code, in use or not."""
    return Address.objects.filter(code=code).first()


def area_in_force(area: str, grid: str) -> str:
    """The code of the smallest area in force that holds an address of this area (a path) and grid, empty for none but
    the city.

    Grids are drawn anew: one that has ended since counts for nothing, and the community around it does.
    """
    codes = (grid, *reversed(area.split(".")))
    return next((code for code in codes if code in atlas().paths and code != settings.ANLAN_CITY), "")


def leads_to(address: Address) -> list[Address]:
    """The addresses in use today that have taken the place of one: itself while it is in use, nothing where it was
    demolished."""
    found: dict[UUID, Address] = {}
    level, seen = [address], {address.id}
    for _step in range(_MOST_STEPS):
        found |= {each.id: each for each in level if each.status == Address.Status.IN_USE}
        changes = [each.ended_by_id for each in level if each.ended_by_id is not None]
        if not changes:
            break
        found_in = AddressChange.objects.filter(id__in=changes).values_list("into", flat=True)
        into = {id for ids in found_in for id in ids} - seen
        seen |= into
        level = list(Address.objects.filter(id__in=into))
    return sorted(found.values(), key=lambda each: each.code)


def names() -> Iterator[Name]:
    """Every name of a road, compound or point of interest in use, and the accepted aliases of those, as a stream."""
    own = Address.objects.filter(level__in=NAMED, status=Address.Status.IN_USE)
    for level, name, district in own.values_list("level", "canonical", "district").distinct().iterator(10_000):
        yield Name(Level(level), name, name, district)
    aliases = Alias.objects.filter(
        state=Alias.State.ACCEPTED, address__level__in=NAMED, address__status=Address.Status.IN_USE
    ).exclude(kind=Alias.Kind.SECONDARY)
    columns = ("address__level", "name", "address__canonical", "district")
    for level, name, means, district in aliases.values_list(*columns).iterator(10_000):
        yield Name(Level(level), name, means, district)


def names_to_review(areas: Iterable[str]) -> QuerySet[Alias]:
    """The proposed names of addresses in any of these areas (paths), the oldest first; none for no area."""
    inside = Q(pk__in=[])
    for area in areas:
        inside |= Q(address__area__within=area)
    waiting = Alias.objects.filter(inside, state=Alias.State.PROPOSED)
    return waiting.select_related("address").order_by("proposed_at", "id")


def in_use() -> QuerySet[Address]:
    return Address.objects.filter(status=Address.Status.IN_USE)


def known_as(text: str, district: str = "") -> QuerySet[Address]:
    """Addresses in use with an accepted alias written like this (canonical form)."""
    aliases = Alias.objects.filter(Q(district=district) if district else Q(), state="accepted", canonical=text)
    return in_use().filter(id__in=aliases.values("address_id"))


def nearest(lon: float, lat: float, *, limit: int = 5, levels: Sequence[Level] = PLACED) -> list[tuple[float, Address]]:
    """The addresses in use nearest to a position (WGS-84), each with its distance in metres, the nearest first.

    Only levels of `PLACED` have a place in the index. Raises ValueError for others.
    """
    if not set(levels) <= set(PLACED):
        raise ValueError("levels: only what is found from a position can be asked for")
    with connection.cursor() as cursor:
        # The first conditions are the index's own, word for word.
        cursor.execute(
            """
            SELECT id FROM addresses_address
            WHERE lon IS NOT NULL AND level IN (6, 7, 8, 12) AND status = 'in_use' AND level = ANY(%s::int[])
            ORDER BY point(lon, lat) <-> point(%s::float8, %s::float8) LIMIT %s::int
            """,
            [[int(level) for level in levels], lon, lat, limit * _NEAREST_IN_DEGREES],
        )
        ids = [id for (id,) in cursor.fetchall()]
    found = [
        (distance_m(lon, lat, each.lon, each.lat), each)
        for each in Address.objects.filter(id__in=ids)
        if each.lon is not None and each.lat is not None
    ]
    return sorted(found, key=lambda pair: (pair[0], pair[1].level, pair[1].code))[:limit]
