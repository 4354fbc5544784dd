from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from anlan.foundation import rules
from anlan.foundation.rules import (
    BadRuleFile,
    Counting,
    Kind,
    RuleBook,
    RuleNotInForce,
    Unit,
    UnknownRule,
)

LAMP = """
[[rule]]
id = "lamp.repair"
kind = "statutory"
title = "修复路灯"
title_en = "Repair of a lamp"
amount = 5
unit = "working_day"
counting = "civil"
source = "路灯条例 第一条"
source_en = "Lamp Act, art. 1"
evidence = "law"
from = 2024-01-01
"""


def book(tmp_path: Path, *contents: str) -> RuleBook:
    paths = [tmp_path / f"{number}.toml" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_text(content, encoding="utf-8")
    return RuleBook.load(paths)


def test_a_rule_is_read_with_its_term_source_and_dates(tmp_path: Path) -> None:
    rule = book(tmp_path, LAMP).at("lamp.repair", date(2024, 6, 1))

    assert (rule.amount, rule.unit, rule.counting) == (5, Unit.WORKING_DAY, Counting.CIVIL)
    assert rule.kind is Kind.STATUTORY
    assert rule.source == "路灯条例 第一条"
    assert rule.effective_until is None


def test_the_version_in_force_on_the_day_is_found(tmp_path: Path) -> None:
    old = LAMP + "until = 2024-12-31\n"
    new = LAMP.replace("amount = 5", "amount = 3").replace("2024-01-01", "2025-01-01")

    lamps = book(tmp_path, new, old)

    assert lamps.at("lamp.repair", date(2024, 12, 31)).amount == 5
    assert lamps.at("lamp.repair", date(2025, 1, 1)).amount == 3
    assert [rule.amount for rule in lamps.all()] == [5, 3]


def test_a_rule_asked_for_before_it_takes_effect_is_not_in_force(tmp_path: Path) -> None:
    with pytest.raises(RuleNotInForce, match=r"lamp\.repair is not in force on 2023-12-31"):
        book(tmp_path, LAMP).at("lamp.repair", date(2023, 12, 31))


def test_an_unknown_rule_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownRule, match=r"lamp\.replace"):
        book(tmp_path, LAMP).at("lamp.replace", date(2024, 6, 1))


def test_overlapping_dates_are_refused_with_file_rule_and_field(tmp_path: Path) -> None:
    with pytest.raises(BadRuleFile, match=r"1\.toml: rule lamp\.repair: from: .* overlaps"):
        book(tmp_path, LAMP + "until = 2025-01-01\n", LAMP.replace("2024-01-01", "2025-01-01"))


def test_two_versions_from_the_same_day_overlap(tmp_path: Path) -> None:
    with pytest.raises(BadRuleFile, match="overlaps"):
        book(tmp_path, LAMP + LAMP)


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ('unit = "working_day"', 'unit = "fortnight"', "rule lamp.repair: unit: "),
        ('counting = "civil"', 'counting = "lunar"', "rule lamp.repair: counting: "),
        ("amount = 5", "amount = 0", "rule lamp.repair: amount: "),
        ("amount = 5", "amount = 5\nvalue = 5", "rule lamp.repair: value: "),
        ("amount = 5", "value = true", "rule lamp.repair: value."),
        ('unit = "working_day"\n', "", "rule lamp.repair: amount: a term needs all"),
        ('counting = "civil"', 'counting = "elapsed"', "rule lamp.repair: unit: elapsed time"),
        ('id = "lamp.repair"', 'id = "Lamp repair"', "rule Lamp repair: id: "),
        ('id = "lamp.repair"\n', "", "rule number 1: id: "),
        ("from = 2024-01-01", "from = 2024-01-01\nuntil = 2023-01-01", "rule lamp.repair: until: "),
        ("from = 2024-01-01", 'from = "soon"', "rule lamp.repair: from: "),
        ("from = 2024-01-01", "from = 2024-01-01\ncolour = 1", "rule lamp.repair: colour: "),
        ('source = "路灯条例 第一条"', 'source = ""', "rule lamp.repair: source: "),
    ],
)
def test_a_bad_entry_is_refused_naming_file_rule_and_field(
    tmp_path: Path, before: str, after: str, complaint: str
) -> None:
    assert before in LAMP
    with pytest.raises(BadRuleFile) as refusal:
        book(tmp_path, LAMP.replace(before, after))
    assert f"0.toml: {complaint}" in str(refusal.value)


