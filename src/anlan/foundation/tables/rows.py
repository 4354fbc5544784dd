"""What a table is, whatever file it comes from: headings, and rows in their width."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

MOST_COLUMNS = 200
TITLE_ROWS = 10
"""How far down the headings may stand: office tables begin with the table's own title."""

Cells = tuple[str, ...]
Fits = Callable[[Sequence[str]], bool]
"""Tells a row of headings from a title."""


class Unreadable(Exception):
    """Nothing can be read from the file; the message says why, in the reader's language."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table, its cells in the order of the headings. `number` is the one a spreadsheet shows.

    `fault` says why the line itself could not be read; its cells are then what was left of it.
    """

    number: int
    cells: Cells
    fault: str | None = None


@dataclass(frozen=True)
class Table:
    """An open table. `digest` is that of the content; `total` is about how many rows are to come."""

    headings: Cells
    digest: str
    total: int | None
    rows: Iterator[Row]


def headed(records: Iterator[Row], fits: Fits, digest: str, total: int | None) -> Table:
    """The table whose headings are the first row that fits. Raises Unreadable where none of the first rows does."""
    seen: list[str] = []
    for record in islice(records, TITLE_ROWS):
        headings = _without_empty_end(cell.strip() for cell in record.cells)
        if record.fault is None and fits(headings):
            if len(headings) > MOST_COLUMNS:
                raise Unreadable(_("more than %(n)d columns") % {"n": MOST_COLUMNS})
            rows = (row for row in (_fitted(record, len(headings)) for record in records) if row is not None)
            return Table(headings, digest, total, rows)
        seen = seen or [heading[:40] for heading in headings if heading]
    found = "、".join(seen[:20]) or _("nothing")
    raise Unreadable(_("no heading fits; the file has: %(found)s") % {"found": found})


def _fitted(row: Row, width: int) -> Row | None:
    """The row in the width of the headings; None for an empty one."""
    cells = _without_empty_end(row.cells)
    if not cells and row.fault is None:
        return None
    fault = row.fault or (_("more cells than headings") if len(cells) > width else None)
    return Row(row.number, (cells + ("",) * width)[:width], fault)


def _without_empty_end(cells: Iterable[str]) -> Cells:
    kept = list(cells)
    while kept and not kept[-1].strip():
        kept.pop()
    return tuple(kept)


def plain(value: Any) -> str:
    """A cell of any type as the text that stands for it."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)
