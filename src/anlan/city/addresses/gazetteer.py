"""Names of areas as addresses write them: full, short (杭州, 余杭) and former, found in one pass (Aho-Corasick)."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import resources
from typing import Final

import ahocorasick

from anlan.city.areas import reference
from anlan.city.areas.reference import Level

PROVINCE, CITY, DISTRICT, TOWN = range(1, 5)
"""How deep a name stands in an address."""

_LABELS: Final = {PROVINCE: "prov", CITY: "city", DISTRICT: "district", TOWN: "town"}

_KIND: Final = re.compile(
    "(?:(?:壮族|回族|维吾尔|土家族|苗族|藏族|羌族|彝族|布依族|侗族|哈尼族|傣族|白族|景颇族|傈僳族|朝鲜族|蒙古族?|哈萨克"
    "|柯尔克孜|畲族)*自治[区州县]|特别行政区|地区|新区|街道|[省市区县盟镇乡])$"
)


@dataclass(frozen=True, slots=True)
class Place:
    """A name that stands for an area."""

    name: str
    full: str
    """The name with its kind; as written where several areas share the short name."""
    label: str
    depth: int
    short: bool
    """Written without its kind (省, 市, 区 …): believed only where nothing in the text speaks against it."""
    parents: frozenset[str]
    """Short names of the areas that hold a place of this name; empty where they are not known."""
    needs_parent: bool = False
    """A word, or part of many names: an area only behind one of its parents."""
    town_of: frozenset[str] = frozenset()
    """The counties in which the same name is a town's (临平: a district, and a town of 余杭)."""


@lru_cache(maxsize=8192)
def short_name(name: str) -> str:
    """The name without its kind (杭州 of 杭州市, 延边 of 延边朝鲜族自治州); unchanged if one character were left."""
    bare = _KIND.sub("", name)
    return bare if len(bare) > 1 else name


@cache
def names() -> dict[str, Place]:
    """Every known way to write an area; of two areas with one name, the wider."""
    table = tomllib.loads(resources.files(__package__).joinpath("places.toml").read_text(encoding="utf-8"))
    areas = [(city, CITY, "") for city in table["municipalities"]]
    areas += [(name, DISTRICT, city) for city, held in table["municipalities"].items() for name in held.split()]
    areas += [(province, PROVINCE, "") for province in table["provinces"]]
    areas += [(city, CITY, province) for province, held in table["provinces"].items() for city in held.split()]
    areas += [(name, DISTRICT, city) for city, held in table["counties"].items() for name in held.split()]
    known: dict[str, Place] = {}
    for name, depth, holder in areas:
        _add(known, name, depth, holder)
    for city, held in table["former"].items():
        for name in held.split():
            _add(known, name, DISTRICT, city, former=True)
    for town, holder in _towns(table["towns"]):
        _add(known, town, TOWN, holder)
    for word in table["ambiguous"]["words"].split():
        if word in known and known[word].short:
            known[word] = replace(known[word], needs_parent=True)
    return known


def _add(known: dict[str, Place], name: str, depth: int, holder: str, *, former: bool = False) -> None:
    short = short_name(name)
    parents = frozenset({short_name(holder)}) if holder else frozenset()
    if depth == TOWN and (county := known.get(holder)):
        parents |= county.parents
    for written in {name, short}:
        old = known.get(written)
        if old is not None and old.depth < depth:
            if depth == TOWN and old.short:
                known[written] = replace(old, town_of=old.town_of | {short_name(holder)})
            continue
        if old is not None and former:
            continue
        bare = written != name
        known[written] = Place(
            name=written,
            full=name if old is None or old.full == name else written,
            label=_LABELS[depth],
            depth=depth,
            short=bare,
            parents=parents | (old.parents if old else frozenset()),
            needs_parent=bare and depth == TOWN,
        )


def _towns(by_county: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Towns with the county that holds them: the city's own table, then the others."""
    rows = reference.load()
    counties = {row.code: row.name for row in rows if row.level is Level.DISTRICT}
    for row in rows:
        if row.level is Level.TOWN:
            yield row.name, counties[row.code[:6]]
    for county, towns in by_county.items():
        for town in towns.split():
            yield town, county


@cache
def _automaton() -> ahocorasick.Automaton:
    automaton = ahocorasick.Automaton()
    for name, place in names().items():
        automaton.add_word(name, place)
    automaton.make_automaton()
    return automaton


def find(text: str) -> dict[int, Place]:
    """The names in a text by where they begin: the longest from the left, none over another."""
    return {end + 1 - len(place.name): place for end, place in _automaton().iter_long(text)}
