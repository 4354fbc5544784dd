"""What two addresses have in common, in numbers: as texts, part by part, and among the others they were found with."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler, LCSseq

from anlan.city.addresses.numbers import arabic, half_width
from anlan.city.addresses.parts import Parsed

NAMED: Final = (
    "prov",
    "city",
    "district",
    "devzone",
    "town",
    "community",
    "road",
    "subroad",
    "poi",
    "subpoi",
    "person",
)
NUMBERED: Final = ("roadno", "subroadno", "houseno", "cellno", "floorno", "roomno")
_NUMBER = re.compile(r"[0-9]+|[A-Za-z]+")
_BRACKETED = re.compile(r"[(（][^()（）]*[)）]?")
_NEAR = re.compile(r"附近|交叉|交汇|[0-9]+米|对面|旁")
_WIDE: Final = ("prov", "city", "district", "town", "country", "redundant")


@dataclass(frozen=True)
class Side:
    """One of the two addresses, taken apart once."""

    parsed: Parsed

    @cached_property
    def text(self) -> str:
        return half_width(self.parsed.text)

    @cached_property
    def pairs(self) -> frozenset[str]:
        return pairs_of(self.text)

    @cached_property
    def numbers(self) -> frozenset[str]:
        return frozenset(_NUMBER.findall(arabic(self.text)))

    @cached_property
    def narrow(self) -> str:
        """Without province to town, which people leave out."""
        return half_width("".join(part.text for part in self.parsed.parts if part.label not in _WIDE))

    @cached_property
    def name(self) -> str:
        """What the place is called: the buildings and people named, or the narrowest name there is."""
        called = self.joined("poi") + self.joined("subpoi") + self.joined("person")
        return called or next(
            (self.joined(each) for each in ("road", "community", "devzone", "town") if self.joined(each)), ""
        )

    @cached_property
    def bare(self) -> str:
        """Without what stands in brackets."""
        return _BRACKETED.sub("", self.text)

    @cached_property
    def is_near(self) -> bool:
        """Says where it is by something else that is near."""
        return _NEAR.search(self.text) is not None

    def joined(self, label: str) -> str:
        return half_width("".join(part.text for part in self.parsed.parts if part.label == label))

    def number(self, label: str) -> str:
        """The bare number of the first such part: 12 for `12幢` and for `十二号楼`."""
        return "-".join(_NUMBER.findall(arabic(half_width(self.parsed.first(label)))))


class Rarity:
    """How much a pair of characters says: those that stand in few addresses say more."""

    def __init__(self, texts: Iterable[str]) -> None:
        seen: Counter[str] = Counter()
        count = 0
        for text in texts:
            plain = half_width(text)
            seen.update({plain[i : i + 2] for i in range(len(plain) - 1)})
            count += 1
        self._weights = {pair: math.log((1 + count) / (1 + n)) for pair, n in seen.items()}
        self._unknown = math.log(1 + count) or 1.0

    def as_json(self) -> dict[str, Any]:
        return {"weights": self._weights, "unknown": self._unknown}

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> "Rarity":
        """What `as_json` gave; KeyError where it lacks something."""
        rarity = cls(())
        rarity._weights, rarity._unknown = kept["weights"], kept["unknown"]
        return rarity

    def of(self, pairs: Iterable[str]) -> float:
        return sum(self._weights.get(pair, self._unknown) for pair in pairs)


def table(query: Side, candidates: Sequence[Side], rarity: Rarity) -> list[list[float]]:
    """One row of numbers a candidate; the columns are the same for every list, however long it is."""
    rows = [_pair(query, candidate, rarity) for candidate in candidates]
    return [[*row, float(len(rows)), *standing(row, rows, range(_COMPARED))] for row in rows]


def _pair(a: Side, b: Side, rarity: Rarity) -> list[float]:
    shared = a.pairs & b.pairs
    weight, weight_a, weight_b = rarity.of(shared), rarity.of(a.pairs), rarity.of(b.pairs)
    narrow_a, narrow_b = pairs_of(a.narrow), pairs_of(b.narrow)
    common = narrow_a & narrow_b
    name_a, name_b = pairs_of(a.name), pairs_of(b.name)
    longest = _longest_shared(a.text, b.text)
    # The first `_COMPARED` columns are those that the list is ranked by.
    row = [
        fuzz.ratio(a.text, b.text) / 100,
        fuzz.partial_ratio(a.text, b.text) / 100,
        share(weight, weight_a),
        share(weight, weight_b),
        share(rarity.of(common), rarity.of(narrow_a)),
        share(rarity.of(common), rarity.of(narrow_b)),
        fuzz.ratio(a.name, b.name) / 100,
        share(rarity.of(name_a & b.pairs), rarity.of(name_a)),
        share(rarity.of(name_b & a.pairs), rarity.of(name_b)),
        len(longest) / max(1, len(a.text)),
        len(longest) / max(1, len(b.text)),
        float(len(a.numbers & b.numbers)),
        float(len(a.numbers - b.numbers)),
        float(len(b.numbers - a.numbers)),
        rarity.of(pairs_of(longest)),
        fuzz.partial_ratio(a.name, b.text) / 100 if a.name else 0.0,
        fuzz.partial_ratio(b.name, a.text) / 100 if b.name else 0.0,
        JaroWinkler.similarity(a.text[::-1], b.text[::-1]),
        LCSseq.normalized_similarity(a.bare, b.bare),
        share(rarity.of(pairs_of(a.text[-6:]) & b.pairs), rarity.of(pairs_of(a.text[-6:]))),
        share(rarity.of(pairs_of(b.text[-6:]) & a.pairs), rarity.of(pairs_of(b.text[-6:]))),
    ]
    row += [
        float(len(a.text)),
        float(len(b.text)),
        float(a.is_near),
        float(b.is_near),
        float("(" in a.text),
        float("(" in b.text),
        weight_a,
        weight_b,
        fuzz.ratio(a.bare, b.bare) / 100,
        float(b.text[-2:] in a.text),
        float(a.text[-2:] in b.text),
        float(a.name in b.text),
        float(b.name in a.text),
        float(len(a.name)),
        float(len(b.name)),
    ]
    for label in NAMED:
        one, other = a.joined(label), b.joined(label)
        row += [presence(one, other), fuzz.ratio(one, other) / 100 if one and other else -1.0]
        row.append(float(one in b.text) if one else -1.0)
        row.append(float(other in a.text) if other else -1.0)
    for label in NUMBERED:
        one, other = a.number(label), b.number(label)
        row += [presence(one, other), float(one == other) if one and other else -1.0]
        row.append(float(one in b.numbers) if one else -1.0)
        row.append(float(other in a.numbers) if other else -1.0)
    return row


_COMPARED: Final = 21


def standing(row: Sequence[float], rows: Sequence[Sequence[float]], columns: Iterable[int]) -> list[float]:
    """How a candidate stands among all of its list: its place, what it lacks to the best, the mean and the best."""
    found = []
    for column in columns:
        mine, all_of_them = row[column], [each[column] for each in rows]
        best = max(all_of_them)
        found += [
            float(sum(each > mine for each in all_of_them)),
            best - mine,
            mine - sum(all_of_them) / len(all_of_them),
            best,
        ]
    return found


def pairs_of(text: str) -> frozenset[str]:
    """Every two neighbouring characters."""
    return frozenset(text[i : i + 2] for i in range(len(text) - 1))


def share(some: float, of: float) -> float:
    """0 where there is nothing to have a share of."""
    return some / of if of else 0.0


def presence(one: object, other: object) -> float:
    """0 neither, 1 only here, 2 only there, 3 both."""
    return float(bool(one) + 2 * bool(other))


def _longest_shared(one: str, other: str) -> str:
    """The longest text that stands in both."""
    found = ""
    for start in range(len(one)):
        while start + len(found) < len(one) and one[start : start + len(found) + 1] in other:
            found = one[start : start + len(found) + 1]
    return found
