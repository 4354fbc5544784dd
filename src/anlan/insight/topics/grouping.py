"""Messages that report the same issue, by average linkage: two groups become one while the mean likeness over all
their pairs is at least the threshold, the likest first. So a group does not grow along a chain of neighbours.

Average linkage gives the same groups when every two that are each other's nearest join at once, and what is nearest to
nothing now never will be. So there is no matrix of all pairs: each round looks for the nearest of what changed and goes
on with the means of what joined.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from .similarity import Floats, Likeness, Numbers

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

LOOKED_UP = 64
"""A run that more rows share is no way to find a neighbour; it still counts for those found. Keeps the cost of a
message from growing with their number."""
COMPARED = 16
"""Neighbours found that are compared by all their runs."""
_AT_ONCE = 512
_NO_ONE = -1


def groups(of: Likeness, threshold: float) -> Numbers:
    """For each message the number of the first message of its group.

    Exact average linkage while no run is shared by more than `LOOKED_UP` messages; close to it beyond.
    """
    from scipy import sparse

    joined_to = np.arange(of.runs.shape[0])
    heads, sizes, rows = joined_to.copy(), np.ones(len(joined_to), dtype=np.float32), of
    nearest, likest = _nearest(rows, heads, np.arange(len(heads)))
    all_fresh = True
    while True:
        # What is like nothing stays by itself: no joining of others brings it nearer.
        stays = likest >= threshold
        number = np.cumsum(stays) - 1
        nearest = np.where(stays[nearest], number[nearest], _NO_ONE)[stays]
        heads, sizes, likest = heads[stays], sizes[stays], likest[stays]
        rows = Likeness(rows.runs[stays], rows.besides[stays])
        here = np.arange(len(heads))
        first = here[(nearest > here) & (nearest[nearest] == here)]
        if not len(first):
            if all_fresh or not len(heads):
                return _followed(joined_to)
            # Of many all but equally alike, what was found before a joining may no longer fit together.
            nearest, likest = _nearest(rows, heads, here)
            all_fresh = True
            continue
        second = nearest[first]
        joined_to[heads[second]] = heads[first]
        remains = np.ones(len(heads), dtype=bool)
        remains[second] = False
        target = np.cumsum(remains) - 1
        target[second] = target[first]
        whole = np.bincount(target, weights=sizes).astype(np.float32)
        share = sparse.csr_matrix((sizes / whole[target], (target, here)), shape=(len(whole), len(here)))
        rows = Likeness((share @ rows.runs).tocsr(), share @ rows.besides)
        changed = np.zeros(len(heads), dtype=bool)
        changed[first] = changed[second] = True
        stale = np.flatnonzero((changed | changed[nearest] | (nearest == _NO_ONE))[remains])
        nearest, likest = target[nearest[remains]], likest[remains]
        heads, sizes = heads[remains], whole
        nearest[stale], likest[stale] = _nearest(rows, heads, stale)
        all_fresh = len(stale) == len(heads)


def tighter(of: Likeness, grouped: Numbers, threshold: float, *, below: int) -> Numbers:
    """The same groups, but those of fewer than `below` messages cut by a higher threshold and another likeness: a few
    messages about one place are alike by its name alone, many are not."""
    _, number, sizes = np.unique(grouped, return_inverse=True, return_counts=True)
    few = np.flatnonzero((sizes[number] > 1) & (sizes[number] < below))
    cut = few[groups(Likeness(of.runs[few], of.besides[few]), threshold)]
    # Together only what was together before.
    _, first = np.unique(np.stack([cut, grouped[few]]), axis=1, return_inverse=True)
    anew = grouped.copy()
    for group in np.unique(first):
        members = few[first == group]
        anew[members] = members[0]
    return anew


def _followed(joined_to: Numbers) -> Numbers:
    while True:
        further = joined_to[joined_to]
        if np.array_equal(further, joined_to):
            return joined_to
        joined_to = further


def _nearest(among: Likeness, heads: Numbers, asked: Numbers) -> tuple[Numbers, Floats]:
    """For each row asked for the nearest other one and how like it is; itself and -1 where it shares nothing."""
    shared_by = np.bincount(among.runs.indices, minlength=among.runs.shape[1])
    lookup: csr_matrix = among.runs[:, (shared_by > 1) & (shared_by <= LOOKED_UP)]
    common: csr_matrix = among.runs[:, shared_by > LOOKED_UP]
    others = lookup.T.tocsr()
    nearest, likest = asked.copy(), np.full(len(asked), -1, dtype=np.float32)
    for start in range(0, len(asked), _AT_ONCE):
        rows = asked[start : start + _AT_ONCE]
        place, found, like = _found(among, rows, lookup[rows] @ others, all_of_them=common.nnz == 0)
        if common.nnz:
            like = like + common[rows[place]].multiply(common[found]).sum(axis=1).A1
        like = like + _tie_breaker(heads[rows[place]], heads[found])
        best = np.lexsort((like, place))
        best = best[np.append(place[best][1:] != place[best][:-1], True)] if len(best) else best
        nearest[start + place[best]], likest[start + place[best]] = found[best], like[best]
    return nearest, likest


def _found(among: Likeness, rows: Numbers, products: Any, *, all_of_them: bool) -> tuple[Numbers, Numbers, Floats]:
    """What each row shares a telling run with, or only the best of it: the row's place, the other, how like."""
    places, founds, likes = [], [], []
    for place, row in enumerate(rows.tolist()):
        span = slice(products.indptr[place], products.indptr[place + 1])
        found = products.indices[span].astype(np.int64)
        like = np.where(found == row, np.float32(-1), products.data[span] + among.added(row, found))
        if not all_of_them and len(found) > COMPARED:
            best = np.argpartition(like, -COMPARED)[-COMPARED:]
            found, like = found[best], like[best]
        founds.append(found[found != row])
        likes.append(like[found != row])
        places.append(np.full(len(founds[-1]), place))
    return np.concatenate(places), np.concatenate(founds), np.concatenate(likes)


def _tie_breaker(one: Numbers, other: Numbers) -> Floats:
    """A trifle that is the same from both sides, so that of many alike some pair always is each other's nearest."""
    mixed = (np.minimum(one, other) * 0x9E3779B1 + np.maximum(one, other) * 0x85EBCA6B) & 0xFFFFFF
    trifle: Floats = (mixed / 0x1000000 * 1e-4).astype(np.float32)
    return trifle
