"""Training of the network that reads addresses: gradients by hand, in plain numpy. Only for work of the night."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from anlan.city.addresses.network import (
    STEPS,
    TAG_NUMBERS,
    TAGS,
    Array,
    Network,
    as_shares,
    is_seen,
    known,
    with_neighbours,
)

EPOCHS: Final = 6
_PLANNED: Final = 15
"""The rate falls as if there were _PLANNED epochs and is still high when learning stops after EPOCHS: further epochs
learn the training addresses by heart, and the vote reads worse. Found, as the other settings here, by cross-validation
inside the public training addresses."""
_SEED: Final = 0
_WIDTH: Final = 128
_BATCH: Final = 32
_FEWEST: Final = 2
"""A feature seen less often is not learnt."""
_SILENCED: Final = np.float32(0.3)
_FORGOTTEN: Final = np.float32(0.15)
"""Shares of the hidden values, and of the features, left out at random while learning: against learning by heart."""
_RATE, _EMBEDDING_RATE = 0.002, 0.05
_WARMING: Final = 200
_TYPICAL: Final = 20.0
_SMALL: Final = 1e-8

Seen = Sequence[Sequence[str]]
"""The features of each unit of an address."""


def learn(
    addresses: Sequence[Seen],
    tags: Sequence[Sequence[str]],
    *,
    epochs: int = EPOCHS,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> Network:
    """Learn the tags of every unit; the same addresses make the same network."""
    chance = np.random.default_rng(_SEED)
    often = Counter(each for address in addresses for unit in address for each in unit if is_seen(each))
    numbers = {feature: number for number, feature in enumerate(f for f, n in often.items() if n >= _FEWEST)}
    rows = [[known(unit, numbers) for unit in address] for address in addresses]
    wanted = [np.array([TAG_NUMBERS[tag] for tag in each]) for each in tags]
    pupil = _Pupil(len(numbers), chance)
    batches = -(-len(rows) // _BATCH)
    planned = batches * _PLANNED * epochs / EPOCHS
    for epoch in range(epochs):
        for done, batch in enumerate(_batches(rows, chance), start=epoch * batches):
            speed = min(1.0, done / _WARMING) * (1 - done / planned)
            pupil.learn([rows[i] for i in batch], [wanted[i] for i in batch], speed)
            told(done + 1, epochs * batches)
    return Network(numbers, pupil.embeddings.astype(np.float16), pupil.layers)


def _batches(rows: Sequence[Sequence[object]], chance: np.random.Generator) -> Iterator[list[int]]:
    """Addresses of about the same length together, in a new order each time."""
    order = sorted(chance.permutation(len(rows)).tolist(), key=lambda i: len(rows[i]) // 4)
    starts = list(range(0, len(order), _BATCH))
    chance.shuffle(starts)
    for start in starts:
        yield order[start : start + _BATCH]


class _Pupil:
    """The network while it learns: Adam for the layers, Adagrad for the embeddings, of which a batch uses few."""

    def __init__(self, features: int, chance: np.random.Generator) -> None:
        self.embeddings: Array = (chance.standard_normal((features, _WIDTH)) * 0.1).astype(np.float32)
        self.layers: list[Array] = []
        for size in (3 * _WIDTH,) * len(STEPS) + (2 * _WIDTH,):
            self.layers.append((chance.standard_normal((size, _WIDTH)) / np.sqrt(size)).astype(np.float32))
            self.layers.append(np.zeros(_WIDTH, np.float32))
        self.layers += [np.zeros((_WIDTH, len(TAGS)), np.float32), np.zeros(len(TAGS), np.float32)]
        self._chance = chance
        self._moved = np.zeros(features, np.float32)
        self._mean = [np.zeros_like(each) for each in self.layers]
        self._square = [np.zeros_like(each) for each in self.layers]
        self._steps = 0

    def learn(self, rows: Sequence[list[list[int]]], wanted: Sequence[NDArray[np.intp]], speed: float) -> None:
        there = np.zeros((len(rows), max(map(len, rows))), bool)
        for address, units in enumerate(rows):
            there[address, : len(units)] = True
        chosen, used = self._chosen(rows, there)
        inputs = np.asarray(chosen @ self.embeddings[used], np.float32).reshape(*there.shape, _WIDTH)
        gradients, of_inputs = self._gradients(inputs, there, wanted)
        self._adam(gradients, speed)
        of_embeddings = chosen.T @ of_inputs.reshape(-1, _WIDTH) * np.float32(there.sum() / _TYPICAL)
        self._moved[used] += (of_embeddings**2).mean(1)
        pace = np.float32(_EMBEDDING_RATE * speed) / (np.sqrt(self._moved[used])[:, None] + np.float32(1e-6))
        self.embeddings[used] -= pace * of_embeddings

    def _chosen(self, rows: Sequence[list[list[int]]], there: NDArray[np.bool_]) -> tuple[csr_matrix, NDArray[np.intp]]:
        """Which features each unit of the batch has, as a matrix over those that occur, some forgotten at random."""
        flat: list[int] = []
        ends = [0]
        for units in rows:
            for unit in units:
                flat += unit
                ends.append(len(flat))
            ends += [len(flat)] * (there.shape[1] - len(units))
        kept = self._kept((len(flat),), _FORGOTTEN)
        used, columns = np.unique(np.array(flat, np.intp), return_inverse=True)
        return csr_matrix((kept, columns, np.array(ends)), shape=(there.size, len(used))), used

    def _kept(self, shape: tuple[int, ...], share: np.float32) -> Array:
        return (self._chance.random(shape, dtype=np.float32) > share).astype(np.float32) / (1 - share)

    def _gradients(
        self, inputs: Array, there: NDArray[np.bool_], wanted: Sequence[NDArray[np.intp]]
    ) -> tuple[list[Array], Array]:
        """Of all layers, and of the inputs: forward through the layers, then back."""
        layers, present = self.layers, there[:, :, None].astype(np.float32)
        count = present.sum(1, keepdims=True)
        dropped = self._kept(inputs.shape, _SILENCED) * present
        hidden = inputs * dropped
        passed = []
        for number, step in enumerate(STEPS):
            kept = self._kept(hidden.shape, _SILENCED)
            near = with_neighbours(hidden * kept, step)
            raised = near @ layers[2 * number] + layers[2 * number + 1]
            hidden = (hidden + np.maximum(raised, 0)) * present
            passed.append((near, raised, kept))
        matrix, bias, out, out_bias = layers[2 * len(STEPS) :]
        whole = np.broadcast_to(hidden.sum(1, keepdims=True) / count, hidden.shape)
        joined = np.concatenate([hidden, whole], 2)
        raised = joined @ matrix + bias
        kept = self._kept(raised.shape, _SILENCED)
        last = np.maximum(raised, 0) * kept
        slope = as_shares(last @ out + out_bias)
        for address, numbers in enumerate(wanted):
            slope[address, np.arange(len(numbers)), numbers] -= 1
        slope *= present / present.sum()
        of_layers = [_flat(last).T @ _flat(slope), _flat(slope).sum(0)]
        back = slope @ out.T * kept * (raised > 0)
        of_layers = [_flat(joined).T @ _flat(back), _flat(back).sum(0), *of_layers]
        back = back @ matrix.T
        back = (back[:, :, :_WIDTH] + back[:, :, _WIDTH:].sum(1, keepdims=True) / count) * present
        for number in reversed(range(len(STEPS))):
            near, raised, kept = passed[number]
            inner = back * (raised > 0)
            of_layers = [_flat(near).T @ _flat(inner), _flat(inner).sum(0), *of_layers]
            back = (back + _together(inner @ layers[2 * number].T, STEPS[number]) * kept) * present
        return of_layers, back * dropped

    def _adam(self, gradients: Sequence[Array], speed: float) -> None:
        self._steps += 1
        pace = _RATE * speed / (1 - 0.9**self._steps)
        widening = 1 - 0.999**self._steps
        for weights, gradient, mean, square in zip(self.layers, gradients, self._mean, self._square, strict=True):
            mean += np.float32(0.1) * (gradient - mean)
            square += np.float32(0.001) * (gradient * gradient - square)
            weights -= (pace * mean / (np.sqrt(square / widening) + _SMALL)).astype(np.float32)


def _flat(values: Array) -> Array:
    return values.reshape(-1, values.shape[-1])


def _together(slope: Array, step: int) -> Array:
    """The way back through `with_neighbours`: what each unit was part of, summed."""
    found = slope[:, :, _WIDTH : 2 * _WIDTH].copy()
    if slope.shape[1] > step:
        found[:, :-step] += slope[:, step:, :_WIDTH]
        found[:, step:] += slope[:, :-step, 2 * _WIDTH :]
    return found
