"""What a text asks for: its areas as codes, its names as those of the base, its numbers in canonical form."""

import functools
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

import ahocorasick
from django.conf import settings

from anlan.city.addresses.codes import canonical
from anlan.city.addresses.former_districts import present_district
from anlan.city.addresses.gazetteer import names as gazetteer_names
from anlan.city.addresses.gazetteer import short_name
from anlan.city.addresses.models import Level as AddressLevel
from anlan.city.addresses.numbers import half_width
from anlan.city.addresses.parsing import parse
from anlan.city.addresses.parts import Parsed, Part
from anlan.city.addresses.resolving.names import Kind, Name, NameIndex, Recognised, key_of
from anlan.city.addresses.resolving.reasons import Reason
from anlan.city.areas.atlas import atlas
from anlan.city.areas.reference import Level, level_of
from anlan.foundation import freshness

LONGEST = 300
"""Of a longer text the rest is left unread: no address is longer, and whoever sends more sends something else."""
MOST_NAMES = 12
"""So many names of a text are looked up; a crossing with landmarks has four or five."""
_NUMBERS = {
    "roadno": ("number", AddressLevel.NUMBER),
    "houseno": ("building", AddressLevel.BUILDING),
    "cellno": ("unit", AddressLevel.UNIT),
    "floorno": ("floor", AddressLevel.FLOOR),
    "roomno": ("room", AddressLevel.ROOM),
}
"""The label of a number: which part of an address it is."""
_NAMED = ("road", "subroad", "poi", "subpoi", "community", "devzone", "person")
_BESIDE = ("对面", "旁", "附近", "路口", "交叉口", "隔壁", "后面", "前面", "斜对", "边上", "门口")
_KINDS_OF_DISTRICT = ("区", "县", "市")

_TOLD_BY_DIGITS = re.compile("[零〇○一二三四五六七八九]{2,}(?=[号室幢栋单层楼弄])")
_ARABIC = str.maketrans("零〇○一二三四五六七八九", "000123456789")

Reader = Callable[[str], Parsed]


class Named(NamedTuple):
    """A name as it was written, and what it may be in the base, the likeliest first; nothing where no name is like
    it. `meaning` finds the likeliest of those that mean one name of the base."""

    said: str
    found: list[Recognised]
    meaning: dict[tuple[Kind, str | UUID], Recognised]

    @classmethod
    def of(cls, said: str, found: list[Recognised]) -> "Named":
        # From the least likely on, so that the likeliest stays.
        return cls(said, found, {_meant(each.name): each for each in reversed(found)})


def _meant(name: Name) -> tuple[Kind, str | UUID]:
    return name.kind, UUID(name.means) if name.kind is Kind.ADDRESS else name.means


@dataclass(slots=True)
class Asked:
    """`areas` are codes by level; `names` what the base knows of the names written; `notes` what was put right on the
    way. A part that was not written is empty."""

    parsed: Parsed
    districts: frozenset[str] = frozenset()
    towns: frozenset[str] = frozenset()
    communities: frozenset[str] = frozenset()
    names: list["Named"] = field(default_factory=list)
    number: str = ""
    building: str = ""
    unit: str = ""
    floor: str = ""
    room: str = ""
    beside: str = ""
    elsewhere: str = ""
    """A city or province that is not ours, as written."""
    notes: list[Reason] = field(default_factory=list)


def asked_in(text: str, index: NameIndex, reader: Reader = parse) -> Asked:
    """Read a text against the names of a base."""
    asked = Asked(_read(text[:LONGEST], reader))
    _areas(asked)
    _numbers(asked)
    _names(asked, index)
    asked.beside = next(
        (
            part.text
            for part in asked.parsed.parts
            if part.label == "assist" and any(word in part.text for word in _BESIDE)
        ),
        "",
    )
    return asked


def _read(text: str, reader: Reader) -> Parsed:
    """Numbers told digit by digit (一〇〇六室) are given to the reader in Arabic digits, one for one."""
    told = _TOLD_BY_DIGITS.sub(lambda found: found[0].translate(_ARABIC), text)
    read = reader(told)
    if told == text:
        return read
    parts = tuple(Part(part.label, text[part.start : part.end], part.start, part.end) for part in read.parts)
    return Parsed(text, parts, read.confidence)


def _numbers(asked: Asked) -> None:
    """The first number of each level; said twice it is said the same. Of two buildings the one that is written as a
    road number is (长河路翠苑98号2幢)."""
    numbers = [part for part in asked.parsed.parts if part.label in _NUMBERS]
    houses = [part for part in numbers if part.label == "houseno"]
    if len(houses) > 1 and houses[0].text.endswith("号") and all(part.label != "roadno" for part in numbers):
        asked.number = canonical(AddressLevel.NUMBER, houses[0].text)
        numbers.remove(houses[0])
    for part in numbers:
        name, level = _NUMBERS[part.label]
        if not getattr(asked, name):
            setattr(asked, name, canonical(level, part.text))


