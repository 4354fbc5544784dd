"""Reading addresses as a city's own labelled addresses teach it: two conditional random fields and a network vote.

`train` writes one file, `save` puts it where the home keeps it, and `reader` is the door for everybody who has a text:
the trained reader where there is one, the rules where there is none.
"""

import hashlib
import json
import logging
import math
import random
import re
import tempfile
import threading
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from anlan.city.addresses import gazetteer, grammar, model_files, numbers, parsing
from anlan.city.addresses.evaluation import Scores, parse_scores
from anlan.city.addresses.features import Words, features, is_of_rules, parts_of, tags_of
from anlan.city.addresses.labelled import Unit, from_spans, units
from anlan.city.addresses.network import TAG_NUMBERS, TAGS, Array, Network
from anlan.city.addresses.parsing import parse
from anlan.city.addresses.parts import LABELS, Parsed

log = logging.getLogger(__name__)

SETTINGS: Final[dict[str, float]] = {"c1": 0.15, "c2": 0.1, "max_iterations": 50}
"""Found by cross-validation inside the public training addresses: weights against over-learning, and rounds."""
FEWEST: Final = 20
"""Fewer labelled addresses than this teach nothing, and a tenth of them measures nothing."""
_HELD_OUT: Final = 10
_HELD_OUT_ROUNDS: Final = 0.6
"""The share of the rounds for the reader that is only measured: half the time of training would go into it."""
_ROUND: Final = re.compile(r"\*+ Iteration #(\d+)")
_SEED: Final = 4
_WORDS, _CARD = "words.json", "card.json"
_FIELD, _OWN_FIELD, _NETWORK = "field", "field-without-rules", "network"

Progress = Callable[[str, int, int], None]
"""Told the step, how far it is, and how far it goes."""


class TooFew(ValueError):
    """There are not enough labelled addresses to learn from."""


class Voter(Protocol):
    """One of those whose opinions a trained reader averages."""

    def marginals(self, seen: Sequence[Sequence[str]]) -> Array:
        """How likely each unit has each of TAGS."""


class Field:
    """A conditional random field. Safe to share between threads."""

    def __init__(self, model: bytes, *, uses_rules: bool) -> None:
        import pycrfsuite  # only where there is a model

        self._uses_rules = uses_rules
        self._crf = pycrfsuite.Tagger()
        self._crf.open_inmemory(model)
        self._model = model  # the library reads in these bytes and does not keep them
        self._columns = [(tag, TAG_NUMBERS[tag]) for tag in self._crf.labels()]
        self._one_at_a_time = threading.Lock()

    def marginals(self, seen: Sequence[Sequence[str]]) -> Array:
        found = np.zeros((len(seen), len(TAGS)), np.float32)
        with self._one_at_a_time:
            self._crf.set(seen if self._uses_rules else without_rules(seen))
            marginal = self._crf.marginal
            for i in range(len(seen)):
                for tag, column in self._columns:
                    found[i, column] = marginal(tag, i)
        return found

    def best(self, seen: Sequence[Sequence[str]]) -> tuple[list[str], float]:
        """The best tags of its own, and how likely they are, much faster than all marginals."""
        with self._one_at_a_time:
            tags = self._crf.tag(seen)
            return tags, self._crf.probability(tags)


class Tagger:
    """A trained reader. Safe to share between threads."""

    def __init__(self, models: "Models", card: dict[str, Any]) -> None:
        self.card = card
        self._words = models.words
        self._field = Field(models.files[_FIELD], uses_rules=True)
        self._voters: list[Voter] = [self._field]
        if _OWN_FIELD in models.files:
            self._voters.append(Field(models.files[_OWN_FIELD], uses_rules=False))
        if _NETWORK in models.files:
            self._voters.append(Network.of_dump(models.files[_NETWORK]))

    @classmethod
    def load(cls, file: Path, *, fast: bool = False) -> "Tagger":
        """The reader that `Trained.save` wrote; OSError, zipfile.BadZipFile or ValueError where it cannot be used.

        Loaded `fast` it holds the one field that `read_fast` needs, in a part of the memory.
        """
        with zipfile.ZipFile(file) as archive:
            try:
                names = (_FIELD,) if fast else (_FIELD, _OWN_FIELD, _NETWORK)
                words, card = Words(json.loads(archive.read(_WORDS))), json.loads(archive.read(_CARD))
                return cls(Models(words, {name: archive.read(name) for name in names}), card)
            except KeyError as error:
                raise ValueError(f"{file}: no trained reader, {error}") from error

    def read(self, text: str) -> Parsed:
        """The text in parts as the vote has it, with the probability that all of them are right."""
        if not text:
            return Parsed("", ())
        cut = units(text)
        seen = features(text, cut, self._words)
        opinions = [voter.marginals(seen) for voter in self._voters]
        tags, claimed = decoded(sum(opinions[1:], start=opinions[0]) / np.float32(len(opinions)))
        return _joined(cut, tags, self._calibrated("calibration", claimed))

    def read_fast(self, text: str) -> Parsed:
        """The same as one of the fields reads it alone: a little less right, at several times the speed."""
        if not text:
            return Parsed("", ())
        cut = units(text)
        tags, claimed = self._field.best(features(text, cut, self._words))
        return _joined(cut, tags, self._calibrated("fast_calibration", claimed))

    def _calibrated(self, name: str, claimed: float) -> float:
        points: list[list[float]] = self.card.get(name) or [[0.0, 1.0], [0.0, 1.0]]
        return float(np.interp(claimed, points[0], points[1]))


