"""Files of addresses: what lands, what is refused and why, and that a file written is a file read."""

import csv
import io
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from django.core.management.base import OutputWrapper

from anlan.city.addresses.models import Address, Level
from anlan.city.addresses.subcommands import giving_out, taking_in
from anlan.city.areas.atlas import atlas
from anlan.city.areas.geometry import distance_m, wgs84_to_bd09
from anlan.city.audit.models import AuditEntry
from anlan.city.people.access import scope_of, scoped, system

GOOD = "西湖区,文新街道,德加社区,文一西路,98号,德加公寓,12幢,3单元,302室,120.10,30.29"
HEAD = "区县,街道,社区,道路,门牌号,小区,幢号,单元,户室,经度,纬度"


@pytest.fixture(autouse=True)
def _fresh_atlas(db: None) -> None:
    atlas.cache_clear()


def take(path: Path, *options: str) -> dict[str, Any]:
    """The import's answer as the command prints it; where rows were refused it ends with code 1."""
    out = io.StringIO()
    code: Any = 0
    try:
        command(taking_in, out, str(path), "--json", *options)
    except SystemExit as ended:
        code = ended.code
    answer: dict[str, Any] = json.loads(out.getvalue())
    assert code == (1 if answer["refused"] else 0)
    return answer


def command(subcommand: Any, out: io.StringIO, *arguments: str) -> None:
    parser = ArgumentParser()
    subcommand.add_arguments(parser)
    subcommand.run(OutputWrapper(out), **vars(parser.parse_args(arguments)))


def file_of(tmp_path: Path, *rows: str, head: str = HEAD, name: str = "in.csv") -> Path:
    path = tmp_path / name
    path.write_text("\n".join((head, *rows)), encoding="utf-8")
    return path


def reason_of(answer: dict[str, Any]) -> tuple[str, str]:
    (only,) = answer["reasons"]
    return only["field"], only["why"]


def test_a_table_lands_and_lands_only_once(tmp_path: Path) -> None:
    path = file_of(tmp_path, GOOD, GOOD.replace("302", "303"))
    assert take(path)["landed"] == 2
    again = take(path)
    assert (again["landed"], again["already_there"], again["addresses"]) == (0, 2, 0)
    with scoped(scope_of(system())):
        assert AuditEntry.objects.filter(verb="import addresses").count() == 1


def test_a_dry_run_counts_and_keeps_nothing(tmp_path: Path) -> None:
    answer = take(file_of(tmp_path, GOOD), "--dry-run")
    assert (answer["landed"], answer["dry_run"]) == (1, True)
    assert not Address.objects.exists()


@pytest.mark.parametrize(
    ("row", "field", "why"),
    [
        (GOOD.replace("120.10,30.29", "30.29,120.10"), "lon", "longitude and latitude are exchanged"),
        (GOOD.replace("120.10,30.29", "0,0"), "lon", "not a position in this country"),
        (GOOD.replace("120.10", "nan"), "lon", "not a position in this country"),
        (GOOD.replace("120.10", "东"), "lon", "not a number of degrees"),
        (GOOD.replace("30.29", ""), "lat", "longitude and latitude belong together; one is missing"),
        (GOOD.replace("西湖区", "东湖区"), "district", "there is no area of this name"),
        (GOOD.replace("文新街道", "翠苑街道"), "community", "the areas that are told do not lie in each other"),
        (GOOD.replace("12幢", "1幢-10幢"), "building", "N幢 or N-M幢; 无 where there is none"),
        ("西湖区,文新街道,德加社区,,,,,,302室,,", "room", "a room without anything that it is in"),
        ("西湖区,文新街道,德加社区,,,,无,无,,,", "address", "no road, compound, building or any other level is told"),
        (GOOD.replace("德加公寓", "德" * 101), "compound", "too long for an address"),
        (GOOD.replace("德加公寓", "德\x00"), "compound", "characters that can't be read"),
    ],
)
def test_a_bad_row_is_refused_by_name_and_the_good_one_lands(tmp_path: Path, row: str, field: str, why: str) -> None:
    answer = take(file_of(tmp_path, row, GOOD))
    assert reason_of(answer) == (field, why)
    assert answer["landed"] == 1
    refused = list(csv.reader(io.StringIO(Path(answer["rejects"]).read_text(encoding="utf-8-sig"))))
    assert refused[1][-3:] == ["2", field, why]


