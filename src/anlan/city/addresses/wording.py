"""How likely each verdict is by words alone: a logistic regression over what `contrast.words` names."""

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_FEWEST: Final = 3
"""A word seen less often is not learnt."""
_STRENGTH: Final = 0.1
_ROUNDS: Final = 40
"""Further rounds change the probabilities by little and take long."""


@dataclass(frozen=True)
class Wording:
    """A weight for each word and class."""

    rows: dict[str, int]
    weights: Array
    bias: Array

    def likely(self, described: Sequence[Sequence[str]]) -> Array:
        """The probabilities of the classes, one row for each description."""
        found = np.empty((len(described), len(self.bias)))
        for at, words in enumerate(described):
            known = sorted({self.rows[word] for word in words if word in self.rows})
            found[at] = self.weights[known].sum(axis=0) + self.bias
        found = np.exp(found - found.max(axis=1, keepdims=True))
        return np.asarray(found / found.sum(axis=1, keepdims=True))

    def as_json(self) -> dict[str, Any]:
        return {"words": list(self.rows), "weights": self.weights.tolist(), "bias": self.bias.tolist()}

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> "Wording":
        """What `as_json` gave; KeyError where it lacks something."""
        bias = np.array(kept["bias"])
        weights = np.array(kept["weights"]).reshape(-1, len(bias))
        return cls({word: at for at, word in enumerate(kept["words"])}, weights, bias)


def learn(described: Sequence[Sequence[str]], wanted: Sequence[int], weights: Sequence[float], classes: int) -> Wording:
    """Learn from descriptions, the class of each (0 up to `classes`, some may be missing) and how much each counts."""
    from scipy.sparse import csr_matrix  # for training and nightly work only
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    only, *more = sorted(set(wanted))
    if not more:
        return Wording({}, np.zeros((0, classes)), np.where(np.arange(classes) == only, 0.0, -np.inf))
    seen = Counter(word for words in described for word in set(words))
    rows = {word: at for at, word in enumerate(sorted(word for word, count in seen.items() if count >= _FEWEST))}
    known = [sorted({rows[word] for word in words if word in rows}) for words in described]
    starts = np.cumsum([0, *map(len, known)])
    columns = np.array([each for line in known for each in line], dtype=np.int64)
    table = csr_matrix((np.ones(len(columns)), columns, starts), shape=(len(known), len(rows)))
    model = LogisticRegression(C=_STRENGTH, max_iter=_ROUNDS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # stopped early on purpose
        model.fit(table, np.array(wanted), sample_weight=np.array(weights))
    coefficients, bias = np.zeros((len(rows), classes)), np.full(classes, -np.inf)
    found = [int(each) for each in model.classes_]
    if len(found) == 2:  # only the second's side is kept by the library
        coefficients[:, found[1]], bias[found] = model.coef_[0], (0.0, model.intercept_[0])
    else:
        coefficients[:, found], bias[found] = model.coef_.T, model.intercept_
    return Wording(rows, coefficients, bias)
