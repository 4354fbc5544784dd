"""Addresses out of a file: every row on its own, so that a bad one costs nothing but itself.

An address is known by what it says (`landing.land`), so the same file imported twice adds nothing.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from anlan.city.addresses.access import administers
from anlan.city.addresses.codes import canonical, official
from anlan.city.addresses.field_rules import findings
from anlan.city.addresses.former_districts import present_district
from anlan.city.addresses.landing import BATCH, OWN_LEVELS, Given, Landed, column, land
from anlan.city.addresses.models import Level
from anlan.city.addresses.parsing import parse
from anlan.city.areas import geometry
from anlan.city.areas.atlas import Atlas, atlas
from anlan.city.areas.models import Area
from anlan.city.audit.recording import changed
from anlan.city.people.access import Actor
from anlan.foundation import freshness
from anlan.foundation.tables.columns import Columns, columns, meaning
from anlan.foundation.tables.rejects import Rejects, unmarked
from anlan.foundation.tables.rows import Cells, Row, Table, Unreadable

TOPIC: Final = "addresses"
HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "district": ("区县", "区", "县", "县区", "区县市", "district", "county", "区县名称"),
    "town": ("镇街", "街道", "乡镇", "镇", "乡镇街道", "所属街道", "town", "street"),
    "community": ("村社", "社区", "村", "村社区", "社区村", "所属社区", "community", "village"),
    "area": ("区划代码", "社区代码", "行政区划代码", "area", "areacode"),
    "road": ("道路", "路", "街路巷", "路街巷", "街巷", "road", "addr:street"),
    "number": ("门牌", "门牌号", "路门牌", "号", "number", "housenumber", "addr:housenumber"),
    "compound": ("小区", "小区名称", "小区自然村", "自然村", "院落", "compound", "residentialquarters"),
    "building": ("楼幢", "幢", "幢号", "楼栋", "栋", "建筑", "building"),
    "unit": ("单元", "单元号", "unit"),
    "floor": ("层", "楼层", "floor", "roomfloor"),
    "room": ("户室", "室", "室号", "房号", "房间号", "room"),
    "poi": ("兴趣点", "名称", "标志物", "poi", "name"),
    "address": ("地址", "标准地址", "全称", "详细地址", "address", "text", "fulladdress"),
    "lon": ("经度", "lon", "lng", "longitude", "x"),
    "lat": ("纬度", "lat", "latitude", "y"),
    "checked_on": ("核查日期", "检查日期", "采集日期", "checkedon"),
}
"""How a column is known: by one of these headings, without regard to case, spaces and underscores."""

_BELOW_AREAS: Final = {column(level): level for level in OWN_LEVELS}
_AREA_FIELDS: Final = ("district", "town", "community")
_PARSED: Final = {
    "road": "road",
    "roadno": "number",
    "poi": "compound",
    "subpoi": "poi",
    "houseno": "building",
    "cellno": "unit",
    "floorno": "floor",
    "roomno": "room",
}
"""The field for each label of a parser, where a file has whole addresses in one column."""
LONGEST_NAME: Final = 100
LONGEST_ADDRESS: Final = 300
# China, roughly: the ranges of longitude and latitude have nothing in common, so an exchanged pair is seen at once.
_LONS: Final = (73.0, 136.0)
_LATS: Final = (3.0, 54.0)
_BROKEN: Final = re.compile(r"[\x00-\x1f\x7f\ufffd\ud800-\udfff]")
_REPEATED_ENDING: Final = re.compile(r".*(幢|栋|座|单元).*-.*\1")


class Coordinates(StrEnum):
    """The system in which a file gives positions. It can't be told from the figures and has to be said."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"

    def to_wgs84(self, lon: float, lat: float) -> geometry.Point:
        match self:
            case Coordinates.GCJ02:
                return geometry.gcj02_to_wgs84(lon, lat)
            case Coordinates.BD09:
                return geometry.bd09_to_wgs84(lon, lat)
        return lon, lat


class Unfit(Exception):
    """A row that can't be an address of the base; `field` says where."""

    def __init__(self, field: str, message: "str | Promise") -> None:
        super().__init__(field)
        self.field = field
        self.message = message


@dataclass
class Outcome:
    """What became of the rows. `reasons` counts the refused by field and reason, `findings` what broke a field rule
    and was put into its official form."""

    landed: Landed = field(default_factory=Landed)
    refused: int = 0
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    findings: Counter[tuple[str, str]] = field(default_factory=Counter)


