"""A new model against the one that serves: both answer what is held back, and the better one stays.

One text in five is held back, always the same ones, by its own hash: no model kept here has ever learned from them, so
the old and the new one are compared fairly. Where no model serves yet, the rules are the one to beat. So few texts can
be lucky: the new one must be ahead in nearly every sample drawn anew from them (a paired bootstrap, always the same).
"""

import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from anlan.foundation.rules import rulebook
from anlan.loop import clock
from anlan.services.triage.learning import features, registry
from anlan.services.triage.learning.linear import LinearModel
from anlan.services.triage.learning.models import TriageModel

if TYPE_CHECKING:
    from anlan.services.triage.learning.labelled import Labelled

_HELD_BACK = 5
_SAMPLES = 2_000

Answer = Callable[[str], str]


def is_held_back(text: str) -> bool:
    """One text in five, the same ones every night."""
    return zlib.crc32(features.plain(text).encode("utf-8", "surrogatepass")) % _HELD_BACK == 0


def propose(
    head: str,
    texts: Sequence[str],
    labels: Sequence[str],
    source: str,
    rules: Answer,
    *,
    worth: Sequence[float] | None = None,
    step: Callable[[str], None] = lambda doing: None,
) -> TriageModel:
    """Train a head, keep it with its card, and let it serve if it is better by the rules in force.

    `rules` answers a text as the rules alone would; `worth` is how often over each text counts in learning. Raises
    `training.TooLittle`.
    """
    # SciPy and scikit-learn take a second and 80 MB: only where something is trained.
    from anlan.services.triage.learning.evaluation import scores
    from anlan.services.triage.learning.labelled import Labelled
    from anlan.services.triage.learning.training import TooLittle, train

    every = Labelled(tuple(texts), tuple(labels))
    held = [row for row, text in enumerate(texts) if is_held_back(text)]
    rest = sorted(set(range(len(texts))) - set(held))
    tested, learned = every.only(held), every.only(rest)
    fewest = setting("triage.model_fewest_held_back")
    if len(tested) < fewest:
        raise TooLittle(f"{fewest:g} held-back texts are needed to judge a model; there are {len(tested)}")
    worth_of_rest = [worth[row] for row in rest] if worth is not None else None
    model = train(learned.texts, learned.labels, worth=worth_of_rest, step=step)
    step("comparing it with what serves")
    now = registry.choice(head)
    serving = registry.in_force().heads.get(head)
    before = _right(tested, _answering(serving) if serving else rules)
    after = _right(tested, _answering(model))
    gain = float(after.mean() - before.mean())
    ahead = share_ahead(after, before)
    better = gain >= setting("triage.model_least_gain") and ahead >= setting("triage.model_least_certainty")
    card: dict[str, Any] = {
        "texts": len(learned),
        "held_back": len(tested),
        "labels": dict(Counter(learned.labels)),
        "left_out": sorted(set(labels) - set(model.labels)),
        "scores": scores(model, tested),
        "right": round(float(after.mean()), 4),
        "right_before": round(float(before.mean()), 4),
        "share_of_samples_ahead": round(ahead, 4),
        "compared_with": f"model/{now.model_id}" if serving and now else "rules",
        "better": better,
        "trained_on_day": clock.today().isoformat(),
    }
    kept = registry.keep(head, model, source, card)
    if better:
        why = f"{after.mean():.1%} right on {len(tested)} held-back texts, before {before.mean():.1%}"
        registry.choose(head, kept, why)
    return kept


def share_ahead(after: NDArray[np.bool_], before: NDArray[np.bool_]) -> float:
    """In what share of samples, drawn with replacement from the same texts, more are right after than before.

    A sample is told by how many of its texts were won, lost and neither, so only these are drawn. The same answer to
    the same two (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 16).
    """
    won, lost = int((after & ~before).sum()), int((before & ~after).sum())
    many = len(after)
    drawn = np.random.default_rng(1).multinomial(many, np.array([won, lost, many - won - lost]) / many, _SAMPLES)
    return float((drawn[:, 0] > drawn[:, 1]).mean())


def _answering(model: LinearModel) -> Answer:
    return lambda text: model.guess(text).label


def _right(tested: "Labelled", answer: Answer) -> NDArray[np.bool_]:
    """Which are answered right (texts,)."""
    return np.array([answer(text) == label for text, label in zip(tested.texts, tested.labels, strict=True)])


def setting(id: str) -> float:
    """The number in force of one of this service's rules."""
    value = rulebook().at(id, clock.today()).value
    assert value is not None  # declared so in rules.toml
    return float(value)
