"""A small network that reads an address: looks at each unit's features, its neighbours and the whole, and weighs tags.

Embeddings of the features are summed; three layers look one, two and four units to each side; what is seen of the whole
address is added. Each unit's tags are weighed by themselves: in the vote the fields know which tags follow which, and a
network that does not is the better voter. It errs differently from the fields over the same features, so that they read
better together than any of them alone. Plain numpy serves it; `network_learning` makes it.
"""

import re
from collections.abc import Mapping, Sequence
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


class Network:
    """A trained network: its layers are a matrix and a bias for each of STEPS, for the whole, and for the tags.

    Safe to share between threads.
    """

    def __init__(self, numbers: Mapping[str, int], embeddings: NDArray[np.floating], layers: Sequence[Array]) -> None:
        self._numbers = numbers
        self._embeddings = embeddings
        self._layers = layers

    def marginals(self, seen: Sequence[Sequence[str]]) -> Array:
        """How likely each unit has each of TAGS: one row a unit, its sum 1."""
        rows = [known(unit, self._numbers) for unit in seen]
        flat = np.fromiter((number for row in rows for number in row), np.intp)
        width = self._embeddings.shape[1]
        hidden = np.zeros((len(rows), width), np.float32)
        filled = [i for i, row in enumerate(rows) if row]
        if filled:
            starts = np.cumsum([0, *(len(rows[i]) for i in filled[:-1])])
            hidden[filled] = np.add.reduceat(self._embeddings[flat].astype(np.float32), starts, axis=0)
        layers = self._layers
        for number, step in enumerate(STEPS):
            near = with_neighbours(hidden[None], step)[0]
            hidden = hidden + np.maximum(near @ layers[2 * number] + layers[2 * number + 1], 0)
        whole = np.broadcast_to(hidden.mean(0), hidden.shape)
        matrix, bias, out, out_bias = layers[2 * len(STEPS) :]
        joined = np.maximum(np.concatenate([hidden, whole], 1) @ matrix + bias, 0)
        return as_shares(joined @ out + out_bias)

    def dump(self) -> bytes:
        packed = BytesIO()
        layers = {f"layer{number}": layer for number, layer in enumerate(self._layers)}
        arrays: dict[str, Any] = {"names": np.array("\n".join(self._numbers)), "embeddings": self._embeddings, **layers}
        np.savez(packed, **arrays)
        return packed.getvalue()

    @classmethod
    def of_dump(cls, dumped: bytes) -> "Network":
        """ValueError or KeyError where this is no network."""
        with np.load(BytesIO(dumped), allow_pickle=False) as packed:
            names = str(packed["names"]).split("\n")
            layers = [packed[f"layer{number}"] for number in range(2 * len(STEPS) + 4)]
            return cls({name: number for number, name in enumerate(names)}, packed["embeddings"], layers)


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


def as_shares(weighed: Array) -> Array:
    """Weights of the tags as probabilities: along the last axis their sum is 1."""
    raised = np.exp(weighed - weighed.max(-1, keepdims=True))
    shares: Array = raised / raised.sum(-1, keepdims=True)
    return shares
