"""Addresses into a file that `importing` reads again: CSV, or GeoJSON where only what has a position can stand."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TextIO

from django.db.models import QuerySet

from anlan.city.addresses.codes import official
from anlan.city.addresses.importing import HEADINGS
from anlan.city.addresses.landing import OWN_LEVELS, column
from anlan.city.addresses.models import Address, Level
from anlan.city.addresses.queries import in_use
from anlan.city.areas.atlas import Atlas, atlas
from anlan.foundation.tables.rejects import harmless

FORMATS: Final = ("csv", "geojson")
_CHUNK: Final = 5_000
_FIRST: Final = ("code", "level", "address")
COLUMNS: Final = (*_FIRST, *(name for name in HEADINGS if name not in _FIRST), "grid", "source")


def exported(area: str = "", level: Level | None = None) -> QuerySet[Address]:
    """The addresses in use below the areas, of one area's path and one level where asked for."""
    rows = in_use().filter(level__gte=Level.ROAD)
    if area:
        rows = rows.filter(area__within=area)
    return (rows.filter(level=level) if level else rows).order_by("code")


def write(
    rows: QuerySet[Address], path: Path, *, kind: str, after_row: Callable[[], None] = lambda: None
) -> tuple[int, int]:
    """Write the addresses; returns how many stand in the file, and how many could not for want of a position.

    The file appears under its name once it is complete.
    """
    unfinished = path.with_name(f"{path.name}.part")
    counted = {"written": 0, "left_out": 0}

    def fields() -> Iterator[dict[str, Any]]:
        areas = atlas()
        for row in rows.iterator(_CHUNK):
            after_row()
            if kind == "geojson" and row.lon is None:
                counted["left_out"] += 1
                continue
            counted["written"] += 1
            yield _fields(row, areas)

    # With a mark for Excel, which takes a CSV file without one for another encoding.
    encoding = "utf-8-sig" if kind == "csv" else "utf-8"
    with unfinished.open("w", encoding=encoding, newline="") as file:
        (_write_csv if kind == "csv" else _write_geojson)(file, fields())
    unfinished.replace(path)
    return counted["written"], counted["left_out"]


def _fields(row: Address, areas: Atlas) -> dict[str, Any]:
    codes = {name: getattr(row, name) for name in ("district", "town", "community")}
    told = {name: areas.names.get(code, code) for name, code in codes.items()}
    levels = {column(level): official(level, key) for level in OWN_LEVELS if (key := getattr(row, column(level)))}
    return {
        "code": row.code,
        "level": Level(row.level).name.lower(),
        "address": row.text,
        **told,
        "area": row.area.rpartition(".")[2],
        **levels,
        "lon": row.lon,
        "lat": row.lat,
        "checked_on": row.checked_on.isoformat() if row.checked_on else None,
        "grid": row.grid,
        "source": row.source,
    }


def _write_csv(file: TextIO, rows: Iterator[dict[str, Any]]) -> None:
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for row in rows:
        cells = ("" if row.get(name) is None else row[name] for name in COLUMNS)
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in cells])


def _write_geojson(file: TextIO, rows: Iterator[dict[str, Any]]) -> None:
    file.write('{"type": "FeatureCollection", "features": [')
    for number, row in enumerate(rows):
        point = {"type": "Point", "coordinates": [row.pop("lon"), row.pop("lat")]}
        properties = {name: value for name, value in row.items() if value not in ("", None)}
        feature = {"type": "Feature", "geometry": point, "properties": properties}
        file.write(("," if number else "") + "\n" + json.dumps(feature, ensure_ascii=False))
    file.write("\n]}\n")
