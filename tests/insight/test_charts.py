"""Charts: pictures that a strict policy lets stand in a page, with their numbers beside them."""

import json
import re
from xml.etree import ElementTree

import pytest

from anlan.insight import charts
from anlan.insight.charts import Chart, drawn
from anlan.insight.indicators import Share
from anlan.insight.overview import Compared, Kept
from anlan.web.templatetags import maps

NUMBERS = [Compared("路灯", 12, 9), Compared("共享单车与电动车停放管理问题投诉", 3, 0)]
SHARES = [
    Kept("1分钟响应", "service_target", Share(52, 57), Share(50, 60)),
    Kept("8分钟到场", "service_target", Share(3, 4), Share(0, 0)),
]


def every_chart() -> list[Chart]:
    return [
        charts.columns("By hour", NUMBERS),
        charts.bars("By category", NUMBERS),
        charts.rates("Deadlines", SHARES),
        charts.stock("Open", [("已受理", 4)]),
        charts.bars("Nothing", []),
    ]


@pytest.mark.parametrize("chart", every_chart(), ids=lambda chart: chart.title)
def test_a_chart_holds_nothing_that_the_policy_forbids(chart: Chart) -> None:
    assert not re.search(r"\sstyle=|\son\w+=|<script|<style|href|url\(|<image|<foreignObject", chart.svg)
    assert ElementTree.fromstring(chart.svg).get("role") == "img"


@pytest.mark.parametrize("chart", every_chart()[:-1], ids=lambda chart: chart.title)
def test_a_chart_takes_its_colours_from_the_tokens(chart: Chart) -> None:
    colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', chart.svg))
    assert "var(--tide)" in colours
    assert all(colour == "none" or colour.startswith("var(--") for colour in colours), colours


def test_a_chart_says_in_words_what_it_shows() -> None:
    chart = charts.bars("By category", NUMBERS)
    assert chart.text == "By category. 路灯: 12; 共享单车与电动车停放管理问题投诉: 3"
    assert ElementTree.fromstring(chart.svg).get("aria-label") == chart.text


def test_the_numbers_stand_beneath_with_those_of_the_period_before() -> None:
    assert charts.bars("By category", NUMBERS).rows[0] == ("路灯", "12", "9")
    assert charts.rates("Deadlines", SHARES).rows[0] == (
        "1分钟响应",
        "service target",
        "91.2 % · 52/57",
        "83.3 % · 50/60",
    )


def test_a_share_of_too_few_has_its_n_and_no_percentage() -> None:
    chart = charts.rates("Deadlines", SHARES)
    assert ">3/4</text>" in chart.svg
    assert chart.rows[1] == ("8分钟到场", "service target", "3/4", "0/0")


def test_a_long_name_is_shortened_in_the_picture_alone() -> None:
    chart = charts.bars("By category", NUMBERS)
    assert "…" in chart.svg
    assert "共享单车与电动车停放管理问题投诉" in ("".join(row[0] for row in chart.rows))


def test_a_name_that_looks_like_markup_stays_a_name() -> None:
    chart = charts.bars("<script>", [Compared('<b onclick="x">&', 1, 1)])
    assert "<b" not in chart.svg
    assert "&lt;b onclick=" in chart.svg


def test_what_a_chart_does_not_need_is_left_out_with_all_that_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1" onload="x()">'
        '<a href="javascript:x()"><text>in</text></a><style>*{}</style><g style="a" onclick="x()" fill="url(#x)"/>'
        '<path d="M0,0" fill="var(--tide)"/></svg>'
    )
    monkeypatch.setattr("vl_convert.vegalite_to_svg", lambda *_args, **_more: hostile)
    svg = drawn(json.dumps({"a": "hostile"}), "words")
    assert re.findall(r"<(\w+)", svg) == ["svg", "g", "path"]
    assert not re.search(r"onload|onclick|style|url", svg)


def test_a_chart_of_nothing_is_no_fault() -> None:
    assert charts.columns("Nothing", [Compared("00", 0, 0)]).rows == [("00", "0", "0")]
    assert charts.bars("Nothing", []).rows == []


def test_points_travel_as_data_of_an_element() -> None:
    assert json.loads(maps.as_json(maps.mark_at(120.1, 30.2, "路灯", "red")))[0]["lon"] == 120.1
    assert maps.mark_at(None, None, "路灯", "red") == []
    assert (maps.town_of("3301.330106.330106013.330106013001"), maps.town_of("3301.330106")) == ("330106013", "330106")
