"""The warning model: what it reads, that it keeps its word and its file, and that it scores merchants only."""

import ast
import gzip
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from anlan.foundation.environment import REPOSITORY
from anlan.services.prepaid.warning import calibration, training
from anlan.services.prepaid.warning.evaluation import FOLDS, evaluate
from anlan.services.prepaid.warning.features import Doubles, Feature, More, NotAMerchants, Table, ratios
from anlan.services.prepaid.warning.model import BadModel, FailureModel
from anlan.services.prepaid.warning.reading import BadFile, read
from anlan.services.prepaid.warning.training import TooLittle, fit

FEATURES = (
    Feature("debt", "负债率", "debt ratio", More.RAISES),
    Feature("sales", "销售增长", "growth of sales", More.LOWERS),
    Feature("noise", "无关项", "nothing to do with it"),
)


def merchants(many: int = 400, seed: int = 0) -> Table:
    """Merchants that fail the likelier the more they owe and the less they sell."""
    chance = np.random.default_rng(seed)
    values = chance.normal(size=(many, 3))
    failed = chance.random(many) < 1 / (1 + np.exp(2.5 - 2 * values[:, 0] + 2 * values[:, 1]))
    values[chance.random(values.shape) < 0.05] = np.nan
    return Table(FEATURES, values, failed)


def by_the_true_causes(learned: Table, values: Doubles) -> Doubles:
    """A scorer that knows how the merchants were made up."""
    return np.asarray(1 / (1 + np.exp(2.5 - 2 * np.nan_to_num(values[:, 0]) + 2 * np.nan_to_num(values[:, 1]))))


@pytest.fixture(scope="module")
def model() -> FailureModel:
    return fit(merchants(), data="made up", on=date(2026, 11, 22))


class TestOnlyMerchants:
    @pytest.mark.parametrize("name", ["age", "owner_age", "legal_representative", "phone_calls", "person_id"])
    def test_a_feature_of_a_person_is_refused(self, name: str) -> None:
        with pytest.raises(NotAMerchants, match=name):
            Feature(name, "某项", "something")

    @pytest.mark.parametrize("name", ["consumers", "average_balance", "months_open", "refund_share"])
    def test_a_feature_of_a_merchant_is_not(self, name: str) -> None:
        assert Feature(name, "某项", "something").name == name

    def test_a_model_file_with_a_person_s_feature_is_refused(self, model: FailureModel) -> None:
        spoilt = Feature("noise", "年龄", "age")
        object.__setattr__(spoilt, "name", "age")
        with pytest.raises(BadModel, match="only merchants"):
            FailureModel.from_bytes(replace(model, features=(*model.features[:2], spoilt)).to_bytes())

    def test_the_model_can_reach_no_table_of_people(self) -> None:
        """People are never scored: what learns and scores imports nothing that knows a person."""
        folder = REPOSITORY / "src" / "anlan" / "services" / "prepaid" / "warning"
        for file in folder.glob("*.py"):
            own = {name for name in imported(file) if name.startswith("anlan.")}
            assert {name for name in own if not name.startswith(KNOWS_NOBODY)} == set(), file
        indicators = imported(folder.parent / "colour" / "indicators.py")
        assert {name for name in indicators if name.startswith("anlan.")} <= {"anlan.foundation.rules.RuleBook"}

    def test_its_card_says_so(self, model: FailureModel) -> None:
        assert "不用于评价个人" in model.card.purpose
        assert "never for people" in model.card.purpose_en


KNOWS_NOBODY = (
    *(
        "anlan.services.prepaid.warning.",
        "anlan.services.prepaid.colour.indicators.",
        "anlan.services.prepaid.figures.",
    ),
    *("anlan.foundation.", "anlan.loop.clock", "anlan.loop.refusals."),
    "anlan.services.prepaid.merchants.models.Shop",
)
"""What the model may lean on: itself, the numbers of shops, rules, time; of all tables the shop's alone."""


