"""`anlan rules`: what is in force, with its source, for people and for programs."""

import json
import subprocess
import sys
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from anlan import cli
from anlan.foundation.management.commands import rules as command
from anlan.foundation.rules import Rule, RuleBook, rulebook


def rule(id: str, **more: Any) -> Rule:
    given = {
        "id": id,
        "kind": "setting",
        "title": "题目",
        "title_en": "Title",
        "source": "平台设定",
        "source_en": "Setting of the platform",
        "evidence": "design",
        "from": date(2024, 1, 1),
        **more,
    }
    return Rule.model_validate(given)


BOOK = RuleBook(
    [
        rule("lamps.repair", amount=3, unit="day", counting="elapsed", until=date(2025, 12, 31), title_en="Old repair"),
        rule("lamps.repair", amount=2, unit="day", counting="elapsed", **{"from": date(2026, 1, 1)}),
        rule("lamps.share", minimum=Decimal("0.5"), maximum=1),
        rule("roads.most", maximum=5, source_en="A source so long that it would not fit into any column at all, " * 3),
    ]
)


@pytest.fixture
def book(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "declared", lambda: BOOK)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    call_command("rules", *arguments)
    return capsys.readouterr().out


@pytest.mark.usefixtures("book")
def test_the_table_shows_what_is_in_force_on_a_day(capsys: pytest.CaptureFixture[str]) -> None:
    before = printed(capsys, "--on", "2025-06-01")
    assert "Old repair" in before
    assert "3 d" in before
    now = printed(capsys, "--on", "2026-06-01")
    assert "Old repair" not in now
    assert all(word in now for word in ("lamps.repair", "2 d", "0.5–1", "≤ 5", "setting", "own design"))
    assert "lamps.repair" not in printed(capsys, "--on", "2020-01-01")


@pytest.mark.usefixtures("book")
def test_all_of_them_are_shown_with_their_dates(capsys: pytest.CaptureFixture[str]) -> None:
    everything = printed(capsys, "--all")
    assert everything.count("lamps.repair") == 2
    # A cell may be broken over lines.
    assert "2024-01-01" in everything
    assert "2025-12-31" in everything


@pytest.mark.usefixtures("book")
def test_no_source_is_cut_off(capsys: pytest.CaptureFixture[str]) -> None:
    assert "…" not in printed(capsys)


@pytest.mark.usefixtures("book")
def test_each_section_stands_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, "--on", "2026-06-01").splitlines()
    where = {name: next(n for n, line in enumerate(lines) if name in line) for name in ("lamps.share", "roads.most")}
    between = lines[where["lamps.share"] : where["roads.most"]]
    assert any(line.startswith("├") for line in between)


@pytest.mark.usefixtures("book")
def test_the_table_speaks_the_readers_language(capsys: pytest.CaptureFixture[str]) -> None:
    with translation.override("zh-hans"):
        said = printed(capsys, "--on", "2026-06-01")
    assert all(word in said for word in ("题目", "2日", "平台设定", "平台自拟", "来源"))


@pytest.mark.parametrize(
    ("given", "zh", "en"),
    [
        ({"amount": 5, "unit": "working_day", "counting": "civil"}, "5个工作日", "5 working d"),
        (
            {
                "amount": 60,
                "unit": "day",
                "counting": "civil",
                "extension": {"amount": 30, "unit": "day", "approver": "负责人"},
            },
            "60日（可延长30日）",
            "60 d (+ 30 d)",
        ),
        ({"value": 0}, "0", "0"),
        ({"minimum": 0}, "≥ 0", "≥ 0"),
        ({"minimum": 300, "maximum": 500}, "300–500", "300–500"),
    ],
)
def test_what_a_rule_sets_is_said_in_a_word(given: dict[str, Any], zh: str, en: str) -> None:
    for language, words in (("zh-hans", zh), ("en", en)):
        with translation.override(language):
            assert command.value_of(rule("a.b", **given)) == words


def test_as_json_every_rule_of_the_house_can_be_read_back(capsys: pytest.CaptureFixture[str]) -> None:
    listed = json.loads(printed(capsys, "--all", "--json"))
    assert [each.pop("in_force") in (True, False) for each in listed] == [True] * len(rulebook().all())
    assert [Rule.model_validate(each) for each in listed] == rulebook().all()


def test_with_the_citys_own_versions_where_they_are_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    version = rule("lamps.of_the_city", value=7, evidence="city")
    monkeypatch.setattr(command, "rulebook", lambda: RuleBook([version]))
    assert "lamps.of_the_city" in printed(capsys, "--city")
    assert "lamps.of_the_city" not in printed(capsys)


def test_a_day_that_is_none_is_named() -> None:
    with pytest.raises(CommandError, match=r"--on: must be a date, such as 2026-07-01"):
        call_command("rules", "--on", "tomorrow")


def test_it_needs_no_database(tmp_path: Any) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "anlan", "rules", "--json"],
        env={"PATH": "/usr/bin:/bin", "ANLAN_HOME": str(tmp_path / "home"), "PYTHONPATH": str(cli.REPOSITORY / "src")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)
    assert not (tmp_path / "home" / "postgres").exists()
