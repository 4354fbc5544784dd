"""Addresses put into the base: each once, coded, written and found by their keys."""

from datetime import date

import pytest

from anlan.city.addresses.codes import canonical, official
from anlan.city.addresses.landing import Given, Landed, land
from anlan.city.addresses.models import Address, Level
from anlan.city.areas.atlas import atlas
from tests.cast import COMMUNITY

DAY = date(2026, 3, 1)
COMMUNITY_CODE = COMMUNITY.rpartition(".")[2]
ROOM = {
    Level.ROAD: "文一西路",
    Level.NUMBER: "98号",
    Level.COMPOUND: "德加公寓",
    Level.BUILDING: "十二栋",
    Level.UNIT: "3单元",
    Level.FLOOR: "3层",
    Level.ROOM: "302",
}


@pytest.fixture(autouse=True)
def _fresh_atlas(db: None) -> None:
    atlas.cache_clear()


def put(*given: Given) -> Landed:
    return land(given, atlas(), source="test", on=DAY)


def room(**more: object) -> Given:
    return Given(COMMUNITY_CODE, ROOM, **more)  # type: ignore[arg-type]


def test_a_room_brings_every_level_above_it() -> None:
    landed = put(room())
    assert (landed.rows, landed.addresses) == (1, 10)
    found = Address.objects.get(level=Level.ROOM)
    assert found.text == "杭州市西湖区文新街道德加社区文一西路98号德加公寓12幢3单元3层302室"
    assert (found.name, found.canonical, found.parent.name) == ("302室", "302", "3单元")  # type: ignore[union-attr]
    assert (found.road, found.number, found.compound, found.building) == ("文一西路", "98", "德加公寓", "12")
    assert found.area == COMMUNITY
    assert (found.district, found.town, found.community) == ("330106", "330106013", COMMUNITY_CODE)


def test_the_same_address_written_otherwise_lands_once() -> None:
    put(room())
    again = put(Given(COMMUNITY_CODE, ROOM | {Level.BUILDING: "12号楼", Level.UNIT: "三单元", Level.ROOM: "302室"}))
    assert (again.rows, again.already_there, again.addresses) == (0, 1, 0)
    assert Address.objects.filter(level=Level.ROOM).count() == 1


def test_a_row_twice_in_one_batch_lands_once() -> None:
    assert (put(room(), room())) == Landed(rows=1, already_there=1, addresses=10)


def test_codes_name_the_area_the_level_and_a_number() -> None:
    put(room(), Given(COMMUNITY_CODE, ROOM | {Level.ROOM: "303"}))
    codes = list(Address.objects.filter(level=Level.ROOM).order_by("code").values_list("code", flat=True))
    assert codes == ["33010601300111000001", "33010601300111000002"]
    assert Address.objects.get(level=Level.ROAD).code == "33010600000005000001"
    assert Address.objects.get(level=Level.TOWN).code == "330106013"


def test_a_road_of_two_communities_is_one_road() -> None:
    put(room(), Given("330106004001", {Level.ROAD: "文一西路", Level.NUMBER: "2"}))
    assert Address.objects.filter(level=Level.ROAD).count() == 1
    assert Address.objects.get(level=Level.ROAD).area == "3301.330106"


def test_a_better_position_moves_what_is_there() -> None:
    put(room())
    moved = put(room(lon=120.11, lat=30.28, checked_on=DAY))
    found = Address.objects.get(level=Level.ROOM)
    assert (moved.moved, found.lon, found.checked_on) == (1, 120.11, DAY)
    assert put(room(lon=120.11, lat=30.28, checked_on=DAY)).already_there == 1


def test_a_building_stands_where_its_first_room_was_found() -> None:
    put(room(lon=120.11, lat=30.28))
    assert Address.objects.get(level=Level.BUILDING).lon == 120.11
    assert Address.objects.get(level=Level.UNIT).lon is None


def test_a_house_of_a_village_has_a_number_and_no_road() -> None:
    put(Given(COMMUNITY_CODE, {Level.NUMBER: "12号"}))
    house = Address.objects.get(level=Level.NUMBER)
    assert (house.parent.level, house.text) == (Level.COMMUNITY, "杭州市西湖区文新街道德加社区12号")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("level", "written", "key", "form"),
    [
        (Level.BUILDING, "12号楼", "12", "12幢"),
        (Level.BUILDING, "十二栋", "12", "12幢"),
        (Level.BUILDING, "１-３幢", "1-3", "1-3幢"),
        (Level.BUILDING, "A座", "A", "A幢"),
        (Level.UNIT, "三单元", "3", "3单元"),
        (Level.FLOOR, "3楼", "3", "3层"),
        (Level.ROOM, "３０２室", "302", "302室"),
        (Level.NUMBER, "9－1号", "9-1", "9-1号"),
        (Level.BUILDING, "无", "", ""),
        (Level.ROAD, " 文一 西路 ", "文一西路", "文一西路"),
    ],
)
def test_names_have_a_form_to_compare_and_one_to_write(level: Level, written: str, key: str, form: str) -> None:
    assert canonical(level, written) == key
    if key:
        assert official(level, written) == form
