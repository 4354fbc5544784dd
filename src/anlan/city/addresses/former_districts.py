"""Which district of today a name on an older address means (下城 is 拱墅, 江干 is 上城 or 钱塘 …)."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Final

from anlan.city.areas import reference
from anlan.city.areas.reference import Level

from .gazetteer import short_name


@dataclass(frozen=True, slots=True)
class PresentDistrict:
    """The districts of today that a written district may mean, the likeliest first; none for a name unknown here."""

    names: tuple[str, ...]
    changed: date | None = None
    """When the name or its extent changed; None where it did not."""
    source: str = ""
    note: str = ""

    @property
    def certain(self) -> bool:
        """Whether only one district can be meant."""
        return len(self.names) == 1


_UNKNOWN: Final = PresentDistrict(())


def present_district(name: str, town: str = "") -> PresentDistrict:
    """The district of today for a district as written, with or without its kind (江干, 江干区).

    A `town` (street, town or township; with or without its kind) decides between several successors where the area
    table of the city knows it in one of them. Source of the changes: former_districts.toml, each with its own.
    """
    written = short_name(name)
    change = _changes().get(name) or _changes().get(written)
    if change is None:
        present = _districts().get(written)
        return PresentDistrict((present,)) if present else _UNKNOWN
    homes = _towns().get(short_name(town), frozenset()) if town else frozenset()
    decided = tuple(district for district in change.names if district in homes)
    return PresentDistrict(decided or change.names, change.changed, change.source, change.note)


@cache
def _changes() -> dict[str, PresentDistrict]:
    """Changes by the name as written before, and by its short form: of two with one short form, the district's."""
    table = tomllib.loads(resources.files(__package__).joinpath("former_districts.toml").read_text(encoding="utf-8"))
    changes: dict[str, PresentDistrict] = {}
    for row in table["change"]:
        change = PresentDistrict(tuple(row["became"]), row["date"], row["source"], row["note"])
        changes[row["former"]] = change
        changes.setdefault(short_name(row["former"]), change)
    return changes


@cache
def _districts() -> dict[str, str]:
    return {short_name(row.name): row.name for row in reference.load() if row.level is Level.DISTRICT}


@cache
def _towns() -> dict[str, frozenset[str]]:
    """The districts that have a town of this short name."""
    rows = reference.load()
    districts = {row.code: row.name for row in rows if row.level is Level.DISTRICT}
    towns: dict[str, frozenset[str]] = {}
    for row in rows:
        if row.level is Level.TOWN:
            name = short_name(row.name)
            towns[name] = towns.get(name, frozenset()) | {districts[row.code[:6]]}
    return towns
