"""Company failures from a file in ARFF, gzipped or not: numeric columns and, last, a class of 0 and 1."""

import gzip
from pathlib import Path

import numpy as np

from anlan.services.prepaid.warning.features import Feature, Table, ratios

FAILED, STAYED = "1", "0"
FEWEST = 20
"""Failures, and others, that are needed at least to learn and to test in parts."""


class BadFile(ValueError):
    """The file cannot be learned from; the message names the line and the column."""


def read(path: Path) -> Table:
    """The table of a file. The class may be written 0, '0' or b'0'; ? is a value that is not known.

    Raises `BadFile`.
    """
    names: list[str] = []
    rows: list[list[float]] = []
    classes: list[str] = []
    in_data = False
    for number, line in enumerate(_lines(path), start=1):
        text = line.strip()
        if not text or text.startswith("%"):
            continue
        if in_data:
            row, label = _row(path, number, text, names)
            rows.append(row)
            classes.append(label)
        elif text.lower().startswith("@attribute"):
            names.append(_name(path, number, text))
        elif text.lower().startswith("@data"):
            in_data = True
    if len(names) < 2 or not rows:
        raise BadFile(f"{path}: no data: wanted are @attribute lines, the class last, then @data and rows")
    failed = np.array([label == FAILED for label in classes])
    if min(int(failed.sum()), int((~failed).sum())) < FEWEST:
        raise BadFile(f"{path}: {names[-1]}: {int(failed.sum())} of {len(failed)} failed; {FEWEST} of each are needed")
    known = ratios()
    features = tuple(known.get(name) or Feature(name, name, name) for name in names[:-1])
    return Table(features, np.array(rows, dtype=np.float64), failed)


def _lines(path: Path) -> list[str]:
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        return content.decode("utf-8-sig").splitlines()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise BadFile(f"{path}: {error}") from error


def _name(path: Path, number: int, text: str) -> str:
    parts = text.split(maxsplit=2)
    if len(parts) < 3:
        raise BadFile(f"{path}, line {number}: @attribute needs a name and a type")
    return parts[1].strip("'\"")


def _row(path: Path, number: int, text: str, names: list[str]) -> tuple[list[float], str]:
    cells = [cell.strip() for cell in text.split(",")]
    if len(cells) != len(names):
        raise BadFile(f"{path}, line {number}: {len(cells)} values; there are {len(names)} columns")
    label = cells[-1].removeprefix("b").strip("'\"")
    if label not in (FAILED, STAYED):
        raise BadFile(f"{path}, line {number}: {names[-1]}: wanted is 0 or 1, not {cells[-1]!r}")
    return [_number(path, number, name, cell) for name, cell in zip(names, cells[:-1], strict=False)], label


def _number(path: Path, number: int, name: str, cell: str) -> float:
    if cell == "?":
        return float("nan")
    try:
        value = float(cell)
    except ValueError:
        raise BadFile(f"{path}, line {number}: {name}: {cell!r} is not a number") from None
    if value in (float("inf"), float("-inf")):
        raise BadFile(f"{path}, line {number}: {name}: is infinite")
    return value