@pytest.mark.parametrize("kind", ["statutory", "local_policy"])
@pytest.mark.parametrize("evidence", ["recalled", "design"])
def test_what_nobody_verified_can_not_pose_as_binding(tmp_path: Path, kind: str, evidence: str) -> None:
    claim = LAMP.replace('"statutory"', f'"{kind}"').replace('"law"', f'"{evidence}"')
    with pytest.raises(BadRuleFile, match=r"rule lamp\.repair: evidence: "):
        book(tmp_path, claim)


@pytest.mark.parametrize("kind", ["setting", "service_target"])
def test_what_nobody_verified_may_be_a_setting_or_a_target(tmp_path: Path, kind: str) -> None:
    claim = LAMP.replace('"statutory"', f'"{kind}"').replace('"law"', '"recalled"')
    assert book(tmp_path, claim).all()[0].kind == kind


def test_a_range_and_a_fraction_are_read_exactly(tmp_path: Path) -> None:
    without_term = LAMP.replace('amount = 5\nunit = "working_day"\ncounting = "civil"\n', "")
    limits = book(tmp_path, without_term + "minimum = 0.1\nmaximum = 3\n").all()[0]

    assert limits.minimum == Decimal("0.1")
    assert limits.maximum == 3
    assert not limits.is_term


def test_a_range_upside_down_is_refused(tmp_path: Path) -> None:
    without_term = LAMP.replace('amount = 5\nunit = "working_day"\ncounting = "civil"\n', "")
    with pytest.raises(BadRuleFile, match="minimum: is greater than maximum"):
        book(tmp_path, without_term + "minimum = 4\nmaximum = 3\n")


def test_an_extension_without_its_approver_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRuleFile, match=r"extension\.approver"):
        book(tmp_path, LAMP + 'extension = { amount = 5, unit = "day" }\n')


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("[[rule", "not readable as TOML"),
        ("rule = 5", "rule: must be written as"),
        ("[rules]\nid = 1", "rules: only"),
    ],
)
def test_a_file_that_holds_no_rules_is_refused(tmp_path: Path, content: str, complaint: str) -> None:
    with pytest.raises(BadRuleFile, match=complaint):
        book(tmp_path, content)


def test_a_rule_can_not_be_changed_once_read(tmp_path: Path) -> None:
    rule = book(tmp_path, LAMP).all()[0]
    with pytest.raises(ValueError, match="frozen"):
        rule.amount = 1  # type: ignore[misc]  # that it can't be assigned is what is tested


def test_the_book_of_the_process_holds_every_registered_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "_packages", [])
    rules.declared.cache_clear()
    rules.rulebook.cache_clear()
    rules.register("anlan.city.areas")
    assert [rule.id for rule in rules.rulebook().all() if rule.id.startswith("dispatch.")] == []

    rules.register("anlan.services.dispatch")
    rules.register("anlan.services.dispatch")
    rules.register("anlan.loop")
    on = date(2025, 6, 1)
    found = rules.rulebook()

    assert found.at("dispatch.arrive", on).amount == 8
    assert (found.at("areas.grid_households", on).minimum, found.at("areas.grid_households", on).maximum) == (
        300,
        500,
    )
    assert found.at("petition.settle", on).extension is not None
    rules.declared.cache_clear()
    rules.rulebook.cache_clear()


def rule_files() -> list[Path]:
    source = Path(rules.__file__).parents[1]
    return [*source.rglob("rules.toml"), *source.rglob("rules/*.toml")]


def test_every_rule_file_of_the_project_loads_together_and_each_id_is_unique_by_date() -> None:
    files = rule_files()
    assert len(files) >= 11
    assert len(RuleBook.load(files).all()) >= 60


def test_statutory_rules_of_the_project_cite_an_article() -> None:
    statutory = [rule for rule in RuleBook.load(rule_files()).all() if rule.kind is Kind.STATUTORY]
    assert [rule.id for rule in statutory if "条" not in rule.source] == []


def test_the_numbers_of_a_replaced_order_go_on_as_a_setting_only() -> None:
    found = RuleBook.load(rule_files())
    assert found.at("consumer.accept", date(2026, 4, 14)).kind is Kind.STATUTORY
    assert found.at("consumer.accept", date(2026, 4, 15)).kind is Kind.SETTING
