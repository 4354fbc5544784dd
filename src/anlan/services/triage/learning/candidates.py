"""A new model against the one that serves: both answer what is held back, and the better one stays.

One text in five is held back, always the same ones, by its own hash: no model kept here has ever learned from them, so
the old and the new one are compared fairly. Where no model serves yet, the rules are the one to beat.
"""

import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from anlan.foundation.rules import rulebook
from anlan.loop import clock
from anlan.services.triage.learning import features, registry
from anlan.services.triage.learning.linear import LinearModel
from anlan.services.triage.learning.models import TriageModel

if TYPE_CHECKING:
    from anlan.services.triage.learning.labelled import Labelled

_HELD_BACK = 5

Answer = Callable[[str], str]


def is_held_back(text: str) -> bool:
    """One text in five, the same ones every night."""
    return zlib.crc32(features.plain(text).encode("utf-8", "surrogatepass")) % _HELD_BACK == 0


def propose(head: str, texts: Sequence[str], labels: Sequence[str], source: str, rules: Answer) -> TriageModel:
    """Train a head, keep it with its card, and let it serve if it is better by the rules in force.

    `rules` answers a text as the rules alone would. Raises `training.TooLittle`.
    """
    # SciPy and scikit-learn take a second and 80 MB: only where something is trained.
    from anlan.services.triage.learning.evaluation import scores
    from anlan.services.triage.learning.labelled import Labelled
    from anlan.services.triage.learning.training import TooLittle, train

    every = Labelled(tuple(texts), tuple(labels))
    held = [row for row, text in enumerate(texts) if is_held_back(text)]
    tested, learned = every.only(held), every.only(sorted(set(range(len(texts))) - set(held)))
    fewest = _setting("triage.model_fewest_held_back")
    if len(tested) < fewest:
        raise TooLittle(f"{fewest:g} held-back texts are needed to judge a model; there are {len(tested)}")
    model = train(learned.texts, learned.labels)
    now = registry.choice(head)
    serving = registry.in_force().heads.get(head)
    before = _share_right(tested, _answering(serving) if serving else rules)
    after = _share_right(tested, _answering(model))
    better = after - before >= _setting("triage.model_least_gain")
    card: dict[str, Any] = {
        "texts": len(learned),
        "held_back": len(tested),
        "labels": dict(Counter(learned.labels)),
        "left_out": sorted(set(labels) - set(model.labels)),
        "scores": scores(model, tested),
        "right": round(after, 4),
        "right_before": round(before, 4),
        "compared_with": f"model/{now.model_id}" if serving and now else "rules",
        "better": better,
        "trained_on_day": clock.today().isoformat(),
    }
    kept = registry.keep(head, model, source, card)
    if better:
        registry.choose(head, kept, f"{after:.1%} right on {len(tested)} held-back texts, before {before:.1%}")
    return kept


def _answering(model: LinearModel) -> Answer:
    return lambda text: model.guess(text).label


def _share_right(tested: "Labelled", answer: Answer) -> float:
    right = sum(answer(text) == label for text, label in zip(tested.texts, tested.labels, strict=True))
    return right / len(tested)


def _setting(id: str) -> float:
    value = rulebook().at(id, clock.today()).value
    assert value is not None  # declared so in rules.toml
    return float(value)