@dataclass(frozen=True)
class Models:
    """What was learnt from some addresses: the words in them, and the file of each voter by its name."""

    words: Words
    files: dict[str, bytes]


@dataclass(frozen=True)
class Trained:
    """What training made, not yet kept anywhere."""

    models: Models
    card: dict[str, Any]

    def tagger(self) -> Tagger:
        return Tagger(self.models, self.card)

    def save(self, file: Path) -> None:
        """Written whole or not at all."""
        words = json.dumps(self.models.words.counts, ensure_ascii=False)
        card = json.dumps(self.card, ensure_ascii=False, indent=1)
        model_files.write(file, {**self.models.files, _WORDS: words, _CARD: card})


def train(addresses: Sequence[Parsed], *, rounds: int | None = None, progress: Progress | None = None) -> Trained:
    """Learn from labelled addresses; TooFew where that makes no sense.

    Learnt twice: first without a tenth of them, on which the reader is measured and its confidence is calibrated, then
    with all. `rounds` other than the usual are for trials.
    """
    if len(addresses) < FEWEST:
        raise TooFew(f"{len(addresses)} labelled addresses are too few to learn from; at least {FEWEST} are needed")
    told = progress or (lambda step, done, total: None)
    mixed = list(addresses)
    random.Random(_SEED).shuffle(mixed)
    tenth = len(mixed) // _HELD_OUT
    held_out, rest = mixed[:tenth], mixed[tenth:]
    rounds = rounds or int(SETTINGS["max_iterations"])
    trial = Tagger(_learnt(rest, math.ceil(rounds * _HELD_OUT_ROUNDS), "held-out tenth", told), {})
    scores, fast = parse_scores(held_out, trial.read), parse_scores(held_out, trial.read_fast)
    card = {
        "addresses": len(addresses),
        "parts": sum(len(each.parts) for each in addresses),
        "held_out": {"addresses": tenth, **scores.over(LABELS).as_json(), "fast": fast.over(LABELS).as_json()},
        "calibration": _calibration(scores),
        "fast_calibration": _calibration(fast),
        "settings": SETTINGS | {"max_iterations": rounds},
        "rules": rules_version(),
        "libraries": {name: version(name) for name in ("python-crfsuite", "scikit-learn", "scipy", "numpy")},
    }
    return Trained(_learnt(mixed, rounds, "all", told), card)


def rules_version() -> str:
    """The SHA-256 of the source of the rules, whose reading the fields learn from: a reader trained on other rules is
    best trained anew."""
    sources = (Path(module.__file__ or "") for module in (gazetteer, grammar, numbers, parsing))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()


def without_rules(seen: Sequence[Sequence[str]]) -> list[list[str]]:
    """The features without those that come from the rules: a field that thinks for itself errs elsewhere."""
    return [[each for each in unit if not is_of_rules(each)] for unit in seen]


def model_file(home: Path) -> Path:
    """Where a home keeps its trained reader."""
    return home / "addresses" / "reader.zip"


def reader(home: Path | None = None, *, fast: bool = False) -> Callable[[str], Parsed]:
    """What reads an address best here: the home's trained reader, or the rules. Neither ever raises.

    `fast` is for where many are read while somebody waits: one field reads instead of the vote. A newly trained reader
    is found by the next call. A file that cannot be used is logged, and the rules serve.
    """
    if home is None:
        from anlan.settings import ENVIRONMENT  # here, so that training and measuring need no settings

        home = ENVIRONMENT.home
    file = model_file(home)
    try:
        tagger = _loaded(file, file.stat().st_mtime_ns, fast)
    except FileNotFoundError:
        return parse
    if tagger is None:
        return parse
    return tagger.read_fast if fast else tagger.read