def imported(file: Path) -> set[str]:
    """The modules that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


class TestTheModel:
    def test_it_tells_those_that_fail_from_the_others(self, model: FailureModel) -> None:
        new = merchants(400, seed=5)
        probabilities = model.probabilities(new.values)
        assert probabilities[new.failed].mean() > 2 * probabilities[~new.failed].mean()
        assert ((probabilities > 0) & (probabilities < 1)).all()

    def test_more_debt_never_lowers_and_more_sales_never_raise_the_probability(self, model: FailureModel) -> None:
        for column, sign in ((0, 1), (1, -1)):
            values = np.zeros((60, 3))
            values[:, column] = np.linspace(-4, 4, 60)
            assert (sign * np.diff(model.probabilities(values)) >= -1e-12).all()

    def test_the_reasons_name_what_moved_the_score_in_both_languages(self, model: FailureModel) -> None:
        (outlook,) = model.predict(np.array([[3.0, np.nan, 0.0]]), reasons=2)
        first = outlook.reasons[0]
        assert first.feature == "debt"
        assert first.contribution > 0
        assert first.zh.startswith("负债率为 3（中位数")
        assert first.zh.endswith("使风险上升")
        assert first.en.endswith("raises the risk")
        assert any("sales is missing" in reason.en for reason in outlook.reasons)

    def test_the_same_merchants_give_the_same_file(self, model: FailureModel) -> None:
        assert fit(merchants(), data="made up", on=date(2026, 11, 22)).to_bytes() == model.to_bytes()

    def test_a_file_gives_the_same_model_back(self, model: FailureModel) -> None:
        back = FailureModel.from_bytes(model.to_bytes())
        values = merchants(50, seed=9).values
        assert back.predict(values) == model.predict(values)
        assert back.card == model.card
        assert (back.card.merchants, back.card.data, back.card.made_on) == (400, "made up", "2026-11-22")

    @pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"nothing of the kind"])
    def test_other_bytes_are_refused(self, content: bytes) -> None:
        with pytest.raises(BadModel):
            FailureModel.from_bytes(content)

    def test_another_number_of_features_is_refused(self, model: FailureModel) -> None:
        with pytest.raises(ValueError, match="3 features"):
            model.probabilities(np.zeros((2, 4)))

    def test_too_few_failures_are_refused(self) -> None:
        table = merchants(60)
        few = Table(table.features, table.values, np.arange(60) < training.PARTS - 1)
        with pytest.raises(TooLittle, match="failed"):
            fit(few, data="few", on=date(2026, 11, 22))

    def test_each_ratio_of_the_public_data_has_both_names_and_few_are_constrained(self) -> None:
        known = ratios()
        assert list(known) == [f"Attr{number}" for number in range(1, 65)]
        assert known["Attr2"].more is More.RAISES
        assert known["Attr1"].more is More.LOWERS


class TestCalibration:
    def test_a_higher_score_is_a_higher_probability(self) -> None:
        chance = np.random.default_rng(3)
        scores = chance.normal(size=500)
        fitted = calibration.Calibration.fitted(scores, chance.random(500) < 1 / (1 + np.exp(2 - scores)))
        assert (np.diff(fitted.probabilities(np.sort(scores))) > 0).all()

    def test_the_error_is_the_gap_between_said_and_happened(self) -> None:
        failed = np.array([True, False, False, False])
        assert calibration.calibration_error(np.full(4, 0.25), failed) == pytest.approx(0)
        assert calibration.calibration_error(np.full(4, 0.55), failed) == pytest.approx(0.3)


class TestEvaluation:
    def test_nothing_that_is_tested_is_learned_from(self) -> None:
        table = merchants(200)
        table.values[:, 2] = np.arange(200)
        tested: list[float] = []

        def watching(learned: Table, values: Doubles) -> Doubles:
            assert not set(learned.values[:, 2]) & set(values[:, 2])
            tested.extend(values[:, 2])
            return by_the_true_causes(learned, values)

        found = evaluate(table, watching)
        assert sorted(tested) == list(range(200))
        assert (found["merchants"], found["folds"], len(found["auc_of_parts"])) == (200, FOLDS, FOLDS)

    def test_a_scorer_that_knows_the_truth_scores_well_and_one_that_guesses_does_not(self) -> None:
        table = merchants(2_000)
        knowing = evaluate(table, by_the_true_causes)
        guessing = evaluate(table, lambda learned, values: np.full(len(values), 0.5))
        assert knowing["auc"] > 0.85
        assert guessing["auc"] == 0.5
        assert knowing["ece"] < 0.05 < guessing["ece"]


def arff(rows: list[str], *, types: str = "numeric") -> str:
    head = ["% made up", "@relation 'x'", f"@attribute Attr1 {types}", f"@attribute sales {types}"]
    return "\n".join([*head, "@attribute class {0,1}", "", "@data", *rows]) + "\n"


ROWS = [f"{n / 10},?,{n % 2}" for n in range(60)]


class TestReading:
    def test_a_file_is_read_plain_or_gzipped_with_any_way_to_write_the_class(self, tmp_path: Path) -> None:
        plain, packed = tmp_path / "a.arff", tmp_path / "a.arff.gz"
        plain.write_text(arff(ROWS), encoding="utf-8")
        packed.write_bytes(gzip.compress(arff([f"{row[:-1]}b'{row[-1]}'" for row in ROWS]).encode()))
        one, other = read(plain), read(packed)
        assert (one.failed == other.failed).all()
        assert np.array_equal(one.values, other.values, equal_nan=True)
        assert int(one.failed.sum()) == 30
        assert [feature.en for feature in one.features] == ["net profit / total assets", "sales"]

    @pytest.mark.parametrize(
        ("rows", "said"),
        [
            (["1,2"], "line 8: 2 values; there are 3 columns"),
            (["1,x,0"], "line 8: sales: 'x' is not a number"),
            (["1,inf,0"], "line 8: sales: is infinite"),
            (["1,2,yes"], "line 8: class: wanted is 0 or 1"),
            (ROWS[:10], "class: 5 of 10 failed"),
            ([], "no data"),
        ],
    )
    def test_a_bad_file_is_refused_by_line_and_column(self, tmp_path: Path, rows: list[str], said: str) -> None:
        file = tmp_path / "bad.arff"
        file.write_text(arff(rows), encoding="utf-8")
        with pytest.raises(BadFile, match=said):
            read(file)

    @pytest.mark.parametrize("content", [b"", b"\x1f\x8bbroken", b"\xff\xfe"])
    def test_a_file_of_another_kind_is_refused(self, tmp_path: Path, content: bytes) -> None:
        file = tmp_path / "bad.arff.gz"
        file.write_bytes(content)
        with pytest.raises(BadFile):
            read(file)


class TestCommand:
    def test_it_prints_one_object_with_the_figures(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(training, "ROUNDS", 5)
        table = merchants(300)
        rows = [
            ",".join("?" if np.isnan(value) else f"{value:.4f}" for value in row[:2]) + f",{int(failed)}"
            for row, failed in zip(table.values, table.failed, strict=True)
        ]
        file = tmp_path / "a.arff"
        file.write_text(arff(rows), encoding="utf-8")
        call_command("prepaid", "evaluate", str(file), "--json")
        found = json.loads(capsys.readouterr().out)
        assert found["auc"] > 0.7
        assert {"average_precision", "ece", "seed", "folds"} <= found.keys()

    def test_it_names_what_is_wrong_with_a_file(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match=r"nothing\.arff"):
            call_command("prepaid", "evaluate", str(tmp_path / "nothing.arff"))

    def test_it_shows_a_refund_line_by_line(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        claim = {
            "cause": "operator",
            "ended_on": "2025-09-01",
            "repaid_on": "2025-09-01",
            "top_ups": [{"paid_on": "2025-06-03", "paid_fen": 300000, "gift_fen": 100000}],
            "uses": [{"list_fen": 359400}],
        }
        file = tmp_path / "claim.json"
        file.write_text(json.dumps(claim), encoding="utf-8")
        call_command("prepaid", "refund", str(file))
        assert "304.50" in capsys.readouterr().out
        call_command("prepaid", "refund", str(file), "--json")
        assert json.loads(capsys.readouterr().out)["total_fen"] == 304_50

    def test_a_claim_with_a_mistake_is_refused_by_its_field(self, tmp_path: Path) -> None:
        file = tmp_path / "claim.json"
        file.write_text('{"cause": "operator", "ended_on": "2025-09-01", "top_ups": []}', encoding="utf-8")
        with pytest.raises(CommandError, match="repaid_on"):
            call_command("prepaid", "refund", str(file))
