"""The night's reading: the fast model and two views of words together, better and slower than what serves by day.

Each of the three says what it makes of a text; a logistic regression, learned from what they said of texts that they
had not seen, makes probabilities of that. Chosen by five folds of labelled messages to a city (see bench/triage.py):
more views, trees, a small network and nearest neighbours did not add to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from anlan.services.triage.learning import calibration, views
from anlan.services.triage.learning.linear import Doubles, LinearModel, softmax
from anlan.services.triage.learning.training import PRECISION, Learned, Step, TooLittle, learned, silent
from anlan.services.triage.learning.views import View

_COUNTED = ((views.words_and_pairs, 2), (views.opening_pieces, 3))
"""What each view counts, and in how many texts a term must stand."""
_PENALTY = 2.0
_SOFTER = 0.92
"""What is learned from all texts speaks louder of a new one than what was learned from four folds of five does, by
which the regression judges: measured, it is held back by so much, or the stack would be surer than it may be."""


@dataclass(frozen=True, slots=True)
class Stack:
    """`fast` and the other views with the regression over what they say, as `LinearModel` has it."""

    fast: LinearModel
    views: tuple[View, ...]
    calibration: Doubles
    offset: Doubles
    threshold: float

    @property
    def labels(self) -> tuple[str, ...]:
        """In the order of the probabilities."""
        return self.fast.labels

    def probabilities(self, texts: list[str]) -> Doubles:
        """(texts, labels); each row sums to 1."""
        found = [views.words(text) for text in texts]
        scores = np.array([self.fast.scores(text) for text in texts], dtype=np.float64)
        said = _together(scores.reshape(-1, len(self.labels)), [_SOFTER * view.decisions(found) for view in self.views])
        return softmax(said @ self.calibration + self.offset)


def train(texts: Sequence[str], labels: Sequence[str], *, precision: float = PRECISION, step: Step = silent) -> Stack:
    """The night's reading for the labels that have enough texts; the same texts give the same stack.

    Raises `TooLittle` as `training.train` does.
    """
    return over(learned(texts, labels, precision=precision, step=step), precision=precision, step=step)


def over(fast: Learned, *, precision: float = PRECISION, step: Step = silent) -> Stack:
    """The stack over a fast model just trained. Raises `TooLittle` where no two texts share a word."""
    step("counting words")
    found = [views.words(text) for text in fast.texts]
    names = fast.model.labels
    several, unseen = [], []
    for count, least in _COUNTED:
        step("learning what words tell")
        try:
            view, said = views.learned(count, least, found, fast.truth, len(names))
        except ValueError as error:
            raise TooLittle(f"the texts have no words in common: {error}") from error
        several.append(view)
        unseen.append(said[fast.alone])
    truth = fast.truth[fast.alone]
    together = _together(fast.unseen[fast.alone], unseen)
    matrix, offset = calibration.regression(together, truth, len(names), _PENALTY)
    probabilities = softmax(together @ matrix + offset)
    threshold = calibration.sure_from(probabilities, truth, precision)
    return Stack(fast.model, tuple(several), matrix, offset, threshold)


def _together(scores: Doubles, decisions: Sequence[Doubles]) -> Doubles:
    """What the regression sees of each text: the fast model's scores as its own calibration does, and the views'."""
    return np.hstack([calibration.steep(scores), *decisions])
