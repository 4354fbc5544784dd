"""What the night's reading counts besides n-grams: words, and the pieces of the words a text opens with.

Each count is weighed by how much it tells a label from the rest (naive Bayes' log-ratio) before a linear support
vector machine sees it, one for each label: Wang and Manning, Baselines and Bigrams, ACL 2012. scikit-learn and rjieba
are needed here and nowhere on a web process' path.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import rjieba
import scipy.sparse
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from anlan.services.triage.learning.features import MOST_CHARACTERS, Floats
from anlan.services.triage.learning.linear import Doubles
from anlan.services.triage.matching import normalise

LEAD_WORDS = 14
"""So many words stand for the title, or are one."""
_LONGEST_PIECE = 3
_SMOOTHING = 0.3
_FOLDS = 5

Words = list[str]


def words(text: str) -> Words:
    """The words of a text in normal form. One that comes segmented keeps its words: cut again, they stay whole."""
    return [word for word in rjieba.cut(normalise(text[: 2 * MOST_CHARACTERS])) if not word.isspace()]


def words_and_pairs(found: Words) -> list[str]:
    """Each word, and each with the one that follows."""
    return [*found, *(f"{first} {second}" for first, second in pairwise(found))]


def opening_pieces(found: Words) -> list[str]:
    """Runs of one to three characters of the first words, with the edges of the words."""
    edged = [f" {word} " for word in found[:LEAD_WORDS]]
    return [
        word[start : start + length]
        for word in edged
        for length in range(1, _LONGEST_PIECE + 1)
        for start in range(len(word) - length + 1)
    ]


@dataclass(frozen=True, slots=True)
class View:
    """One way to count words, and what speaks for each label by it: `ratios` and `weights` (labels, terms)."""

    counter: CountVectorizer
    ratios: Floats
    weights: Floats
    bias: Floats

    def decisions(self, found: Sequence[Words]) -> Doubles:
        """How much speaks for each label (texts, labels)."""
        return _decisions(self.counter.transform(found), self.ratios, self.weights, self.bias)


def learned(
    count: Callable[[Words], list[str]], least: int, found: Sequence[Words], truth: NDArray[np.int64], labels: int
) -> tuple[View, Doubles]:
    """The view by `count`, of terms in at least `least` texts, and what it would have said of each text unseen.

    What is unseen comes of five folds, (texts, labels). Raises ValueError where no term stands in enough texts.
    """
    counter = CountVectorizer(analyzer=count, min_df=least, max_df=0.4, binary=True, dtype=np.float32)
    counted = counter.fit_transform(found).tocsr()
    unseen = np.zeros((len(found), labels))
    for rest, rows in StratifiedKFold(_FOLDS, shuffle=True, random_state=1).split(unseen, truth):
        unseen[rows] = _decisions(counted[rows], *_fitted(counted[rest], truth[rest], labels))
    return View(counter, *_fitted(counted, truth, labels)), unseen


def _fitted(counted: scipy.sparse.csr_matrix, truth: NDArray[np.int64], labels: int) -> tuple[Floats, Floats, Floats]:
    ratios = np.array([_ratio(counted, truth == label) for label in range(labels)])
    weights, bias = np.zeros_like(ratios), np.zeros(labels, dtype=np.float32)
    for label, ratio in enumerate(ratios):
        machine = LinearSVC(C=1, tol=0.01, random_state=0).fit(_weighed(counted, ratio), truth == label)
        weights[label], bias[label] = machine.coef_[0], machine.intercept_[0]
    return ratios, weights, bias


def _ratio(counted: scipy.sparse.csr_matrix, of_label: NDArray[np.bool_]) -> Floats:
    """How much oftener, or rarer, each term is in a label's texts than in the others: the size of the logarithm."""
    inside = np.asarray(counted[of_label].sum(axis=0)).ravel() + _SMOOTHING
    outside = np.asarray(counted[~of_label].sum(axis=0)).ravel() + _SMOOTHING
    found: Floats = np.abs(np.log(inside / inside.sum()) - np.log(outside / outside.sum())).astype(np.float32)
    return found


def _weighed(counted: scipy.sparse.csr_matrix, ratio: Floats) -> scipy.sparse.csr_matrix:
    """Rows of length one."""
    found = (counted @ scipy.sparse.diags(ratio)).tocsr()
    lengths = np.sqrt(np.asarray(found.multiply(found).sum(axis=1)).ravel())
    return scipy.sparse.diags(1 / np.maximum(lengths, 1e-9)) @ found


def _decisions(counted: scipy.sparse.csr_matrix, ratios: Floats, weights: Floats, bias: Floats) -> Doubles:
    each = [_weighed(counted, ratio) @ weight for ratio, weight in zip(ratios, weights, strict=True)]
    return np.stack(each, axis=1).astype(np.float64) + bias