def fits(headings: Sequence[str], given: Mapping[str, str]) -> bool:
    """Is this the row of headings? It names some level of an address, or a column that was said to be something."""
    known = {*_BELOW_AREAS, "address"}
    return any(heading in given.values() or meaning(heading, HEADINGS) in known for heading in headings)


def columns_of(headings: Cells, given: Mapping[str, str]) -> Columns:
    """Which column holds what; `given` (ours: theirs) goes before the known headings. Raises Unreadable."""
    found = columns(headings, given, HEADINGS)
    if not found.places.keys() & {*_BELOW_AREAS, "address"}:
        raise Unreadable(str(_("no column is a level of an address; say which with --map address=…")))
    return found


def take_in(
    table: Table,
    found: Columns,
    *,
    by: Actor,
    source: str,
    on: date,
    rejects: Rejects,
    coordinates: Coordinates = Coordinates.WGS84,
    strict: bool = False,
    dry_run: bool = False,
    after_row: Callable[[], None] = lambda: None,
) -> Outcome:
    """Put every row into the base that fits and lies in an area that `by` administers.

    `strict` refuses what breaks a field rule instead of writing it in the official form. A dry run keeps nothing.
    """
    outcome = Outcome()
    reading = Reading(atlas(), coordinates=coordinates, strict=strict)
    batch: list[Given] = []
    for row in table.rows:
        try:
            given, broken = reading.given(row, found)
            if not administers(by, reading.atlas.paths[given.area]):
                raise Unfit("area", _("that area is not yours to administer"))
        except Unfit as unfit:
            fault = unfit.field, str(unfit.message)
            outcome.refused += 1
            outcome.reasons[fault] += 1
            rejects.add(row, *fault)
        else:
            outcome.findings.update(broken)
            batch.append(given)
            if len(batch) == BATCH:
                outcome.landed.add(_land(batch, reading.atlas, source, on, dry_run))
                batch = []
        after_row()
    outcome.landed.add(_land(batch, reading.atlas, source, on, dry_run))
    if not dry_run and (outcome.landed.addresses or outcome.landed.moved):
        _record(outcome, by, source)
    return outcome


def _land(batch: list[Given], areas: Atlas, source: str, on: date, dry_run: bool) -> Landed:
    with transaction.atomic():
        landed = land(batch, areas, source=source, on=on)
        transaction.set_rollback(dry_run)
    return landed


def _record(outcome: Outcome, by: Actor, source: str) -> None:
    """One entry for an import in the audit log, at the widest area of who did it."""
    path = min((held.area for held in by.held), key=len)
    area = Area.objects.get(path=path)
    counts = {name: [None, getattr(outcome.landed, name)] for name in ("rows", "moved", "addresses")}
    with transaction.atomic():
        changed(area, verb="import addresses", by=by, area=path, reason=source, difference=counts)
        freshness.changed(TOPIC)


