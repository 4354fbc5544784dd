"""How well a row of the base fits what was asked, and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID

from anlan.city.addresses.models import Level
from anlan.city.addresses.resolving.asked import Asked
from anlan.city.addresses.resolving.lookups import Found
from anlan.city.addresses.resolving.names import How, Kind, Recognised
from anlan.city.addresses.resolving.reasons import Reason
from anlan.city.areas.atlas import atlas
from anlan.city.areas.geometry import distance_m

# What a part says about where one is. The numbers are this program's own choice: names and the numbers below them
# decide, areas confirm, and what is spoken wrongly most often (the district, the unit) weighs least.
NAME, NUMBER, BUILDING, UNIT, FLOOR, ROOM = 4.0, 3.0, 3.0, 1.5, 0.3, 3.0
AREAS: Final = {"district": 1.0, "town": 0.8, "community": 0.8}
UNRECOGNISED = 1.0
"""A name that nothing in the base is like: perhaps only a word too many."""
CONTRADICTED = 0.5
"""What the base says otherwise costs this share of its weight, besides not counting."""
MORE_THAN_ASKED = 0.4
NO_LONGER_IN_USE = 0.5
NEAR, NEAR_METRES = 0.08, 2_000
IN_THE_AREA = 0.05


@dataclass(frozen=True, slots=True)
class Preference:
    """What is likelier before a word is read: `near` a position (lon, lat; WGS-84), inside an `area` (path)."""

    near: tuple[float, float] | None = None
    area: str = ""


Noted = tuple[str, str, str, str] | Reason
"""The beginning of a reason, which costs a tenth of it, or a whole one."""


class Candidate(NamedTuple):
    """An address that may be meant. `whole` says that every part that was written agrees, `as_written` that nothing
    had to be put right besides."""

    address: Found
    score: float
    rank: float
    """The score before it is cut to 0 to 1: what is preferred counts among those that fit fully, too."""
    noted: tuple[Noted, ...]
    whole: bool
    as_written: bool
    metres: int | None = None

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """What speaks for and against it. Made when they are read: most candidates of a batch nobody looks at."""
        return tuple(Reason(*each) for each in self.noted)


class _ToldArea(NamedTuple):
    """An area that was named: the level and what it weighs, the codes it may have, and its names as they are told."""

    part: str
    weight: float
    codes: frozenset[str]
    said: str


class _Scales:
    """Gathers what speaks for and against one row."""

    __slots__ = ("as_written", "gained", "noted", "own_name", "possible", "whole")

    def __init__(self) -> None:
        self.gained = 0.0
        self.possible = 0.0
        self.whole = True
        self.as_written = True
        self.own_name = False
        """The name of the row's own level was written."""
        self.noted: list[Noted] = []

    def add(self, weight: float, gained: float, noted: Noted) -> None:
        self.possible += weight
        self.gained += gained
        self.noted.append(noted)

    def part(self, part: str, weight: float, said: str, base: str) -> None:
        """A number of the address against that of the row."""
        if not said:
            if base:
                self.gained -= MORE_THAN_ASKED
                self.as_written = False
                self.noted.append(("more_than_asked", part, "", base))
        elif said == base:
            self.add(weight, weight, ("agrees", part, "", base))
        elif base:
            self.whole = False
            self.add(weight, -CONTRADICTED * weight, ("differs", part, said, base))
        else:
            self.whole = False
            self.add(weight, 0, ("not_in_base", part, said, ""))


def weighed(rows: Iterable[Found], asked: Asked, preference: Preference) -> list[Candidate]:
    """Each row with its score, 0 to 1, and every reason for and against it, in the order of the rows."""
    areas = _told_areas(asked)
    return [_weighed(row, asked, areas, preference) for row in rows]


