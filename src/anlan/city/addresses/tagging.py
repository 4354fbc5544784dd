"""Reading addresses as a city's own labelled addresses teach it: a conditional random field over `features`.

`train` writes one file, `save` puts it where the home keeps it, and `reader` is the door for everybody who has a text:
the trained reader where there is one, the rules where there is none.
"""

import hashlib
import json
import logging
import os
import random
import re
import tempfile
import threading
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

from anlan.city.addresses.evaluation import Scores, parse_scores
from anlan.city.addresses.features import Words, features, parts_of, tags_of
from anlan.city.addresses.labelled import Unit, from_spans, units
from anlan.city.addresses.parsing import parse
from anlan.city.addresses.parts import LABELS, Parsed

log = logging.getLogger(__name__)

SETTINGS: Final[dict[str, float]] = {"c1": 0.15, "c2": 0.1, "max_iterations": 60}
"""Found on data held out of the public training addresses: weights against over-learning, and rounds."""
FEWEST: Final = 20
"""Fewer labelled addresses than this teach nothing, and a tenth of them measures nothing."""
_HELD_OUT: Final = 10
_ROUND: Final = re.compile(r"\*+ Iteration #(\d+)")
_SEED: Final = 4
_MODEL, _WORDS, _CARD = "crf", "words.json", "card.json"

Progress = Callable[[str, int, int], None]
"""Told the step, how far it is, and how far it goes."""


class TooFew(ValueError):
    """There are not enough labelled addresses to learn from."""


class Tagger:
    """A trained reader. Safe to share between threads; some 10 to 20 MB of memory."""

    def __init__(self, model: bytes, words: Words, card: dict[str, Any]) -> None:
        import pycrfsuite  # only where there is a model

        self.card = card
        self._words = words
        self._crf = pycrfsuite.Tagger()
        self._crf.open_inmemory(model)
        self._one_at_a_time = threading.Lock()
        calibration: list[list[float]] = card.get("calibration") or [[0.0, 1.0], [0.0, 1.0]]
        self._claimed, self._right = calibration

    @classmethod
    def load(cls, file: Path) -> "Tagger":
        """The reader that `Trained.save` wrote; OSError, zipfile.BadZipFile or ValueError where it cannot be used."""
        with zipfile.ZipFile(file) as archive:
            try:
                words, card = json.loads(archive.read(_WORDS)), json.loads(archive.read(_CARD))
                return cls(archive.read(_MODEL), Words(words), card)
            except KeyError as error:
                raise ValueError(f"{file}: no trained reader, {error}") from error

    def read(self, text: str) -> Parsed:
        """The text in parts, with the probability that all of them are right."""
        if not text:
            return Parsed("", ())
        cut = units(text)
        seen = features(text, cut, self._words)
        with self._one_at_a_time:
            tags = self._crf.tag(seen)
            claimed = self._crf.probability(tags)
        return _joined(cut, tags, float(np.interp(claimed, self._claimed, self._right)))


@dataclass(frozen=True)
class Trained:
    """What training made, not yet kept anywhere."""

    model: bytes
    words: Words
    card: dict[str, Any]

    def tagger(self) -> Tagger:
        return Tagger(self.model, self.words, self.card)

    def save(self, file: Path) -> None:
        """Written whole or not at all: readers see the old one until the new one is complete."""
        file.parent.mkdir(parents=True, exist_ok=True)
        packed = BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(_MODEL, self.model)
            archive.writestr(_WORDS, json.dumps(self.words.counts, ensure_ascii=False))
            archive.writestr(_CARD, json.dumps(self.card, ensure_ascii=False, indent=1))
        handle, beside = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(packed.getvalue())
                out.flush()
                os.fsync(out.fileno())
            os.replace(beside, file)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise


def train(addresses: Sequence[Parsed], *, rounds: int | None = None, progress: Progress | None = None) -> Trained:
    """Learn from labelled addresses; TooFew where that makes no sense.

    Learnt twice: first without a tenth of them, on which the reader is measured and its confidence is calibrated, then
    with all. `rounds` other than the usual are for trials.
    """
    if len(addresses) < FEWEST:
        raise TooFew(f"{len(addresses)} labelled addresses are too few to learn from; at least {FEWEST} are needed")
    told = progress or (lambda step, done, total: None)
    settings = SETTINGS | ({"max_iterations": rounds} if rounds else {})
    mixed = list(addresses)
    random.Random(_SEED).shuffle(mixed)
    tenth = len(mixed) // _HELD_OUT
    held_out, rest = mixed[:tenth], mixed[tenth:]
    trial = Tagger(_learnt(rest, settings, "held-out tenth", told), Words.of(rest), {})
    scores = parse_scores(held_out, trial.read)
    card = {
        "addresses": len(addresses),
        "parts": sum(len(each.parts) for each in addresses),
        "held_out": {"addresses": tenth, **scores.over(LABELS).as_json()},
        "calibration": _calibration(scores),
        "settings": settings,
        "libraries": {name: version(name) for name in ("python-crfsuite", "scikit-learn", "numpy")},
    }
    return Trained(_learnt(mixed, settings, "all", told), Words.of(mixed), card)


def model_file(home: Path) -> Path:
    """Where a home keeps its trained reader."""
    return home / "addresses" / "reader.zip"


def reader(home: Path | None = None) -> Callable[[str], Parsed]:
    """What reads an address best here: the home's trained reader, or the rules. Neither ever raises.

    A newly trained reader is found by the next call. A file that cannot be used is logged, and the rules serve.
    """
    if home is None:
        from anlan.settings import ENVIRONMENT  # here, so that training and measuring need no settings

        home = ENVIRONMENT.home
    file = model_file(home)
    try:
        tagger = _loaded(file, file.stat().st_mtime_ns)
    except FileNotFoundError:
        return parse
    return parse if tagger is None else tagger.read


def file_hash(file: Path) -> str:
    """The SHA-256 of a file, for the card."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


@lru_cache(maxsize=1)
def _loaded(file: Path, changed_at: int) -> Tagger | None:
    try:
        return Tagger.load(file)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        log.warning("the trained reader of addresses cannot be used, the rules serve: %s", error)
        return None


def _learnt(addresses: Sequence[Parsed], settings: dict[str, float], which: str, told: Progress) -> bytes:
    import pycrfsuite

    rounds = int(settings["max_iterations"])

    class Trainer(pycrfsuite.BaseTrainer):  # type: ignore[misc]  # the library ships no types
        def message(self, line: str) -> None:
            if found := _ROUND.match(line):
                told(f"learning, {which}", int(found[1]), rounds)

    words = Words.of(addresses)
    trainer = Trainer(algorithm="lbfgs", params=settings, verbose=True)  # verbose: it sends us messages
    for number, address in enumerate(addresses, start=1):
        cut = labelled_units(address)
        trainer.append(features(address.text, cut, words, parts_of(address)), tags_of(address, cut))
        told(f"reading, {which}", number, len(addresses))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, _MODEL)
        trainer.train(str(file))
        told(f"learning, {which}", rounds, rounds)
        return file.read_bytes()


def labelled_units(address: Parsed) -> list[Unit]:
    """The units of a labelled address, cut wherever a part ends: `2009` may be a building 20 and a room 09."""
    return [
        Unit(unit.text, part.start + unit.start, part.start + unit.end)
        for part in address.parts
        for unit in units(part.text)
    ]


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
