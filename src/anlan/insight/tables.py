"""The figures as a table for a terminal, and as one JSON object."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from anlan.insight.indicators import Figures, Punctuality, Share, addresses_resolved
from anlan.loop.models import Channel, Rating
from anlan.loop.suggestions import Klass

CHANNELS_ZH = {
    Channel.WEB: "网页",
    Channel.CODE: "扫码",
    Channel.SNAP: "随手拍",
    Channel.HOTLINE: "热线",
    Channel.POLICE: "110移交",
    Channel.PATROL: "巡查",
    Channel.WINDOW: "窗口",
    Channel.COURT: "法院",
    Channel.API: "接口",
    Channel.FILE: "导入",
}
CLASSES_ZH = {
    Klass.POLICE: "警务",
    Klass.URGENT: "紧急非警务",
    Klass.ORDINARY: "非紧急",
    Klass.INQUIRY: "咨询",
}

AGREED_HOW = (
    "“与分流建议一致”：已办结或已调整分类的建议中保持原样的比例；演练中的人是模拟的，其调整按假设的比例抽取。\n"
    "Agreed with triage: suggestions that stayed, of those settled or sorted anew. In a rehearsal people are simulated "
    "and differ at an assumed rate."
)
DECISIONS_ZH = {"category": "事项", "klass": "类别", "severity": "等级"}


def as_json(figures: Figures) -> dict[str, Any]:
    """Every figure; a share as its n and N."""
    found, several, none = addresses_resolved(figures.addresses)
    return {
        "received": figures.received,
        "by_channel": dict(figures.by_channel),
        "by_class": dict(figures.by_class),
        "settled": figures.settled,
        "unsettled": figures.unsettled,
        "diverted": figures.diverted.n,
        "handed_over_by_police": figures.diverted.of,
        "returned": figures.returned,
        "to_police": figures.to_police,
        "declined": figures.declined,
        "resolved": figures.resolved.n,
        "answered_or_handled": figures.resolved.of,
        "reopened": figures.reopened,
        "escalated": figures.escalated,
        "lapsed": figures.lapsed,
        "agreed_with_triage": {head: {"n": share.n, "N": share.of} for head, share in figures.agreed.items()},
        "on_time": {each.name: _punctuality(each) for each in figures.on_time},
        "satisfaction": {"n": figures.satisfied.n, "N": figures.satisfied.of},
        "ratings": {str(rating): figures.ratings[rating] for rating in Rating.values},
        "events": figures.events,
        "addresses": {"resolved": found.n, "ambiguous": several.n, "unknown": none.n, "N": found.of},
        "topics": {
            "found": figures.topics,
            "matters_in_one": figures.in_topics.n,
            "N": figures.in_topics.of,
            "largest": figures.largest_topic,
        },
    }


def show(figures: Figures, console: Console) -> None:
    """Print the table; every percentage stands with its n and N."""
    table = Table(title="安澜 Anlan · 闭环运行 The closed loop", show_header=True, header_style="bold")
    table.add_column("指标 Figure")
    table.add_column("n", justify="right")
    table.add_column("N", justify="right")
    table.add_column("%", justify="right")
    table.add_column("P50", justify="right")
    table.add_column("P90", justify="right")
    table.add_row("受理 Received", str(figures.received))
    _shares(table, "　渠道 by channel: ", figures.by_channel, CHANNELS_ZH, figures.received)
    _shares(table, "　类别 by class: ", figures.by_class, CLASSES_ZH, figures.received)
    table.add_section()
    _row(table, "110分流接收 Diverted from police, accepted", figures.diverted)
    _row(table, "退回公安 Returned to police", Share(figures.returned, figures.diverted.of))
    table.add_row("转110 Called the police", str(figures.to_police))
    table.add_row("退单 Declined by a unit", str(figures.declined))
    _row(table, "升级 Escalated", Share(figures.escalated, figures.received))
    table.add_section()
    for head, label in DECISIONS_ZH.items():
        if share := figures.agreed.get(head):
            _row(table, f"与分流建议一致 Agreed with triage: {label} {head}", share)
    table.add_section()
    for each in figures.on_time:
        _row(table, f"按时 On time: {each.label} {each.name}", each.in_time, each.p50, each.p90)
    table.add_section()
    _row(table, "办结 Settled", Share(figures.settled, figures.received))
    _row(table, "化解 Resolved (solved, of those handled)", figures.resolved)
    _row(table, "重办 Reopened", Share(figures.reopened, figures.received))
    _row(table, "满意 Satisfied (3 to 5 of 5, of those rated)", figures.satisfied)
    table.add_row("未评 No rating given (never counted as good)", str(figures.lapsed))
    table.add_section()
    table.add_row("话题 Topics", str(figures.topics))
    _row(table, "　诉求在某一话题中 Matters in one", figures.in_topics)
    table.add_row("　最大话题 The largest", str(figures.largest_topic))
    found, several, none = addresses_resolved(figures.addresses)
    if found.of:
        table.add_section()
        _row(table, "地址核定 Address resolved, of those told", found)
        _row(table, "地址待确认 Address ambiguous: several fit alike", several)
        _row(table, "地址不在库中 Address unknown to the base", none)
    console.print(table)
    console.print(AGREED_HOW, style="dim")


def _shares(table: Table, lead: str, counts: Mapping[str, int], labels: Mapping[Any, str], of: int) -> None:
    for name, label in labels.items():
        if counts.get(name):
            _row(table, f"{lead}{label} {name.value}", Share(counts[name], of))


def _row(table: Table, label: str, share: Share, p50: float | None = None, p90: float | None = None) -> None:
    percent = "" if share.percent is None else f"{share.percent:.1f}"
    table.add_row(label, str(share.n), str(share.of), percent, _duration(p50), _duration(p90))


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.1f} min"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86_400:.1f} d"


def _punctuality(each: Punctuality) -> dict[str, Any]:
    return {
        "n": each.in_time.n,
        "N": each.in_time.of,
        "kind": each.kind,
        "fell_away": each.fell_away,
        "p50_seconds": each.p50,
        "p90_seconds": each.p90,
    }
