"""The words of a dispute as keyed numbers: what makes the library searchable without keeping its words readable.

Every pair of neighbouring signs becomes one number, keyed as the blind indexes are. Who has the table and not the key
reads nothing in it; when the index key is changed, the numbers are made anew.
"""

import functools
import hashlib
import unicodedata
from itertools import pairwise

from anlan.foundation.sealing.fields import blind_index

LONGEST = 4_000
"""Signs of a text that are indexed; the rest repeats what was said."""


def pairs(text: str) -> set[str]:
    """The pairs of neighbouring letters and digits, alike for full and half width and for both cases."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST]).casefold()
    return {a + b for a, b in pairwise(plain) if a.isalnum() and b.isalnum()}


def grams(text: str) -> list[int]:
    """The pairs of a text as keyed numbers of 32 bits, in order."""
    return sorted({_number(pair) for pair in pairs(text)})


@functools.lru_cache(maxsize=65_536)
def _number(pair: str) -> int:
    digest = hashlib.blake2b(pair.encode(), key=_key(), digest_size=4).digest()
    return int.from_bytes(digest, "big", signed=True)


@functools.cache
def _key() -> bytes:
    return blind_index("code", "the words of disputes")
