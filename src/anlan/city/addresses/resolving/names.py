"""The names of a base in memory: its roads, compounds and known places, found as written, by sound and by likeness.

A million addresses have some fifty thousand names. They are kept so that a name that is written wrongly is recognised
without asking the database, which is then asked by exact keys only.
"""

import bisect
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

import ahocorasick
import numpy as np
from rapidfuzz.distance import OSA

from anlan.city.addresses.resolving.postings import Postings
from anlan.city.addresses.resolving.sounds import initials, rough_sound, sound, spelled

MOST_ALIKE = 40
"""So many names, those most alike, are compared letter by letter."""
_COMMON_PAIR = 3_000
"""A pair of characters that more names have is no help in finding one of them (花园, 公寓)."""
_DIGITS = "零一二三四五六七八九"
_NUMBER = re.compile(r"\d{1,2}(?!\d)")
_NOT_IN_A_NAME = re.compile(r"[\s\-_·•,，.。、()（）【】\[\]\"'“”]+")


class Kind(StrEnum):
    ROAD = "road"
    COMPOUND = "compound"
    PLACE = "place"
    ADDRESS = "address"
    """Another name of one address below those levels; it means the address's id."""


class How(StrEnum):
    """In what way a name was recognised, the surest first."""

    EXACT = "exact"
    ALIAS = "alias"
    SOUND = "sound"
    ROUGH_SOUND = "rough_sound"
    ALIKE = "alike"


class Name(NamedTuple):
    """A name of the base. `means` is the name that it stands for: itself, or for an alias the official one."""

    kind: Kind
    text: str
    means: str
    districts: tuple[str, ...]


class Recognised(NamedTuple):
    name: Name
    how: How
    likeness: float
    """1 as written, less by what had to be put right."""


def key_of(text: str) -> str:
    """A name as it is compared: half-width, without blanks and dashes, small numbers in Chinese (文1西路: 文一西路)."""
    plain = _NOT_IN_A_NAME.sub("", unicodedata.normalize("NFKC", text)).lower()
    return _NUMBER.sub(lambda found: chinese(int(found[0])), plain)


def chinese(number: int) -> str:
    """0 to 99 in Chinese: 十一, 二十, 三十五."""
    tens, ones = divmod(number, 10)
    if not tens:
        return _DIGITS[ones]
    return ("" if tens == 1 else _DIGITS[tens]) + "十" + (_DIGITS[ones] if ones else "")


