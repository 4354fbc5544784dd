"""Labelled messages from a file, and which of them are the same message."""

import csv
import gzip
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse

from anlan.services.triage.learning import features
from anlan.services.triage.matching import normalise

SEGMENTED = ("text_segmented", "label")
RAW = ("留言主题", "留言详情", "一级分类")
OWN = ("title", "text", "category")
SAME = 0.95
"""Two texts are one message if of the n-grams of the shorter one so many stand in the other ..."""
NO_LONGER = 3
"""... which has at most so many times as many: a segmented text has lost its commonest words, a third to a half."""
_AT_ONCE = 500


class BadFile(ValueError):
    """The file cannot be learned from; the message names the column or line."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts and their labels, in the order of the file; `refused` names each row that was left out, and why."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    refused: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.texts)

    def only(self, rows: Sequence[int]) -> "Labelled":
        return Labelled(tuple(self.texts[row] for row in rows), tuple(self.labels[row] for row in rows))


def read(path: Path) -> Labelled:
    """A CSV file in UTF-8, gzipped or not, with the columns `SEGMENTED`, `RAW` or `OWN`.

    Rows that repeat an earlier one's text are left out, and those without a text or a label. Raises `BadFile`.
    """
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        lines = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        columns = next((shape for shape in (SEGMENTED, RAW, OWN) if set(shape) <= set(lines.fieldnames or ())), None)
        if columns is None:
            wanted = "; or ".join(", ".join(shape) for shape in (SEGMENTED, RAW, OWN))
            raise BadFile(f"{path}: columns are missing; wanted: {wanted}")
        *said, label = columns
        found: dict[str, tuple[str, str]] = {}
        refused = []
        for row in lines:
            text = " ".join(part for name in said if (part := (row[name] or "").strip()))
            if not text or not (row[label] or "").strip():
                missing = label if text else said[-1]
                refused.append(f"line {lines.line_num}: {missing} is empty")
                continue
            found.setdefault(features.plain(text), (text, row[label].strip()))
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise BadFile(f"{path}: {error}") from error
    if not found:
        raise BadFile(f"{path}: {refused[0] if refused else 'it has no rows'}")
    texts, labels = zip(*found.values(), strict=True)
    return Labelled(texts, labels, tuple(refused))


def twins(texts: Sequence[str], others: Sequence[str]) -> set[int]:
    """Which of `texts` (by place) are the same message as one of `others`, segmented or not, or one word changed."""
    if not texts or not others:
        return set()
    here, there = _pairs_of_characters(texts), _pairs_of_characters(others)
    sizes_here = np.maximum(here.sum(axis=1), 1).reshape(-1, 1)
    sizes_there = np.maximum(there.sum(axis=1), 1).reshape(1, -1)
    found: set[int] = set()
    turned = there.T.tocsr()
    for start in range(0, len(texts), _AT_ONCE):
        shared = (here[start : start + _AT_ONCE] @ turned).toarray()
        sizes = sizes_here[start : start + _AT_ONCE]
        shorter, longer = np.minimum(sizes, sizes_there), np.maximum(sizes, sizes_there)
        same = (shared >= SAME * shorter) & (longer <= NO_LONGER * shorter)
        found.update((start + np.flatnonzero(same.any(axis=1))).tolist())
    return found


def _pairs_of_characters(texts: Sequence[str]) -> scipy.sparse.csr_matrix:
    """(texts, buckets): 1 where a pair of neighbouring characters stands inside a word as the text separates words."""
    rows = [np.unique(_pairs(text)) for text in texts]
    ends = np.cumsum([0, *map(len, rows)])
    columns = np.concatenate(rows).astype(np.int64)
    ones = np.ones(len(columns), dtype=np.float32)
    return scipy.sparse.csr_matrix((ones, columns, ends), shape=(len(rows), 1 << features.BITS))


def _pairs(text: str) -> features.Numbers:
    words = " ".join(normalise(text[: 2 * features.MOST_CHARACTERS]).split())
    whole, _ = features.grams(words)
    if len(whole) < 2:
        return np.empty(0, dtype=np.uint32)
    space = np.array([character == " " for character in words])
    inside: features.Numbers = whole[1][~(space[:-1] | space[1:])]
    return inside
