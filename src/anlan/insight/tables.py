"""The figures as a table for a terminal, and as one JSON object."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from anlan.insight.indicators import Figures, Punctuality, Share
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


def as_json(figures: Figures) -> dict[str, Any]:
    """Every figure; a share as its n and N."""
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
        "on_time": {each.name: _punctuality(each) for each in figures.on_time},
        "satisfaction": {"n": figures.satisfied.n, "N": figures.satisfied.of},
        "ratings": {str(rating): figures.ratings[rating] for rating in Rating.values},
        "events": figures.events,
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
    for each in figures.on_time:
        _row(table, f"按时 On time: {each.label} {each.name}", each.in_time, each.p50, each.p90)
    table.add_section()
    _row(table, "办结 Settled", Share(figures.settled, figures.received))
    _row(table, "化解 Resolved (solved, of those handled)", figures.resolved)
    _row(table, "重办 Reopened", Share(figures.reopened, figures.received))
    _row(table, "满意 Satisfied (3 to 5 of 5, of those rated)", figures.satisfied)
    table.add_row("未评 No rating given (never counted as good)", str(figures.lapsed))
    console.print(table)


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