def _weighed(found: Found, asked: Asked, areas: list[_ToldArea], preference: Preference) -> Candidate:
    scales = _Scales()
    has_road = _names(found, asked, scales)
    number, building = asked.number, asked.building
    if not has_road and not building and number == found.building != found.number:
        number, building = "", number  # 德加公寓12号: below a compound a number is the building's
    if number and (has_road or found.number):
        scales.part("number", NUMBER, number, found.number)
    scales.part("building", BUILDING, building, found.building)
    scales.part("unit", UNIT, asked.unit, found.unit)
    scales.part("room", ROOM, asked.room, found.room)
    if asked.floor and found.floor and asked.floor != found.floor:
        scales.part("floor", FLOOR, asked.floor, found.floor)
    elif asked.floor and not found.floor and not asked.room:
        # Nobody is sent to a floor alone: it is found within what holds it.
        scales.as_written = False
        scales.noted.append(Reason("floor_within", said=asked.floor))
    if found.level in _NAMED and not scales.own_name:
        scales.part(_NAMED[found.level], NAME, "", _own_name(found))
    _areas(found, areas, scales)
    if asked.beside:
        scales.as_written = False
        scales.noted.append(Reason("beside", said=asked.beside))
    scales.noted += asked.notes
    score = scales.gained / scales.possible if scales.possible else 0.0
    if not found.in_use:
        score *= NO_LONGER_IN_USE
        scales.noted.append(Reason("ended"))
    metres = None
    if preference.near and found.lon is not None and found.lat is not None:
        metres = round(distance_m(*preference.near, found.lon, found.lat))
        score += NEAR * max(0.0, 1 - metres / NEAR_METRES)
        scales.noted.append(Reason("near", more={"metres": f"{metres:,}"}))
    if preference.area and _lies_in(found.area, preference.area):
        score += IN_THE_AREA
        scales.noted.append(Reason("here"))
    return Candidate(
        found, min(1.0, max(0.0, score)), score, tuple(scales.noted), scales.whole, scales.as_written, metres
    )


def _names(found: Found, asked: Asked, scales: _Scales) -> bool:
    """Weigh the names; returns whether one that was written is the row's road."""
    has_road = False
    own = _names_of(found)
    for said, recognised, meaning in asked.names:
        fitting = _likeliest([meaning[name] for name in own if name in meaning])
        if fitting:
            is_road = fitting.name.kind is Kind.ROAD
            has_road = has_road or is_road
            scales.own_name = scales.own_name or not is_road
            if fitting.how not in (How.EXACT, How.ALIAS):
                scales.as_written = False
            code = "as_written" if fitting.how is How.EXACT else fitting.how.value
            scales.add(NAME, NAME * fitting.likeness, (code, "", said, _base_name(found, fitting)))
        elif recognised and recognised[0].likeness == 1:
            scales.whole = False
            scales.add(NAME, 0, ("differs", _PART_OF[recognised[0].name.kind], said, _own_name(found)))
        else:
            scales.as_written = False
            scales.add(UNRECOGNISED, 0, ("not_recognised", "", said, ""))
    return has_road


_PART_OF: Final = {Kind.ROAD: "road", Kind.COMPOUND: "compound", Kind.PLACE: "poi", Kind.ADDRESS: "poi"}


_NAMED: Final = {int(Level.COMPOUND): "compound", int(Level.POI): "poi"}


def _names_of(found: Found) -> tuple[tuple[Kind, str | UUID], ...]:
    """What a written name can mean that is this row's own."""
    return (
        (Kind.ROAD, found.road),
        (Kind.COMPOUND, found.compound),
        (Kind.PLACE, found.poi),
        (Kind.ADDRESS, found.id),
    )


def _likeliest(fitting: list[Recognised]) -> Recognised | None:
    """The likeliest, of equals the first. Hardly ever are there several, and every name of every row comes by here."""
    if len(fitting) < 2:
        return fitting[0] if fitting else None
    return max(fitting, key=lambda each: each.likeness)


def _base_name(found: Found, each: Recognised) -> str:
    return found.text if each.name.kind is Kind.ADDRESS else each.name.means


def _own_name(found: Found) -> str:
    return found.poi or found.compound or found.road


def _told_areas(asked: Asked) -> list[_ToldArea]:
    names = atlas().names
    told = {"district": asked.districts, "town": asked.towns, "community": asked.communities}
    return [
        _ToldArea(part, AREAS[part], codes, "、".join(sorted({names.get(code, code) for code in codes})))
        for part, codes in told.items()
        if codes
    ]


def _areas(found: Found, areas: list[_ToldArea], scales: _Scales) -> None:
    names = atlas().names
    for part, weight, codes, said in areas:
        base: str = getattr(found, part)
        if base in codes:
            scales.add(weight, weight, ("agrees", part, "", names.get(base, base)))
        elif base:
            scales.whole = False
            scales.add(weight, -CONTRADICTED * weight, ("differs", part, said, names.get(base, base)))


def _lies_in(path: str, wider: str) -> bool:
    return f"{path}.".startswith(f"{wider}.")