@lru_cache(maxsize=2)
def _loaded(file: Path, changed_at: int, fast: bool) -> Tagger | None:
    try:
        return Tagger.load(file, fast=fast)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        log.warning("the trained reader of addresses cannot be used, the rules serve: %s", error)
        return None


def _learnt(addresses: Sequence[Parsed], rounds: int, which: str, told: Progress) -> Models:
    from anlan.city.addresses import network_learning

    settings = SETTINGS | {"max_iterations": rounds}
    words = Words.of(addresses)
    seen, tags = [], []
    for number, address in enumerate(addresses, start=1):
        cut = labelled_units(address)
        seen.append(features(address.text, cut, words, parts_of(address)))
        tags.append(tags_of(address, cut))
        told(f"reading, {which}", number, len(addresses))
    field = _field(seen, tags, settings, f"field, {which}", told)
    own_field = _field([without_rules(each) for each in seen], tags, settings, f"field without rules, {which}", told)
    epochs = math.ceil(network_learning.EPOCHS * rounds / SETTINGS["max_iterations"])
    network = network_learning.learn(seen, tags, epochs=epochs, told=partial(told, f"network, {which}"))
    return Models(words, {_FIELD: field, _OWN_FIELD: own_field, _NETWORK: network.dump()})


def _field(
    seen: Sequence[Sequence[Sequence[str]]],
    tags: Sequence[Sequence[str]],
    settings: dict[str, float],
    step: str,
    told: Progress,
) -> bytes:
    import pycrfsuite

    rounds = int(settings["max_iterations"])

    class Trainer(pycrfsuite.BaseTrainer):  # type: ignore[misc]  # the library ships no types
        def message(self, line: str) -> None:
            if found := _ROUND.match(line):
                told(step, int(found[1]), rounds)

    trainer = Trainer(algorithm="lbfgs", params=settings, verbose=True)  # verbose: it sends us messages
    for each, wanted in zip(seen, tags, strict=True):
        trainer.append(each, wanted)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, _FIELD)
        trainer.train(str(file))
        told(step, rounds, rounds)
        return file.read_bytes()


def labelled_units(address: Parsed) -> list[Unit]:
    """The units of a labelled address, cut wherever a part ends: `2009` may be a building 20 and a room 09."""
    return [
        Unit(unit.text, part.start + unit.start, part.start + unit.end)
        for part in address.parts
        for unit in units(part.text)
    ]


def _follows(first: str, then: str) -> bool:
    """May this tag stand behind that one?"""
    if first[0] in "ES":
        return then[0] in "BS"
    return then[0] in "IE" and first[1:] == then[1:]


_FOLLOW: Final = np.array([[_follows(first, then) for then in TAGS] for first in TAGS], np.float32)
_BEGIN: Final = np.array([tag[0] in "BS" for tag in TAGS], np.float32)
_END: Final = np.array([tag[0] in "ES" for tag in TAGS], np.float32)


def decoded(likely: Array) -> tuple[list[str], float]:
    """The tags that fit together and are likeliest by these marginals, and the product of their probabilities."""
    with np.errstate(divide="ignore"):
        steps, begins, ends = np.log(_FOLLOW), np.log(_BEGIN), np.log(_END)
    weighed = np.log(likely + np.float32(1e-6))
    reached = weighed[0] + begins
    came_from = []
    for unit in weighed[1:]:
        ways = reached[:, None] + steps
        best = ways.argmax(0)
        came_from.append(best)
        reached = ways[best, np.arange(len(TAGS))] + unit
    at = int((reached + ends).argmax())
    path = [at]
    for best in reversed(came_from):
        at = int(best[at])
        path.append(at)
    path.reverse()
    return [TAGS[number] for number in path], float(np.prod(likely[np.arange(len(path)), path]))


def _joined(cut: Sequence[Unit], tags: Sequence[str], confidence: float) -> Parsed:
    """Tags as parts. Tags that do not fit together (an end without a beginning) still make parts, and lose nothing."""
    spans = [(tags[0][1:], cut[0].text)]
    for unit, (before, tag) in zip(cut[1:], pairwise(tags), strict=True):
        if tag[0] in "IE" and before[0] in "BI" and tag[1:] == before[1:]:
            spans[-1] = (spans[-1][0], spans[-1][1] + unit.text)
        else:
            spans.append((tag[1:], unit.text))
    return from_spans(spans, confidence)


def _calibration(scores: Scores) -> list[list[float]]:
    """Points of a rising line from the probability that the field claims to how often it was right."""
    from sklearn.isotonic import IsotonicRegression

    claimed = [sure or 0.0 for sure, _ in scores.readings]
    fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
    fitted.fit(claimed, [right for _, right in scores.readings])
    return [fitted.X_thresholds_.tolist(), fitted.y_thresholds_.tolist()]
