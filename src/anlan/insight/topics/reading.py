"""Messages out of a CSV file, plain or gzipped: what is needed of them to find topics. Every bad row is named."""

import csv
import gzip
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import IO, cast

COLUMNS = {
    "id": "留言编号",
    "writer": "留言用户",
    "title": "留言主题",
    "at": "留言时间",
    "text": "留言详情",
    "against": "反对数",
    "for": "点赞数",
}
"""What is read and the column it is read from, unless told otherwise."""
OPTIONAL = frozenset(("writer", "text", "against", "for"))
_LONGEST_FIELD = 1 << 20
_MOMENTS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d")


class BadFile(Exception):
    """The file can't be read at all; the message says why."""


@dataclass(frozen=True)
class Message:
    """What somebody wrote; `at` is the city's local time. `writer` is empty where nobody is named."""

    id: str
    title: str
    text: str
    at: datetime
    writer: str = ""
    votes_for: int = 0
    votes_against: int = 0


@dataclass
class Read:
    """The messages, and for each row left out its line and why."""

    messages: list[Message] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def read(path: Path, columns: Mapping[str, str] = COLUMNS) -> Read:
    """Every message of the file. Raises `BadFile` where it is missing, no CSV in UTF-8, or lacks a column."""
    result, seen = Read(), set[str]()
    try:
        for line, row in _rows(path, columns):
            try:
                message = _message(row, columns)
                if message.id in seen:
                    raise ValueError(f"{columns['id']}: {message.id} stands in the file already")
            except ValueError as error:
                result.refused.append(f"line {line}: {error}")
            else:
                seen.add(message.id)
                result.messages.append(message)
    except (OSError, EOFError, zlib.error) as error:
        raise BadFile(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadFile(f"{path}: no CSV file in UTF-8: {error}") from None
    return result


def _rows(path: Path, columns: Mapping[str, str]) -> Iterator[tuple[int, dict[str, str | None]]]:
    limit = csv.field_size_limit(_LONGEST_FIELD)
    try:
        with _opened(path) as file:
            reader = csv.DictReader(TextIOWrapper(file, encoding="utf-8-sig", newline=""))
            found = reader.fieldnames or []
            missing = [name for key, name in columns.items() if key not in OPTIONAL and name not in found]
            if missing:
                raise BadFile(f"{path}: no column {', '.join(missing)}; there are: {', '.join(found) or 'none'}")
            for row in reader:
                yield reader.line_num, row
    finally:
        csv.field_size_limit(limit)


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    return cast(IO[bytes], gzip.open(path, "rb")) if zipped else path.open("rb")


def _message(row: Mapping[str, str | None], columns: Mapping[str, str]) -> Message:
    told = {key: (row.get(name) or "").strip() for key, name in columns.items()}
    for key in ("id", "title"):
        if not told[key]:
            raise ValueError(f"{columns[key]}: is empty")
    return Message(
        id=told["id"],
        title=told["title"],
        text=told.get("text", ""),
        at=_moment(told["at"], columns["at"]),
        writer=told.get("writer", ""),
        votes_for=_count(told.get("for", ""), columns.get("for", "")),
        votes_against=_count(told.get("against", ""), columns.get("against", "")),
    )


def _moment(told: str, column: str) -> datetime:
    for form in _MOMENTS:
        try:
            return datetime.strptime(told.replace("/", "-").replace("T", " "), form)
        except ValueError:
            continue
    raise ValueError(f"{column}: “{told}” is no date and time like 2019/12/4 9:30:00")


def _count(told: str, column: str) -> int:
    if not told:
        return 0
    if not (told.isascii() and told.isdigit() and len(told) < 10):
        raise ValueError(f"{column}: “{told}” is no whole number from 0 on")
    return int(told)
