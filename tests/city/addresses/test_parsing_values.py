"""Values by which parts are compared, and the districts of today."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.city.addresses.canonical import canonical
from anlan.city.addresses.former_districts import present_district
from anlan.city.addresses.gazetteer import names, short_name
from anlan.city.addresses.numbers import arabic, half_width
from anlan.city.addresses.parts import LABELS, Part


def value(label: str, text: str) -> str:
    return canonical(Part(label, text, 0, len(text)))


@pytest.mark.parametrize("written", ["12幢", "12号楼", "十二栋", "１２#", "012幢", "12"])
def test_a_building_has_one_value_however_it_is_written(written: str) -> None:
    assert value("houseno", written) == "12"


@pytest.mark.parametrize(
    ("label", "written", "expected"),
    [
        ("houseno", "b座", "B"),
        ("cellno", "三单元", "3"),
        ("floorno", "负一楼", "-1"),
        ("floorno", "地下2层", "-2"),
        ("floorno", "5F", "5"),
        ("roomno", "302室", "302"),
        ("roomno", "０３０２", "0302"),
        ("roadno", "9-1号", "9-1"),
        ("roadno", "九百六十九号", "969"),
        ("roadno", "125弄", "125弄"),
        ("road", "文一西路", "文一西路"),
        ("road", "六号大街", "6号大街"),
        ("road", "八组", "8组"),
        ("prov", "浙江", "浙江省"),
        ("city", "杭州", "杭州市"),
        ("district", "余杭", "余杭区"),
        ("town", "五常", "五常街道"),
        ("poi", "西溪花园（东区）", "西溪花园东区"),
    ],
)
def test_parts_have_canonical_values(label: str, written: str, expected: str) -> None:
    assert value(label, written) == expected


def test_a_short_name_of_several_areas_stays_as_written() -> None:
    assert value("district", "鼓楼") == "鼓楼区"
    assert value("district", "绍兴") == "绍兴"


@given(st.sampled_from(LABELS), st.text(max_size=30))
def test_a_value_of_any_text_is_its_own_value_in_width(label: str, text: str) -> None:
    assert value(label, half_width(text)) == value(label, text)


@pytest.mark.parametrize(
    ("written", "expected"),
    [("十", "10"), ("一百零三", "103"), ("二〇三", "203"), ("两百", "200"), ("三千二百一十", "3210"), ("贰拾", "20")],
)
def test_chinese_numerals_become_arabic(written: str, expected: str) -> None:
    assert arabic(f"{written}室") == f"{expected}室"


def test_half_width_moves_no_character() -> None:
    assert half_width("１２－３　Ａ座") == "12-3 A座"


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("杭州市", "杭州"),
        ("延边朝鲜族自治州", "延边"),
        ("广西壮族自治区", "广西"),
        ("文新街道", "文新"),
        ("沛县", "沛县"),
    ],
)
def test_a_name_has_a_short_form_unless_too_little_would_be_left(name: str, short: str) -> None:
    assert short_name(name) == short


def test_every_province_and_prefecture_is_known() -> None:
    known = names()
    full = [place for place in known.values() if not place.short]
    assert sum(place.label == "prov" for place in full) == 30  # of 34: the four municipalities are read as cities
    assert sum(place.label == "city" for place in full) == 333 + 4


def test_merged_districts_are_those_of_today_with_the_date() -> None:
    merged = present_district("下城区")
    assert (merged.names, merged.certain, merged.changed) == (("拱墅区",), True, date(2021, 4, 9))
    assert present_district("下城").names == ("拱墅区",)


def test_a_town_decides_between_the_successors_of_a_district() -> None:
    assert present_district("江干区").names == ("上城区", "钱塘区")
    assert not present_district("江干区").certain
    assert present_district("江干区", "下沙街道").names == ("钱塘区",)
    assert present_district("江干", "九堡").names == ("上城区",)
    assert present_district("余杭区", "临平街道").names == ("临平区",)
    assert present_district("余杭区", "五常街道").names == ("余杭区",)
    assert present_district("萧山区", "义蓬街道").names == ("钱塘区",)


def test_a_town_unknown_to_the_table_leaves_the_question_open() -> None:
    assert present_district("江干区", "丁桥镇").names == ("上城区", "钱塘区")


def test_districts_that_did_not_change_are_themselves_and_unknown_ones_nothing() -> None:
    assert present_district("西湖").names == ("西湖区",)
    assert present_district("西湖区").changed is None
    assert present_district("朝阳区").names == ()
