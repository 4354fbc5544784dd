"""Words in texts."""

import pytest

from anlan.services.triage.matching import Lexicon, longest, normalise


def words(text: str, *lexicon: str) -> list[str]:
    return [hit.word for hit in Lexicon(dict.fromkeys(lexicon)).find(normalise(text))]


@pytest.mark.parametrize("text", ["fired", "ceasefire", "1fire"])
def test_an_english_word_is_not_found_inside_another(text: str) -> None:
    assert words(text, "fire") == []


@pytest.mark.parametrize("text", ["fire", "Fires!", "在fire里", "fire-door"])
def test_an_english_word_is_found_alone_in_the_plural_and_beside_chinese(text: str) -> None:
    assert words(text, "fire") == ["fire"]


def test_positions_hold_after_characters_outside_the_basic_plane() -> None:
    text = normalise("😀𬒗着火")
    (hit,) = Lexicon({"着火": None}).find(text)
    assert text[hit.start : hit.end] == "着火"


def test_a_word_outside_the_basic_plane_is_found() -> None:
    assert words("在𬒗村", "𬒗村") == ["𬒗村"]


def test_bytes_that_agree_across_two_characters_are_no_hit() -> None:
    # U+4E00 U+014E in UTF-32 hold the bytes of U+0000 U+0001 shifted; only whole characters may match.
    text = "".join(map(chr, (0x4E00, 0x014E, 0x0001)))
    assert words(text, chr(0x0001) + chr(0x0001)) == []
    assert words(text, chr(0x0001)) == [chr(0x0001)]


def test_only_the_longest_of_nested_words_is_kept() -> None:
    hits = Lexicon(dict.fromkeys(["消防", "消防通道", "通道"])).find("消防通道和通道")
    assert [hit.word for hit in longest(hits)] == ["消防通道", "通道"]


def test_an_empty_lexicon_finds_nothing() -> None:
    assert words("着火") == []
