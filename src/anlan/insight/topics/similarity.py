"""How alike messages are, as rows of numbers whose products are the likenesses.

Words are read as runs of two to four characters, so nothing has to be segmented and a slip of the pen costs little. A
run weighs more the rarer it is, and runs that end like a name of a place or a firm weigh most: what an issue is about
is above all where it is. Title and text count alike, however long the text.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]

LENGTHS = (2, 3, 4)
NAME_ENDINGS = "区城园苑府湾郡村镇路街巷桥站厂庭居楼道司团校院馆寓场店"
NAME_WEIGHT = 3.5
TITLE_SHARE = 0.5
READ = 500
"""Characters of a text that are read: the rest of a long letter repeats or digresses."""
KEPT = 150
"""Runs kept of a message, the weightiest."""
COMMONEST = 0.05
"""A run that stands in more than this share of the messages tells nothing apart, unless they are fewer than `FEW`."""
FEW = 50
ANOTHER_PLACE = 0.1
"""Taken off where both titles name a place: then the names they share have to make up for it."""
WHAT_SHARE = 0.7
"""Of the likeness of a small group, what is said besides names of places counts for so much."""
SAME_TIME = 0.01
"""Added where two messages come together, taken off where they come `APART_DAYS` from each other."""
APART_DAYS = 730

_PLACE = re.compile(
    r"\w{2}(?:小区|新城|花园|社区|广场|公寓|公馆|家园|小学|中学|大学|学院|医院|大道|[苑园城府湾郡村镇路街巷桥])"
    r"|[A-Z]\d+[区县市]|(?!小)\w[区县]"
)
_A_NAME = re.compile(
    r"\w{2,3}(?:小区|新城|花园|社区|广场|公寓|公馆|家园|小学|中学|大学|学院|医院|大道|街道|幼儿园"
    r"|[苑园城府湾郡村镇路街巷桥站线])|[A-Za-z]\d*[区县市]+"
)
_BUCKET_BITS = 22
_BUCKETS = 1 << _BUCKET_BITS
_AT_ONCE = 2_000
_END, _GAP = ord("\n"), ord(" ")
_ENDINGS = np.array(sorted(map(ord, NAME_ENDINGS)), dtype=np.uint32)
_SIGNS = np.array([-1, 1, 1], dtype=np.float32)


@dataclass(frozen=True)
class Likeness:
    """One row a message, or a group with the mean of its members: `runs` (rows × runs) and `besides` (rows × 3), place
    and time. The likeness of two rows is the product of their runs plus what `besides` adds; that of two means is the
    mean over all pairs."""

    runs: "csr_matrix"
    besides: Floats

    def added(self, row: int | Numbers, others: Numbers) -> Floats:
        """What place and time add to the likeness of a row to others, or of each of several rows to one other."""
        found: Floats = (self.besides[others] * (self.besides[row] * _SIGNS)).sum(axis=-1)
        return found


def likeness(
    titles: Sequence[str], texts: Sequence[str], times: Sequence[datetime], *, name_weight: float = NAME_WEIGHT
) -> Likeness:
    """The rows of as many messages; the three are of one length. Each alone is 1 like itself, before `besides`."""
    from scipy import sparse

    titles = [_plain(title) for title in titles]
    texts = [_plain(text[:READ]) for text in texts]
    pieces = [slice(start, start + _AT_ONCE) for start in range(0, len(titles), _AT_ONCE)]
    weights = _weights(titles, texts, pieces, name_weight)
    blocks = [_rows(titles[piece], texts[piece], weights) for piece in pieces]
    runs = sparse.vstack(blocks, format="csr") if blocks else sparse.csr_matrix((0, 1), dtype=np.float32)
    return Likeness(_without_single(runs), _besides(titles, times))


def what_besides_where(
    of: Likeness, titles: Sequence[str], texts: Sequence[str], times: Sequence[datetime]
) -> Likeness:
    """The same messages, alike mostly by what they say besides names of places: matters of one place are less so."""
    from scipy import sparse

    plain = likeness(
        [_A_NAME.sub(" ", each) for each in titles], [_A_NAME.sub(" ", each) for each in texts], times, name_weight=1
    )
    where, what = of.runs * np.float32((1 - WHAT_SHARE) ** 0.5), plain.runs * np.float32(WHAT_SHARE**0.5)
    return Likeness(sparse.hstack([where, what], format="csr"), of.besides)


def names_a_place(title: str) -> bool:
    return bool(_PLACE.search(title.upper()))


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", " ", unicodedata.normalize("NFKC", text).lower())


def _besides(titles: Sequence[str], times: Sequence[datetime]) -> Floats:
    """Place: 1 where one is named, counted off. Time: an angle, so that its product falls with the days between."""
    named = np.array([names_a_place(title) for title in titles], dtype=np.float32)
    angle = np.array([time.timestamp() for time in times]) / 86_400 * np.pi / APART_DAYS
    columns = (
        named * np.sqrt(ANOTHER_PLACE),
        np.cos(angle) * np.sqrt(SAME_TIME),
        np.sin(angle) * np.sqrt(SAME_TIME),
    )
    return np.stack(columns, axis=1).astype(np.float32)


def _weights(titles: Sequence[str], texts: Sequence[str], pieces: Sequence[slice], name_weight: float) -> Floats:
    """What each run weighs in these messages; 0 for what stands in one message only or in too many."""
    found_in = np.zeros(_BUCKETS, dtype=np.int64)
    is_name = np.zeros(_BUCKETS, dtype=bool)
    for piece in pieces:
        both = [f"{title}\n{text}\n" for title, text in zip(titles[piece], texts[piece], strict=True)]
        place, run, name = _runs_of(both, ends=2)
        is_name[run[name]] = True
        _, once, _ = _counted(place, run)
        found_in += np.bincount(once, minlength=_BUCKETS)
    weights = np.log(max(len(titles), 1) / np.maximum(found_in, 1)) * np.where(is_name, name_weight, 1)
    weights[(found_in < 2) | (found_in > max(COMMONEST * len(titles), FEW))] = 0
    return weights.astype(np.float32)


def _rows(titles: Sequence[str], texts: Sequence[str], weights: Floats) -> "csr_matrix":
    from scipy import sparse

    shape = (len(titles), _BUCKETS)
    rows: Any = sparse.csr_matrix(shape, dtype=np.float32)
    for said, share in ((titles, TITLE_SHARE), (texts, 1 - TITLE_SHARE)):
        place, run, _ = _runs_of([f"{each}\n" for each in said], ends=1)
        place, run, counts = _counted(place, run)
        weight = ((1 + np.log(counts)) * weights[run]).astype(np.float32)
        weight *= share / _lengths(place, weight, len(said))[place]
        told = weight > 0
        rows = rows + sparse.csr_matrix((weight[told], (place[told], run[told])), shape=shape)
    return _weightiest(rows)


def _counted(place: Numbers, run: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Each run once a text, with how often it stands there."""
    # Asked for counts, NumPy sorts; without, it hashes, which takes several times as long here.
    keys, counts = np.unique(place << _BUCKET_BITS | run, return_counts=True)
    return keys >> _BUCKET_BITS, keys & (_BUCKETS - 1), counts


