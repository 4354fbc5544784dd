"""Whether addresses found for another are the same place, partly the same or different ones, as judged pairs teach.

Unlike the rules (`comparing`), which decide each pair alone, a trained decision sees all candidates found for a query
together, because a candidate that is worse than its neighbours is rarely the same place. Several models vote: half of
them go by measures of likeness, the other half are told too what the words that differ make of it (`wording`).
"""

import json
import logging
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from anlan.city.addresses import comparing, contrast, model_files, wording
from anlan.city.addresses.comparing import Read, Verdict
from anlan.city.addresses.contrast import Contrasted
from anlan.city.addresses.likeness import Rarity, Side, standing, table
from anlan.city.addresses.parsing import parse
from anlan.city.addresses.wording import Array, Wording

log = logging.getLogger(__name__)

FEWEST: Final = 50
"""Fewer queries than this teach nothing."""
_ORDER: Final = (Verdict.NONE, Verdict.PARTIAL, Verdict.EXACT)
_SETTINGS: Final[dict[str, Any]] = {
    "objective": "multiclass",
    "num_class": len(_ORDER),
    "learning_rate": 0.06,
    "max_bin": 63,
    "num_leaves": 15,
    "min_child_samples": 30,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "deterministic": True,
    "num_threads": 1,
    "verbose": -1,
}
_ROUNDS: Final = 220
_SEEDS: Final = (4, 5)
"""One model of each half for each; the mean of several is steadier than any of them."""
_WORD_FOLDS: Final = 3
"""The words' opinion on a query that teaches is learnt from the others: of its own it would be too sure."""
_WEIGHTS: Final = (1.0, 1.3, 2.2)
"""Rare exact matches count more: the mean over the classes is what is wanted, not most pairs right."""
_LEARNT: Final = "learnt.json"
_HALVES: Final = ("by_measures", "by_words_too")


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

    by_measures: tuple[Any, ...]
    by_words_too: tuple[Any, ...]
    words: Wording
    rarity: Rarity
    read: Read

    def verdicts(self, query: str, candidates: Sequence[str]) -> list[Verdict]:
        """A verdict on each candidate, which depends on the others and not on their order."""
        if not candidates:
            return []
        seen = _look(query, candidates, self.read, self.rarity)
        told = np.hstack([seen.measures, _opinions(self.words.likely(seen.words))])
        votes = [each.predict(seen.measures) for each in self.by_measures]
        votes += [each.predict(told) for each in self.by_words_too]
        return [_ORDER[each] for each in np.argmax(np.sum(votes, axis=0), axis=1)]

    def save(self, file: Path) -> None:
        """Written whole or not at all."""
        halves = zip(_HALVES, (self.by_measures, self.by_words_too), strict=True)
        boosters = {name: [each.model_to_string() for each in models] for name, models in halves}
        kept = {"words": self.words.as_json(), "rarity": self.rarity.as_json(), **boosters}
        model_files.write(file, {_LEARNT: json.dumps(kept, ensure_ascii=False)})

    @classmethod
    def load(cls, file: Path, *, read: Read = parse) -> "Matcher":
        """The decision that `save` wrote; OSError, zipfile.BadZipFile or ValueError where it cannot be used."""
        import lightgbm  # only where there is a model

        with zipfile.ZipFile(file) as archive:
            try:
                kept = json.loads(archive.read(_LEARNT))
                one, other = (tuple(lightgbm.Booster(model_str=each) for each in kept[name]) for name in _HALVES)
                return cls(one, other, Wording.of_json(kept["words"]), Rarity.of_json(kept["rarity"]), read)
            except (KeyError, lightgbm.basic.LightGBMError) as error:
                raise ValueError(f"{file}: no trained decision, {error}") from error


def model_file(home: Path) -> Path:
    """Where a home keeps its trained decision."""
    return home / "addresses" / "matcher.zip"


def decision(home: Path) -> Callable[[str, Sequence[str]], list[Verdict]]:
    """What decides best here on the candidates of a query: the home's trained decision, or the rules.

    A file that cannot be used is logged, and the rules serve.
    """
    file = model_file(home)
    if not file.exists():
        return comparing.verdicts
    try:
        return Matcher.load(file).verdicts
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        log.warning("the trained decision on addresses cannot be used, the rules serve: %s", error)
        return comparing.verdicts


