import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from anlan.city.addresses.evaluation import Scores, macro_f1
from anlan.city.addresses.labelled import from_spans
from anlan.cli import needs_database

ADDRESS = "西 B-district\n湖 I-district\n区 I-district\n古 B-road\n墩 I-road\n路 I-road\n7 B-roadno\n号 I-roadno\n\n"
PAIR = {"query": "古墩路7号翠苑小区", "candidate": [{"text": "古墩路7号翠苑小区", "label": "完全匹配"}]}


def judged(count: int) -> list[dict[str, object]]:
    """Queries of which one candidate is the same place and one another."""
    return [
        {
            "query": f"古墩路{number}号翠苑小区",
            "candidate": [
                {"text": f"古墩路{number}号翠苑小区", "label": "完全匹配"},
                {"text": f"天目山路{number + 2}号竹海公寓", "label": "不匹配"},
            ],
        }
        for number in range(count)
    ]


def test_a_part_is_right_only_with_its_label_and_both_ends() -> None:
    scores = Scores()
    scores.count(
        from_spans([("district", "西湖区"), ("road", "古墩路"), ("roadno", "7号")]),
        from_spans([("district", "西湖区"), ("poi", "古墩路"), ("roadno", "7"), ("roomno", "号")]),
    )
    found = scores.as_json()
    assert (found["precision"], found["recall"]) == (0.25, 0.3333)
    assert found["per_label"]["road"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0}
    assert (found["province_to_town"], found["road_with_number"], found["house_to_room"]) == (1.0, 0.0, 0.0)


def test_the_share_exact_is_the_most_that_can_be_taken_while_enough_are_right() -> None:
    scores = Scores(readings=[(0.9, True), (0.8, True), (0.7, False), (0.6, True)])
    assert scores.share_exact(0.95) == 0.5
    assert scores.share_exact(0.75) == 1.0


def test_equally_confident_readings_are_taken_together_or_not_at_all() -> None:
    assert Scores(readings=[(0.9, True), (0.9, False)]).share_exact(0.95) == 0.0


def test_a_reader_without_confidence_has_no_share() -> None:
    assert Scores(readings=[(None, True)]).share_exact() is None


def test_macro_f1_counts_each_class_the_same() -> None:
    assert macro_f1(["a", "a", "a", "b"], ["a", "a", "a", "a"])["macro_f1"] == pytest.approx(0.4286, abs=1e-4)


def test_evaluate_prints_one_object_with_the_rules_on_top(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "some.txt"
    file.write_text(ADDRESS * 3, encoding="utf-8")
    call_command("addresses", "evaluate", str(file), "--json")
    found = json.loads(capsys.readouterr().out)
    assert found["trained"] is None
    assert found["f1"] == found["rules"]["f1"]
    assert found["addresses"] == 3


def test_evaluate_with_training_puts_the_trained_figures_on_top(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anlan.city.addresses.tagging.SETTINGS", {"c1": 0.1, "c2": 0.02, "max_iterations": 5})
    file = tmp_path / "some.txt"
    file.write_text(ADDRESS * 25, encoding="utf-8")
    call_command("addresses", "evaluate", str(file), "--train", str(file), "--json")
    found = json.loads(capsys.readouterr().out)
    assert found["f1"] == found["trained"]["f1"] == 1.0
    assert found["exact_at_95"] is not None


def test_pairs_are_measured_by_the_mean_over_the_classes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_text(json.dumps(PAIR), encoding="utf-8")
    call_command("addresses", "evaluate", str(file), "--json")
    assert json.loads(capsys.readouterr().out)["macro_f1"] == 1.0


def test_a_decision_learnt_from_pairs_is_kept_and_compares(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = SimpleNamespace(home=tmp_path / "home")
    monkeypatch.setattr("anlan.city.addresses.subcommands.train.ENVIRONMENT", home)
    monkeypatch.setattr("anlan.city.addresses.subcommands.compare.ENVIRONMENT", home)
    file = tmp_path / "pairs.jsonl"
    file.write_text("\n".join(json.dumps(each) for each in judged(60)), encoding="utf-8")
    call_command("addresses", "train", str(file), "--json")
    told = json.loads(capsys.readouterr().out)
    assert told["queries"] == 60
    assert Path(told["written"]).is_file()
    call_command("addresses", "compare", "古墩路7号翠苑小区", "古墩路7号翠苑小区", "天目山路9号竹海公寓", "--json")
    found = json.loads(capsys.readouterr().out)
    assert [each["verdict"] for each in found["candidates"]] == ["完全匹配", "不匹配"]
    assert found["candidates"][1]["reasons"] == ["name_differs"]


def test_too_few_judged_queries_are_refused_by_the_files_name(tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_text(json.dumps(PAIR), encoding="utf-8")
    with pytest.raises(CommandError, match=r"pairs\.jsonl: 1 judged queries are too few"):
        call_command("addresses", "train", str(file))


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("a.txt", "西 B-district\n湖\n", "line 2: 1 columns"),
        ("a.txt", "\n\n", "holds no address"),
        ("a.jsonl", "{}", "line 1: lacks `query`"),
        ("a.jsonl", "", "holds no pair"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_name(tmp_path: Path, name: str, text: str, fault: str) -> None:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError, match=fault) as refused:
        call_command("addresses", "evaluate", str(file))
    assert name in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"none\.txt"):
        call_command("addresses", "evaluate", str(tmp_path / "none.txt"))


def test_measuring_and_training_need_no_database() -> None:
    assert not needs_database(["addresses", "evaluate", "file"])
    assert not needs_database(["addresses", "train", "file"])
    assert not needs_database(["addresses", "compare", "one", "other"])
    assert needs_database(["addresses", "import", "file"])
