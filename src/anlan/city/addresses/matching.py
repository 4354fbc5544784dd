"""Whether two addresses are the same place, partly the same, or different ones: by rules, or as labelled pairs teach.

The rules give reasons and decide each pair alone (`compare`). A trained decision (`train`) sees all candidates found
for a query together, because a candidate that is worse than its neighbours is rarely the same place.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import numpy as np
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rapidfuzz import fuzz

from anlan.city.addresses.likeness import Rarity, Side, table
from anlan.city.addresses.parsing import parse
from anlan.city.addresses.parts import Parsed


class Verdict(StrEnum):
    """The values are those under which pairs have been labelled in public (CCKS 2021)."""

    EXACT = "完全匹配"
    PARTIAL = "部分匹配"
    NONE = "不匹配"


class Reason(StrEnum):
    """What the rules saw that decided."""

    AREA_DIFFERS = "area_differs"
    NAME_DIFFERS = "name_differs"
    NUMBER_DIFFERS = "number_differs"
    ROAD_DIFFERS = "road_differs"
    LESS_EXACT = "less_exact"
    NEARBY = "nearby"
    SAME_NAME = "same_name"

    @property
    def label(self) -> str | Promise:
        return _REASONS[self]


_REASONS: Final[dict[Reason, str | Promise]] = {
    Reason.AREA_DIFFERS: _("They lie in different areas"),
    Reason.NAME_DIFFERS: _("They name different places"),
    Reason.NUMBER_DIFFERS: _("A number differs"),
    Reason.ROAD_DIFFERS: _("They name different roads"),
    Reason.LESS_EXACT: _("One is less exact than the other"),
    Reason.NEARBY: _("One says only what is near"),
    Reason.SAME_NAME: _("They name the same place"),
}

Read = Callable[[str], Parsed]
ALIKE: Final = 75.0
"""From here on (rapidfuzz, 0 to 100) two names are taken for the same: a setting of ours."""
FEWEST: Final = 50
"""Fewer queries than this teach nothing."""
_AREAS: Final = ("city", "district")
_NUMBERS: Final = ("houseno", "cellno", "floorno", "roomno")
_ORDER: Final = (Verdict.NONE, Verdict.PARTIAL, Verdict.EXACT)
_SETTINGS: Final[dict[str, Any]] = {
    "objective": "multiclass",
    "num_class": len(_ORDER),
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_child_samples": 30,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "seed": 4,
    "deterministic": True,
    "verbose": -1,
}
_ROUNDS: Final = 280
_WEIGHTS: Final = (1.0, 1.3, 2.2)
"""Rare exact matches count more: the mean over the classes is what is wanted, not most pairs right."""


class BadPair(ValueError):
    """A line of a file of pairs cannot be read; the message names its number and the fault."""


class TooFew(ValueError):
    """There are not enough labelled queries to learn from."""


@dataclass(frozen=True, slots=True)
class Query:
    """An address, what was found for it, and how people judged each."""

    text: str
    candidates: tuple[str, ...]
    verdicts: tuple[Verdict, ...] = field(default=())


def compare(a: str, b: str, *, read: Read = parse) -> tuple[Verdict, tuple[Reason, ...]]:
    """The verdict on two addresses by rules, and why."""
    here, there = Side(read(a)), Side(read(b))
    if not here.text or not there.text:
        return Verdict.NONE, (Reason.NAME_DIFFERS,)
    if here.text == there.text:
        return Verdict.EXACT, (Reason.SAME_NAME,)
    if any(_conflict(here.joined(label), there.joined(label)) for label in _AREAS):
        return Verdict.NONE, (Reason.AREA_DIFFERS,)
    if not _alike(here, there):
        return Verdict.NONE, (Reason.NAME_DIFFERS,)
    against = [
        reason
        for reason, holds in (
            (Reason.ROAD_DIFFERS, _conflict(here.joined("road"), there.joined("road"))),
            (Reason.NUMBER_DIFFERS, any(_other_number(here, there, label) for label in _NUMBERS)),
            (Reason.NEARBY, here.is_near != there.is_near),
            (Reason.LESS_EXACT, any(bool(here.number(label)) != bool(there.number(label)) for label in _NUMBERS)),
        )
        if holds
    ]
    return (Verdict.PARTIAL, tuple(against)) if against else (Verdict.EXACT, (Reason.SAME_NAME,))


def verdicts(query: str, candidates: Sequence[str]) -> list[Verdict]:
    """The rules' verdict on each candidate, whatever the others are."""
    return [compare(query, candidate)[0] for candidate in candidates]


