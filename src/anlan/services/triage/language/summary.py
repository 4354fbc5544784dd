"""A long message in two of its own sentences: nothing is written anew, so nothing can be made up.

A sentence counts by how much of what the whole message speaks of it holds (the cosine of its words with those of the
message, as in centroid summaries: Radev et al. 2004), by where it stands, and by the facts in it. Chinese words are
pairs of characters, so no dictionary is needed.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping

LONG = 200
"""Characters from which a message is summed up; a shorter one is read as fast as its summary."""
SENTENCES = 2

_MOST_READ = 10_000
_LONGEST, _PIECE, _SHORTEST = 110, 70, 6
_LIKENESS_HELD_AGAINST = 0.6
_BREAK = re.compile(
    r"(?<=[。！？!?；;…\n])(?![。！？!?；;…\n”’」』）)])"
    r"|(?<=[。！？!?…][”’」』）)])"
    r"|(?<=[A-Za-z0-9)\]][.])\s+(?=[A-Z“\"])"
)
_COMMA = re.compile(r"(?<=[，,、])")
_WORD = re.compile(r"[a-z0-9']+|[\u3400-\u9fff]+")
_COURTESY = re.compile(
    r"^(?:尊敬的|敬爱的|各位|您好|你好|领导好|市长好|谢谢|感谢|此致|敬礼|dear\b|hello\b|hi\b|thank|regards)", re.I
)
_WISH = re.compile(
    r"希望|请求|恳请|要求|请有关|请相关|请尽快|建议|能否|何时能|望|\bplease\b|\bcould you\b|\bwe ask\b|\bi ask\b", re.I
)
_FACTS = (
    re.compile(
        r"\d+\s*[年月日号点时天周个]|\d{1,2}[:：]\d\d|今天|昨天|昨晚|凌晨|每天|晚上|\b\d{4}\b|\b(?:since|yesterday|today|night)\b",
        re.I,
    ),
    re.compile(
        r"路|街|大道|小区|社区|村|镇|广场|公园|学校|医院|大厦|号楼|\b(?:street|road|avenue|building|bridge)\b", re.I
    ),
    re.compile(r"\d+\s*(?:人|户|元|米|万|名|辆|棵|分贝)|\b\d+ (?:people|families|metres|households)\b", re.I),
)


def gist(text: str) -> tuple[str, ...]:
    """At most two sentences of a long text, in its own order; empty for a short one. Never raises on any text."""
    text = text[:_MOST_READ].strip()
    if len(text) <= LONG:
        return ()
    found = [each for each in sentences(text) if len(each) >= _SHORTEST]
    if len(found) <= SENTENCES:
        return tuple(found) if sum(map(len, found)) < len(text) else ()
    words = [_words(each) for each in found]
    whole = sum(words, Counter[str]())
    worth = [_worth(each, place, len(found)) + _cosine(words[place], whole) for place, each in enumerate(found)]
    first = max(range(len(found)), key=worth.__getitem__)
    others = [place for place in range(len(found)) if place != first]
    second = max(others, key=lambda at: worth[at] - _LIKENESS_HELD_AGAINST * _cosine(words[at], words[first]))
    return tuple(found[place] for place in sorted((first, second)))


def sentences(text: str) -> list[str]:
    """The sentences of a text; one that runs on without an end is cut at its commas, which an ellipsis shows."""
    found: list[str] = []
    for piece in _BREAK.split(text):
        plain = " ".join(piece.split())
        found += [plain] if len(plain) <= _LONGEST else _cut(plain)
    return [each for each in found if each]


def _cut(sentence: str) -> list[str]:
    pieces, so_far = list[str](), ""
    for part in _COMMA.split(sentence):
        if so_far and len(so_far) + len(part) > _PIECE:
            pieces.append(so_far)
            so_far = ""
        so_far += part
    pieces.append(so_far)
    cut = [piece if len(piece) <= 2 * _LONGEST else piece[: 2 * _LONGEST] for piece in pieces]
    return [f"{each.rstrip('，,、 ')}…" if each is not cut[-1] else each for each in cut]


def _words(sentence: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for run in _WORD.findall(sentence.lower()):
        if run[0].isascii():
            found[run] += len(run) > 3
        else:
            found.update(run[at : at + 2] for at in range(max(1, len(run) - 1)))
    return found


def _worth(sentence: str, place: int, many: int) -> float:
    """What speaks for a sentence beside its words: near the start, a wish near the end, facts; no courtesies."""
    if _COURTESY.search(sentence) and len(sentence) < 2 * _SHORTEST + 8:
        return -1.0
    early = 0.25 / (1 + place)
    wish = 0.2 if place >= many / 2 and _WISH.search(sentence) else 0.0
    return early + wish + 0.08 * sum(bool(each.search(sentence)) for each in _FACTS)


def _cosine(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    shared = sum(times * other.get(word, 0) for word, times in one.items())
    lengths = math.sqrt(sum(times**2 for times in one.values()) * sum(times**2 for times in other.values()))
    return shared / lengths if lengths else 0.0
