"""A small network that reads an address: looks at each unit's features, its neighbours and the whole, and weighs tags.

Embeddings of the features are summed; three layers look one, two and four units to each side; what is seen of the whole
address is added; and a chain over the tags (as in a conditional random field) makes them fit together. It errs
differently from the field over the same features, so that the two read better together than either alone. Plain numpy
serves it; `network_learning` makes it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anlan.city.addresses.parts import LABELS

Array = NDArray[np.float32]
TAGS: Final = tuple(place + label for label in LABELS for place in "BIES")
TAG_NUMBERS: Final = {tag: number for number, tag in enumerate(TAGS)}
STEPS: Final = (1, 2, 4)
"""How far to each side each layer looks."""
_SEEN: Final = re.compile(r"0|a|b|c|d|f|g|k|w|u|v|t\D|R|y|p0|pa|pb|P|Q|[BIE]x[1235]|bw|ew")
"""The kinds of features (`features`) that are looked at: the network makes its own combinations of the others."""
_SMALLEST: Final = np.float32(1e-30)


def _follows(first: str, then: str) -> bool:
    """May this tag stand behind that one?"""
    if first[0] in "ES":
        return then[0] in "BS"
    return then[0] in "IE" and first[1:] == then[1:]


LEGAL: Final = np.array([[_follows(first, then) for then in TAGS] for first in TAGS], np.float32)
BEGINS: Final = np.array([tag[0] in "BS" for tag in TAGS], np.float32)
ENDS: Final = np.array([tag[0] in "ES" for tag in TAGS], np.float32)


@dataclass
class Weights:
    """What is learnt; `layers` holds a matrix and a bias for each of STEPS, for the whole, and for the tags."""

    layers: list[Array]
    chain: Array

    @classmethod
    def fresh(cls, width: int, chance: np.random.Generator) -> "Weights":
        layers: list[Array] = []
        for size in (3 * width,) * len(STEPS) + (2 * width,):
            layers.append((chance.standard_normal((size, width)) / np.sqrt(size)).astype(np.float32))
            layers.append(np.zeros(width, np.float32))
        layers += [np.zeros((width, len(TAGS)), np.float32), np.zeros(len(TAGS), np.float32)]
        return cls(layers, np.zeros((len(TAGS), len(TAGS)), np.float32))


class Network:
    """A trained network. Safe to share between threads."""

    def __init__(self, numbers: Mapping[str, int], embeddings: Array, weights: Weights) -> None:
        self.numbers = numbers
        self._embeddings = embeddings
        self._weights = weights

    def marginals(self, seen: Sequence[Sequence[str]]) -> Array:
        """How likely each unit has each of TAGS: one row a unit, its sum 1."""
        rows = [known(unit, self.numbers) for unit in seen]
        flat = np.fromiter((number for row in rows for number in row), np.intp)
        width = self._embeddings.shape[1]
        hidden = np.zeros((len(rows), width), np.float32)
        filled = [i for i, row in enumerate(rows) if row]
        if filled:
            starts = np.cumsum([0, *(len(rows[i]) for i in filled[:-1])])
            hidden[filled] = np.add.reduceat(self._embeddings[flat].astype(np.float32), starts, axis=0)
        layers = self._weights.layers
        for number, step in enumerate(STEPS):
            near = with_neighbours(hidden[None], step)[0]
            hidden = hidden + np.maximum(near @ layers[2 * number] + layers[2 * number + 1], 0)
        whole = np.broadcast_to(hidden.mean(0), hidden.shape)
        matrix, bias, out, out_bias = layers[2 * len(STEPS) :]
        joined = np.maximum(np.concatenate([hidden, whole], 1) @ matrix + bias, 0)
        weighed = joined @ out + out_bias
        marginals: Array = chained(weighed[None], np.ones((1, len(rows)), bool), self._weights.chain)[0][0]
        return marginals

    def dump(self) -> bytes:
        packed = BytesIO()
        names = np.array("\n".join(self.numbers))
        layers = {f"layer{number}": layer for number, layer in enumerate(self._weights.layers)}
        arrays: dict[str, Any] = {
            "names": names,
            "embeddings": self._embeddings,
            "chain": self._weights.chain,
            **layers,
        }
        np.savez(packed, **arrays)
        return packed.getvalue()

    @classmethod
    def of_dump(cls, dumped: bytes) -> "Network":
        """ValueError or KeyError where this is no network."""
        with np.load(BytesIO(dumped), allow_pickle=False) as packed:
            names = str(packed["names"]).split("\n")
            layers = [packed[f"layer{number}"] for number in range(2 * len(STEPS) + 4)]
            weights = Weights(layers, packed["chain"])
            return cls({name: number for number, name in enumerate(names)}, packed["embeddings"], weights)


def known(unit: Sequence[str], numbers: Mapping[str, int]) -> list[int]:
    """The numbers of those features of a unit that the network knows."""
    return [number for each in unit if (number := numbers.get(each)) is not None]


def is_seen(feature: str) -> bool:
    """Is this a kind of feature that the network looks at?"""
    return _SEEN.match(feature) is not None


def with_neighbours(hidden: Array, step: int) -> Array:
    """For each unit (addresses × units × width) what stands `step` before, here, and `step` behind, side by side."""
    addresses, units, width = hidden.shape
    found = np.zeros((addresses, units, 3 * width), np.float32)
    found[:, :, width : 2 * width] = hidden
    if units > step:
        found[:, step:, :width] = hidden[:, :-step]
        found[:, :-step, 2 * width :] = hidden[:, step:]
    return found


def chained(weighed: Array, there: NDArray[np.bool_], chain: Array) -> tuple[Array, Array]:
    """The marginals of a chain over the tags (addresses × units × tags), and how often each pair of tags is expected.

    `there` says which units there are: the shorter addresses of a batch are filled up behind.
    """
    scale = np.maximum(weighed - weighed.max(2, keepdims=True), np.float32(-30))
    here = np.exp(scale).transpose(1, 0, 2).copy()
    exists = there.T[:, :, None]
    steps = np.exp(chain) * LEGAL
    before, behind = np.zeros_like(here), np.zeros_like(here)
    reached = here[0] * BEGINS
    before[0] = reached = reached / reached.sum(1, keepdims=True)
    for unit in range(1, len(here)):
        new = (reached @ steps) * here[unit]
        new /= new.sum(1, keepdims=True) + _SMALLEST
        before[unit] = reached = np.where(exists[unit], new, reached)
    leads: Array = np.broadcast_to(ENDS, reached.shape)
    behind[-1] = leads
    pairs = np.zeros_like(steps)
    for unit in range(len(here) - 1, 0, -1):
        onward = here[unit] * leads
        new = onward @ steps.T
        likely = (before[unit - 1] * new).sum(1, keepdims=True) + _SMALLEST
        pairs += (before[unit - 1] * exists[unit] / likely).T @ onward
        new /= new.sum(1, keepdims=True) + _SMALLEST
        behind[unit - 1] = leads = np.where(exists[unit], new, leads)
    marginals = before * behind
    marginals /= marginals.sum(2, keepdims=True) + _SMALLEST
    return marginals.transpose(1, 0, 2).copy(), pairs * steps
