"""Files of addresses: tables (CSV, XLSX, JSON), GeoJSON, and extracts of OpenStreetMap as XML (.osm, also .gz).

Each is read as a table, so that every row has a number to be named by. The binary form of OpenStreetMap (.osm.pbf)
would need a library of its own and is refused with the way out: `osmium cat city.osm.pbf -o city.osm`.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, cast
from xml.etree.ElementTree import Element, ParseError, iterparse

from django.utils.translation import gettext as _

from anlan.city.areas.geometry import centroid
from anlan.foundation.tables.files import opened as opened_table
from anlan.foundation.tables.rows import MOST_COLUMNS, Fits, Row, Table, Unreadable, plain

LARGEST_GEOJSON: Final = 500_000_000
"""Bytes: a GeoJSON file is one value and has to fit into memory. Larger bases come as a table."""

_OSM: Final = {
    "district": ("addr:district",),
    "town": ("addr:subdistrict", "addr:suburb"),
    "community": ("addr:neighbourhood",),
    "road": ("addr:street",),
    "number": ("addr:housenumber",),
    "compound": ("addr:place",),
    "building": ("addr:block",),
    "unit": ("addr:unit",),
    "floor": ("addr:floor",),
    "room": ("addr:door", "addr:flats"),
}
_COMPOUND_TAGS: Final = (("landuse", "residential"), ("place", "neighbourhood"), ("place", "hamlet"))
_POI_TAGS: Final = ("amenity", "shop", "office", "tourism", "leisure", "healthcare")
_OSM_HEADINGS: Final = (*_OSM, "poi", "lon", "lat")


@contextmanager
def opened(path: Path, fits: Fits) -> Iterator[Table]:
    """The addresses in a file, open while the context lasts. `fits` tells a table's headings. Raises Unreadable."""
    name = path.name.lower().removesuffix(".gz")
    if name.endswith(".pbf"):
        raise Unreadable(_("this is OpenStreetMap's binary form; make XML of it first: osmium cat FILE -o city.osm"))
    try:
        if name.endswith(".osm"):
            yield _osm(path)
        elif name.endswith(".geojson"):
            yield _geojson(path)
        else:
            with opened_table(path, fits) as table:
                yield table
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise Unreadable(_("the compressed file is damaged: %(why)s") % {"why": error}) from error
    except OSError as error:
        raise Unreadable(error.strerror or str(error)) from error


def _raw(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path)) if path.name.lower().endswith(".gz") else path.open("rb")


def _geojson(path: Path) -> Table:
    with _raw(path) as raw:
        content = raw.read(LARGEST_GEOJSON + 1)
    if len(content) > LARGEST_GEOJSON:
        raise Unreadable(_("the file is too large; split it"))
    try:
        given = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Unreadable(_("not JSON: %(why)s") % {"why": str(error)[:200]}) from error
    features = given.get("features") if isinstance(given, dict) else None
    if not isinstance(features, list):
        raise Unreadable(_("not a GeoJSON FeatureCollection: it has no list of features"))
    names: dict[str, None] = {}
    for feature in features:
        names.update(dict.fromkeys(_properties(feature)))
        if len(names) > MOST_COLUMNS:
            raise Unreadable(_("more than %(n)d columns") % {"n": MOST_COLUMNS})
    # The geometry is the position, whatever the properties say.
    headings = (*(name for name in names if name not in ("lon", "lat")), "lon", "lat")
    rows = (_feature_row(number, feature, headings) for number, feature in enumerate(features, start=1))
    return Table(headings, hashlib.sha256(content).hexdigest(), len(features), rows)


def _properties(feature: Any) -> Mapping[str, Any]:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    return properties if isinstance(properties, dict) else {}


def _feature_row(number: int, feature: Any, headings: Sequence[str]) -> Row:
    properties = _properties(feature)
    told = tuple(plain(properties.get(name)) for name in headings[:-2])
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    if geometry is None:
        return Row(number, (*told, "", ""), None if properties else _("not a GeoJSON feature"))
    try:
        lon, lat = _middle(geometry["type"], geometry["coordinates"])
    except (KeyError, TypeError, ValueError, IndexError, OverflowError):
        return Row(number, (*told, "", ""), _("the geometry can't be read: a Point, LineString or Polygon is expected"))
    return Row(number, (*told, repr(lon), repr(lat)))


def _middle(kind: str, coordinates: Any) -> tuple[float, float]:
    """A point for a geometry. Raises ValueError and whatever else wrong nesting brings."""
    match kind:
        case "Point":
            return float(coordinates[0]), float(coordinates[1])
        case "LineString":
            return _middle("Point", coordinates[len(coordinates) // 2])
        case "Polygon":
            return centroid([_middle("Point", corner) for corner in coordinates[0]])
        case "MultiPoint" | "MultiLineString" | "MultiPolygon":
            return _middle(kind.removeprefix("Multi"), coordinates[0])
        case _:
            raise ValueError(kind)


def _osm(path: Path) -> Table:
    """Nodes and ways that have an address or a name to find. A way stands where its first node does.

    The file is read twice: nodes come before the ways that tell which of them are needed.
    """
    digest = hashlib.sha256()
    with _raw(path) as raw:
        while chunk := raw.read(1 << 20):
            digest.update(chunk)
    firsts = {first for each in _elements(path) if each.tag == "way" and _fields(each) and (first := _first(each))}
    return Table(_OSM_HEADINGS, digest.hexdigest(), None, _osm_rows(path, firsts))


def _osm_rows(path: Path, firsts: set[str]) -> Iterator[Row]:
    places: dict[str, tuple[str, str]] = {}
    number = 0
    for each in _elements(path):
        place = (each.get("lon", ""), each.get("lat", ""))
        if each.tag == "node" and (id := each.get("id", "")) in firsts:
            places[id] = place
        if told := _fields(each):
            number += 1
            lon, lat = place if each.tag == "node" else places.get(_first(each), ("", ""))
            fields = told | {"lon": lon, "lat": lat}
            yield Row(number, tuple(fields.get(name, "") for name in _OSM_HEADINGS))


def _elements(path: Path) -> Iterator[Element]:
    with _raw(path) as raw:
        try:
            parsed = iterparse(raw, events=("start", "end"))
            _start, root = next(parsed)
            for event, element in parsed:
                if event == "end" and element.tag in ("node", "way", "relation"):
                    yield element
                    root.clear()
        except (ParseError, StopIteration) as error:
            raise Unreadable(_("not OpenStreetMap's XML: %(why)s") % {"why": error}) from error


def _first(way: Element) -> str:
    node = way.find("nd")
    return node.get("ref", "") if node is not None else ""


def _fields(element: Element) -> dict[str, str]:
    """What the tags of an element say, by our fields; nothing where it has no address."""
    if element.tag not in ("node", "way"):
        return {}
    tags = {tag.get("k", ""): tag.get("v", "") for tag in element.iter("tag")}
    told = {ours: next((tags[key] for key in keys if key in tags), "") for ours, keys in _OSM.items()}
    name = tags.get("name", "")
    if name and any(tags.get(key) == value for key, value in _COMPOUND_TAGS):
        told["compound"] = name
    elif name and any(key in tags for key in _POI_TAGS):
        told["poi"] = name
    below_areas = ("road", "number", "compound", "building", "poi")
    return told if any(told.get(field) for field in below_areas) else {}