def _weightiest(rows: Any) -> "csr_matrix":
    """The rows with their `KEPT` weightiest runs only, each of length 1 (or 0 where it had none)."""
    from scipy import sparse

    rows = rows.tocoo()
    order = np.lexsort((-rows.data, rows.row))
    place, run, weight = rows.row[order], rows.col[order], rows.data[order]
    starts = np.searchsorted(place, np.arange(rows.shape[0]))
    kept = np.arange(len(place)) - starts[place] < KEPT
    place, run, weight = place[kept], run[kept], weight[kept]
    weight = weight / _lengths(place, weight, rows.shape[0])[place]
    return sparse.csr_matrix((weight.astype(np.float32), (place, run)), shape=rows.shape)


def _lengths(place: Numbers, weight: Floats, rows: int) -> Floats:
    length = np.sqrt(np.bincount(place, weights=weight.astype(np.float64) ** 2, minlength=rows))
    length[length == 0] = 1
    return length.astype(np.float32)


def _without_single(runs: "csr_matrix") -> "csr_matrix":
    """The columns that two rows share at least; the others never meet anything."""
    shared = np.flatnonzero(np.bincount(runs.indices, minlength=runs.shape[1]) > 1)
    return runs[:, shared]


def _runs_of(texts: Sequence[str], *, ends: int) -> tuple[Numbers, Numbers, npt.NDArray[np.bool_]]:
    """Every run of characters: the number of its text, its bucket, and whether it ends like a name. `ends` is how many
    line ends each text holds. No run goes across a gap or a line end."""
    characters = np.frombuffer("".join(texts).encode("utf-32-le"), dtype=np.uint32)
    line_end = characters == _END
    place = (np.cumsum(line_end) - line_end) // ends
    broken = line_end | (characters == _GAP)
    places, runs, names = [], [], []
    for length in LENGTHS:
        count = max(len(characters) - length + 1, 0)
        mixed = np.full(count, length, dtype=np.uint64)
        whole = np.ones(count, dtype=bool)
        for step in range(length):
            mixed = (mixed ^ characters[step : step + count]) * np.uint64(0x9E3779B97F4A7C15)
            mixed ^= mixed >> np.uint64(29)
            whole &= ~broken[step : step + count]
        places.append(place[:count][whole])
        runs.append((mixed[whole] >> np.uint64(7)).astype(np.int64) & (_BUCKETS - 1))
        ending = np.isin(characters[length - 1 : length - 1 + count], _ENDINGS)
        names.append((ending & (length > 2))[whole])
    return np.concatenate(places).astype(np.int64), np.concatenate(runs), np.concatenate(names)