def _areas(asked: Asked) -> None:
    """Codes of the areas: as the parser has read them, and every full name that stands anywhere in the text."""
    known = area_names()
    levels: dict[Level, set[str]] = {Level.DISTRICT: set(), Level.TOWN: set(), Level.COMMUNITY: set()}
    for code in known.in_text(half_width(asked.parsed.text)):
        levels[level_of(code)].add(code)
    town = asked.parsed.first("town")
    for part in asked.parsed.parts:
        present = present_district(part.text, town) if part.label == "district" else None
        if present and (codes := {code for name in present.names for code in known.districts(name)}):
            levels[Level.DISTRICT].update(codes)
            if present.changed and part.text not in present.names:
                more = {"since": str(present.changed)}
                asked.notes.append(Reason("renamed_district", said=part.text, base="、".join(present.names), more=more))
        elif part.label in ("prov", "city", "district") and known.is_elsewhere(part.text):
            asked.elsewhere = asked.elsewhere or part.text
    if levels[Level.DISTRICT] and known.city and known.city in asked.parsed.text:
        asked.elsewhere = ""
    asked.districts = frozenset(levels[Level.DISTRICT])
    asked.towns = _inside(levels[Level.TOWN], asked.districts)
    asked.communities = _inside(levels[Level.COMMUNITY], asked.towns or asked.districts)


def _inside(codes: set[str], above: frozenset[str]) -> frozenset[str]:
    """Of several areas with one name those inside the wider area that was named; all, where none is."""
    inside = {code for code in codes if any(code.startswith(wider) for wider in above)}
    return frozenset(inside or codes)


def _names(asked: Asked, index: NameIndex) -> None:
    """What the parser calls a name, and every name of the base that stands in the text as it is."""
    written = {key: text for text in _written(asked.parsed.parts) if (key := key_of(text))}
    standing = {key for _start, _end, key in index.in_text(key_of(asked.parsed.text))}
    known_areas = area_names().by_name
    for key in list(dict.fromkeys([*written, *sorted(standing)]))[:MOST_NAMES]:
        said = written.get(key, key)
        exact = bool(index.written(key))
        if not exact and (said in known_areas or any(each in key or key in each for each in standing)):
            continue
        asked.names.append(Named.of(said, index.recognise(said)))
    # A mistake may have cost a name its end: read once more with the words beside it.
    if not any(each.found for each in asked.names):
        runs = [Named.of(run, found) for run in _runs(asked.parsed.parts) if (found := index.recognise(run))]
        asked.names = runs or asked.names


def _written(parts: Iterable[Part]) -> list[str]:
    return [part.text for part in parts if part.label in _NAMED]


def _runs(parts: Iterable[Part]) -> list[str]:
    """Names together with what stands right before and behind them."""
    runs = [""]
    for part in parts:
        if part.label in _NAMED or part.label in ("assist", "redundant", "otherinfo"):
            runs[-1] += part.text
        elif runs[-1]:
            runs.append("")
    return [run for run in runs if run]


@dataclass(frozen=True, eq=False)
class AreaNames:
    """The city's own areas by what they are called."""

    city: str
    provinces: frozenset[str]
    """Short names of what holds the city."""
    by_name: dict[str, tuple[str, ...]]
    automaton: ahocorasick.Automaton

    def in_text(self, text: str) -> Iterable[str]:
        """The codes of all areas whose full name stands in a text."""
        if self.by_name:
            for _end, name in self.automaton.iter_long(text):
                yield from self.by_name[name]

    def districts(self, written: str) -> set[str]:
        """The codes of the districts of a name, with its kind or without: 西湖区, 西湖."""
        forms = [written, *(written + kind for kind in _KINDS_OF_DISTRICT)]
        return {code for form in forms for code in self.by_name.get(form, ()) if level_of(code) == Level.DISTRICT}

    def is_elsewhere(self, written: str) -> bool:
        """Whether this is the name of a province, city or district that is neither ours nor holds us."""
        place = gazetteer_names().get(written)
        if place is None or not self.city:
            return False
        ours = {self.city, *self.provinces}
        return short_name(written) not in ours and self.city not in place.parents


@functools.cache
def area_names() -> AreaNames:
    here = atlas()
    names: defaultdict[str, list[str]] = defaultdict(list)
    for code, name in here.names.items():
        if Level.DISTRICT <= level_of(code) <= Level.COMMUNITY:
            names[name].append(code)
    automaton = ahocorasick.Automaton()
    for name in names:
        automaton.add_word(name, name)
    automaton.make_automaton()
    city = short_name(here.names.get(settings.ANLAN_CITY, ""))
    place = gazetteer_names().get(city)
    return AreaNames(
        city, place.parents if place else frozenset(), {name: tuple(codes) for name, codes in names.items()}, automaton
    )


freshness.keep("areas", area_names.cache_clear)
