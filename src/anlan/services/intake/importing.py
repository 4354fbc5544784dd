"""Reports out of a table: every row on its own, so that a bad one costs nothing but itself.

A row is known by its number in the system it came from, or by the file's content and its place in it: the same file
imported twice creates nothing twice.
"""

import csv
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from django.utils.translation import gettext as _

from anlan.city.people.access import Actor
from anlan.loop.models import Channel
from anlan.loop.refusals import BadInput, KeyReused, Refused
from anlan.loop.suggestions import categories
from anlan.services.intake.actions import preview, report
from anlan.services.intake.reading import read_report
from anlan.services.intake.schemas import ReportIn
from anlan.services.intake.tables.rows import Cells, Row, Table, Unreadable

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
EXPLANATION = ("row", "field", "why")
"""What the rejects file adds. A corrected rejects file can be imported as it is."""
# A spreadsheet would run these as a formula; an apostrophe before them makes them text, here and there.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MARKED_AS_TEXT = re.compile(r"^'(?=[=+\-@\t\r\d])")
_KNOWN = {heading: ours for ours, headings in HEADINGS.items() for heading in headings}


@dataclass(frozen=True)
class Columns:
    """Which column holds what, by position, and the headings that nothing is known about."""

    places: Mapping[str, int]
    unused: Cells


@dataclass
class Outcome:
    """What became of the rows. `reasons` counts the refused by field and reason."""

    landed: int = 0
    already_there: int = 0
    refused: int = 0
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)


def fits(headings: Sequence[str], given: Mapping[str, str]) -> bool:
    """Is this the row of headings? It names a title or a text, or a column that was said to be something."""
    return any(heading in given.values() or _known(heading) in ("title", "text") for heading in headings)


def columns(headings: Cells, given: Mapping[str, str]) -> Columns:
    """Which column holds what; `given` (ours: theirs) goes before the known headings.

    Raises Unreadable where `given` names what is not there, where two columns claim to be the same, or where there
    is neither a title nor a text.
    """
    for ours, theirs in given.items():
        if ours not in HEADINGS:
            known = ", ".join(HEADINGS)
            raise Unreadable(_("there is no field “%(ours)s”; there are: %(known)s") % {"ours": ours, "known": known})
        if theirs not in headings:
            raise Unreadable(_("there is no column “%(theirs)s” in the file") % {"theirs": theirs})
    places: dict[str, int] = {}
    for place, heading in enumerate(headings):
        meant = _ours(heading, given)
        if meant is None:
            continue
        if meant in places:
            both = {"ours": meant, "one": headings[places[meant]], "other": heading}
            raise Unreadable(
                _("both “%(one)s” and “%(other)s” could be %(ours)s; say which with --map %(ours)s=…") % both
            )
        places[meant] = place
    if not places.keys() & {"title", "text"}:
        raise Unreadable(_("no column is the title or the text; say which with --map text=…"))
    unused = (h for place, h in enumerate(headings) if place not in places.values() and h not in ("", *EXPLANATION))
    return Columns(places, tuple(unused))


def _ours(heading: str, given: Mapping[str, str]) -> str | None:
    for ours, theirs in given.items():
        if heading == theirs:
            return ours
    known = _known(heading)
    return None if known in given else known


def _known(heading: str) -> str | None:
    return _KNOWN.get(re.sub(r"[\s_\-]", "", heading).lower())


def take_in(
    table: Table,
    found: Columns,
    *,
    channel: Channel,
    by: Actor,
    rejects: "Rejects",
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
        cell = _MARKED_AS_TEXT.sub("", row.cells[place].strip()).strip()
        if "\ufffd" in cell:
            raise BadInput(_("characters that can't be read"), field=ours)
        told[ours] = _category(cell) if ours == "category" else cell
    return read_report(told)


def _category(cell: str) -> str:
    """A category by its code or by what it is called; anything else is left for the check to refuse."""
    called = [each.slug for each in categories().values() if cell in (each.slug, each.zh, each.en)]
    return called[0] if len(called) == 1 else cell


class Rejects:
    """The refused rows with their original columns, the row's number, the field and the reason; made when needed."""

    def __init__(self, path: Path, headings: Cells) -> None:
        self.path = path
        self.written = False
        self._places = [place for place, heading in enumerate(headings) if heading not in EXPLANATION]
        self._headings = headings
        self._file: TextIO | None = None
        self._writer: Any = None

    def add(self, row: Row, field: str, why: str) -> None:
        if self._file is None:
            # Names and telephone numbers stand in it: for nobody's eyes but the importer's. With a mark for Excel.
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            self._file = os.fdopen(descriptor, "w", encoding="utf-8-sig", errors="backslashreplace", newline="")
            self._writer = csv.writer(self._file)
            self._writer.writerow([*(_harmless(self._headings[place]) for place in self._places), *EXPLANATION])
            self.written = True
        cells = row.cells + ("",) * len(self._headings)
        self._writer.writerow([*(_harmless(cells[place]) for place in self._places), row.number, field, why])

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


@contextmanager
def rejects_file(path: Path, headings: Cells) -> Iterator[Rejects]:
    """A rejects file that is closed whatever happens. It is not created before the first refused row."""
    rejects = Rejects(path, headings)
    try:
        yield rejects
    finally:
        rejects.close()
