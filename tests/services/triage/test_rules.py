"""The four-way split, categories and reasons."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.loop.suggestions import Klass, Report, Severity
from anlan.services.triage.catalogue import catalogue
from anlan.services.triage.places import Places
from anlan.services.triage.rules import triage

PLACES = Places([("330102", "上城区"), ("330102001", "清波街道"), ("330102001051", "清波门社区")])

# Any code point, lone surrogates and NUL among them, alone or mixed with words the rules look for.
ANY_CHARACTER = st.characters(codec=None, categories=None)
FRAGMENT = st.one_of(
    st.text(ANY_CHARACTER, max_size=20),
    st.sampled_from(
        ["着火", "没有", "如果", "请问", "投诉", "路灯", "上城区", "清波", "fire", "\ud800", "\x00", "😀", "。"]
    ),
)
ANY_TEXT = st.lists(FRAGMENT, max_size=12).map("".join)


@pytest.mark.parametrize(
    ("text", "klass"),
    [
        ("有人持刀伤人", Klass.POLICE),
        ("电动车昨晚被盗", Klass.POLICE),
        ("厨房燃气泄漏", Klass.URGENT),
        ("路灯坏了，请尽快修理", Klass.ORDINARY),
        ("建议在公园增加健身器材", Klass.ORDINARY),
        ("请问居住证如何办理，需要什么材料", Klass.INQUIRY),
        ("A thief: my bike was stolen", Klass.POLICE),
        ("There is a gas leak in the kitchen", Klass.URGENT),
        ("The street light is broken", Klass.ORDINARY),
        ("Could you tell me how do I apply for a residence permit?", Klass.INQUIRY),
    ],
)
def test_a_report_falls_into_one_of_four_classes(text: str, klass: Klass) -> None:
    assert triage(Report(text), PLACES).klass is klass


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("小区门口路灯不亮", "city.lighting"),
        ("老板拖欠工资三个月，农民工讨薪", "labour.wages"),
        ("健身房跑路，会员卡不能退款", "market.prepaid"),
        ("楼下广场舞噪音扰民", "environment.noise"),
        ("物业公司乱涨物业费", "housing.property"),
        ("The gym closed and will not refund my membership card", "market.prepaid"),
        ("blocked fire exit on floor 3", "safety.fire"),
        ("ｗｚ", "other"),
        ("", "other"),
    ],
)
def test_a_report_is_filed_where_its_words_weigh_most(text: str, category: str) -> None:
    assert triage(Report(text), PLACES).category == category


def test_the_title_outweighs_the_text() -> None:
    text = "门口有垃圾。"
    assert triage(Report(text), PLACES).category == "city.cleaning"
    assert triage(Report(text, title="路灯不亮"), PLACES).category == "city.lighting"


def test_a_complaint_that_also_asks_is_not_an_inquiry() -> None:
    assert triage(Report("请问", title="投诉工地夜间施工扰民"), PLACES).klass is Klass.ORDINARY


def test_an_asking_title_makes_an_inquiry_of_a_text_that_complains() -> None:
    report = Report("希望解决，反映多次，请求处理。", title="咨询公积金提取条件")
    assert triage(report, PLACES).klass is Klass.INQUIRY


def test_an_inquiry_about_a_crime_is_answered_and_not_policed() -> None:
    found = triage(Report("请问怎么申请防诈骗讲座，想了解几点开门"), PLACES)
    assert (found.klass, found.severity) == (Klass.INQUIRY, Severity.BLUE)


def test_the_source_names_the_version_of_the_rules() -> None:
    assert triage(Report("路灯"), PLACES).source == catalogue().source == "rules/2026-11"


def test_the_area_named_in_the_text_comes_with_its_reason() -> None:
    found = triage(Report("上城区清波街道路灯坏了"), PLACES)
    assert found.area == "330102001"
    assert [reason.words for reason in found.reasons if reason.kind == "place"] == [("清波街道", "上城区")]


@given(text=ANY_TEXT, title=ANY_TEXT, address=ANY_TEXT)
def test_any_text_gets_an_answer_with_reasons_and_always_the_same(text: str, title: str, address: str) -> None:
    report = Report(text, title=title, address=address)
    found = triage(report, PLACES)
    assert found.reasons
    assert all(reason.text and reason.text_en for reason in found.reasons)
    assert found.confidence is None
    assert found.category in catalogue().categories.category
    assert triage(report, PLACES) == found


@given(text=ANY_TEXT)
def test_no_text_around_a_cry_lowers_it(text: str) -> None:
    found = triage(Report(f"{text}。有人要跳楼。"), PLACES)
    assert "suicide" in found.triggers
    assert found.severity is Severity.RED