@dataclass(eq=False)
class NameIndex:
    """All names. Built once from (kind, name, what it means, district) rows; read by many threads."""

    names: list[Name] = field(default_factory=list)
    by_key: dict[str, tuple[int, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[tuple[Kind, str, str, str]]) -> "NameIndex":
        """From one row for each name and district: kind, name, the name it means, the district's code."""
        districts: defaultdict[tuple[Kind, str, str], set[str]] = defaultdict(set)
        for kind, text, means, district in rows:
            if key_of(text):
                districts[kind, text, means].add(district)
        shared: dict[tuple[str, ...], tuple[str, ...]] = {}
        names = []
        for (kind, text, means), codes in districts.items():
            there = tuple(sorted(codes))
            names.append(Name(kind, text, means, shared.setdefault(there, there)))
        return cls(names)

    def __post_init__(self) -> None:
        numbers: defaultdict[str, list[int]] = defaultdict(list)
        for number, name in enumerate(self.names):
            numbers[key_of(name.text)].append(number)
        self.by_key = {key: tuple(found) for key, found in numbers.items()}
        # By the number of the name; of the same key one string for all.
        keys = [""] * len(self.names)
        for key, found in self.by_key.items():
            for number in found:
                keys[number] = key
        self._keys = keys
        self._sounds = Postings.of((rough_sound(key), number) for number, key in enumerate(keys))
        self._shortened = Postings.of((each, number) for number, key in enumerate(keys) for each in _shortened(key))
        self._pairs = Postings.of((each, number) for number, key in enumerate(keys) for each in _pairs(key))
        self._in_order = sorted(self.by_key)
        self._by_initials = sorted((initials(key), key) for key in self.by_key)
        self._by_spelling = sorted((spelled(key), key) for key in self.by_key)
        self._in_text = ahocorasick.Automaton(ahocorasick.STORE_LENGTH)
        for key in self.by_key:
            if len(key) > 1:
                self._in_text.add_word(key)
        self._in_text.make_automaton()

    def __len__(self) -> int:
        return len(self.names)

    def recognise(self, text: str, kinds: frozenset[Kind] = frozenset(Kind)) -> list[Recognised]:
        """What name this may be, the likeliest first: as written; else by sound; else by likeness. Empty for none."""
        key = key_of(text)
        if not key:
            return []
        found = self._as_written(key, kinds)
        if not found:
            found = self._by_sound(key, kinds) + self._by_likeness(key, kinds)
        best: dict[Name, Recognised] = {}
        for each in found:
            if each.name not in best or each.likeness > best[each.name].likeness:
                best[each.name] = each
        return sorted(best.values(), key=lambda each: -each.likeness)[:MOST_ALIKE]

    def in_text(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Names that stand in a text as its key is (`key_of`): (start, end, key), of overlapping ones the longest."""
        if not self._in_text:
            return
        for end, length in self._in_text.iter_long(text):
            yield end + 1 - length, end + 1, text[end + 1 - length : end + 1]

    def written(self, key: str) -> list[Name]:
        """The names with exactly this key."""
        return [self.names[number] for number in self.by_key.get(key, ())]

    def begin_with(self, typed: str, *, most: int) -> list[Name]:
        """Names that begin with what was typed: characters, pinyin initials or pinyin."""
        key = key_of(typed)
        if not key:
            return []
        keys = list(_run(self._in_order, key, most))
        if typed.isascii():
            for spelling in (self._by_initials, self._by_spelling):
                at = bisect.bisect_left(spelling, (key, ""))
                for spelled_so, whole in spelling[at : at + most]:
                    if spelled_so.startswith(key):
                        keys.append(whole)
        return [name for each in dict.fromkeys(keys) for name in self.written(each)][:most]

    def _as_written(self, key: str, kinds: frozenset[Kind]) -> list[Recognised]:
        return [
            Recognised(name, How.EXACT if name.text == name.means else How.ALIAS, 1.0)
            for name in self.written(key)
            if name.kind in kinds
        ]

    def _by_sound(self, key: str, kinds: frozenset[Kind]) -> list[Recognised]:
        rough, exactly = rough_sound(key), sound(key)
        found = []
        for number in self._sounds.of_any([rough], most=_COMMON_PAIR).tolist():
            name, other = self.names[number], self._keys[number]
            if name.kind in kinds and rough_sound(other) == rough:
                same = sound(other) == exactly
                found.append(Recognised(name, How.SOUND if same else How.ROUGH_SOUND, 0.93 if same else 0.88))
        return found

    def _by_likeness(self, key: str, kinds: frozenset[Kind]) -> list[Recognised]:
        allowed = 2 if len(key) > 4 else 1
        numbers = self._shortened.of_any(_shortened(key), most=_COMMON_PAIR)
        if allowed > 1:
            by_pairs = self._pairs.of_any(_pairs(key), most=_COMMON_PAIR)
            candidates, times = np.unique(by_pairs, return_counts=True)
            most = candidates[np.argsort(-times, kind="stable")[:MOST_ALIKE]]
            numbers = np.concatenate([numbers, most])
        found = []
        for number in np.unique(numbers).tolist():
            name, other = self.names[number], self._keys[number]
            if name.kind not in kinds or min(len(key), len(other)) < 2 or max(len(key), len(other)) < 3:
                continue
            apart = OSA.distance(key, other, score_cutoff=allowed)
            if apart <= allowed:
                found.append(Recognised(name, How.ALIKE, 1 - 0.8 * apart / max(len(key), len(other))))
        return found


def _shortened(key: str) -> set[str]:
    """The name and the name without each of its characters: two that differ in one place share one of them."""
    return {key, *(key[:at] + key[at + 1 :] for at in range(len(key)))}


def _pairs(key: str) -> set[str]:
    framed = f"^{key}$"
    return {framed[at : at + 2] for at in range(len(framed) - 1)}


def _run(in_order: list[str], start: str, most: int) -> Iterator[str]:
    at = bisect.bisect_left(in_order, start)
    for each in in_order[at : at + most]:
        if not each.startswith(start):
            return
        yield each
