"""What the tagger looks at: for each unit of an address its surroundings, the words it belongs to, what was said
before, and what the rules think of it and of all the rest.

The short prefixes only keep features of different kinds apart: `0` is this unit, `1` the next, `-1` the one before, and
so on.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final

from anlan.city.addresses.labelled import Unit
from anlan.city.addresses.parsing import parse
from anlan.city.addresses.parts import Parsed, Part

_KEY_CHARACTERS: Final = {
    character: kind
    for kind, characters in {
        "p": "省",
        "c": "市",
        "d": "区县",
        "t": "镇乡",
        "j": "街",
        "v": "村",
        "s": "社组",
        "r": "路道巷弄",
        "h": "号",
        "b": "幢栋楼座",
        "u": "单元",
        "f": "层",
        "m": "室房",
        "x": "苑园厦城场院庄寓店厂司校",
    }.items()
    for character in characters
}
"""Characters that end the name of something, and what."""
_NUMERALS: Final = frozenset("一二三四五六七八九十百零〇两")
_SIDES: Final = frozenset("东南西北中上下前后左右")
_SHORTEST_WORD, _LONGEST_WORD = 2, 12
_FAR: Final = 8
_PADDING: Final = 3

Counts = Mapping[str, Mapping[str, int]]
"""How often each text was a part of each label."""


class Words:
    """The texts that were parts of the training addresses, and which parts."""

    def __init__(self, counts: Counts) -> None:
        self.counts = counts

    @classmethod
    def of(cls, addresses: Iterable[Parsed]) -> "Words":
        counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for address in addresses:
            for word, labels in parts_of(address).items():
                counts[word].update(labels)
        return cls(counts)

    def within(self, units: Sequence[Unit], own: Counts) -> list[tuple[int, int, str, float, int]]:
        """The words in these units: from, to, commonest label, its share, how often seen.

        `own` is what the address at hand has itself added to the counts: in training it is left out, because a word
        that only this address knows will be unknown when such an address comes.
        """
        found = []
        for start in range(len(units)):
            word = ""
            for end in range(start, min(len(units), start + _LONGEST_WORD)):
                word += units[end].text
                if len(word) > _LONGEST_WORD:
                    break
                labels = self.counts.get(word)
                if labels and word in own:
                    labels = {label: left for label, n in labels.items() if (left := n - own[word].get(label, 0)) > 0}
                if labels:
                    label = max(labels, key=labels.__getitem__)
                    seen = sum(labels.values())
                    found.append((start, end + 1, label, labels[label] / seen, seen))
        return found


def parts_of(address: Parsed) -> dict[str, Counter[str]]:
    """What an address adds to the counts: its names; numbers are no words."""
    counts: dict[str, Counter[str]] = {}
    for part in address.parts:
        if _SHORTEST_WORD <= len(part.text) <= _LONGEST_WORD and not any("0" <= each <= "9" for each in part.text):
            counts.setdefault(part.text, Counter())[part.label] += 1
    return counts


def tags_of(address: Parsed, units: Sequence[Unit]) -> list[str]:
    """BIES: whether a unit begins, is inside, ends or alone makes a part, and the part's label."""
    tags = []
    parts = iter(address.parts)
    part = next(parts, None)
    for unit in units:
        while part is not None and part.end <= unit.start:
            part = next(parts, None)
        if part is None:  # never where the parts join to the text
            break
        begins, ends = part.start >= unit.start, part.end <= unit.end
        tags.append(("S" if begins and ends else "B" if begins else "E" if ends else "I") + part.label)
    return tags


