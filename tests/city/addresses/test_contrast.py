import pytest

from anlan.city.addresses import contrast
from anlan.city.addresses.contrast import Contrasted
from anlan.city.addresses.likeness import Rarity, Side
from anlan.city.addresses.parsing import parse


def _of(text: str) -> Contrasted:
    return Contrasted(Side(parse(text)))


@pytest.mark.parametrize(
    ("one", "other"),
    [("翠苑小区3幢", "翠苑社区3号楼"), ("海创大厦", "海创大楼"), ("古墩公路７号", "古墩路7号")],
)
def test_kinds_of_place_that_people_exchange_are_written_alike(one: str, other: str) -> None:
    assert _of(one).plain == _of(other).plain


def test_the_end_is_what_stands_behind_the_way_there() -> None:
    assert _of("文一路与古墩路交叉口西100米海创书店").end == "海创书店"


def test_the_number_of_a_house_is_told_from_that_of_a_road() -> None:
    road, house, *_ = _of("古墩路7号翠苑小区三号楼").roles
    assert road == {"7"}
    assert house == {"3"}


def test_words_name_what_is_left_over_on_either_side() -> None:
    found = contrast.words(_of("古墩路7号海创大厦"), _of("古墩路7号海创大厦停车场"))
    assert "b run 停车场" in found
    assert "poi=" in found
    assert any(word.startswith("b two 停车") for word in found)
    assert not any(word.startswith("a two") for word in found)


@pytest.mark.parametrize("text", ["", "abc", "1", "))((", "古墩路", "号" * 300])
def test_any_two_texts_have_the_same_columns(text: str) -> None:
    wanted = len(contrast.differences(_of("古墩路7号"), _of("天目山路9号")))
    assert len(contrast.differences(_of(text), _of("古墩路7号"))) == wanted
    assert len(contrast.differences(_of("古墩路7号"), _of(text))) == wanted


def test_what_only_another_candidate_has_counts_against_one() -> None:
    texts = ["古墩路7号海创大厦", "古墩路", "海创大厦"]
    full, road, _ = contrast.among(_of(texts[0]), [_of(text) for text in texts], Rarity(texts))
    assert full[0] == 0
    assert road[0] > 0
