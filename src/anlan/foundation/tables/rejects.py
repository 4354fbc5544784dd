"""The file of the rows that were refused, each with its number, the field and the reason."""

import csv
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from anlan.foundation.tables.rows import Cells, Row

EXPLANATION = ("row", "field", "why")
"""What the rejects file adds. A corrected rejects file can be imported as it is."""
# A spreadsheet would run these as a formula; an apostrophe before them makes them text, here and there.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MARKED_AS_TEXT = re.compile(r"^'(?=[=+\-@\t\r\d])")


def unmarked(cell: str) -> str:
    """A cell without the blanks around it and the apostrophe that marks it as text."""
    return _MARKED_AS_TEXT.sub("", cell.strip()).strip()


def harmless(cell: str) -> str:
    """A cell that no spreadsheet runs as a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


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
            self._writer.writerow([*(harmless(self._headings[place]) for place in self._places), *EXPLANATION])
            self.written = True
        cells = row.cells + ("",) * len(self._headings)
        self._writer.writerow([*(harmless(cells[place]) for place in self._places), row.number, field, why])

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


@contextmanager
def rejects_file(path: Path, headings: Cells) -> Iterator[Rejects]:
    """A rejects file that is closed whatever happens. It is not created before the first refused row."""
    rejects = Rejects(path, headings)
    try:
        yield rejects
    finally:
        rejects.close()
