"""CSV and JSON as a stream, in the encodings people send.

A row that can't be read is handed on with the reason, and the rows after it are read all the same.
"""

import codecs
import csv
import hashlib
import io
import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from typing import Any, TextIO

from django.utils.translation import gettext as _

from anlan.foundation.tables.rows import (
    MOST_COLUMNS,
    TITLE_ROWS,
    Cells,
    Fits,
    Row,
    Table,
    Unreadable,
    headed,
    plain,
)

LARGEST = 4_000_000_000
"""Bytes once unpacked. The rows are read as a stream, so this only stops what never ends."""
LONGEST_LINE = 1_000_000
MOST_LINES = 200
"""A cell with more lines than this is a quotation mark that was never closed."""
_CHUNK = 1 << 20
_DELIMITERS = ",\t;"


@dataclass(frozen=True, slots=True)
class _Survey:
    digest: str
    encoding: str
    lines: int


def text_table(raw: BufferedReader, kind: str, fits: Fits) -> Table:
    """The table in a CSV or JSON file. Raises Unreadable."""
    survey = _surveyed(raw)
    raw.seek(0)
    # What can't be decoded becomes U+FFFD, which the row that holds it is refused for.
    text = io.TextIOWrapper(raw, survey.encoding, errors="replace", newline="")
    if kind == "json":
        return _json_table(text, survey.digest)
    return headed(_csv_records(text), fits, survey.digest, survey.lines)


def _surveyed(raw: BufferedReader) -> _Survey:
    """One look over the whole text: its digest, its encoding, its lines. Raises Unreadable."""
    digest, decoder = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")("replace")
    size = lines = damaged = readable = 0
    wide = False
    while chunk := raw.read(_CHUNK):
        if not size:
            wide = chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
            if not wide and chunk[:4096].count(0) > 4:
                raise Unreadable(_("this is not a text file"))
        size += len(chunk)
        if size > LARGEST:
            raise Unreadable(_("the file is too large; split it"))
        digest.update(chunk)
        lines += chunk.count(b"\n")
        decoded = decoder.decode(chunk)
        lost = decoded.count("�")
        damaged += lost
        readable += len(decoded) - len(decoded.encode("ascii", "ignore")) - lost
    # Excel in China writes GBK. Chinese in GBK hardly ever happens to be UTF-8, so a few damaged places among many
    # readable ones mean damaged UTF-8 and not another encoding.
    encoding = "utf-16" if wide else "utf-8-sig" if damaged * 4 <= readable else "gb18030"
    return _Survey(digest.hexdigest(), encoding, lines)