class Reading:
    """Reads rows into addresses. Holds the areas by their names."""

    def __init__(self, atlas: Atlas, *, coordinates: Coordinates = Coordinates.WGS84, strict: bool = False) -> None:
        self.atlas = atlas
        self._coordinates = coordinates
        self._strict = strict
        self._areas: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for code, path in atlas.paths.items():
            depth = path.count(".") - 1
            if 0 <= depth < len(_AREA_FIELDS):
                self._areas[_AREA_FIELDS[depth], atlas.names[code]].add(code)
                self._areas[_AREA_FIELDS[depth], code].add(code)

    def given(self, row: Row, found: Columns) -> tuple[Given, list[tuple[str, str]]]:
        """The address of a row, and the field rules that it broke (field, words). Raises Unfit."""
        if row.fault is not None:
            raise Unfit("", row.fault)
        told = {ours: unmarked(row.cells[place]) for ours, place in found.places.items()}
        _refuse_broken(told)
        if told.get("address") and not any(told.get(name) for name in _BELOW_AREAS):
            told |= {name: text for name, text in _from_text(told["address"]) if not told.get(name)}
        broken = list(self._broken(told))
        position = self._position(told)
        names: dict[Level, str] = {
            level: name
            for field, level in _BELOW_AREAS.items()
            if (name := told.get(field, "")) and canonical(level, name)
        }
        if not names:
            raise Unfit("address", _("no road, compound, building or any other level is told"))
        if len(names) == 1 and Level.ROOM in names:
            raise Unfit("room", _("a room without anything that it is in"))
        area = self._area(told, position)
        lon, lat = position or (None, None)
        return Given(area, names, lon, lat, _day(told.get("checked_on", ""))), broken

    def _broken(self, told: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        for finding in findings(told):
            fault = finding.field, str(finding.words)
            level = _BELOW_AREAS.get(finding.field)
            # A range that names its ending twice (1幢-10幢) may be two buildings or ten: nobody can write it properly.
            if self._strict or (level is not None and _REPEATED_ENDING.match(finding.value)):
                raise Unfit(*fault)
            if level is None or official(level, finding.value) != finding.value or level is Level.COMPOUND:
                yield fault

    def _position(self, told: Mapping[str, str]) -> geometry.Point | None:
        lon, lat = _figure(told, "lon"), _figure(told, "lat")
        if lon is None and lat is None:
            return None
        if lon is None or lat is None:
            missing = "lon" if lon is None else "lat"
            raise Unfit(missing, _("longitude and latitude belong together; one is missing"))
        if _between(lon, _LATS) and _between(lat, _LONS):
            raise Unfit("lon", _("longitude and latitude are exchanged"))
        if not (_between(lon, _LONS) and _between(lat, _LATS)):
            raise Unfit("lon", _("not a position in this country"))
        return self._coordinates.to_wgs84(lon, lat)

    def _area(self, told: Mapping[str, str], position: geometry.Point | None) -> str:
        """The code of the narrowest area that a row tells, or that its position lies in. Raises Unfit."""
        if told.get("area"):
            code = told["area"][:12]
            if code not in self.atlas.paths or len(code) < 6:
                raise Unfit("area", _("there is no area of this code"))
            return code
        within: set[str] | None = None
        for name in _AREA_FIELDS:
            if not told.get(name):
                continue
            called = self._areas[name, told[name]] or (self._of_old(told) if name == "district" else set())
            if not called:
                raise Unfit(name, _("there is no area of this name"))
            lying = called if within is None else {code for code in called if any(code.startswith(w) for w in within)}
            if not lying:
                raise Unfit(name, _("the areas that are told do not lie in each other"))
            within = lying
        there = self._located(position)
        if within is None:
            if there is None:
                raise Unfit("district", _("no area is told, and none has this position"))
            return there
        # Drawn borders only: a schematic one says nothing of where somebody lives.
        if there is not None and there not in self.atlas.schematic and any(there.startswith(code) for code in within):
            return there
        if len(within) > 1:
            raise Unfit("district", _("several areas are called that; the district or town is missing"))
        return next(iter(within))

    def _of_old(self, told: Mapping[str, str]) -> set[str]:
        """The districts of today for a district that is no more (江干区), those with the town that is told."""
        present = present_district(told["district"], told.get("town", ""))
        return {code for name in present.names for code in self._areas["district", name]}

    def _located(self, position: geometry.Point | None) -> str | None:
        found = self.atlas.locate(*position) if position else None
        return found[:12] if found is not None and len(found) >= 6 else None


def _refuse_broken(told: Mapping[str, str]) -> None:
    for name, value in told.items():
        if _BROKEN.search(value):
            raise Unfit(name, _("characters that can't be read"))
        if len(value) > (LONGEST_ADDRESS if name == "address" else LONGEST_NAME):
            raise Unfit(name, _("too long for an address"))
    if sum(len(told.get(name, "")) for name in _BELOW_AREAS) > LONGEST_ADDRESS:
        raise Unfit("address", _("too long for an address"))


def _from_text(text: str) -> Iterator[tuple[str, str]]:
    """The fields of a whole address in one text, by the rules of the parser."""
    parsed = parse(text)
    for name in _AREA_FIELDS:
        if value := parsed.first(name):
            yield name, value
    for label, name in _PARSED.items():
        if value := parsed.first(label):
            yield name, value


def _figure(told: Mapping[str, str], name: str) -> float | None:
    value = told.get(name, "")
    if not value:
        return None
    try:
        return float(value)
    except ValueError:
        raise Unfit(name, _("not a number of degrees")) from None


def _between(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]


def _day(value: str) -> date | None:
    if not value:
        return None
    try:
        return date.fromisoformat(value[:10].replace("/", "-"))
    except ValueError:
        raise Unfit("checked_on", _("not a day; write it as 2026-03-01")) from None
