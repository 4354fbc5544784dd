"""XLSX as a stream. Formulas are never worked out: what counts is the value that was last shown."""

import hashlib
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from io import BufferedReader
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from anlan.foundation.tables.rows import MOST_COLUMNS, Fits, Row, Table, Unreadable, headed, plain

LARGEST_UNPACKED = 1_000_000_000
LARGEST_STRINGS = 128_000_000
"""The table of shared texts is the one part that has to be held in memory."""
MOST_PARTS = 2_000
MOST_ROWS = 1_048_576
"""Excel's own limit; a file may claim any number."""
_CHUNK = 1 << 20
_SHARED_STRINGS = "xl/sharedStrings.xml"


@contextmanager
def workbook_table(raw: BufferedReader, fits: Fits) -> Iterator[Table]:
    """The first sheet of a workbook. Raises Unreadable."""
    digest = hashlib.file_digest(raw, "sha256").hexdigest()
    raw.seek(0)
    # The library lets through whatever its parts raise: KeyError for a missing part, SyntaxError for bad XML, …
    try:
        _refuse_bomb(raw)
        raw.seek(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(raw, read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
    except Unreadable:
        raise
    except Exception as error:
        raise Unreadable(_("this is not an XLSX workbook: %(why)s") % {"why": str(error)[:200]}) from error
    try:
        yield headed(_records(sheet), fits, digest, min(sheet.max_row or 0, MOST_ROWS) or None)
    finally:
        book.close()


def _records(sheet: Worksheet) -> Iterator[Row]:
    """Row by row; a workbook that turns out to be damaged ends with a row that says so."""
    number = 0
    try:
        for number, values in enumerate(
            sheet.iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS + 1, values_only=True), start=1
        ):
            # A file may leave out a million rows by one number; they are not worth a look.
            if values.count(None) == len(values):
                continue
            cells = tuple(map(_text, values))
            broken = next((cell for cell in cells if cell in _ERRORS), None)
            yield Row(number, cells, _("a cell shows the error %(code)s") % {"code": broken} if broken else None)
    except Exception as error:
        why = _("the workbook can't be read from here on: %(why)s") % {"why": str(error)[:200]}
        yield Row(number + 1, (), why)


_ERRORS = frozenset(("#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!"))


def _text(value: Any) -> str:
    if isinstance(value, datetime | date | time):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    return plain(value)


def _refuse_bomb(raw: BufferedReader) -> None:
    """Refuse a workbook that unpacks to more than can be meant. Sizes are counted, as the headers may lie."""
    with zipfile.ZipFile(raw) as archive:
        parts = archive.infolist()
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
            raise Unreadable(_("the workbook unpacks to more than is allowed; save it as CSV"))
        for part in parts:
            if part.filename == _SHARED_STRINGS and part.file_size > LARGEST_STRINGS:
                raise Unreadable(_("the workbook holds too much text; save it as CSV"))
            if part.filename.startswith("xl/") and part.filename.endswith(".xml"):
                with archive.open(part) as content:
                    while chunk := content.read(_CHUNK):
                        # One piece of text or one attribute of a million characters.
                        if len(chunk) == _CHUNK and b"<" not in chunk:
                            raise Unreadable(_("a cell of the workbook is larger than is allowed"))
