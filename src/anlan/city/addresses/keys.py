"""The keys that an address and everything below it have in common, and giving them other ones."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from django.db.models import Q

from anlan.city.addresses.codes import official
from anlan.city.addresses.landing import column
from anlan.city.addresses.models import Address, Level
from anlan.city.areas.atlas import atlas

BATCH: Final = 2_000
WRITTEN: Final = tuple(level for level in Level if level >= Level.ROAD)
"""The order in which an address is written."""
_AREA_COLUMNS: Final = ("area", "district", "town", "community", "grid")


def text_of(address: Address) -> str:
    """The whole address, from its keys."""
    areas = atlas()
    own = "".join(official(level, key) for level in WRITTEN if (key := getattr(address, column(level))))
    return areas.names[address.area.split(".")[0]] + areas.full_name(address.area) + own


def chain(address: Address) -> dict[str, str]:
    """The columns by which an address and all below it are known, from the top; its own is the last."""
    level = Level(address.level)
    if level is Level.ROAD:
        names = [Level.ROAD]
    elif level is Level.NUMBER:
        names = [Level.ROAD, Level.NUMBER] if address.road else [Level.COMPOUND, Level.NUMBER]
    else:
        above = [Level.COMPOUND] if address.compound else [Level.ROAD, Level.NUMBER, Level.COMPOUND]
        below = (Level.BUILDING, Level.UNIT, Level.FLOOR, Level.ROOM, Level.POI)
        names = [*above, *(each for each in below if each < level)]
        # A room is not below its floor, and a shop is below whatever it has.
        names = [each for each in names if each is not Level.FLOOR and each is not level]
        names.append(level)
    return {column(each): getattr(address, column(each)) for each in names}


def sharing(address: Address) -> Q:
    """The condition of being this address or below it, by keys: also a compound that stands at a road."""
    place = {"district": address.district}
    if address.level > Level.NUMBER:
        place["area"] = address.area
    return Q(**place, **chain(address), status=Address.Status.IN_USE)


def rekey(rows: Iterable[Address], keys: dict[str, str], like: Address | None = None) -> list[UUID]:
    """Give rows these keys, with `like` also the area of that address, and write their text anew; returns their ids."""
    done: list[UUID] = []
    batch: list[Address] = []
    columns = [*keys, "text", *(_AREA_COLUMNS if like is not None else ())]
    for row in rows:
        for name, value in keys.items():
            setattr(row, name, value)
        if like is not None and row.area != like.area:
            row.area, row.district, row.town, row.community = like.area, like.district, like.town, like.community
        row.text = text_of(row)
        batch.append(row)
        done.append(row.id)
        if len(batch) == BATCH:
            Address.objects.bulk_update(batch, columns)
            batch = []
    if batch:
        Address.objects.bulk_update(batch, columns)
    return done
