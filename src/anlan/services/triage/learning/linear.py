"""The model that serves: one linear layer on hashed n-grams, in NumPy alone, so that a web process loads it in no time.

A text's scores are its weighed n-grams times the weights; its probabilities are a calibrated softmax of the scores.
Weights are kept as whole numbers from -127 to 127 with one scale for each label.
"""

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from anlan.services.triage.learning import features
from anlan.services.triage.learning.features import Floats

Doubles: TypeAlias = NDArray[np.float64]

_ARRAYS = ("rarity", "weights", "scale", "bias", "calibration", "offset")


class BadModel(ValueError):
    """The bytes are not a model of this program."""


@dataclass(frozen=True, slots=True)
class Guess:
    """The likeliest label and how likely it is; `sure` where as good as all guesses so likely are right."""

    label: str
    probability: float
    sure: bool


@dataclass(frozen=True, slots=True)
class LinearModel:
    """One head: a label set and what it takes to choose among it.

    `rarity` (buckets,) and `weights` (buckets, labels; int8) with `scale` and `bias` (labels,) give the scores;
    `calibration` (2 × labels, labels) and `offset` (labels,) make probabilities of them, see `expanded`. A guess of
    at least `threshold` is sure.
    """

    labels: tuple[str, ...]
    rarity: Floats
    weights: NDArray[np.int8]
    scale: Floats
    bias: Floats
    calibration: Floats
    offset: Floats
    threshold: float

    def scores(self, text: str) -> Floats:
        """How much speaks for each label (labels,); any text has scores."""
        buckets, values = features.weighed(features.plain(text), self.rarity)
        found: Floats = (values @ self.weights[buckets].astype(np.float32)) * self.scale + self.bias
        return found

    def probabilities(self, texts: list[str]) -> Doubles:
        """(texts, labels); each row sums to 1."""
        scores = np.array([self.scores(text) for text in texts], dtype=np.float64).reshape(-1, len(self.labels))
        return softmax(expanded(scores) @ self.calibration + self.offset)

    def guess(self, text: str) -> Guess:
        """The likeliest label."""
        (row,) = self.probabilities([text])
        best = int(row.argmax())
        return Guess(self.labels[best], float(row[best]), bool(row[best] >= self.threshold))

    def pull(self, text: str, label: str) -> Floats:
        """How much each character of a plain text speaks for a label rather than for the others (characters,)."""
        chosen = self.labels.index(label)
        weights, values = np.zeros(len(self.rarity), dtype=np.float32), np.zeros(len(text), dtype=np.float32)
        buckets, tfidf = features.weighed(text, self.rarity)
        each = self.weights[buckets].astype(np.float32) * self.scale
        weights[buckets] = tfidf * (each[:, chosen] * 2 - each.sum(axis=1) / max(len(self.labels), 1))
        for part in features.grams(text):
            for length, found in enumerate(part, start=1):
                share = weights[found] / length
                for step in range(length):
                    values[step : step + len(found)] += share
        return values

    def to_bytes(self) -> bytes:
        """The model as a file: NumPy arrays and JSON in a zip archive, the same bytes for the same model."""
        told = json.dumps({"labels": self.labels, "threshold": self.threshold, **_form()}, ensure_ascii=False)
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo("model.json"), told, zipfile.ZIP_DEFLATED)
            for name in _ARRAYS:
                array = io.BytesIO()
                np.save(array, getattr(self, name).astype(np.float16) if name == "rarity" else getattr(self, name))
                archive.writestr(zipfile.ZipInfo(f"{name}.npy"), array.getvalue(), zipfile.ZIP_DEFLATED)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "LinearModel":
        """Raises `BadModel` if the bytes are no model, or one whose n-grams were counted in another way."""
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                told: dict[str, Any] = json.loads(archive.read("model.json"))
                found = {name: np.load(io.BytesIO(archive.read(f"{name}.npy"))) for name in _ARRAYS}
        except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
            raise BadModel(f"not a model: {error}") from error
        if {name: told.get(name) for name in _form()} != _form():
            raise BadModel("the model counts n-grams in another way than this program")
        rarity = found.pop("rarity").astype(np.float32)
        return cls(labels=tuple(told["labels"]), threshold=float(told["threshold"]), rarity=rarity, **found)


def digest(content: bytes) -> str:
    """The name of a model's bytes."""
    return hashlib.sha256(content).hexdigest()


def expanded(scores: Doubles) -> Doubles:
    """What probabilities are made of: the scores, and the squares of those above zero (rows, 2 × labels).

    The squares let a clear winner be surer than a softmax of the scores alone would have it.
    """
    return np.hstack([scores, np.maximum(scores, 0) ** 2])


def softmax(scores: Doubles) -> Doubles:
    """Row by row."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    found: Doubles = raised / raised.sum(axis=1, keepdims=True)
    return found


def _form() -> dict[str, Any]:
    return {"bits": features.BITS, "longest": features.LONGEST, "lead": features.LEAD}
