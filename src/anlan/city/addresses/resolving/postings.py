"""From a key to the names that have it, in two arrays: twelve bytes a pair, where a dictionary would take a hundred."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class Postings:
    """Keys are kept as their hash: two may share one, so whoever asks checks what is found."""

    keys: npt.NDArray[np.int64]
    numbers: npt.NDArray[np.uint32]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, int]]) -> "Postings":
        """From (key, number of a name) pairs in any order."""
        made = np.fromiter(((hash(key), number) for key, number in pairs), dtype=[("key", "i8"), ("number", "u4")])
        order = np.argsort(made["key"], kind="stable")
        return cls(made["key"][order], made["number"][order])

    def of_any(self, keys: Iterable[str], *, most: int) -> npt.NDArray[np.uint32]:
        """The numbers under any of the keys, repeated where several keys have one; keys with more than `most` say
        too little and are passed over."""
        wanted = np.fromiter((hash(key) for key in keys), dtype=np.int64)
        starts = np.searchsorted(self.keys, wanted, side="left")
        ends = np.searchsorted(self.keys, wanted, side="right")
        found = [self.numbers[start:end] for start, end in zip(starts, ends, strict=True) if 0 < end - start <= most]
        return np.concatenate(found) if found else np.empty(0, dtype=np.uint32)
