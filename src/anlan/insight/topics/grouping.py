"""Messages that report the same issue, by average linkage: two groups become one while the mean likeness over all
their pairs is at least the threshold, the likest first. So a group does not grow along a chain of neighbours.

Average linkage gives the same groups when every two that are each other's nearest join at once, and what is nearest to
nothing now never will be. So there is no matrix of all pairs: each message keeps a short list of those likest to it.
A joining lowers a likeness or leaves it (the mean of two is no more than the greater), so of what is not listed the
most that it can be like is known too; only where that is more than the best of the list is anything looked up again.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .similarity import Floats, Likeness, Numbers

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

LOOKED_UP = 64
"""A run that more rows share is no way to find a neighbour; it still counts for those found. Keeps the cost of a
message from growing with their number."""
LISTED = 16
"""Neighbours that a row keeps."""
_AT_ONCE = 512
_PAIRS_AT_ONCE = 20_000
_LONG = 1_000
"""A row of more runs than this, a large group's, is spread out once instead of being copied for each of its pairs."""
_DOUBTFUL = 0.01
"""The share of rows whose nearest is in doubt that makes looking them up worth while: it costs little more for many
than for one. Until then they wait, and whoever is nearest to them too."""
_NO_ONE = -1

Truths = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Neighbours:
    """The others likest to each row that are like enough to join: `found` and `like` (rows × `LISTED`), the likest
    first, -1 where there are no more. None that is not listed is more like the row than `unlisted` (rows)."""

    found: Numbers
    like: Floats
    unlisted: Floats


def groups(of: Likeness, threshold: float) -> Numbers:
    """For each message the number of the first message of its group.

    Exact average linkage while no run is shared by more than `LOOKED_UP` messages; close to it beyond.
    """
    joined_to = np.arange(of.runs.shape[0])
    heads, sizes, rows = joined_to.copy(), np.ones(len(joined_to), dtype=np.float32), of
    known = _looked_up(rows, heads, joined_to, threshold)
    all_fresh = True
    while True:
        doubtful = (known.like[:, 0] < known.unlisted) & (known.unlisted > threshold)
        if doubtful.sum() > _DOUBTFUL * len(doubtful):
            _look_up_again(known, rows, heads, doubtful, threshold)
        heads, sizes, rows, known, doubtful = _like_something(heads, sizes, rows, known, doubtful)
        here, nearest = np.arange(len(heads)), known.found[:, 0]
        each_others = (nearest > here) & (nearest[nearest] == here) & ~doubtful & ~doubtful[nearest]
        first = here[each_others]
        if not len(first):
            if all_fresh or not len(heads):
                return _followed(joined_to)
            # Of many all but equally alike, what was found before a joining may no longer fit together.
            all_fresh = not doubtful.any()
            _look_up_again(known, rows, heads, doubtful if doubtful.any() else ~doubtful, threshold)
            continue
        joined_to[heads[nearest[first]]] = heads[first]
        heads, sizes, rows, known = _joined(heads, sizes, rows, known, first, threshold)
        all_fresh = False


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


def _like_something(
    heads: Numbers, sizes: Floats, rows: Likeness, known: _Neighbours, doubtful: Truths
) -> tuple[Numbers, Floats, Likeness, _Neighbours, Truths]:
    """What is like nothing stays by itself: no joining of others brings it nearer."""
    stays = (known.found[:, 0] != _NO_ONE) | doubtful
    if stays.all():
        return heads, sizes, rows, known, doubtful
    number = np.append(np.where(stays, np.cumsum(stays) - 1, _NO_ONE), _NO_ONE)
    left = _Neighbours(*_likest(number[known.found[stays]], known.like[stays]), known.unlisted[stays])
    return heads[stays], sizes[stays], Likeness(rows.runs[stays], rows.besides[stays]), left, doubtful[stays]


def _joined(
    heads: Numbers, sizes: Floats, rows: Likeness, known: _Neighbours, first: Numbers, threshold: float
) -> tuple[Numbers, Floats, Likeness, _Neighbours]:
    """The rows after each of `first` and its nearest have become one, where the first of them was."""
    from scipy import sparse

    second = known.found[first, 0]
    here = np.arange(len(heads))
    remains = np.ones(len(heads), dtype=bool)
    remains[second] = False
    target = np.cumsum(remains) - 1
    target[second] = target[first]
    whole = np.bincount(target, weights=sizes).astype(np.float32)
    share = sparse.csr_matrix((sizes / whole[target], (target, here)), shape=(len(whole), len(here)))
    rows, heads = Likeness((share @ rows.runs).tocsr(), share @ rows.besides), heads[remains]
    rows.runs.sort_indices()
    unlisted = (share @ known.unlisted).astype(np.float32)
    # Whoever is listed by neither of two is at most as like both together as the mean of what either may not list.
    found = np.full((len(whole), 2 * LISTED), _NO_ONE)
    like = np.full(found.shape, _NO_ONE, dtype=np.float32)
    found[:, :LISTED], like[:, :LISTED] = known.found[remains], known.like[remains]
    found[target[first], LISTED:] = known.found[second]
    found = np.append(target, _NO_ONE)[found]
    changed = np.zeros(len(whole), dtype=bool)
    changed[target[first]] = True
    anew = (found != _NO_ONE) & (changed[:, None] | changed[found])
    row, _place = np.nonzero(anew)
    like[anew] = _likeness_of(rows, heads, row, found[anew])
    found[(like < threshold) | (found == np.arange(len(whole))[:, None])] = _NO_ONE
    found, like = _once(found, like)
    found, like = _likest(found, like)
    unlisted = np.maximum(unlisted, like[:, LISTED])
    return heads, whole, rows, _Neighbours(found[:, :LISTED], like[:, :LISTED], unlisted)


