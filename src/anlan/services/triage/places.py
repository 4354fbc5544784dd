"""Which area a report speaks of, by its position and by the names in its words."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from anlan.loop.suggestions import Reason, Report

from .matching import Hit, Lexicon, longest, normalise

# Digits in the code of a community, a town, a district and a city; a grid's are more.
_LENGTHS = (12, 9, 6, 4)
# What people leave off a name. Longer endings first.
_ENDINGS = (
    "居民委员会",
    "村民委员会",
    "居委会",
    "村委会",
    "街道",
    "社区",
    "村",
    "镇",
    "乡",
    "区",
    "县",
    "市",
)
# Two characters of a community's name are mostly an ordinary word: 人民, 中心, 花园.
_SHORTEST_BARE = 2
_SHORTEST_BARE_COMMUNITY = 3
_WORDS_SHOWN = 4
# By the kind of a reason: what says where it is.
_SAYS = {
    "position": ("定位", "position", "points"),
    "address": ("地址", "address", "points"),
    "place": ("文中地名", "places named", "point"),
}


class Named(NamedTuple):
    """An area that a word may stand for; ``bare`` if the word is its name without the ending."""

    code: str
    bare: bool


class Place(NamedTuple):
    """The area that the words of a report agree on, and those words."""

    code: str
    words: tuple[str, ...]


class Places:
    """The names of a city's areas, and where a position lies.

    ``names`` are pairs of an official code and a name; a code begins with the code of the area around it
    (330102 上城区, 330102001 清波街道, 330102001051 清波门社区). ``locate`` takes longitude and latitude in WGS-84
    degrees and returns the code of the smallest area there, or None.
    """

    def __init__(
        self,
        names: Iterable[tuple[str, str]],
        locate: Callable[[float, float], str | None] = lambda lon, lat: None,
    ) -> None:
        self._names = dict(names)
        self._locate = locate
        words: dict[str, dict[Named, None]] = defaultdict(dict)
        for code, name in self._names.items():
            full = normalise(name)
            words[full][Named(code, bare=False)] = None
            for bare in _without_ending(full, code):
                words[bare][Named(code, bare=True)] = None
        self._lexicon = Lexicon({word: _meant(list(named)) for word, named in words.items()})

    def area(self, report: Report) -> tuple[str | None, tuple[Reason, ...]]:
        """The smallest area known for a normalised report, and why.

        A position wins over an address of the city's base, and this over names in the words. What is known less surely
        may narrow down what is known better; where it contradicts, that is said.
        """
        area, surest, reasons = None, "", list[Reason]()
        for code, reason in self._claims(report):
            if area is None or _within(code, area):
                area, surest = code, reason.kind
                reasons.append(reason)
            elif not _within(area, code):
                reasons.append(self._contradiction(reason, code, area, surest))
            elif reason.kind != "place":  # names that say less than is known need not be told
                reasons.append(reason)
        return area, tuple(reasons)

    def _claims(self, report: Report) -> Iterator[tuple[str, Reason]]:
        """What says where it is, the surest first."""
        if (located := self._located(report)) is not None:
            label = self._label(located)
            yield located, Reason("position", (), f"定位在{label}", f"The position lies in {label}")
        if report.meant is not None:
            label = self._label(report.meant.area)
            yield (
                report.meant.area,
                Reason("address", (), f"地址在统一地址库中，属{label}", f"The address resolves to one in {label}"),
            )
        if (named := self.named(report)) is not None:
            yield named.code, self._named_reason(named)

    def named(self, report: Report) -> Place | None:
        """The area that the names in a normalised report's address, title and text agree on, or None.

        A full name counts if only one area bears it, or if an area around one of its bearers is named too. A name
        without its ending is often an ordinary word: it counts only right behind the name of an area around it,
        or from three characters on beside such a name in full, or in the address.
        """
        address = longest(self._lexicon.find(report.address))
        prose = longest(self._lexicon.find(f"{report.title}\n{report.text}"))
        context: dict[str, set[str]] = defaultdict(set)  # code to the words that name it for certain
        for hits, in_address in ((address, True), (prose, False)):
            for hit in hits:
                for code, bare in hit.value:
                    if in_address or not bare:
                        context[code].add(hit.word)
        support: dict[str, set[str]] = defaultdict(set)
        for hits, in_address in ((address, True), (prose, False)):
            before: Hit[tuple[Named, ...]] | None = None
            for hit in hits:
                adjoining = before if before and before.end == hit.start else None
                self._accept(hit, adjoining, context, in_address, support)
                before = hit
        return self._agreed(support)

    def _accept(
        self,
        hit: Hit[tuple[Named, ...]],
        adjoining: Hit[tuple[Named, ...]] | None,
        context: dict[str, set[str]],
        in_address: bool,
        support: dict[str, set[str]],
    ) -> None:
        """Add the one area that a hit can only mean, if there is one, to the areas supported."""
        placed: dict[str, set[str]] = {}
        alone: list[str] = []
        for code, bare in hit.value:
            above = _above(code)
            around = {adjoining.word} if adjoining and any(one.code in above for one in adjoining.value) else set()
            if not bare or in_address or len(hit.word) > _SHORTEST_BARE:
                around |= {word for wider in above for word in context.get(wider, ())}
            if around - {hit.word}:
                placed[code] = around
            elif not bare or in_address:
                alone.append(code)
        if len(placed) == 1:
            ((code, around),) = placed.items()
            support[code] |= {hit.word} | around
        elif not placed and len(alone) == 1:
            support[alone[0]].add(hit.word)

    def _agreed(self, support: dict[str, set[str]]) -> Place | None:
        """The best supported, then deepest area; of equals in different places, the area around them all."""
        if not support:
            return None
        rank = max((len(words), len(code)) for code, words in support.items())
        best = [code for code, words in support.items() if (len(words), len(code)) == rank]
        code = best[0] if len(best) == 1 else self._around_all(best)
        if code is None:
            return None
        words = sorted({word for candidate in best for word in support[candidate]}, key=lambda word: (-len(word), word))
        return Place(code, tuple(words[:_WORDS_SHOWN]))

    def _around_all(self, codes: list[str]) -> str | None:
        shared = set.intersection(*(set(_above(code)) for code in codes)) & self._names.keys()
        return max(shared, key=len, default=None)

    def _located(self, report: Report) -> str | None:
        if report.lon is None or report.lat is None:
            return None
        if not (math.isfinite(report.lon) and math.isfinite(report.lat)):
            return None
        return self._locate(report.lon, report.lat)

    def _label(self, code: str) -> str:
        """What an area is called; a grid with its community, since each has a first one."""
        name = self._names.get(code, code)
        return self._names.get(code[:12], "") + name if len(code) > max(_LENGTHS) else name

    def _named_reason(self, place: Place) -> Reason:
        label = self._label(place.code)
        return Reason("place", place.words, f"文中地名指向{label}", f"The places named point to {label}")

    def _contradiction(self, reason: Reason, code: str, area: str, surest: str) -> Reason:
        """What is said of a place that something surer contradicts."""
        here, there = self._label(code), self._label(area)
        zh, en, points = _SAYS[reason.kind]
        surer_zh, surer_en, _ = _SAYS[surest]
        return Reason(
            reason.kind,
            reason.words,
            f"{zh}指向{here}，与{surer_zh}所在的{there}不一致，以{surer_zh}为准",
            f"The {en} {points} to {here}, the {surer_en} to {there}; the {surer_en} is taken",
        )


def _without_ending(name: str, code: str) -> Iterator[str]:
    shortest = _SHORTEST_BARE_COMMUNITY if len(code) >= max(_LENGTHS) else _SHORTEST_BARE
    for ending in _ENDINGS:
        if name.endswith(ending):
            if len(name) - len(ending) >= shortest:
                yield name.removesuffix(ending)
            return


def _meant(named: list[Named]) -> tuple[Named, ...]:
    """What a word may stand for: a full name before bare ones, a town before the village called after it."""
    choices = [one for one in named if not one.bare] or named
    codes = {one.code for one in choices}
    return tuple(one for one in choices if not codes.intersection(_above(one.code)))


def _above(code: str) -> list[str]:
    """Every code that may be an area around this one, itself not among them, smallest first."""
    return [code[:length] for length in _LENGTHS if length < len(code)]


def _within(code: str, area: str) -> bool:
    return code == area or area in _above(code)
