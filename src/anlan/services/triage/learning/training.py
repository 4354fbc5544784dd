"""Training a head: ridge regression on hashed n-grams, solved exactly, with what it costs nothing to know besides.

The dual form needs one matrix of how alike each two texts are. Its inverse gives the weights and also what the model
would have said of each text had it never seen it (leave-one-out): by that the probabilities are calibrated, so no
text is spent on calibration. SciPy and scikit-learn are needed here and nowhere on a web process' path.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg
import scipy.sparse
from numpy.typing import NDArray

from anlan.services.triage.learning import features
from anlan.services.triage.learning.calibration import calibrate, sure_from
from anlan.services.triage.learning.features import Floats
from anlan.services.triage.learning.linear import Doubles, LinearModel, expanded, softmax

FEWEST = 5
"""Texts that a label needs to be learned."""
MOST_TEXTS = 10_000
"""The last so many are learned from: the matrix grows with the square (400 MB here)."""
RIDGE = 0.3
PRECISION = 0.95
"""A guess is sure where as good as this share of all guesses so likely were right on texts not seen."""
MOST_WEIGHTS = 3_500_000
"""Weights kept at most, all labels together, so that a head of many labels is a file under 5 MB; the largest stay."""
_WIDEST = 127
_AT_ONCE = 500
_TWIN = 0.8
"""Cosine from which two texts are taken for one message, sent twice."""


class TooLittle(ValueError):
    """There is not enough to learn from."""


Step = Callable[[str], None]
"""Told what is done next, in a few words, for somebody who waits."""


def silent(doing: str) -> None:
    """Nobody waits."""


@dataclass(frozen=True, slots=True)
class Learned:
    """A head and what is known of it besides.

    `texts` are those it learned from; `truth` (texts,) their labels' numbers; `unseen` (texts, labels) the scores it
    would have given each text had it never seen it; `alone` (texts,) those without a twin, fit to calibrate by.
    """

    model: LinearModel
    texts: tuple[str, ...]
    truth: NDArray[np.int64]
    unseen: Doubles
    alone: NDArray[np.bool_]


def train(
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    worth: Sequence[float] | None = None,
    precision: float = PRECISION,
    step: Step = silent,
) -> LinearModel:
    """A head for the labels that at least `FEWEST` of the texts have.

    `worth`, if given, is how often over each text counts. The same texts give the same model. Raises `TooLittle`
    unless two labels have so many texts.
    """
    return learned(texts, labels, worth=worth, precision=precision, step=step).model


def learned(
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    worth: Sequence[float] | None = None,
    precision: float = PRECISION,
    step: Step = silent,
) -> Learned:
    """A head as `train` makes it, and what is known of it besides. Raises `TooLittle`."""
    if worth is None:
        worth = [1.0] * len(texts)
    counts = Counter(labels[-MOST_TEXTS:])
    names = sorted(label for label, times in counts.items() if times >= FEWEST)
    if len(names) < 2:
        raise TooLittle(f"two labels with at least {FEWEST} texts each are needed; there are {len(names)}")
    number = {label: place for place, label in enumerate(names)}
    kept = [
        (text, number[label], times)
        for text, label, times in zip(texts[-MOST_TEXTS:], labels[-MOST_TEXTS:], worth[-MOST_TEXTS:], strict=True)
        if label in number
    ]
    step("counting n-grams")
    plain = [features.plain(text) for text, _, _ in kept]
    truth = np.array([label for _, label, _ in kept], dtype=np.int64)
    ridge = RIDGE / np.array([times for _, _, times in kept], dtype=np.float32)
    rarity = features.rarities(plain).astype(np.float16).astype(np.float32)  # as it will be kept
    vectors = _matrix(plain, rarity)
    targets = np.eye(len(names), dtype=np.float32)[truth]
    bias = targets.mean(axis=0)
    step("learning what n-grams tell")
    duals, unseen, alone = _solved(vectors, targets - bias, ridge)
    if len(np.unique(truth[alone])) < len(names):
        alone = np.ones_like(alone)
    scores = (unseen + bias).astype(np.float64)
    calibration, offset = calibrate(scores[alone], truth[alone], len(names))
    found = softmax(expanded(scores[alone]) @ calibration + offset)
    weights = _largest(np.asarray(vectors.T @ duals, dtype=np.float32))
    scale = np.maximum(np.abs(weights).max(axis=0), np.float32(1e-12)) / _WIDEST
    model = LinearModel(
        labels=tuple(names),
        rarity=rarity,
        weights=np.rint(weights / scale).astype(np.int8),
        scale=scale.astype(np.float32),
        bias=bias,
        calibration=calibration.astype(np.float32),
        offset=offset.astype(np.float32),
        threshold=sure_from(found, truth[alone], precision),
    )
    return Learned(model, tuple(text for text, _, _ in kept), truth, scores, alone)


def _largest(weights: Floats) -> Floats:
    """The weights (buckets, labels) without the buckets that say least of any label, `MOST_WEIGHTS` in all."""
    many = MOST_WEIGHTS // weights.shape[1]
    if many < len(weights):
        loudest = np.abs(weights).max(axis=1)
        weights[np.argsort(-loudest, kind="stable")[many:]] = 0
    return weights


def _matrix(texts: Sequence[str], rarity: Floats) -> scipy.sparse.csr_matrix:
    """(texts, buckets) of weighed n-grams."""
    rows = [features.weighed(text, rarity) for text in texts]
    ends = np.cumsum([0, *(len(buckets) for buckets, _ in rows)])
    columns = np.concatenate([buckets for buckets, _ in rows]).astype(np.int64)
    found = scipy.sparse.csr_matrix(
        (np.concatenate([values for _, values in rows]), columns, ends), shape=(len(rows), len(rarity))
    )
    found.eliminate_zeros()
    return found


def _solved(
    vectors: scipy.sparse.csr_matrix, targets: Floats, ridge: Floats
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """The duals (texts, labels), what is said of each text by all the others (texts, labels), and which texts have no
    twin among the others (texts,): one that has is too easy to tell how sure the model may be of a new one."""
    turned = vectors.T.tocsr()
    alike = np.empty((len(targets), len(targets)), dtype=np.float32)
    for start in range(0, len(targets), _AT_ONCE):
        alike[start : start + _AT_ONCE] = (vectors[start : start + _AT_ONCE] @ turned).toarray()
    diagonal = np.diag_indices_from(alike)
    itself = alike[diagonal]
    alike[diagonal] = 0
    alone = alike.max(axis=1) < _TWIN
    alike[diagonal] = itself + ridge
    factor, failed = scipy.linalg.lapack.spotrf(alike.T, lower=1, overwrite_a=1)
    if failed:  # cannot be: a ridge makes the matrix positive definite
        raise ArithmeticError(f"the matrix of {len(targets)} texts cannot be factored")
    inverse, _ = scipy.linalg.lapack.spotri(factor, lower=1, overwrite_c=1)
    duals: Floats = scipy.linalg.blas.ssymm(1, inverse, targets, lower=1)
    unseen: Floats = (targets - duals / np.diag(inverse)[:, None]).astype(np.float32)
    return duals, unseen, alone
