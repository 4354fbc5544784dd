"""Which safety triggers a report sets off."""

import re
from bisect import bisect_right
from itertools import accumulate
from typing import NamedTuple

from .catalogue import Cues, Trigger, catalogue
from .reading import Found, Reading, Role

# How far a clause or sentence is followed to either side of a word, in characters: keeps the time linear.
_REACH = 60
# A denial stands directly before its word.
_DENIAL_REACH = 24
_CLAUSE_END = re.compile(r"[,;:。!?…、\n]|\.(?!\d)")
_SENTENCE_END = re.compile(r"[。!?…\n]|\.(?!\d)")
# As many words as a reason shows.
_ENOUGH = 4


class Alarm(NamedTuple):
    trigger: Trigger
    words: tuple[str, ...]


def alarms(reading: Reading) -> list[Alarm]:
    """The triggers set off, gravest first, each with the words that did it in the order they were written."""
    rules = catalogue()
    cues = rules.language.cues
    harmless = _Cover(reading.found[Role.HARMLESS])
    called = len(reading.text) <= rules.triggers.short_report
    words: dict[str, dict[str, None]] = {}
    signs = [(hit, False) for hit in reading.found[Role.SIGN]]
    signs += [(hit, True) for hit in reading.found[Role.WEAK_SIGN]]
    for hit, weak in sorted(signs, key=lambda sign: sign[0].start):
        so_far = words.get(hit.value, {})
        if len(so_far) >= _ENOUGH or hit.word in so_far or harmless.holds(hit):
            continue
        if not rules.triggers.trigger[hit.value].lasting and _excused(reading.text, hit, cues):
            continue
        if weak and not called and not _now(reading.text, hit, cues):
            continue
        words.setdefault(hit.value, {})[hit.word] = None
    set_off = [Alarm(rules.triggers.trigger[slug], tuple(found)) for slug, found in words.items()]
    return sorted(set_off, key=lambda alarm: (-alarm.trigger.severity, alarm.trigger.slug))


def _excused(text: str, hit: Found, cues: Cues) -> bool:
    """Whether the sentence denies the sign or, unless it is happening now, only supposes it or tells of the past."""
    before = text[max(0, hit.start - _DENIAL_REACH) : hit.start]
    if any(match.end() == len(before) for match in cues.denied.finditer(before)):
        return True
    if _now(text, hit, cues):
        return False
    start, end = _around(text, hit, _CLAUSE_END)
    if cues.supposed.search(text, start, end) or cues.earlier.search(text, start, end):
        return True
    start, _ = _around(text, hit, _SENTENCE_END)
    return bool(cues.conditional.search(text, start, hit.start))


def _now(text: str, hit: Found, cues: Cues) -> bool:
    return bool(cues.now.search(text, *_around(text, hit, _SENTENCE_END)))


def _around(text: str, hit: Found, end: re.Pattern[str]) -> tuple[int, int]:
    """Where the clause or sentence of a hit starts and ends, cut at ``_REACH`` characters to either side."""
    start = max(0, hit.start - _REACH)
    for match in end.finditer(text, start, hit.start):
        start = match.end()
    following = end.search(text, hit.end, hit.end + _REACH)
    return start, following.end() if following else hit.end + _REACH


class _Cover:
    """Spans of text, asked whether one of them holds a hit."""

    def __init__(self, spans: list[Found]) -> None:
        ordered = sorted(spans, key=lambda span: span.start)
        self._starts = [span.start for span in ordered]
        self._reached = list(accumulate((span.end for span in ordered), max))

    def holds(self, hit: Found) -> bool:
        before = bisect_right(self._starts, hit.start)
        return before > 0 and self._reached[before - 1] >= hit.end
