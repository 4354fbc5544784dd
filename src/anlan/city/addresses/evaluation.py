"""How well addresses are read, and how well two of them are compared: figures against what people labelled."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from anlan.city.addresses.parts import Parsed, Part

GROUPS: Final = {
    "province_to_town": frozenset({"prov", "city", "district", "town"}),
    "road_with_number": frozenset({"road", "roadno"}),
    "house_to_room": frozenset({"houseno", "cellno", "floorno", "roomno"}),
}
"""The labels a city works with most, taken together."""
SURE: Final = 0.95


@dataclass
class Tally:
    """Parts counted: those that are right, those that were read, those that are there."""

    right: int = 0
    read: int = 0
    there: int = 0

    @property
    def precision(self) -> float:
        return self.right / self.read if self.read else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.there if self.there else 0.0

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.read + self.there) if self.read + self.there else 0.0

    def as_json(self) -> dict[str, float]:
        return {"precision": round(self.precision, 4), "recall": round(self.recall, 4), "f1": round(self.f1, 4)}

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.right + other.right, self.read + other.read, self.there + other.there)


@dataclass
class Scores:
    """What a reader got right on labelled addresses, counted as conlleval does: a part is right where its label, its
    beginning and its end all are."""

    labels: dict[str, Tally] = field(default_factory=dict)
    readings: list[tuple[float | None, bool]] = field(default_factory=list)
    """Of each address the reader's confidence, and whether every part was right."""

    def count(self, wanted: Parsed, read: Parsed) -> None:
        there, found = _parts(wanted.parts), _parts(read.parts)
        for label, counts in (
            *((label, Tally(there=number)) for label, number in _by_label(there).items()),
            *((label, Tally(read=number)) for label, number in _by_label(found).items()),
            *((label, Tally(right=number)) for label, number in _by_label(there & found).items()),
        ):
            self.labels[label] = self.labels.get(label, Tally()) + counts
        self.readings.append((read.confidence, there == found))

    def over(self, labels: Iterable[str]) -> Tally:
        """These labels taken together."""
        return sum((self.labels[label] for label in labels if label in self.labels), Tally())

    def share_exact(self, sure: float = SURE) -> float | None:
        """How many of all addresses, the most confident first, can be taken before fewer than `sure` of them are
        wholly right; None where the reader gives no confidence."""
        ranked = sorted(((sure_of, right) for sure_of, right in self.readings if sure_of is not None), reverse=True)
        if not ranked:
            return None
        share, right = 0, 0
        for number, (sure_of, is_right) in enumerate(ranked, start=1):
            right += is_right
            ends_here = number == len(ranked) or ranked[number][0] < sure_of  # equals are taken together
            if ends_here and right >= sure * number:
                share = number
        return share / len(self.readings)

    def as_json(self) -> dict[str, Any]:
        exact = sum(right for _, right in self.readings)
        claimed = [right for sure_of, right in self.readings if sure_of is not None and sure_of >= SURE]
        share = self.share_exact()
        return {
            **self.over(self.labels).as_json(),
            "per_label": {label: tally.as_json() for label, tally in sorted(self.labels.items())},
            **{name: round(self.over(labels).f1, 4) for name, labels in GROUPS.items()},
            "exact": _ratio(exact, len(self.readings)),
            "exact_at_95": None if share is None else round(share, 4),
            "claimed_at_95": {
                "share": _ratio(len(claimed), len(self.readings)),
                "right": _ratio(sum(claimed), len(claimed)),
            },
            "addresses": len(self.readings),
        }


def parse_scores(wanted: Iterable[Parsed], read: Callable[[str], Parsed]) -> Scores:
    """Read each of the labelled addresses anew and compare."""
    scores = Scores()
    for each in wanted:
        scores.count(each, read(each.text))
    return scores


def macro_f1(wanted: Sequence[str], decided: Sequence[str]) -> dict[str, Any]:
    """The mean of the F1 of every class that occurs, each class with its own figures."""
    classes = sorted({*wanted, *decided})
    right = Counter(one for one, other in zip(wanted, decided, strict=True) if one == other)
    read, there = Counter(decided), Counter(wanted)
    tallies = {each: Tally(right[each], read[each], there[each]) for each in classes}
    mean = sum(tally.f1 for tally in tallies.values()) / len(classes) if classes else 0.0
    return {"macro_f1": round(mean, 4), "per_class": {each: tally.as_json() for each, tally in tallies.items()}}


def _parts(parts: Iterable[Part]) -> set[tuple[str, int, int]]:
    return {(part.label, part.start, part.end) for part in parts}


def _by_label(parts: Iterable[tuple[str, int, int]]) -> Counter[str]:
    return Counter(label for label, _, _ in parts)


def _ratio(some: int, of: int) -> float:
    return round(some / of, 4) if of else 0.0
