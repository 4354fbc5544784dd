"""The worker's part: rows are written a piece at a time, and each piece is known to the database once it is there.

Whoever dies in between leaves a file that is longer than the database knows; the next one cuts it to what counts and
goes on. Several workers may run: each holds the row it works on.
"""

import csv
import io
import os
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from anlan.city.people.access import Actor, actor_of, postings_of, scope_of, scoped
from anlan.city.people.models import Account
from anlan.loop import clock
from anlan.loop.exports.requests import MAY_EXPORT, path, remove_files, removed_at, setting, unfinished_path
from anlan.loop.exports.rows import Cell, cells, headings
from anlan.loop.list_models import Export
from anlan.loop.queries import Wanted, after, cursor_of, newest
from anlan.loop.refusals import NotAllowed, NotPossible, Refused

log = structlog.get_logger("anlan.loop.exports")

ROWS_A_PIECE = 1_000
PIECES_A_ROUND = 10
MOST_FAILURES = 3
BOM = "\ufeff"
"""So that a spreadsheet reads the CSV as UTF-8."""
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def work() -> int:
    """Write the next pieces of what was asked for, and remove what has been kept long enough; returns how many rows
    were written and files removed."""
    return sum(_pieces()) + _remove_old()


def _pieces() -> Iterable[int]:
    for _piece in range(PIECES_A_ROUND):
        written = _one_piece()
        if written is None:
            return
        yield written


def _one_piece() -> int | None:
    """One piece of the oldest export that nobody else is writing; None where there is none."""
    with transaction.atomic():
        waiting = Export.objects.filter(state__in=Export.UNDER_WAY).order_by("asked_at", "id")
        # The row alone: the account is nobody's to lock here.
        export = waiting.select_for_update(skip_locked=True).first()
        if export is None:
            return None
        try:
            # Undone by itself where it fails, so that what went wrong can still be written down.
            with transaction.atomic(), translation.override(export.language):
                return _write(export)
        except Refused as refused:
            _end(export, Export.State.FAILED, str(refused.message))
        except Exception:
            log.exception("export failed", export=str(export.id))
            _failed(export)
    if not export.is_under_way:
        remove_files(export)
    return 0


def _write(export: Export) -> int:
    """Write the next rows, or finish. Raises a Refused that says why it can't be made."""
    actor = _whoever_asked(export)
    wanted = Wanted.model_validate(export.filters)
    with scoped(scope_of(actor)):
        found, _since = newest(actor, wanted)
        found = found.filter(opened_at__lte=export.asked_at)
        if export.rows is None:
            export.rows = _counted(found)
        page = list(found.filter(after(export.cursor) if export.cursor else Q())[:ROWS_A_PIECE])
        rows = cells(page)
    export.state = Export.State.RUNNING
    _append(export, [headings(), *rows] if not export.bytes_done else rows)
    export.rows_done += len(rows)
    export.cursor = cursor_of(page[-1]) if page else export.cursor
    if len(page) < ROWS_A_PIECE:
        _finish(export)
    export.save(update_fields=["state", "rows", "rows_done", "cursor", "bytes_done", "ended_at"])
    return len(rows)


def _whoever_asked(export: Export) -> Actor:
    """The account with the postings it holds now. Raises NotAllowed where they no longer allow it."""
    account = Account.objects.get(id=export.account_id)
    if export.posting_id is not None and not _holds(account, export.posting_id):
        raise NotAllowed(_("the posting it was asked for in is no longer held"))
    actor = actor_of(account, on=clock.today(), posting=export.posting_id)
    if not account.is_active or not any(held.role in MAY_EXPORT for held in actor.held):
        raise NotAllowed(_("whoever asked for it may no longer see these matters"))
    return actor


def _holds(account: Account, posting_id: UUID) -> bool:
    # `actor_of` falls back on all postings, which is more than was asked for.
    return postings_of(account, on=clock.today()).filter(id=posting_id).exists()


def _counted(found: Any) -> int:
    """How many rows there will be. Raises NotPossible for too many."""
    most = setting("files.export_rows")
    rows: int = found.order_by()[: most + 1].count()
    if rows > most:
        raise NotPossible(_("more than %(n)d matters fit; narrow the filters") % {"n": most})
    return rows


def _append(export: Export, rows: Sequence[Sequence[Cell]]) -> None:
    """Add rows where the database knows that the file ends; what lies behind was left by a worker that died."""
    text = io.StringIO(newline="")
    guard = harmless if export.format == Export.Format.CSV else str
    csv.writer(text).writerows([guard(cell) for cell in row] for row in rows)
    raw = ((BOM if not export.bytes_done else "") + text.getvalue()).encode()
    target = os.open(unfinished_path(export), os.O_RDWR | os.O_CREAT, 0o600)
    with closing(os.fdopen(target, "r+b")) as file:
        file.truncate(export.bytes_done)
        file.seek(export.bytes_done)
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    export.bytes_done += len(raw)


def harmless(cell: object) -> str:
    """A text that a spreadsheet would run as a formula becomes one that it shows. A workbook says so itself."""
    text = str(cell)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_SIGNS) else text


def _finish(export: Export) -> None:
    rows = unfinished_path(export)
    if export.format == Export.Format.XLSX:
        made = rows.with_suffix(".making")
        _as_workbook(rows, made)
        os.replace(made, path(export))
        rows.unlink()
    else:
        os.replace(rows, path(export))
    export.state, export.ended_at = Export.State.READY, clock.now()


def _as_workbook(rows: Path, target: Path) -> None:
    """The rows as a spreadsheet in which every cell is a text or a number, never a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(str(_("Matters")))
    sheet.freeze_panes = "A2"
    with rows.open(encoding="utf-8-sig", newline="") as lines:
        for line in csv.reader(lines):
            sheet.append([_cell(sheet, text) for text in line])
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with closing(os.fdopen(descriptor, "wb")) as file:
        book.save(file)


def _cell(sheet: Any, text: str) -> Any:
    if text.isdecimal() and len(text) < 10 and str(int(text)) == text:
        return int(text)
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", text))
    cell.data_type = "s"
    return cell


def _failed(export: Export) -> None:
    """Something that nobody foresaw: tried again, but not for ever."""
    export.refresh_from_db()
    export.failures += 1
    export.save(update_fields=["failures"])
    if export.failures >= MOST_FAILURES:
        with translation.override(export.language):
            _end(export, Export.State.FAILED, _("it could not be written; the operators can see why in the log"))


def _end(export: Export, state: str, error: str) -> None:
    export.state, export.error, export.ended_at = state, error[:300], clock.now()
    export.save(update_fields=["state", "error", "ended_at"])


def _remove_old() -> int:
    removed = 0
    for export in Export.objects.filter(state=Export.State.READY).order_by("ended_at")[:100]:
        if clock.now() < removed_at(export):
            break
        remove_files(export)
        export.state = Export.State.EXPIRED
        export.save(update_fields=["state"])
        removed += 1
    return removed
