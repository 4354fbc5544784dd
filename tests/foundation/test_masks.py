import random
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from anlan.foundation.masks import mask_address, mask_id_number, mask_name, mask_phone, mask_text


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("王建国", "王**"),
        ("李娜", "李*"),
        ("欧阳修", "欧阳*"),
        ("诸葛孔明", "诸葛**"),
        ("欧阳", "欧*"),
        ("John Smith", "J*** S****"),
        ("阿卜杜拉·买买提", "阿***·买**"),
        ("王", "*"),
        ("  ", ""),
    ],
)
def test_a_name_keeps_its_surname_or_first_letters(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13812345678", "138****5678"),
        ("+86 138-1234-5678", "138****5678"),
        ("１３８１２３４５６７８", "138****5678"),
        ("0571-88881234", "0571-****1234"),
        ("(0571) 8888 1234", "0571-****1234"),
        ("010-65529988", "010-****9988"),
        ("0571-8888123", "0571-***8123"),
        ("88881234", "****1234"),
        ("+852 9123 4567", "********4567"),
        ("12", "**"),
    ],
)
def test_a_phone_number_keeps_its_ends(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("33010619900101123X", "330106********123X"),
        ("330106 19900101 1234", "330106********1234"),
        ("330106900101123", "330106******123"),
        ("E12345678", "E******78"),
        ("E1234", "*****"),
    ],
)
def test_an_id_number_hides_the_birthday(number: str, masked: str) -> None:
    assert mask_id_number(number) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("杭州市西湖区文三路123号2幢501室", "杭州市西湖区文三路****"),
        ("杭州市西湖区文三路", "杭州市西湖区文三路"),
        ("三墩镇华联村8组12号", "三墩镇华联村****"),
        ("翠苑街道翠苑一区社区12幢3单元", "翠苑街道翠苑一区社区****"),
        ("下沙街道2号大街100号5幢", "下沙街道2号大街****"),
        ("6号大街", "6号大街"),
        ("320国道旁5号", "320国道****"),
        ("文三路一百二十号", "文三路****"),
        ("文三路１２３号", "文三路****"),
        ("三里亭路88弄3号", "三里亭路****"),
        ("蒋村街道春江花月小区3幢501室", "蒋村街道****"),
        ("春江花月3幢", "****"),
        ("No. 123 Wensan Road, Room 5-01", "No. *** Wensan Road, Room ****"),
        ("", ""),
    ],
)
def test_an_address_ends_at_its_community_or_road(address: str, masked: str) -> None:
    assert mask_address(address) == masked


@given(
    road=st.sampled_from(["西湖区文三路", "三墩镇华联村", "2号大街"]),
    number=st.integers(1, 9999),
    room=st.integers(101, 3999),
    unit=st.sampled_from(["号{}室", "弄{}号", "幢{}", "-{}"]),
)
def test_no_house_or_room_number_survives(road: str, number: int, room: int, unit: str) -> None:
    assert mask_address(f"{road}{number}{unit.format(room)}") == f"{road}****"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("电话13812345678。", "电话138****5678。"),
        ("拨打+86-138-1234-5678或138 1234 5678", "拨打138****5678或138****5678"),
        ("手机１３８１２３４５６７８", "手机138****5678"),
        (
            "座机0571-88881234，(0571)8888 1234，+86 571 8888 1234",
            "座机0571-****1234，0571-****1234，0571-****1234",
        ),
        ("身份证11010519491231002X", "身份证110105********002X"),
        ("身份证 110105 19491231 002x", "身份证 110105********002X"),
        ("卡号6222021234567890128", "卡号***************0128"),
        ("卡号4111 1111 1111 1111", "卡号************1111"),
        ("邮箱zhang.san@example.com", "邮箱z***@example.com"),
    ],
)
def test_free_text_loses_its_personal_numbers(text: str, masked: str) -> None:
    assert mask_text(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "身份证 110105194912310021",  # a wrong check character
        "卡号4111 1111 1111 1112",  # fails Luhn
        "事项 2026101300012345，退款 12345678.90 元，拨打110或12345",
        "2026-10-13 08:30 文三路123号",
    ],
)
def test_free_text_keeps_its_other_numbers(text: str) -> None:
    assert mask_text(text) == text


@given(before=st.text(st.characters(exclude_categories=["N"])), digits=st.integers(0, 10**9 - 1))
def test_no_mobile_number_survives_in_any_text(before: str, digits: int) -> None:
    number = f"13{digits:09}"
    assert number not in mask_text(f"{before}{number}{before}")


@given(seed=st.integers(), length=st.sampled_from([16, 19]))
def test_no_bank_card_survives(seed: int, length: int) -> None:
    body = "62" + "".join(random.Random(seed).choices("0123456789", k=length - 3))
    total = sum(sum(divmod(int(d) * (2 - place % 2), 10)) for place, d in enumerate(reversed(body)))
    card = f"{body}{-total % 10}"
    assert mask_text(f"付到{card}。") == f"付到{'*' * (length - 4)}{card[-4:]}。"


MASKS = [mask_name, mask_phone, mask_id_number, mask_address, mask_text]


@pytest.mark.parametrize("mask", MASKS)
@given(text=st.one_of(st.text(), st.from_regex(r"[0-9０-９+\-() 号路X@.]*", fullmatch=True)))
@example(text="\ud800")
def test_a_mask_never_raises(mask: Callable[[str], str], text: str) -> None:
    assert isinstance(mask(text), str)


@pytest.mark.parametrize("mask", [mask_name, mask_phone, mask_id_number])
@given(text=st.from_regex(r"[0-9A-Za-z王建国]{1,30}", fullmatch=True))
def test_a_value_is_never_shown_whole(mask: Callable[[str], str], text: str) -> None:
    assert "*" in mask(text)
