import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.city.addresses import labelled, tagging
from anlan.city.addresses.features import Words, features, parts_of, tags_of
from anlan.city.addresses.network import TAG_NUMBERS, TAGS
from anlan.city.addresses.parsing import parse
from anlan.city.addresses.parts import LABELS, Parsed

ROADS = ("文一西路", "古墩路", "沈港路", "晴川街", "花蒋路", "天目山路")
PLACES = ("翠苑小区", "海创大厦", "蒋村花园", "西溪名园", "竹海公寓")


def made_up(count: int) -> list[Parsed]:
    """Addresses all of one kind, so that a few rounds teach them."""
    return [
        labelled.from_spans(
            [
                ("district", "西湖区"),
                ("road", ROADS[i % len(ROADS)]),
                ("roadno", f"{i + 1}号"),
                ("poi", PLACES[i % len(PLACES)]),
                ("houseno", f"{i % 20 + 1}幢"),
                ("roomno", f"{i % 9 + 1}0{i % 4 + 1}室"),
            ]
        )
        for i in range(count)
    ]


@pytest.fixture(scope="module")
def trained() -> tagging.Trained:
    return tagging.train(made_up(40), rounds=10)


def test_labelled_files_are_read_with_their_labels_in_lower_case() -> None:
    addresses = list(labelled.read(["文 B-subRoad", "路 I-subRoad", "602 B-roadno", "号 I-roadno", "", "西 O", ""]))
    assert [[(part.label, part.text) for part in each.parts] for each in addresses] == [
        [("subroad", "文路"), ("roadno", "602号")],
        [("otherinfo", "西")],
    ]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("文 B-road X", "line 2: 3 columns"),
        ("文 road", "line 2: the mark 'road'"),
        ("文 B-street", "line 2: there is no label"),
    ],
)
def test_a_bad_line_is_refused_with_its_number(line: str, fault: str) -> None:
    with pytest.raises(labelled.BadLine, match=fault):
        list(labelled.read(["西 B-district", line]))


def test_what_only_the_address_at_hand_knows_is_no_known_word_in_training() -> None:
    address = made_up(1)[0]
    words = Words.of([address])
    cut = labelled.units(address.text)
    assert words.within(cut, {})
    assert words.within(cut, parts_of(address)) == []


def test_a_number_may_be_cut_where_a_part_ends() -> None:
    address = labelled.from_spans([("houseno", "20"), ("roomno", "09")])
    cut = tagging.labelled_units(address)
    assert tags_of(address, cut) == ["Shouseno", "Sroomno"]


def test_every_unit_gets_features() -> None:
    text = "西湖区文一西路12-3-1001室"
    cut = labelled.units(text)
    assert len(features(text, cut, Words({}))) == len(cut)


def test_a_trained_reader_reads_what_it_was_taught(trained: tagging.Trained) -> None:
    read = trained.tagger().read("西湖区古墩路77号蒋村花园3幢201室")
    assert [(part.label, part.text) for part in read.parts] == [
        ("district", "西湖区"),
        ("road", "古墩路"),
        ("roadno", "77号"),
        ("poi", "蒋村花园"),
        ("houseno", "3幢"),
        ("roomno", "201室"),
    ]
    assert read.confidence is not None
    assert 0 <= read.confidence <= 1


def test_a_vote_for_tags_that_do_not_fit_together_gives_the_likeliest_that_do() -> None:
    likely = np.zeros((2, len(TAGS)), np.float32)
    for unit, votes in enumerate(({"Broad": 0.6, "Sroad": 0.4}, {"Spoi": 0.7, "Eroad": 0.3})):
        for tag, share in votes.items():
            likely[unit, TAG_NUMBERS[tag]] = share
    tags, claimed = tagging.decoded(likely)
    assert tags == ["Sroad", "Spoi"]
    assert claimed == pytest.approx(0.28)


def test_loaded_for_fast_reading_it_reads_the_same(trained: tagging.Trained, tmp_path: Path) -> None:
    trained.save(tmp_path / "reader.zip")
    text = "西湖区古墩路77号蒋村花园3幢201室"
    assert tagging.Tagger.load(tmp_path / "reader.zip", fast=True).read_fast(text) == trained.tagger().read_fast(text)


def test_one_field_alone_reads_fast(trained: tagging.Trained) -> None:
    tagger = trained.tagger()
    text = "西湖区古墩路77号蒋村花园3幢201室"
    assert tagger.read_fast(text).parts == tagger.read(text).parts
    assert tagger.read_fast("") == Parsed("", ())


def test_the_card_says_what_was_learnt_from_and_how_good_it_is(trained: tagging.Trained) -> None:
    assert trained.card["addresses"] == 40
    assert trained.card["held_out"]["addresses"] == 4
    assert trained.card["held_out"]["f1"] > 0.8
    assert trained.card["rules"] == tagging.rules_version()


@settings(max_examples=30, deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_is_read_without_losing_a_character(trained: tagging.Trained, text: str) -> None:
    read = trained.tagger().read(text)
    assert "".join(part.text for part in read.parts) == text
    assert all(text[part.start : part.end] == part.text and part.label in LABELS for part in read.parts)


def test_too_few_addresses_are_refused() -> None:
    with pytest.raises(tagging.TooFew, match="at least 20"):
        tagging.train(made_up(19))


def test_the_home_reads_by_rules_until_a_reader_is_trained(trained: tagging.Trained, tmp_path: Path) -> None:
    assert tagging.reader(tmp_path) is parse
    trained.save(tagging.model_file(tmp_path))
    for fast in (False, True):
        assert tagging.reader(tmp_path, fast=fast)("西湖区古墩路7号").confidence is not None


def test_a_file_that_is_no_reader_is_said_and_the_rules_serve(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tagging.model_file(tmp_path)
    file.parent.mkdir()
    file.write_bytes(b"half of it")
    assert tagging.reader(tmp_path) is parse
    assert "cannot be used" in caplog.text
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("card.json", json.dumps({}))
    assert tagging.reader(tmp_path)("西湖区").confidence is None


def test_a_reader_that_cannot_be_written_leaves_the_old_one(
    trained: tagging.Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tagging.model_file(tmp_path)
    trained.save(file)
    before = file.read_bytes()

    def full(handle: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="disk full"):
        trained.save(file)
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]