def test_an_unofficial_form_is_written_officially_and_counted(tmp_path: Path) -> None:
    path = file_of(tmp_path, GOOD.replace("12幢", "12栋"))
    answer = take(path)
    assert [each["field"] for each in answer["findings"]] == ["building"]
    assert Address.objects.get(level=Level.BUILDING).name == "12幢"


def test_a_strict_import_refuses_an_unofficial_form(tmp_path: Path) -> None:
    answer = take(file_of(tmp_path, GOOD.replace("12幢", "12栋")), "--strict")
    assert (answer["landed"], reason_of(answer)[0]) == (0, "building")


def test_positions_of_another_system_are_brought_to_wgs84(tmp_path: Path) -> None:
    lon, lat = wgs84_to_bd09(120.10, 30.29)
    take(file_of(tmp_path, GOOD.replace("120.10,30.29", f"{lon},{lat}")), "--coordinates", "bd09")
    found = Address.objects.get(level=Level.ROOM)
    assert found.lon is not None
    assert found.lat is not None
    assert distance_m(found.lon, found.lat, 120.10, 30.29) < 1


def test_whole_addresses_in_one_column_are_read_by_the_parser(tmp_path: Path) -> None:
    path = file_of(tmp_path, "西湖区文新街道德加社区文一西路98号12幢3单元302室", head="地址")
    assert take(path)["landed"] == 1
    room = Address.objects.get(level=Level.ROOM)
    assert (room.road, room.number, room.building, room.unit, room.room) == ("文一西路", "98", "12", "3", "302")


def test_columns_of_other_names_are_mapped(tmp_path: Path) -> None:
    path = file_of(tmp_path, "330106013001,文一西路,98", head="code,way,no")
    assert take(path, "--map", "area=code", "road=way", "number=no")["landed"] == 1
    with pytest.raises(CommandError, match="no heading fits"):
        take(path)


def test_geojson_lands_by_its_geometry(tmp_path: Path) -> None:
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [120.1, 30.29]},
        "properties": {"community": "德加社区", "compound": "德加公寓"},
    }
    broken = {"type": "Feature", "geometry": {"type": "Circle"}, "properties": {"compound": "德加公寓"}}
    path = tmp_path / "in.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature, broken, 7]}), encoding="utf-8")
    answer = take(path)
    assert (answer["landed"], answer["refused"]) == (1, 2)
    assert Address.objects.get(level=Level.COMPOUND).lat == 30.29


OSM = """<?xml version="1.0"?><osm version="0.6">
<node id="1" lat="30.29" lon="120.10"/>
<node id="2" lat="30.28" lon="120.11"><tag k="addr:district" v="西湖区"/><tag k="addr:street" v="文一西路"/>
<tag k="addr:housenumber" v="98"/></node>
<way id="9"><nd ref="1"/><tag k="landuse" v="residential"/><tag k="name" v="德加公寓"/>
<tag k="addr:neighbourhood" v="德加社区"/></way>
<way id="10"><nd ref="1"/><tag k="highway" v="primary"/><tag k="name" v="文一西路"/></way></osm>"""


def test_an_extract_of_openstreetmap_gives_its_addresses_and_compounds(tmp_path: Path) -> None:
    path = tmp_path / "city.osm"
    path.write_text(OSM, encoding="utf-8")
    assert take(path)["landed"] == 2
    compound = Address.objects.get(level=Level.COMPOUND)
    assert (compound.name, compound.lon) == ("德加公寓", 120.10)
    assert Address.objects.get(level=Level.NUMBER).text == "杭州市西湖区文一西路98号"


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.osm.pbf", b"\x00\x00", "binary form"),
        ("a.osm", b"<osm><node", "not OpenStreetMap"),
        ("a.geojson", b"[1, 2]", "no list of features"),
        ("a.geojson", b"{", "not JSON"),
        ("a.csv", b"", "empty"),
        ("a.csv.gz", b"\x1f\x8bxx", "damaged"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(
    tmp_path: Path, name: str, content: bytes, why: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CommandError, match=why) as refused:
        take(tmp_path / name)
    assert refused.value.returncode == 2


@pytest.mark.parametrize("kind", ["csv", "geojson"])
def test_what_is_written_is_read_again_without_a_difference(tmp_path: Path, kind: str) -> None:
    take(file_of(tmp_path, GOOD, GOOD.replace("12幢", "东楼")))
    before = Address.objects.count()
    path = tmp_path / f"out.{kind}"
    command(giving_out, io.StringIO(), str(path))
    answer = take(path)
    assert (answer["addresses"], answer["refused"], answer["landed"], answer["moved"]) == (0, 0, 0, 0)
    assert Address.objects.count() == before