def _once(found: Numbers, like: Floats) -> tuple[Numbers, Floats]:
    """Each row's neighbours without those that it has twice."""
    order = np.argsort(found, axis=1, kind="stable")
    found, like = np.take_along_axis(found, order, 1), np.take_along_axis(like, order, 1)
    found[:, 1:][found[:, 1:] == found[:, :-1]] = _NO_ONE
    return found, like


def _likest(found: Numbers, like: Floats) -> tuple[Numbers, Floats]:
    """Each row's neighbours in order, the likest first, no one last."""
    like = np.where(found == _NO_ONE, np.float32(_NO_ONE), like)
    order = np.argsort(-like, axis=1, kind="stable")
    return np.take_along_axis(found, order, 1), np.take_along_axis(like, order, 1)


def _look_up_again(known: _Neighbours, rows: Likeness, heads: Numbers, asked: Truths, threshold: float) -> None:
    anew = _looked_up(rows, heads, np.flatnonzero(asked), threshold)
    known.found[asked], known.like[asked], known.unlisted[asked] = anew.found, anew.like, anew.unlisted


def _likeness_of(among: Likeness, heads: Numbers, one: Numbers, other: Numbers) -> Floats:
    """How alike each pair is; the same from both sides."""
    many = len(heads)
    pairs, place = np.unique(np.minimum(one, other) * many + np.maximum(one, other), return_inverse=True)
    one, other = pairs // many, pairs % many
    lengths = np.diff(among.runs.indptr)
    longer = lengths[one] > lengths[other]
    long, short = np.where(longer, one, other), np.where(longer, other, one)
    like = np.empty(len(pairs), dtype=np.float32)
    is_long = lengths[long] > _LONG
    plain = np.flatnonzero(~is_long)
    for start in range(0, len(plain), _PAIRS_AT_ONCE):
        here = plain[start : start + _PAIRS_AT_ONCE]
        like[here] = among.runs[long[here]].multiply(among.runs[short[here]]).sum(axis=1).A1
    order = np.flatnonzero(is_long)[np.argsort(long[is_long], kind="stable")]
    spread = np.zeros(among.runs.shape[1], dtype=np.float32)
    for here in np.split(order, np.flatnonzero(np.diff(long[order])) + 1) if len(order) else []:
        span = slice(*among.runs.indptr[long[here[0]] : long[here[0]] + 2])
        spread[among.runs.indices[span]] = among.runs.data[span]
        like[here] = among.runs[short[here]] @ spread
        spread[among.runs.indices[span]] = 0
    like += among.added(one, other) + _tie_breaker(heads[one], heads[other])
    return like[place]


def _looked_up(among: Likeness, heads: Numbers, asked: Numbers, threshold: float) -> _Neighbours:
    """For each row asked for its neighbours, by the runs that few rows share."""
    shared_by = np.bincount(among.runs.indices, minlength=among.runs.shape[1])
    lookup: csr_matrix = among.runs[:, (shared_by > 1) & (shared_by <= LOOKED_UP)]
    common: csr_matrix = among.runs[:, shared_by > LOOKED_UP]
    others = lookup.T.tocsr()
    found = np.full((len(asked), LISTED + 1), _NO_ONE)
    like = np.full(found.shape, _NO_ONE, dtype=np.float32)
    for start in range(0, len(asked), _AT_ONCE):
        rows = asked[start : start + _AT_ONCE]
        place, column, other, alike = _found(among, rows, lookup[rows] @ others)
        row = rows[place]
        if common.nnz:
            alike = alike + common[row].multiply(common[other]).sum(axis=1).A1
        alike = alike + _tie_breaker(heads[row], heads[other])
        told = alike >= threshold
        found[start + place[told], column[told]], like[start + place[told], column[told]] = other[told], alike[told]
    found, like = _likest(found, like)
    unlisted = np.maximum(like[:, LISTED], np.float32(threshold))
    return _Neighbours(found[:, :LISTED].copy(), like[:, :LISTED].copy(), unlisted)


def _found(among: Likeness, rows: Numbers, products: Any) -> tuple[Numbers, Numbers, Numbers, Floats]:
    """What each row shares a telling run with, the best of it: the row's place, which of them, the other, how like."""
    places, founds, likes = [], [], []
    for place, row in enumerate(rows.tolist()):
        span = slice(products.indptr[place], products.indptr[place + 1])
        found = products.indices[span].astype(np.int64)
        like = products.data[span] + among.added(row, found)
        like[found == row] = _NO_ONE
        if len(found) > LISTED + 1:
            best = np.argpartition(like, -LISTED - 1)[-LISTED - 1 :]
            found, like = found[best], like[best]
        founds.append(found[found != row])
        likes.append(like[found != row])
        places.append(np.full(len(founds[-1]), place))
    columns = [np.arange(len(each)) for each in founds]
    return np.concatenate(places), np.concatenate(columns), np.concatenate(founds), np.concatenate(likes)


def _tie_breaker(one: Numbers, other: Numbers) -> Floats:
    """A trifle that is the same from both sides, so that of many alike some pair always is each other's nearest."""
    mixed = (np.minimum(one, other) * 0x9E3779B1 + np.maximum(one, other) * 0x85EBCA6B) & 0xFFFFFF
    trifle: Floats = (mixed / 0x1000000 * 1e-4).astype(np.float32)
    return trifle
