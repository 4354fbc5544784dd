"""Reports out of a table: every row on its own, so that a bad one costs nothing but itself.

A row is known by its number in the system it came from, or by the file's content and its place in it: the same file
imported twice creates nothing twice.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from anlan.city.people.access import Actor
from anlan.foundation.tables.columns import Columns, meaning
from anlan.foundation.tables.columns import columns as columns_of
from anlan.foundation.tables.rejects import Rejects, unmarked
from anlan.foundation.tables.rows import Cells, Row, Table, Unreadable
from anlan.loop.models import Channel
from anlan.loop.refusals import BadInput, KeyReused, Refused
from anlan.loop.suggestions import categories
from anlan.services.intake.actions import preview, report
from anlan.services.intake.reading import read_report
from anlan.services.intake.schemas import ReportIn

HEADINGS: Mapping[str, tuple[str, ...]] = {
    "title": (
        "标题",
        "主题",
        "留言主题",
        "诉求标题",
        "事项标题",
        "事件标题",
        "工单标题",
        "title",
        "subject",
        "summary",
    ),
    "text": (
        *("内容", "详情", "描述", "留言详情", "留言内容", "诉求内容", "事件描述", "问题描述", "事项内容", "工单内容"),
        *("text", "description", "content", "details", "message"),
    ),
    "lon": ("经度", "lon", "lng", "long", "longitude"),
    "lat": ("纬度", "lat", "latitude"),
    "address": ("地址", "地点", "位置", "事发地址", "事发地点", "发生地址", "发生地点", "address", "location", "place"),
    "area": ("区划代码", "行政区划代码", "地区代码", "区域代码", "网格代码", "网格编码", "area", "areacode"),
    "category": ("类别", "分类", "诉求类别", "事项类别", "事件类别", "category", "servicecode"),
    "name": ("姓名", "联系人", "诉求人", "来电人", "反映人", "报告人", "name", "contact", "reporter"),
    "phone": ("电话", "手机", "手机号", "手机号码", "联系电话", "来电号码", "phone", "telephone", "mobile", "tel"),
    "source_id": ("编号", "工单编号", "留言编号", "事项编号", "事件编号", "来源编号", "id", "sourceid", "number"),
}
"""How a column is known: by one of these headings, without regard to case, spaces and underscores."""


@dataclass
class Outcome:
    """What became of the rows. `reasons` counts the refused by field and reason."""

    landed: int = 0
    already_there: int = 0
    refused: int = 0
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)


def fits(headings: Sequence[str], given: Mapping[str, str]) -> bool:
    """Is this the row of headings? It names a title or a text, or a column that was said to be something."""
    return any(heading in given.values() or meaning(heading, HEADINGS) in ("title", "text") for heading in headings)


def columns(headings: Cells, given: Mapping[str, str]) -> Columns:
    """Which column holds what; `given` (ours: theirs) goes before the known headings.

    Raises Unreadable where a column can't be told, or where there is neither a title nor a text.
    """
    found = columns_of(headings, given, HEADINGS)
    if not found.places.keys() & {"title", "text"}:
        raise Unreadable(_("no column is the title or the text; say which with --map text=…"))
    return found


def take_in(
    table: Table,
    found: Columns,
    *,
    channel: Channel,
    by: Actor,
    rejects: Rejects,
    dry_run: bool = False,
    after_row: Callable[[], None] = lambda: None,
) -> Outcome:
    """Report every row. What is refused goes to `rejects`. A dry run checks everything and keeps nothing."""
    outcome = Outcome()
    for row in table.rows:
        try:
            given = _report(row, found, channel)
            if dry_run:
                preview(given)
                repeated = False
            else:
                repeated = report(given, by=by, key=_key(given, table, row)).repeated
        except Refused as refused:
            # Where the report and its key disagree, it is the number that has been given twice.
            name = "source_id" if isinstance(refused, KeyReused) else refused.field or ""
            fault = name, str(refused.message)
            outcome.refused += 1
            outcome.reasons[fault] += 1
            rejects.add(row, *fault)
        else:
            outcome.landed += not repeated
            outcome.already_there += repeated
        after_row()
    return outcome


def _key(given: ReportIn, table: Table, row: Row) -> str:
    return f"import:id:{given.source_id}" if given.source_id else f"import:row:{table.digest}:{row.number}"


def _report(row: Row, found: Columns, channel: Channel) -> ReportIn:
    """The report a row makes. Raises BadInput."""
    if row.fault is not None:
        raise BadInput(row.fault)
    told: dict[str, Any] = {"channel": channel}
    for ours, place in found.places.items():
        cell = unmarked(row.cells[place])
        if "\ufffd" in cell:
            raise BadInput(_("characters that can't be read"), field=ours)
        told[ours] = _category(cell) if ours == "category" else cell
    return read_report(told)


def _category(cell: str) -> str:
    """A category by its code or by what it is called; anything else is left for the check to refuse."""
    called = [each.slug for each in categories().values() if cell in (each.slug, each.zh, each.en)]
    return called[0] if len(called) == 1 else cell