class _Lines:
    """Lines of bounded length that remember what the current record has taken, and take it back."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._returned: deque[str | None] = deque()
        self.taken: list[str | None] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MOST_LINES:
            raise csv.Error(_("a quotation mark is never closed"))
        line = self._returned.popleft() if self._returned else self._read()
        if line == "":
            raise StopIteration
        self.taken.append(line)
        if line is None:
            raise csv.Error(_("a line of more than %(n)d characters") % {"n": LONGEST_LINE})
        return line

    def begin(self) -> None:
        """A new record."""
        self.taken = []

    def give_back(self) -> str:
        """Keep only the first line of the record; those after it are read again."""
        first, *rest = self.taken or [""]
        self._returned.extendleft(reversed(rest))
        return first or ""

    def peek(self, count: int) -> str:
        """The first lines, to be read again."""
        lines = [self._read() for _line in range(count)]
        self._returned.extend(line for line in lines if line != "")
        return "".join(line or "" for line in lines)

    def _read(self) -> str | None:
        """A line with its end, nothing at the end of the file, None for a line that is too long."""
        line = self._text.readline(LONGEST_LINE)
        if len(line) < LONGEST_LINE or line.endswith(("\n", "\r")):
            return line
        while len(rest := self._text.readline(LONGEST_LINE)) == LONGEST_LINE and not rest.endswith(("\n", "\r")):
            pass
        return None


def _csv_records(text: TextIO) -> Iterator[Row]:
    """Every record. A quotation mark that is not closed costs its own line and none of those it would swallow."""
    lines = _Lines(text)
    first = lines.peek(TITLE_ROWS)
    reader = csv.reader(lines, delimiter=max(_DELIMITERS, key=first.count), strict=True)
    number = width = 0
    while True:
        lines.begin()
        number += 1
        try:
            cells = tuple(next(reader))
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(number, (lines.give_back().strip()[:500],), _("not to be read as CSV: %(why)s") % {"why": error})
            continue
        width = width or len(cells)
        if len(lines.taken) > 1 and len(cells) != width:
            first_line = lines.give_back().strip()[:500]
            yield Row(number, (first_line,), _("not to be read as CSV: a quotation mark in the wrong place"))
            continue
        yield Row(number, cells)


def _json_table(text: TextIO, digest: str) -> Table:
    """The keys of all objects are the headings, so the file is read twice: once for them, once for the rows."""
    headings: dict[str, None] = {}
    total = 0
    for given, _fault in _json_values(text):
        total += 1
        if isinstance(given, dict):
            headings.update(dict.fromkeys(given))
        if len(headings) > MOST_COLUMNS:
            raise Unreadable(_("more than %(n)d columns") % {"n": MOST_COLUMNS})
    if not headings:
        raise Unreadable(_("there is no JSON object in the file"))
    text.seek(0)
    return Table(tuple(headings), digest, total, _json_rows(text, tuple(headings)))


def _json_rows(text: TextIO, headings: Cells) -> Iterator[Row]:
    for number, (given, fault) in enumerate(_json_values(text), start=1):
        if fault is None and not isinstance(given, dict):
            fault = _("not a JSON object")
        cells = given if isinstance(given, dict) else {}
        if fault is None and (nested := [key for key, value in cells.items() if isinstance(value, dict | list)]):
            fault = _("%(keys)s: must be a single value") % {"keys": ", ".join(nested)[:200]}
        yield Row(number, tuple(plain(cells.get(heading)) for heading in headings), fault)


_Value = tuple[Any, str | None]


def _json_values(text: TextIO) -> Iterator[_Value]:
    """The values of an array, or those of the lines, each with why it could not be read."""
    start = ""
    while not start.strip() and (chunk := text.read(_CHUNK)):
        start = chunk
    if start.lstrip().startswith("["):
        yield from _array_values(start.lstrip()[1:], text)
        return
    text.seek(0)
    lines = _Lines(text)
    while True:
        lines.begin()
        try:
            line = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            yield None, str(error)
            continue
        if line.strip():
            yield _loaded(line)


def _loaded(line: str) -> _Value:
    try:
        return json.loads(line), None
    except (ValueError, RecursionError) as error:
        return None, _("not JSON: %(why)s") % {"why": str(error)[:200]}


_SEPARATOR = re.compile(r"[\s,]*")


def _array_values(buffer: str, text: TextIO) -> Iterator[_Value]:
    """The values of an array whose bracket has been read. Once one is damaged, nothing after it can be found."""
    decoder, at, ended = json.JSONDecoder(), 0, False
    while True:
        at = _SEPARATOR.match(buffer, at).end()  # type: ignore[union-attr]  # it matches the empty text too
        if buffer.startswith("]", at):
            return
        try:
            value, end = decoder.raw_decode(buffer, at)
            # A number at the very end of the buffer may go on in the next chunk.
            if end < len(buffer) or ended:
                yield value, None
                at = end
                continue
            why = _("the array is not closed")
        except (ValueError, RecursionError) as error:
            why = _("not JSON: %(why)s") % {"why": str(error)[:200]}
        if ended or len(buffer) - at > LONGEST_LINE:
            yield None, _("%(why)s; the rest of the file can't be read") % {"why": why}
            return
        chunk = text.read(_CHUNK)
        ended = not chunk
        buffer, at = buffer[at:] + chunk, 0
