"""What stands in one of two addresses and not in the other: in numbers and in words, and beside the rest of a list."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from pypinyin import lazy_pinyin
from rapidfuzz import fuzz
from rapidfuzz.distance import LCSseq

from anlan.city.addresses.comparing import special
from anlan.city.addresses.likeness import NAMED, NUMBERED, Rarity, Side, pairs_of, presence, share
from anlan.city.addresses.numbers import arabic
from anlan.city.addresses.parts import LABELS, Part

_ROLES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"([0-9]+(?:-[0-9]+)?)(?:号(?!楼|院)|弄|巷)",
        r"([0-9]+|[A-Za-z])(?:-[0-9]+)?(?:幢|栋|号楼|座|号院|#)",
        r"([0-9]+)单元",
        r"([0-9]+)(?:层|楼|[fF])",
        r"([0-9]+)室",
        r"([0-9]+|[东南西北])(?:期|区|街区)",
        r"([0-9]+)(?:组|队|村民组)",
        r"([0-9]+号|[东南西北]{1,2})门",
        r"([0-9]+)米",
    )
)
"""What a number is the number of, however the address was read: road, house, unit, floor, room, zone, group, gate,
distance."""
_SAME: Final = (
    (re.compile("社区|小区|花苑|家园|花园|新村|苑"), "苑"),
    (re.compile("幢|栋|号楼"), "幢"),
    (re.compile("大厦|大楼"), "厦"),
    (re.compile("有限责任公司|有限公司|公司"), "司"),
    (re.compile("街道|镇|乡"), ""),
    (re.compile("大道|公路|马路"), "路"),
)
"""Kinds of place that people exchange."""
_MARKS: Final = re.compile(r"[\W_]+")
_BRACKETS: Final = re.compile(r"[(（][^()（）]*[)）]?")
_BEFORE_THE_END: Final = re.compile(r".*(?:[0-9]+米|[0-9]号(?!楼)|附近|交叉口|\)|[东南西北]侧)")
_SHORTEST_END: Final = 6
_GROUPS: Final = {
    **dict.fromkeys(("prov", "city", "district"), "area"),
    **dict.fromkeys(("poi", "subpoi", "person"), "name"),
    **dict.fromkeys(NUMBERED, "number"),
    **{label: label for label in ("town", "community", "road", "assist")},
}
_GROUP_NAMES: Final = tuple(dict.fromkeys(_GROUPS.values()))
_WORDED: Final = (*NAMED, *NUMBERED, "assist")
_TOGETHER: Final = (
    ("road", "poi"),
    ("road", "roadno"),
    ("poi", "houseno"),
    ("road", "roadno", "poi"),
    ("district", "town", "community"),
    ("road", "poi", "houseno"),
    ("poi", "subpoi"),
    ("town", "road"),
    ("community", "poi"),
)
"""Levels whose agreement says more together than one by one."""
_ALIKE: Final = 60.0
_DIGIT: Final = re.compile("[0-9]")


@dataclass(frozen=True)
class Contrasted:
    """One of the two addresses, with what is looked at once."""

    side: Side

    @cached_property
    def text(self) -> str:
        return self.side.text

    @cached_property
    def plain(self) -> str:
        """Without marks, and with one word for each kind of place that people exchange."""
        return _plain(self.text)

    @cached_property
    def outside(self) -> str:
        """Plain, without what stands in brackets."""
        return _plain(self.side.bare)

    @cached_property
    def bracketed(self) -> str:
        return _plain("".join(_BRACKETS.findall(self.text)))

    @cached_property
    def roles(self) -> tuple[frozenset[str], ...]:
        """The numbers of each of `_ROLES`."""
        text = arabic(self.text)
        return tuple(frozenset(role.findall(text)) for role in _ROLES)

    @cached_property
    def core(self) -> str:
        return special(self.side.name)

    @cached_property
    def end(self) -> str:
        """What stands behind the way there: the shop of `某路与某街交叉口西100米某店`."""
        return _plain(self._end) or self.outside[-_SHORTEST_END:]

    @cached_property
    def core_of_end(self) -> str:
        return special(self._end)

    @cached_property
    def _end(self) -> str:
        found = _BEFORE_THE_END.match(self.side.bare)
        return self.side.bare[found.end() :] if found else self.side.bare

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        return tuple(part for part in self.side.parsed.parts if part.label != "redundant")

    @cached_property
    def narrowest(self) -> int:
        """Where among the labels the last part stands; -1 where nothing was read."""
        last = next((part.label for part in reversed(self.parts) if part.label != "otherinfo"), None)
        return -1 if last is None else LABELS.index(last)


def differences(a: Contrasted, b: Contrasted) -> list[float]:
    """Columns on two addresses, always as many; -1 where one of them says nothing to compare."""
    row: list[float] = []
    for here, there in zip(a.roles, b.roles, strict=True):
        both = 1.0 if here == there else 0.5 if here & there else 0.0
        row += [presence(bool(here), bool(there)), both if here and there else -1.0]
    pairs_a, pairs_b = pairs_of(a.plain), pairs_of(b.plain)
    row += [
        _ratio(a.plain, b.plain),
        _ratio(a.outside, b.outside),
        _stands(a.outside, b.end),
        _stands(b.outside, a.end),
        _ratio(a.end, b.end),
        share(len(pairs_a & pairs_b), len(pairs_a)),
        share(len(pairs_a & pairs_b), len(pairs_b)),
        _ratio(a.core, b.core),
        _stands(a.core, b.text),
        _stands(b.core, a.text),
        _ratio(_sound(a.core), _sound(b.core)),
        _stands(_sound(b.core), _sound(a.text)),
        _stands(_sound(a.core), _sound(b.text)),
        _stands(b.core_of_end, a.text),
        _stands(a.core_of_end, b.text),
        float(b.end in a.plain),
        float(a.end in b.plain),
        float(b.outside in a.plain),
        float(b.core_of_end in a.text),
        _stands(b.bracketed, a.plain) if b.bracketed else -1.0,
        _stands(a.bracketed, b.plain) if a.bracketed else -1.0,
        float(len(a.end)),
        float(len(b.end)),
        float(a.narrowest),
        float(b.narrowest),
        float(b.narrowest - a.narrowest),
    ]
    for one, other in ((a, b), (b, a)):
        row += _left_over(one, _shared(one.text, other.text))
    return row


LISTED: Final = range(2 * len(_ROLES), 2 * len(_ROLES) + 21)
"""The columns of `differences` that candidates of one list are compared by."""


def among(a: Contrasted, candidates: Sequence[Contrasted], rarity: Rarity) -> list[list[float]]:
    """For each candidate: what of the address only others of the list have, only this one, and how alike they are."""
    covered = [a.side.pairs & each.side.pairs for each in candidates]
    by_any = frozenset().union(*covered)
    nowhere = rarity.of(a.side.pairs - by_any)
    rows = []
    for at, candidate in enumerate(candidates):
        others = [each for i, each in enumerate(candidates) if i != at]
        by_others = frozenset().union(*(pairs for i, pairs in enumerate(covered) if i != at))
        alike = [_ratio(candidate.text, each.text) for each in others] or [0.0]
        rows.append(
            [
                rarity.of(by_any - covered[at]),
                rarity.of(covered[at] - by_others),
                share(rarity.of(covered[at]), rarity.of(by_any)),
                max(alike),
                sum(sorted(alike)) / len(alike),
                float(sum(candidate.core == each.core for each in others)),
                float(sum(candidate.side.joined("road") == each.side.joined("road") for each in others)),
                nowhere,
                share(nowhere, rarity.of(a.side.pairs)),
                float(max((len(each.text) for each in others), default=0) - len(candidate.text)),
            ]
        )
    return rows


def words(a: Contrasted, b: Contrasted) -> list[str]:
    """Names of what is seen: how each level agrees, and which characters of either are left over."""
    agreed = {label: _agreement(a.side, b.side, label) for label in _WORDED}
    found = [f"{label}{state}" for label, state in agreed.items() if state != "0"]
    found += ["+".join(labels) + ":" + "".join(agreed[label] for label in labels) for labels in _TOGETHER]
    found += _words_of("a", a, b)
    found += _words_of("b", b, a)
    return found


def _words_of(which: str, one: Contrasted, other: Contrasted) -> Iterator[str]:
    shared = _shared(one.text, other.text)
    text = _DIGIT.sub("0", one.text)
    for run in "".join("\n" if at in shared else text[at] for at in range(len(text))).split("\n"):
        if run:
            yield f"{which} run {run[-4:]}"
            yield from (f"{which} two {run[at : at + 2]}" for at in range(len(run) - 1))
            yield from (f"{which} one {character}" for character in run)
    if one.parts:
        yield f"{which} last {one.parts[-1].label}"
        yield f"{which} ends {text[-2:]}"
        yield f"{which} ends {text[-1:]}"
        yield f"{which} ends {int(text[-2:] in other.text)} {text[-2:]}"
    for part in one.parts:
        size = part.end - part.start
        held = sum(at in shared for at in range(part.start, part.end)) / max(1, size)
        state = "all" if held == 1 else "most" if held >= 0.5 else "little"
        yield f"{which} part {part.label} {state}"
        yield f"{which} part {part.label} {state} {text[part.end - 1 : part.end]}"
        yield f"{which} part {state} {text[max(part.start, part.end - 2) : part.end]}"
        if state == "most":
            yield f"{which} edges {part.label} {int(part.start in shared)}{int(part.end - 1 in shared)}"


def _agreement(a: Side, b: Side, label: str) -> str:
    """`0` neither has it, `=` equal, `c` one within the other, `~` alike, `x` not; or who has it, `+` if found."""
    one, other = (each.number(label) if label in NUMBERED else each.joined(label) for each in (a, b))
    if one and other:
        if one == other:
            return "="
        return "c" if one in other or other in one else "~" if fuzz.ratio(one, other) >= _ALIKE else "x"
    if one:
        return "a+" if one in b.text else "a"
    if other:
        return "b+" if other in a.text else "b"
    return "0"


def _left_over(one: Contrasted, shared: frozenset[int]) -> list[float]:
    """How many characters are not shared: of all, then of each group how many and which share; -1 for no such part."""
    lost, size = dict.fromkeys(_GROUP_NAMES, 0), dict.fromkeys(_GROUP_NAMES, 0)
    for part in one.parts:
        group = _GROUPS.get(part.label)
        if group:
            lost[group] += sum(at not in shared for at in range(part.start, part.end))
            size[group] += part.end - part.start
    row = [float(len(one.text) - len(shared))]
    for group in _GROUP_NAMES:
        row += [float(lost[group]), lost[group] / size[group]] if size[group] else [-1.0, -1.0]
    return row


@lru_cache(maxsize=64)
def _shared(one: str, other: str) -> frozenset[int]:
    """Where in `one` the characters stand that, in their order, are in `other` too."""
    return frozenset(
        at
        for block in LCSseq.opcodes(one, other)
        if block.tag == "equal"
        for at in range(block.src_start, block.src_end)
    )


@lru_cache(maxsize=4096)
def _sound(text: str) -> str:
    return " ".join(lazy_pinyin(text))


def _plain(text: str) -> str:
    text = arabic(text)
    for kinds, one in _SAME:
        text = kinds.sub(one, text)
    return _MARKS.sub("", text).lower()


def _ratio(one: str, other: str) -> float:
    return fuzz.ratio(one, other) / 100


def _stands(some: str, within: str) -> float:
    """How far the shorter of the two stands in the longer; 0 where there is nothing to look for."""
    return fuzz.partial_ratio(some, within) / 100 if some and within else 0.0
