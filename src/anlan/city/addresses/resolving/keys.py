"""Which exact keys the table is asked for a text: the whole address, and every shorter form it could fall back to."""

from collections.abc import Iterator
from itertools import islice
from uuid import UUID

from anlan.city.addresses.resolving.asked import Asked
from anlan.city.addresses.resolving.lookups import ANY, Key
from anlan.city.addresses.resolving.names import Kind, Recognised

MOST_KEYS = 200
"""Of one text; reached only by a short name that many others are like."""
_MOST_LIKE_ONE = 16
"""Of the names that are like one, where none of them lies in the district that was named."""
_DIGITS_OF_A_DISTRICT = len("330106")


def keys_of(asked: Asked) -> list[Key]:
    """The keys, those of the likeliest names first."""
    districts = asked.districts or frozenset(code[:_DIGITS_OF_A_DISTRICT] for code in asked.towns)
    names = [each for named in asked.names for each in _likeliest(named.found, districts)]
    names.sort(key=lambda each: -each.likeness)
    compound_is_sure = any(each.name.kind is Kind.COMPOUND and each.likeness == 1 for each in names)
    keys: dict[Key, None] = {}
    for each in names:
        for key in _keys_of_name(asked, each, districts, compound_is_sure):
            keys[key] = None
            if len(keys) == MOST_KEYS:
                return list(keys)
    return list(keys)


def ids_of(asked: Asked) -> list[UUID]:
    """Addresses that are known by another whole name which the text gives."""
    return [UUID(each.name.means) for named in asked.names for each in named.found if each.name.kind is Kind.ADDRESS]


def _likeliest(found: list[Recognised], districts: frozenset[str]) -> list[Recognised]:
    """All that are in a district that was named, and of the rest the first: in a city that has thirty names one
    character away from what was written, the one that is meant is not the first by chance."""
    here = [each for each in found if not districts.isdisjoint(each.name.districts)]
    elsewhere = (each for each in found if districts.isdisjoint(each.name.districts))
    return here + list(islice(elsewhere, max(0, _MOST_LIKE_ONE - len(here))))


def _keys_of_name(asked: Asked, each: Recognised, districts: frozenset[str], compound_is_sure: bool) -> Iterator[Key]:
    name = each.name
    if name.kind is Kind.ADDRESS:
        return
    for district in _districts(each, districts):
        if name.kind is Kind.PLACE:
            yield Key(Kind.PLACE, district, name.means)
        elif name.kind is Kind.COMPOUND:
            for building, unit, room in _steps(asked.building or asked.number, asked.unit, asked.room):
                yield Key(Kind.COMPOUND, district, name.means, ANY, building, unit, room)
            if asked.number:
                yield Key(Kind.COMPOUND, district, name.means, asked.number)
        else:
            if asked.number:
                steps = _steps(asked.building, asked.unit, asked.room) if not compound_is_sure else [("", "", "")]
                for building, unit, room in steps:
                    yield Key(Kind.ROAD, district, name.means, asked.number, building, unit, room)
            yield Key(Kind.ROAD, district, name.means)


def _districts(each: Recognised, districts: frozenset[str]) -> list[str]:
    """Where to look for a name: the district that was named first, the others too, since people err about districts.
    But nobody is taken to err about both: a name that is only like the one written counts in the district named."""
    named = [code for code in each.name.districts if code in districts]
    if named and each.likeness < 1:
        return named
    return [*named, *(code for code in each.name.districts if code not in districts)]


def _steps(building: str, unit: str, room: str) -> list[tuple[str, str, str]]:
    """From the room up to the name alone; what is missing between is left open."""
    steps = []
    if room:
        steps.append((building or ANY, unit or ANY, room))
    if building and unit:
        steps.append((building, unit, ""))
    if building:
        steps.append((building, "", ""))
    return [*steps, ("", "", "")]
