"""The model that learns: what it counts, that it keeps its word, and what it may not do."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.loop.suggestions import Klass, Report, Severity
from anlan.services.triage.catalogue import catalogue
from anlan.services.triage.learning import calibration, features, labelled, stack, training, views
from anlan.services.triage.learning.candidates import share_ahead
from anlan.services.triage.learning.combining import CATEGORY, KLASS, SEVERITY, Learned, combined
from anlan.services.triage.learning.evaluation import evaluate, scores
from anlan.services.triage.learning.labelled import BadFile, Labelled, read, twins
from anlan.services.triage.learning.linear import BadModel, LinearModel
from anlan.services.triage.learning.training import TooLittle, train
from anlan.services.triage.learning.words import heaviest
from anlan.services.triage.places import Places
from anlan.services.triage.rules import GRAVITY, triage

NOWHERE = Places(())
POLICE_LABELS = [slug for slug, found in catalogue().categories.category.items() if found.klass is Klass.POLICE]
WORDS = {
    "lamp": ("路灯", "不亮", "晚上", "很黑", "灯杆", "照明"),
    "noise": ("噪音", "施工", "睡觉", "吵闹", "音响", "广场舞"),
    "wages": ("工资", "拖欠", "老板", "欠薪", "工地", "劳动"),
}


def letters(seed: int, many: int = 30) -> Labelled:
    chance = np.random.default_rng(seed)
    labels = [label for label in WORDS for _ in range(many)]
    texts = [
        "您好，" + "，我们这里".join(chance.choice(WORDS[label], 4)) + f"{chance.integers(10**6)}" for label in labels
    ]
    return Labelled(tuple(texts), tuple(labels))


@pytest.fixture(scope="module")
def model() -> LinearModel:
    learned = letters(1)
    return train(learned.texts, learned.labels)


def deciding(label: str) -> LinearModel:
    """A head that is always sure of one label."""
    none = np.zeros(1 << features.BITS, dtype=np.float32)
    return LinearModel(
        labels=(label, "none"),
        rarity=none,
        weights=np.zeros((len(none), 2), dtype=np.int8),
        scale=np.ones(2, dtype=np.float32),
        bias=np.zeros(2, dtype=np.float32),
        calibration=np.zeros((4, 2), dtype=np.float32),
        offset=np.array([9, 0], dtype=np.float32),
        threshold=0.5,
    )


def test_a_segmented_text_is_counted_like_the_raw_one() -> None:
    assert features.plain("路灯 不亮　很 久") == features.plain("路灯不亮很久") == "路灯不亮很久"
    assert features.plain("Street  Light\nout") == "street light out"


def test_each_bucket_belongs_to_the_n_gram_that_starts_there() -> None:
    whole, lead = features.grams("路灯不路灯")
    assert [len(found) for found in whole] == [5, 4, 3]
    assert whole[1][0] == whole[1][3] != whole[1][1]
    assert whole[0][0] != lead[0][0]


@given(st.text())
def test_any_text_has_probabilities(model: LinearModel, text: str) -> None:
    (row,) = model.probabilities([text])
    assert row.sum() == pytest.approx(1)
    assert all(word in features.plain(text) for word in heaviest(model, text, "lamp"))


def test_it_learns_what_the_labels_are_about(model: LinearModel) -> None:
    found = scores(model, letters(2))
    assert found["macro_f1"] > 0.95
    assert found["n"] == 90


def test_the_words_shown_stand_in_the_text_and_speak_for_the_label(model: LinearModel) -> None:
    words = heaviest(model, "门口路灯不亮已经三天了", "lamp")
    assert words
    assert all(word in "门口路灯不亮已经三天了" for word in words)
    assert any("灯" in word or "亮" in word for word in words)


def test_stored_and_read_again_it_answers_the_same(model: LinearModel) -> None:
    content = model.to_bytes()
    again = LinearModel.from_bytes(content)
    texts = list(letters(3, 5).texts)
    assert np.allclose(again.probabilities(texts), model.probabilities(texts))
    assert again.to_bytes() == content
    assert len(content) < 5_000_000


def test_other_bytes_are_refused(model: LinearModel, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadModel, match="not a model"):
        LinearModel.from_bytes(b"nothing")
    content = model.to_bytes()
    monkeypatch.setattr(features, "LEAD", 7)
    with pytest.raises(BadModel, match="another way"):
        LinearModel.from_bytes(content)


def test_the_same_texts_make_the_same_model(model: LinearModel) -> None:
    learned = letters(1)
    assert train(learned.texts, learned.labels).to_bytes() == model.to_bytes()


def test_what_is_unlike_all_it_learned_leaves_it_unsure(model: LinearModel) -> None:
    assert model.guess("qqqq").probability < 0.6 < model.guess(letters(4).texts[0]).probability


def test_too_little_is_not_learned_from() -> None:
    with pytest.raises(TooLittle, match="two labels"):
        train(["路灯不亮"] * 9, ["lamp"] * 9)


def test_a_web_process_needs_neither_scipy_nor_scikit_learn_to_answer() -> None:
    asked = (
        "import sys; from anlan.services.triage.learning import linear, words, features;"
        "sys.exit(bool({'scipy', 'sklearn'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", asked], env={"PYTHONPATH": "src"}).returncode == 0


def test_the_calibration_error_is_the_gap_between_said_and_true() -> None:
    said = np.array([[0.8, 0.2]] * 10)
    assert calibration.calibration_error(said, np.array([0] * 8 + [1] * 2)) == pytest.approx(0)
    assert calibration.calibration_error(said, np.array([0] * 5 + [1] * 5)) == pytest.approx(0.3)


def test_coverage_counts_the_surest_until_too_many_are_wrong() -> None:
    said = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4]])
    truth = np.array([0, 0, 1, 0])
    assert calibration.coverage(said, truth, 0.99) == 0.5
    assert calibration.sure_from(said, truth, 0.99) == pytest.approx(0.8)
    assert calibration.coverage(said, 1 - truth, 0.99) == 0


def test_a_segmented_twin_is_found_and_another_message_is_not() -> None:
    raw = "关于A市路灯不亮的问题 尊敬的领导，我们小区门口的路灯已经坏了三个月，希望能够尽快维修"
    segmented = "A市 路灯不亮 问题 尊敬 领导 小区门口 路灯 坏 三个月 希望 能够 尽快维修"
    other = "工地 拖欠 工资 半年 老板 失踪 农民工 回家 过年 希望 领导 帮忙 讨回"
    assert twins([segmented, other], [raw]) == {0}
    assert twins([raw], [segmented]) == {0}


def test_what_is_tested_is_not_learned_from() -> None:
    learned = letters(1)
    tested = learned.only(range(0, 90, 9))
    found = evaluate(tested, learned)
    assert found["twins_left_out"] >= len(tested)
    assert found["trained_on"] + found["twins_left_out"] == len(learned)


@pytest.mark.parametrize("columns", [labelled.SEGMENTED, labelled.RAW, labelled.OWN])
def test_each_shape_of_file_is_read_once_per_text(tmp_path: Path, columns: tuple[str, ...]) -> None:
    row = ",".join([*("路灯" for _ in columns[1:]), "市政"])
    (tmp_path / "some.csv").write_text(f"{','.join(columns)}\n{row}\n{row}\n", encoding="utf-8-sig")
    assert read(tmp_path / "some.csv").labels == ("市政",)


def test_a_row_without_text_or_label_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    file = tmp_path / "messages.csv"
    file.write_text(
        "留言主题,留言详情,一级分类\n路灯不亮,,城乡建设\n,,城乡建设\n噪音,半夜,\n公交,改道\n", encoding="utf-8"
    )
    found = read(file)
    assert (found.texts, found.labels) == (("路灯不亮",), ("城乡建设",))
    assert found.refused == ("line 3: 留言详情 is empty", "line 4: 一级分类 is empty", "line 5: 一级分类 is empty")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a,b\n1,2\n", "columns are missing"),
        (b"text_segmented,label\n,x\n", "line 2: text_segmented is empty"),
        (b"text_segmented,label\nx,\n", "line 2: label is empty"),
        (b"text_segmented,label\n", "no rows"),
        (b"\xff\xfe\x00", "utf-8"),
        (b"\x1f\x8bnothing", "some.csv"),
    ],
)
def test_a_file_that_cannot_be_learned_from_says_why(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "some.csv").write_bytes(content)
    with pytest.raises(BadFile, match=told):
        read(tmp_path / "some.csv")


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(
        [
            "三楼着火了",
            "有人持刀在超市门口",
            "厨房燃气泄漏",
            "有人要跳楼",
            "A missing child at the market gate",
            "两车相撞",
            "路灯不亮",
            "请问居住证怎么办理",
            "The street light is out",
        ]
    ),
    st.sampled_from([*catalogue().categories.category, "no category"]),
    st.sampled_from([*Klass, "no class"]),
    st.sampled_from(["blue", "yellow", "orange", "red", "no severity"]),
)
def test_no_model_lowers_what_the_rules_ask_for_or_makes_it_a_police_matter(
    text: str, category: str, klass: str, severity: str
) -> None:
    report = Report(text)
    suggested = triage(report, NOWHERE)
    heads = {CATEGORY: deciding(category), KLASS: deciding(klass), SEVERITY: deciding(severity)}
    found = combined(suggested, report, Learned(heads, "model/1"), catalogue())
    assert found.triggers == suggested.triggers
    assert GRAVITY.index(found.klass) >= GRAVITY.index(suggested.klass)
    assert found.severity >= suggested.severity
    assert (found.klass is Klass.POLICE) == (suggested.klass is Klass.POLICE)


@pytest.mark.parametrize("heads", [{KLASS: deciding("police")}, {CATEGORY: deciding(POLICE_LABELS[0])}])
def test_a_wish_for_the_police_is_a_reason_for_a_person_to_look(heads: dict[str, LinearModel]) -> None:
    report = Report("门口路灯不亮")
    found = combined(triage(report, NOWHERE), report, Learned(heads, "model/1"), catalogue())
    assert found.klass is Klass.URGENT
    assert found.reasons[0].kind == "police"
    assert "请人工判断" in found.reasons[0].text
    assert "reads like a police matter" in found.reasons[0].text_en


def test_where_the_model_is_sure_it_decides_and_says_by_what() -> None:
    report = Report("门口路灯不亮")
    suggested = triage(report, NOWHERE)
    found = combined(suggested, report, Learned({CATEGORY: deciding("other")}, "model/7"), catalogue())
    assert (suggested.category, found.category) == ("city.lighting", "other")
    assert found.confidence == pytest.approx(1, abs=0.01)
    assert found.source == f"{suggested.source}+model/7"
    assert any("归入“" in reason.text and "filed under" in reason.text_en for reason in found.reasons)


def test_where_it_is_unsure_the_keywords_stand() -> None:
    report = Report("门口路灯不亮")
    suggested = triage(report, NOWHERE)
    unsure = replace(deciding("other"), threshold=2.0)
    assert combined(suggested, report, Learned({CATEGORY: unsure}, "model/7"), catalogue()) == suggested


def test_with_no_model_nothing_changes() -> None:
    suggested = triage(Report("三楼着火了"), NOWHERE)
    assert combined(suggested, Report("三楼着火了"), Learned({}, "model/"), catalogue()) == suggested
    assert suggested.severity is Severity.RED


def test_a_text_is_read_in_the_same_words_whether_segmented_or_not() -> None:
    assert views.words("垃圾 影响 居民 生活") == views.words("垃圾影响居民生活")
    assert views.words("The Street light") == ["the", "street", "light"]


def test_the_night_reads_better_than_chance_and_its_probabilities_sum_to_one() -> None:
    learned = letters(1)
    night = stack.train(learned.texts, learned.labels)
    assert scores(night, letters(2))["macro_f1"] > 0.95
    assert night.probabilities(["", "qqqq", *letters(4, 3).texts]).sum(axis=1) == pytest.approx(1)


def test_texts_without_a_common_word_make_no_stack() -> None:
    alphabet = [chr(0x4E00 + number) for number in range(2_000)]
    texts = ["。".join(alphabet[start : start + 40]) for start in range(0, 400, 40)]
    with pytest.raises(TooLittle, match="no words in common"):
        stack.train(texts, ["lamp"] * 5 + ["noise"] * 5)


def test_the_trial_tells_the_night_and_the_day_apart() -> None:
    learned = letters(1)
    told: list[str] = []
    found = evaluate(letters(2), learned, told.append)
    assert {"macro_f1", "accuracy", "ece", "coverage_at_99"} <= set(found) & set(found["fast"])
    assert found["fast"]["texts_per_second"] > 0
    assert told


def test_a_text_that_is_worth_more_weighs_more() -> None:
    learned = letters(1)
    texts, labels = [*learned.texts, "榕树下的喷泉"], [*learned.labels, "lamp"]
    texts, labels = texts + ["榕树下的喷泉"] * 3, [*labels, *["noise"] * 3]
    alike = train(texts, labels).guess("榕树下的喷泉")
    heavy = train(texts, labels, worth=[1.0] * 90 + [50.0] + [1.0] * 3).guess("榕树下的喷泉")
    assert (alike.label, heavy.label) == ("noise", "lamp")


def test_a_head_of_many_labels_keeps_only_the_weights_that_say_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "MOST_WEIGHTS", 150)
    learned = letters(1)
    small = train(learned.texts, learned.labels)
    assert np.count_nonzero(small.weights.any(axis=1)) <= 50
    assert scores(small, letters(2))["macro_f1"] > 0.95


def test_few_wins_are_luck_and_many_are_not() -> None:
    before = np.zeros(40, dtype=bool)
    lucky, better = before.copy(), before.copy()
    lucky[:1], better[:8] = True, True
    assert share_ahead(lucky, before) < 0.95 < share_ahead(better, before)
    assert share_ahead(before, before) == 0
    assert share_ahead(lucky, before) == share_ahead(lucky, before)


def test_english_reports_are_learned_like_chinese_ones() -> None:
    said = {
        "lamp": ("street light is out", "lamp post broken", "very dark at night", "no lighting on the path"),
        "noise": ("loud music all night", "drilling noise", "construction keeps us awake", "noisy bar"),
    }
    chance = np.random.default_rng(1)
    texts = [f"{' and '.join(chance.choice(said[label], 2))}, number {n}" for label in said for n in range(20)]
    model = train(texts, [label for label in said for _ in range(20)])
    assert model.guess("The street light on our path is broken").label == "lamp"
    assert model.guess("Construction noise and loud drilling").label == "noise"
    assert heaviest(model, "Loud music from the bar", "noise")
