"""From a position to the addresses that stand nearest to it and the grid that it lies in."""

from dataclasses import dataclass
from enum import StrEnum

from anlan.city.addresses.models import Address
from anlan.city.addresses.queries import nearest
from anlan.city.areas.atlas import atlas
from anlan.city.areas.geometry import valid_position

FARTHEST_METRES = 500
"""Farther away an address says nothing about a place; unless the asker says otherwise."""


class Problem(StrEnum):
    """Why a position has no address."""

    NO_POSITION = "no_position"
    SWAPPED = "swapped"
    """Longitude and latitude are most likely exchanged: the other way round it lies in the city."""
    OUTSIDE = "outside"
    NONE_NEAR = "none_near"
    """In the city, but no address of the base stands near enough."""


@dataclass(frozen=True, slots=True)
class Reversed:
    """`nearest` are (metres, address), the nearest first; `area` is the path of the smallest area, "" outside."""

    area: str = ""
    nearest: tuple[tuple[float, Address], ...] = ()
    problem: Problem | None = None


def reverse(lon: float, lat: float, *, within: float = FARTHEST_METRES, limit: int = 5) -> Reversed:
    """What stands at a position (WGS-84), at most `within` metres away. One statement; never raises."""
    if not valid_position(lon, lat):
        # Longitudes of China are no latitudes at all.
        swapped = valid_position(lat, lon) and atlas().locate(lat, lon) is not None
        return Reversed(problem=Problem.SWAPPED if swapped else Problem.NO_POSITION)
    here = atlas()
    code = here.locate(lon, lat)
    if code is None:
        return Reversed(problem=Problem.OUTSIDE)
    found = tuple(each for each in nearest(lon, lat, limit=limit) if each[0] <= within)
    return Reversed(here.paths[code], found, None if found else Problem.NONE_NEAR)
