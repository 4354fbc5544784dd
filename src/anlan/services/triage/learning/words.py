"""The words of a text that weighed most for a guess: real pieces of it, for a person to judge the guess by."""

import re

from anlan.services.triage.learning import features
from anlan.services.triage.learning.features import Floats
from anlan.services.triage.learning.linear import LinearModel

SHOWN = 3
_SHORTEST, _LONGEST = 2, 8
_HOT, _WARM = 0.35, 0.12
"""A word has a character that speaks at least so much as the loudest, and goes on while they speak at least so much."""
# A word in one script; English ones are shown whole.
_PIECE = re.compile(r"[a-z0-9][a-z0-9'-]+|[^\W\da-z_]+")


def heaviest(model: LinearModel, text: str, label: str) -> tuple[str, ...]:
    """At most `SHOWN` pieces of the plain text that spoke loudest for the label, longest first; none if none did."""
    plain = features.plain(text)
    pull = model.pull(plain, label)
    loudest = float(pull.max(initial=0))
    if loudest <= 0:
        return ()
    found: dict[str, float] = {}
    for piece in _PIECE.finditer(plain):
        for first, last in _runs(pull[piece.start() : piece.end()], loudest, whole=plain[piece.start()].isascii()):
            word = plain[piece.start() + first : piece.start() + last]
            found[word] = found.get(word, 0.0) + float(pull[piece.start() + first : piece.start() + last].sum())
    chosen: list[str] = []
    for word in sorted(found, key=found.__getitem__, reverse=True):
        if len(chosen) < SHOWN and not any(word in other or other in word for other in chosen):
            chosen.append(word)
    return tuple(sorted(chosen, key=len, reverse=True))


def _runs(pull: Floats, loudest: float, *, whole: bool) -> list[tuple[int, int]]:
    """Where neighbouring characters are warm and one of them is hot; or the whole, if one of it is hot.

    Long runs are cut, single characters left out.
    """
    warm = [value >= _WARM * loudest for value in pull.tolist()]
    spans = [(0, len(pull))] if whole else _neighbours(warm)
    return [span for span in spans if float(pull[slice(*span)].max()) >= _HOT * loudest]


def _neighbours(warm: list[bool]) -> list[tuple[int, int]]:
    runs, start = [], None
    for place, is_warm in enumerate([*warm, False]):
        if is_warm and start is None:
            start = place
        elif start is not None and (not is_warm or place - start == _LONGEST):
            if place - start >= _SHORTEST:
                runs.append((start, place))
            start = place if is_warm else None
    return runs