@dataclass(frozen=True, slots=True)
class _Seen:
    """A query's candidates as the models see them: a row of measures and the words of each."""

    measures: Array
    words: list[list[str]]


def train(
    queries: Sequence[Query], *, read: Read = parse, progress: Callable[[str, int, int], None] | None = None
) -> Matcher:
    """Learn from judged candidates; TooFew where that makes no sense.

    The order in which candidates are listed is not looked at: in files made by a search it gives the answer away.
    """
    if len(queries) < FEWEST:
        raise TooFew(f"{len(queries)} judged queries are too few to learn from; at least {FEWEST} are needed")
    wanted = [[_ORDER.index(verdict) for verdict in query.verdicts] for query in queries]
    if len({each for verdicts in wanted for each in verdicts}) < 2:
        raise TooFew("all pairs are judged the same, which teaches nothing")
    told = progress or (lambda step, done, total: None)
    rarity = Rarity(text for query in queries for text in (query.text, *query.candidates))
    seen = []
    for number, query in enumerate(queries, start=1):
        seen.append(_look(query.text, query.candidates, read, rarity))
        told("reading pairs", number, len(queries))
    opinions: list[Array] = [np.empty(0)] * len(queries)
    for fold in range(_WORD_FOLDS):
        others = [at for at in range(len(queries)) if at % _WORD_FOLDS != fold]
        words = _learn_words(others, seen, wanted)
        for at in range(fold, len(queries), _WORD_FOLDS):
            opinions[at] = _opinions(words.likely(seen[at].words))
        told("learning words", fold + 1, _WORD_FOLDS + 1)
    words = _learn_words(range(len(queries)), seen, wanted)
    told("learning words", _WORD_FOLDS + 1, _WORD_FOLDS + 1)
    measures, judged = np.vstack([each.measures for each in seen]), np.concatenate(wanted)
    return Matcher(
        _boosters(measures, judged, "learning measures", told),
        _boosters(np.hstack([measures, np.vstack(opinions)]), judged, "learning both", told),
        words,
        rarity,
        read,
    )


def _look(query: str, candidates: Sequence[str], read: Read, rarity: Rarity) -> _Seen:
    here, there = Side(read(query)), [Side(read(candidate)) for candidate in candidates]
    one, others = Contrasted(here), [Contrasted(side) for side in there]
    differing = [contrast.differences(one, other) for other in others]
    rows = [
        [*alike, *row, *standing(row, differing, contrast.LISTED), *listed]
        for alike, row, listed in zip(
            table(here, there, rarity), differing, contrast.among(one, others, rarity), strict=True
        )
    ]
    return _Seen(np.array(rows), [contrast.words(one, other) for other in others])


def _learn_words(numbers: Sequence[int], seen: Sequence[_Seen], wanted: Sequence[Sequence[int]]) -> Wording:
    judged = [verdict for number in numbers for verdict in wanted[number]]
    described = [words for number in numbers for words in seen[number].words]
    return wording.learn(described, judged, [_WEIGHTS[each] for each in judged], len(_ORDER))


def _opinions(likely: Array) -> Array:
    """Probabilities, and how they stand in the list: what each lacks to the best other, the mean, how many are above.

    Shapes: (candidates, 3) gives (candidates, 12).
    """
    rows = []
    for at, mine in enumerate(likely):
        others = np.delete(likely, at, axis=0)
        best = others.max(axis=0) if len(others) else np.zeros_like(mine)
        rows.append(np.concatenate([mine, best - mine, likely.mean(axis=0), (likely > mine).sum(axis=0)]))
    return np.array(rows)


def _boosters(rows: Array, judged: Array, step: str, told: Callable[[str, int, int], None]) -> tuple[Any, ...]:
    import lightgbm  # for training and nightly work only

    data = lightgbm.Dataset(rows, judged, weight=np.array(_WEIGHTS)[judged], params={"max_bin": _SETTINGS["max_bin"]})
    found = []
    for number, seed in enumerate(_SEEDS):
        before = number * _ROUNDS

        def after_round(at: Any, before: int = before) -> None:
            told(step, before + at.iteration + 1, len(_SEEDS) * _ROUNDS)

        found.append(lightgbm.train({**_SETTINGS, "seed": seed}, data, _ROUNDS, callbacks=[after_round]))
    return tuple(found)


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
