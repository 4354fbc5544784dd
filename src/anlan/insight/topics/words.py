"""The words that hold a topic together: what its members' titles share, to be shown as the reason for it."""

import re
from collections import Counter
from collections.abc import Sequence

from anlan.foundation.masks import mask_text

READ_FROM = 200
SHORTEST, LONGEST = 2, 8
MOST = 6
LEAST_SHARE = 0.3
_EMPTY = re.compile(r"^[的了是在我们请问关于投诉举报反映建议希望问题咨询求助严重一个这个什么怎么，。？！、]+$")
_BROKEN = re.compile(r"[\W_]+")


def shared_words(titles: Sequence[str]) -> list[tuple[str, int]]:
    """The longest runs of characters that stand in at least a third or so of the titles and in two at least, with how
    many they stand in, the most telling first. No run that says nothing, and none that lies in a longer one."""
    read = [mask_text(title) for title in titles[:READ_FROM]]
    counted = Counter(run for title in read for run in _runs(title))
    least = max(2, LEAST_SHARE * len(read))
    common = {run: count for run, count in counted.items() if count >= least and not _EMPTY.match(run)}
    told: list[tuple[str, int]] = []
    for run, count in sorted(common.items(), key=lambda each: (-(each[1] ** 2) * len(each[0]), each[0])):
        if not any(_overlap(run, other) for other, _count in told):
            told.append((run, count))
    return told[:MOST]


def _runs(title: str) -> set[str]:
    return {
        piece[start : start + length]
        for piece in _BROKEN.split(title)
        for length in range(SHORTEST, LONGEST + 1)
        for start in range(len(piece) - length + 1)
    }


def _overlap(one: str, other: str) -> bool:
    """Do they lie in each other, or does the end of one begin the other? Then both say the same."""
    if one in other or other in one:
        return True
    longest = min(len(one), len(other))
    return any(one[-n:] == other[:n] or other[-n:] == one[:n] for n in range(1, longest))
