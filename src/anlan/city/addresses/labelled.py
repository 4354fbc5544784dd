"""Addresses whose parts somebody has labelled: the files they come in, and addresses cut into the tagger's units."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from anlan.city.addresses.parts import LABELS, Parsed, Part

_UNIT = re.compile(r"[0-9０-９]+|[A-Za-zＡ-Ｚａ-ｚ]+|.", re.DOTALL)
_MARK = re.compile(r"(?:([BIES])-(.+)|O)")
OUTSIDE: Final = "otherinfo"
"""What a character marked `O`, outside every part, is read as: parts leave no gap."""


class BadLine(ValueError):
    """A line of a labelled file cannot be read; the message names its number and the fault."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What gets one tag: a character, or a run of digits or of Latin letters, `text[start:end]` of an address."""

    text: str
    start: int
    end: int


def units(text: str) -> list[Unit]:
    """The text in units, none left out."""
    return [Unit(found.group(), found.start(), found.end()) for found in _UNIT.finditer(text)]


def read(lines: Iterable[str]) -> Iterator[Parsed]:
    """Addresses in CoNLL form: a line `characters mark` for each unit, an empty line after each address.

    Marks are `B-`, `I-`, `E-` or `S-` and a label (in any case of letters), or `O`. Raises BadLine.
    """
    marked: list[tuple[str, str]] = []
    for number, line in enumerate(lines, start=1):
        line = line.lstrip("\ufeff").strip()
        if line:
            marked.append(_read_line(line, number))
        elif marked:
            yield _joined(marked)
            marked = []
    if marked:
        yield _joined(marked)


def _read_line(line: str, number: int) -> tuple[str, str]:
    """The characters, and the label with `B` before it where a part begins."""
    columns = line.split()
    if len(columns) != 2:
        raise BadLine(f"line {number}: {len(columns)} columns where 2 are wanted, characters and mark")
    characters, mark = columns
    found = _MARK.fullmatch(mark)
    if found is None:
        raise BadLine(f"line {number}: the mark {mark[:40]!r} is none of B-, I-, E-, S- with a label, or O")
    label = (found[2] or OUTSIDE).lower()
    if label not in LABELS:
        raise BadLine(f"line {number}: there is no label {label[:40]!r}; there are: {', '.join(LABELS)}")
    return characters, ("B" if found[1] in ("B", "S") else "I") + label


def _joined(marked: Iterable[tuple[str, str]]) -> Parsed:
    """As conlleval reads it: a part begins at a `B`, and wherever the label changes."""
    spans: list[tuple[str, str]] = []
    for characters, mark in marked:
        begins, label = mark[0] == "B", mark[1:]
        if spans and not begins and spans[-1][0] == label:
            spans[-1] = (label, spans[-1][1] + characters)
        else:
            spans.append((label, characters))
    return from_spans(spans)


def from_spans(spans: Iterable[tuple[str, str]], confidence: float | None = None) -> Parsed:
    """Labels and the texts they stand for, one after the other, as an address read."""
    parts, at = [], 0
    for label, text in spans:
        parts.append(Part(label, text, at, at + len(text)))
        at += len(text)
    return Parsed("".join(part.text for part in parts), tuple(parts), confidence)
