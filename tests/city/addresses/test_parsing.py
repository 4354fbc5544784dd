"""Reading addresses by rules."""

import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from anlan.city.addresses.parsing import parse
from anlan.city.addresses.parts import LABELS


def read(text: str) -> list[tuple[str, str]]:
    return [(part.label, part.text) for part in parse(text).parts]


def assert_joins(text: str) -> None:
    parsed = parse(text)
    assert parsed.text == text
    assert "".join(part.text for part in parsed.parts) == text
    position = 0
    for part in parsed.parts:
        assert part.label in LABELS
        assert part.start == position < part.end
        assert text[part.start : part.end] == part.text
        position = part.end
    assert position == len(text)


def test_an_address_is_read_down_to_the_room() -> None:
    assert read("浙江省杭州市西湖区文新街道文一西路522号西溪花园12幢3单元4楼402室") == [
        ("prov", "浙江省"),
        ("city", "杭州市"),
        ("district", "西湖区"),
        ("town", "文新街道"),
        ("road", "文一西路"),
        ("roadno", "522号"),
        ("poi", "西溪花园"),
        ("houseno", "12幢"),
        ("cellno", "3单元"),
        ("floorno", "4楼"),
        ("roomno", "402室"),
    ]


def test_areas_are_read_without_their_kind_and_with_levels_missing() -> None:
    assert read("杭州余杭良渚街道古墩路88号")[:3] == [("city", "杭州"), ("district", "余杭"), ("town", "良渚街道")]
    assert read("浙江义乌稠州北路1号")[:2] == [("prov", "浙江"), ("district", "义乌")]


@pytest.mark.parametrize("road", ["杭州路", "余杭塘路", "上海中路", "温州大道", "江北大道", "海宁巷"])
def test_a_road_named_after_an_area_is_a_road(road: str) -> None:
    assert read(f"{road}18号") == [("road", road), ("roadno", "18号")]


@pytest.mark.parametrize("district", ["下城区", "江干区", "上虞市"])
def test_districts_that_are_no_more_are_still_read(district: str) -> None:
    assert read(f"{district}建国北路5号")[0] == ("district", district)


def test_a_place_unknown_here_is_read_by_its_kind() -> None:
    assert read("河北省保定市满城县神星镇魏庄村")[2:] == [
        ("district", "满城县"),
        ("town", "神星镇"),
        ("community", "魏庄村"),
    ]


def test_numbers_with_dashes_are_building_unit_and_room() -> None:
    numbers = [(label, text) for label, text in read("西溪花园12-3-1001") if label != "redundant"]
    assert numbers == [("poi", "西溪花园"), ("houseno", "12"), ("cellno", "3"), ("roomno", "1001")]


def test_a_range_or_a_number_between_two_others_stays_one_number_of_the_road() -> None:
    assert ("roadno", "105-107号") in read("文三路105-107号")
    assert ("roadno", "9-1号") in read("文三路9-1号")


def test_a_lane_with_a_number_is_a_road_within_the_road() -> None:
    assert read("中山路125弄9号") == [("road", "中山路"), ("subroad", "125弄"), ("subroadno", "9号")]


def test_full_width_and_chinese_digits_are_numbers() -> None:
    assert read("文三路９０号东部软件园十二幢三单元")[1:] == [
        ("roadno", "９０号"),
        ("poi", "东部软件园"),
        ("houseno", "十二幢"),
        ("cellno", "三单元"),
    ]


def test_words_about_where_it_stands_assist() -> None:
    assert read("文三路与学院路交叉口") == [
        ("road", "文三路"),
        ("assist", "与"),
        ("subroad", "学院路"),
        ("assist", "交叉口"),
    ]
    assert read("西湖区古荡菜市场对面")[-1] == ("assist", "对面")
    assert ("assist", "旁边") in read("翠苑小区旁边")


def test_areas_written_twice_count_once() -> None:
    twice = read("浙江省杭州市余杭区浙江省杭州市余杭区五常街道文一西路")
    assert [label for label, _ in twice].count("district") == 1
    assert [label for label, _ in twice[:3]] == ["redundant"] * 3


def test_the_same_name_is_a_town_behind_its_county_and_a_district_elsewhere() -> None:
    assert ("town", "临平") in read("杭州余杭临平天荷路9号")
    assert ("district", "临平") in read("杭州市临平迎宾路9号")


def test_a_lone_street_town_name_is_a_town_where_a_road_follows() -> None:
    assert read("下沙文泽路9号")[0] == ("town", "下沙")


@pytest.mark.parametrize(
    "text", ["", " ", "-", "号", "省", "市辖区", "\x00", "一" * 5000, "1-" * 3000, "路" * 4000, "1" * 9000]
)
def test_odd_texts_are_read_without_loss(text: str) -> None:
    assert_joins(text)


def test_latin_text_is_not_an_address_of_ours_and_says_so() -> None:
    assert read("Unter den Linden") == [("otherinfo", "Unter den Linden")]
    assert_joins("Flat 4B, 221b Baker Street, London")


ALPHABET = "浙江省杭州市西湖区余镇街道村路号弄幢单元楼层室一二十三0159AB-－_ 　,，()对面与东南电联null园城公司９"


@given(st.text(st.sampled_from(ALPHABET), max_size=60))
@example("中国")
@example("12-3-1001")
def test_no_character_of_an_address_is_lost(text: str) -> None:
    assert_joins(text)


@given(st.text(max_size=60))
def test_no_character_of_any_text_is_lost(text: str) -> None:
    assert_joins(text)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "gb18030", "utf-16"])
def test_random_bytes_are_read_without_loss(encoding: str) -> None:
    source = random.Random(encoding)
    for _ in range(300):
        assert_joins(
            source.randbytes(source.randrange(80)).decode(encoding, errors=source.choice(["replace", "ignore"]))
        )


@pytest.mark.parametrize("piece", ["杭州市", "甲乙", "文一西路", "12-", "一", "园城", "东", "A1", "镇江苏省"])
def test_a_text_ten_times_as_long_has_about_ten_times_the_parts(piece: str) -> None:
    """Reading goes from left to right in bounded steps, so repeats must not change how a piece is cut."""
    short, long = (len(parse((piece * 10_000)[:length]).parts) for length in (1_000, 10_000))
    assert long <= 11 * short