def features(text: str, units: Sequence[Unit], words: Words, own: Counts | None = None) -> list[list[str]]:
    """The features of every unit of the text; `own` as `Words.within` takes it, in training only."""
    size = len(units)
    shapes = ["<3", "<2", "<1", *map(_shape, units), ">1", ">2", ">3"]
    kinds = ["<"] * _PADDING + [_kind(unit) for unit in units] + [">"] * _PADDING
    by_rules = parse(text)
    rules = ["<", "<", *tags_of(by_rules, units), ">", ">"]
    whole = _whole_address(by_rules, units)
    chains = _chains(units)
    ahead, distance = _keys_ahead(kinds[_PADDING:-_PADDING])
    behind = _keys_behind(kinds[_PADDING:-_PADDING])
    known = _word_features(size, words.within(units, own or {}))
    repeated = _repeats([unit.text for unit in units])
    found = []
    for i in range(size):
        k = i + _PADDING
        b3, b2, b1, here, n1, n2, n3 = shapes[i : i + 7]
        kb, kind, kn = kinds[k - 1 : k + 2]
        r2, r1, rule, s1, s2 = rules[i : i + 5]
        before, last = behind[i]
        active = [
            "0" + here,
            "1" + n1,
            "-1" + b1,
            "2" + n2,
            "-2" + b2,
            "3" + n3,
            "-3" + b3,
            "a" + b1 + here,
            "b" + here + n1,
            "c" + b2 + b1,
            "d" + n1 + n2,
            "o" + b1 + n1,
            "e" + b2 + b1 + here,
            "f" + b1 + here + n1,
            "g" + here + n1 + n2,
            "h" + b2 + b1 + here + n1,
            "i" + b1 + here + n1 + n2,
            "k" + kind,
            "l" + kb + kind,
            "m" + kind + kn,
            "n" + kb + kind + kn,
            "q" + kinds[k - 2] + kb + kind,
            "r" + kind + kn + kinds[k + 2],
            "s" + kinds[k - 2] + kb + kind + kn + kinds[k + 2],
            "k3" + "".join(kinds[k - 3 : k + 4]),
            "w" + (units[i].text if kind[0] in "DA" else ""),
            "t" + ahead[i] + str(distance[i]),
            "u" + last,
            "v" + ahead[i] + last,
            "t2" + ahead[i] + here,
            "H" + before + last + ahead[i],
            "H2" + before + last + here + n1,
            "kd" + ahead[i] + kind + kb,
            "p0" + rule,
            "p-" + r1,
            "p+" + s1,
            "pa" + r1 + rule,
            "pb" + rule + s1,
            "pc" + r1 + rule + s1,
            "pd" + r2 + r1 + rule + s1 + s2,
            "pe" + rule + here,
            "pf" + rule + n1,
            "pg" + rule + b1,
            "ph" + rule + ahead[i],
            "pi" + rule + (known[i][0] if known[i] else ""),
            f"P{min(i, 6)}",
            f"Q{min(size - i, 4)}",
        ]
        if repeated[i]:
            active += ["R" + repeated[i], "R2" + repeated[i] + here]
        found.append(active + whole[i] + chains[i] + known[i])
    return found


def is_of_rules(feature: str) -> bool:
    """Does the feature say what the rules think, rather than what stands in the address?"""
    return feature[0] == "p" or (feature[1:2] == "x" and feature[0] in "BIE")


def _shape(unit: Unit) -> str:
    """The character itself; of a number or a Latin word only its length."""
    first = unit.text[0]
    if first.isdigit():
        return f"#{len(unit.text)}"
    if first.isascii() and first.isalpha():
        return f"@{min(len(unit.text), 3)}"
    return unit.text


def _kind(unit: Unit) -> str:
    first = unit.text[0]
    if first.isdigit():
        return f"D{min(len(unit.text), 5)}"
    if first.isascii() and first.isalpha():
        return f"A{min(len(unit.text), 2)}"
    if first in _NUMERALS:
        return "N"
    if first in _SIDES:
        return "W"
    return _KEY_CHARACTERS.get(first) or ("C" if "\u4e00" <= first <= "\u9fff" else "P" + first)


def _key(kind: str) -> str:
    """The kind where it ends a name, a number or a phrase; "" elsewhere."""
    return kind[0] if kind.islower() or kind[0] in "DP" else ""


def _keys_ahead(kinds: Sequence[str]) -> tuple[list[str], list[int]]:
    """For each unit the next key behind it, and how many units away that is."""
    keys, distances = [], []
    key, distance = ">0", 0
    for kind in reversed(kinds):
        distance += 1
        keys.append(key)
        distances.append(min(distance, _FAR))
        if here := _key(kind):
            key, distance = here, 0
    return keys[::-1], distances[::-1]


def _keys_behind(kinds: Iterable[str]) -> list[tuple[str, str]]:
    """For each unit the last two keys in front of it."""
    found, before, last = [], "<", "<"
    for kind in kinds:
        found.append((before, last))
        if here := _key(kind):
            before, last = last, here
    return found