@dataclass(frozen=True)
class Matcher:
    """A trained decision."""

    booster: Any
    rarity: Rarity
    read: Read

    def verdicts(self, query: str, candidates: Sequence[str]) -> list[Verdict]:
        """A verdict on each candidate, which depends on the others and not on their order."""
        if not candidates:
            return []
        likely = self.booster.predict(np.array(table(query, candidates, self.read, self.rarity)))
        return [_ORDER[each] for each in np.argmax(likely, axis=1)]


def train(
    queries: Sequence[Query], *, read: Read = parse, progress: Callable[[str, int, int], None] | None = None
) -> Matcher:
    """Learn from judged candidates; TooFew where that makes no sense.

    The order in which candidates are listed is not looked at: in files made by a search it gives the answer away.
    """
    import lightgbm  # for training and nightly work only

    if len(queries) < FEWEST:
        raise TooFew(f"{len(queries)} judged queries are too few to learn from; at least {FEWEST} are needed")
    told = progress or (lambda step, done, total: None)
    rarity = Rarity(text for query in queries for text in (query.text, *query.candidates))
    rows, wanted = [], []
    for number, query in enumerate(queries, start=1):
        rows += table(query.text, query.candidates, read, rarity)
        wanted += [_ORDER.index(verdict) for verdict in query.verdicts]
        told("reading pairs", number, len(queries))
    data = lightgbm.Dataset(np.array(rows), np.array(wanted), weight=np.array([_WEIGHTS[each] for each in wanted]))
    booster = lightgbm.train(
        _SETTINGS, data, _ROUNDS, callbacks=[lambda at: told("learning pairs", at.iteration + 1, _ROUNDS)]
    )
    return Matcher(booster, rarity, read)


def read_pairs(lines: Iterable[str]) -> Iterator[Query]:
    """Judged queries, one JSON object a line: `{"query": …, "candidate": [{"text": …, "label": …}, …]}`.

    Raises BadPair.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            given = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BadPair(f"line {number}: is no JSON: {error}") from error
        yield _query(given, number)


def _query(given: Any, number: int) -> Query:
    if not isinstance(given, dict) or not isinstance(given.get("query"), str):
        raise BadPair(f"line {number}: lacks `query`, a text")
    candidates = given.get("candidate")
    if not isinstance(candidates, list) or not candidates:
        raise BadPair(f"line {number}: lacks `candidate`, a list")
    for each in candidates:
        if not isinstance(each, dict) or not isinstance(each.get("text"), str):
            raise BadPair(f"line {number}: a candidate lacks `text`")
        if each.get("label") not in list(Verdict):
            raise BadPair(f"line {number}: a candidate's `label` is none of {', '.join(Verdict)}")
    return Query(
        given["query"],
        tuple(each["text"] for each in candidates),
        tuple(Verdict(each["label"]) for each in candidates),
    )


def _alike(here: Side, there: Side) -> bool:
    return any(
        one.name and fuzz.partial_ratio(one.name, other.text) >= ALIKE and len(one.name) <= len(other.text)
        for one, other in ((here, there), (there, here))
    )


def _conflict(one: str, other: str) -> bool:
    return bool(one and other) and fuzz.partial_ratio(one, other) < ALIKE


def _other_number(here: Side, there: Side, label: str) -> bool:
    one, other = here.number(label), there.number(label)
    return bool(one and other) and one != other
