"""A table out of any file that people send. The content is believed, not the name."""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BufferedReader
from pathlib import Path

from django.utils.translation import gettext as _

from anlan.foundation.tables.rows import Fits, Table, Unreadable
from anlan.foundation.tables.text import text_table
from anlan.foundation.tables.workbook import workbook_table

_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".xlsx": "xlsx",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
}
_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


@contextmanager
def opened(path: Path, fits: Fits) -> Iterator[Table]:
    """The table in a file, open while the context lasts. `fits` tells its headings. Raises Unreadable."""
    try:
        with ExitStack() as stack:
            raw = stack.enter_context(path.open("rb"))
            if raw.peek(8).startswith(_GZIP):
                raw = BufferedReader(stack.enter_context(gzip.GzipFile(fileobj=raw)))
                path = path.with_suffix("") if path.suffix.lower() == ".gz" else path
            kind = _kind(path.suffix.lower(), raw.peek(8)[:8])
            if kind == "xlsx":
                yield stack.enter_context(workbook_table(raw, fits))
            else:
                yield text_table(raw, kind, fits)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise Unreadable(_("the compressed file is damaged: %(why)s") % {"why": error}) from error
    except OSError as error:
        raise Unreadable(error.strerror or str(error)) from error


def _kind(suffix: str, start: bytes) -> str:
    """csv, json or xlsx. Raises Unreadable where name and content contradict each other."""
    if not start:
        raise Unreadable(_("the file is empty"))
    if start.startswith(_OLD_EXCEL):
        raise Unreadable(_("this is an old Excel file (.xls); save it as .xlsx or CSV"))
    named = _SUFFIXES.get(suffix)
    if start.startswith(_ZIP):
        found = "xlsx"
    elif named != "csv" and start.removeprefix(codecs.BOM_UTF8).lstrip()[:1] in (b"[", b"{"):
        found = "json"
    else:
        found = "csv"
    if named and named != found:
        raise Unreadable(
            _("its name says %(named)s, its content does not: it looks like %(found)s")
            % {"named": named.upper(), "found": found.upper()}
        )
    return found
