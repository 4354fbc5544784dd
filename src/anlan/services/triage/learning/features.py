"""A text as character n-grams, each hashed to a number: what the model counts.

No dictionary and no word segmentation: the same n-grams serve Chinese and English, and a raw message is read like
one that somebody has segmented. Hashing is done in NumPy for a whole text at once.
"""

import re
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from anlan.services.triage.matching import normalise

Numbers: TypeAlias = NDArray[np.uint32]
Floats: TypeAlias = NDArray[np.float32]

BITS = 19
"""Buckets as a power of two."""
LONGEST = 3
"""Characters of the longest n-gram."""
LEAD = 32
"""Characters at the start that are counted once more on their own: a title, or what stands for one."""
PARTS = ((0, 0.65), (0x5BD1E995, 0.35))
"""Of the whole text and of its lead: what keeps their buckets apart, and their share in how alike two texts are.
The shares were found by cross-validation on seven categories of messages to a city."""
MOST_CHARACTERS = 4_000
"""What follows in a longer text is not read: a letter says early what it is about, and the time to read is bounded."""

# Spaces matter only inside English; between Chinese characters they are what a segmenter left.
_SPACES = re.compile(r"(?<![!-~\s])\s+|\s+(?![!-~\s])")
_RUN_OF_SPACES = re.compile(r"\s+")
_ENGLISH_SPACE = re.compile(r"[!-~]\s+[!-~]")
# An odd multiplier for the rolling hash (FNV's prime), and the golden ratio's, which spreads it over the high bits.
_ROLL = np.uint32(0x01000193)
_SPREAD = np.uint32(0x9E3779B1)


def joined(title: str, text: str) -> str:
    """Title and text as one."""
    return f"{title} {text}" if title else text


def plain(text: str) -> str:
    """The text in the form that is counted: normal and lower case, spaces only between English words, cut if long."""
    text = normalise(text[: 2 * MOST_CHARACTERS])
    if not _ENGLISH_SPACE.search(text):
        return "".join(text.split())[:MOST_CHARACTERS]
    return _RUN_OF_SPACES.sub(" ", _SPACES.sub("", text))[:MOST_CHARACTERS].strip()


def grams(text: str) -> list[list[Numbers]]:
    """The buckets of a plain text's n-grams: for each of `PARTS`, shortest n-grams first.

    Entry i of each array is the n-gram that starts at character i.
    """
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    whole, lead = PARTS
    return [_hashed(codes, whole[0]), _hashed(codes[:LEAD], lead[0])]


def _hashed(codes: Numbers, salt: int) -> list[Numbers]:
    rolled, found = np.full(len(codes) + 1, salt, dtype=np.uint32), []
    for length in range(1, min(LONGEST, len(codes)) + 1):
        rolled = rolled[:-1] * _ROLL + (codes[length - 1 :] + np.uint32(1))
        found.append((rolled * _SPREAD) >> np.uint32(32 - BITS))
    return found


def counted(text: str) -> list[tuple[Numbers, Floats]]:
    """For each of `PARTS` of a plain text: the distinct buckets, and 1 + ln(times) of each; a repeat says little."""
    return [_counted(found) for found in grams(text)]


def _counted(found: list[Numbers]) -> tuple[Numbers, Floats]:
    if not found:
        return np.empty(0, dtype=np.uint32), np.empty(0, dtype=np.float32)
    buckets = np.concatenate(found)
    buckets.sort()
    first = np.flatnonzero(np.concatenate(([True], buckets[1:] != buckets[:-1])))
    times = np.diff(first, append=len(buckets))
    return buckets[first], _WEIGHT_OF[np.minimum(times, len(_WEIGHT_OF) - 1)]


_WEIGHT_OF: Floats = (1 + np.log(np.maximum(np.arange(256), 1))).astype(np.float32)


def weighed(text: str, rarity: Floats) -> tuple[Numbers, Floats]:
    """A plain text as a sparse vector: TF-IDF over the whole and over the lead, each of its share's length."""
    buckets, values = [], []
    for (found, weights), (_, share) in zip(counted(text), PARTS, strict=True):
        value = weights * rarity[found]
        length = float(np.sqrt(value @ value))
        buckets.append(found)
        values.append(value * np.float32(share**0.5 / length) if length else value)
    return np.concatenate(buckets), np.concatenate(values)


def rarities(texts: list[str], *, least: int = 3, share: float = 0.3) -> Floats:
    """How rare each bucket is among plain texts: ln((1 + n) / (1 + texts with it)) + 1.

    0 where fewer than `least` texts or more than `share` of them have it: such n-grams do not count.
    """
    texts_with = np.zeros(1 << BITS, dtype=np.int64)
    for text in texts:
        for found, _ in counted(text):
            texts_with[found] += 1
    rarity = np.log((1 + len(texts)) / (1 + texts_with)) + 1
    rarity[(texts_with < least) | (texts_with > share * len(texts))] = 0
    return rarity.astype(np.float32)