def _whole_address(by_rules: Parsed, units: Sequence[Unit]) -> list[list[str]]:
    """What the parts that the rules see before and behind say of the part a unit is in.

    This is what a field that sees a few units each way misses: whether an area was named before or comes again,
    whether a road, a number or a place has been named already.
    """
    parts = by_rules.parts
    names = [_bare(part.text) for part in parts]
    of_part = []
    for i, part in enumerate(parts):
        before, after = {each.label for each in parts[:i]}, {each.label for each in parts[i + 1 :]}
        said = "s" if names[i] in names[:i] else ""
        again = "a" if names[i] in names[i + 1 :] else ""
        wider = "w" if any(each in _WIDER.get(part.label, ()) for each in after) else ""
        narrower = "n" if any(part.label in _WIDER.get(each, ()) for each in before) else ""
        same = f"{part.label in before:d}{part.label in after:d}"
        places = f"{min(2, _count(parts[:i], _PLACES))}{min(2, _count(parts[i + 1 :], _PLACES))}"
        seen = "".join(f"{each in before:d}" for each in _MILESTONES)
        to_come = "".join(f"{each in after:d}" for each in _MILESTONES)
        repeated = said + again + wider + narrower
        of_part.append(
            [
                f"x1{part.label}{repeated}",
                f"x2{part.label}{repeated}{same}",
                f"x3{part.label}{seen}",
                f"x4{part.label}{to_come}",
                f"x5{part.label}{places}",
                f"x6{part.label}{seen}{to_come}",
                f"x7{part.label}{i}",
            ]
        )
    found, i = [], 0
    for unit in units:
        while parts[i].end <= unit.start:
            i += 1
        place = "B" if parts[i].start >= unit.start else "E" if parts[i].end <= unit.end else "I"
        found.append([place + each for each in of_part[i]])
    return found


_AREAS: Final = ("prov", "city", "district", "town", "community")
_WIDER: Final = {label: _AREAS[:i] for i, label in enumerate(_AREAS)}
_PLACES: Final = frozenset({"poi", "subpoi", "person"})
_MILESTONES: Final = ("road", "roadno", "poi", "houseno", "roomno")
_ENDINGS: Final = ("街道", "省", "市", "区", "县", "镇", "乡")


def _bare(name: str) -> str:
    """The name without the kind of area it ends with: 杭州 for 杭州市."""
    ending = next((each for each in _ENDINGS if name.endswith(each)), "")
    return name.removesuffix(ending) if len(name) > len(ending) + 1 else name


def _count(parts: Sequence[Part], labels: frozenset[str]) -> int:
    return sum(part.label in labels for part in parts)


def _chains(units: Sequence[Unit]) -> list[list[str]]:
    """For numbers joined by dashes (12-3-1001) how many there are, which of them this is, and what stands around."""
    found: list[list[str]] = [[] for _ in units]
    start = 0
    while start < len(units):
        if not units[start].text[0].isdigit():
            start += 1
            continue
        end = start + 1
        while end + 1 < len(units) and units[end].text in "-－—" and units[end + 1].text[0].isdigit():
            end += 2
        behind = units[end].text if end < len(units) and not units[end].text[0].isdigit() else ">"
        front = units[start - 1].text if start else "<"
        lengths = "".join(str(min(4, len(each.text))) for each in units[start:end:2])
        for i in range(start, end):
            found[i] = [
                f"y1{lengths}:{i - start}",
                f"y2{lengths}:{i - start}{behind}",
                f"y3{lengths}:{i - start}{front}",
            ]
        start = end
    return found


def _word_features(size: int, words: Sequence[tuple[int, int, str, float, int]]) -> list[list[str]]:
    found: list[list[str]] = [[] for _ in range(size)]
    longest = {word[0]: word for word in words}  # of those that begin together the longest comes last
    position = 0
    while position < size:
        if position not in longest:
            position += 1
            continue
        start, end, label, share, seen = longest[position]
        trust = f"{'1' if seen == 1 else '3' if seen < 4 else '9'}{'p' if share > 0.8 else 'q'}{min(end - start, 5)}"
        for i in range(start, end):
            place = "S" if end - start == 1 else "B" if i == start else "E" if i == end - 1 else "I"
            found[i] += [f"g{place}{label}", f"g{place}{label}{trust}"]
        position = end
    for start, end, label, _, _ in words:
        found[start].append("bw" + label)
        found[end - 1].append("ew" + label)
    return found


def _repeats(texts: Sequence[str]) -> list[str]:
    """Whether the pair a unit begins or ends stands elsewhere too, before or after; "" where it does not."""
    pairs = [first + second for first, second in pairwise(texts)]
    places: defaultdict[str, list[int]] = defaultdict(list)
    for i, pair in enumerate(pairs):
        places[pair].append(i)
    found = []
    for i in range(len(texts)):
        begun = places[pairs[i]] if i < len(pairs) else []
        ended = places[pairs[i - 1]] if i else []
        before = bool(begun and begun[0] < i - 1) or bool(ended and ended[0] < i - 2)
        after = bool(begun and begun[-1] > i + 1) or bool(ended and ended[-1] > i)
        found.append(f"{before:d}{after:d}" if before or after else "")
    return found
