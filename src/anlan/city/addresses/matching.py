"""Whether addresses found for another are the same place, partly the same or different ones, as judged pairs teach.

Unlike the rules (`comparing`), which decide each pair alone, a trained decision sees all candidates found for a query
together, because a candidate that is worse than its neighbours is rarely the same place.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from anlan.city.addresses.comparing import Read, Verdict
from anlan.city.addresses.likeness import Rarity, table
from anlan.city.addresses.parsing import parse

FEWEST: Final = 50
"""Fewer queries than this teach nothing."""
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
