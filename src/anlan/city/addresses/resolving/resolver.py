"""From what somebody wrote to one coded address, or to an honest word on what is missing.

Read the parts; recognise the names in memory; ask the table by exact keys, from the whole address up to the name alone;
weigh what agrees against what does not. Between equals nothing is guessed: one question is asked that would settle it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations, islice

from anlan.city.addresses.models import Level
from anlan.city.addresses.parsing import parse
from anlan.city.addresses.parts import Parsed
from anlan.city.addresses.resolving.asked import Asked, Reader, asked_in
from anlan.city.addresses.resolving.keys import ids_of, keys_of
from anlan.city.addresses.resolving.lookups import Found, led_on, names, rows_by_id, rows_of
from anlan.city.addresses.resolving.names import Kind
from anlan.city.addresses.resolving.questions import Question, question_between
from anlan.city.addresses.resolving.reasons import Reason
from anlan.city.addresses.resolving.weighing import Candidate, Preference, weighed

AT_ONCE = 500
"""So many texts of a batch share their statements."""
SURE_ENOUGH = 0.5
"""Below it nothing fits: what there is, is shown as what it might be."""
EQUAL = 0.03
"""Candidates whose scores lie nearer together are equals."""
MOST_SHOWN = 20
_AT_A_CROSSING = ("路口", "交叉口")


class Verdict(StrEnum):
    EXACT = "exact"
    """One address, every part as it was written."""
    RESOLVED = "resolved"
    """One address; something was put right, or the base does not reach as deep as the text."""
    AMBIGUOUS = "ambiguous"
    UNKNOWN = "unknown"
    OUTSIDE = "outside"
    """The text names another city."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """`candidates` are the likeliest first; for an ambiguous text the equals, which `question` would tell apart."""

    parsed: Parsed
    verdict: Verdict
    candidates: tuple[Candidate, ...] = ()
    question: Question | None = None

    @property
    def address(self) -> Found | None:
        """The address, where it is one."""
        return self.candidates[0].address if self.verdict in (Verdict.EXACT, Verdict.RESOLVED) else None


def resolve(
    text: str,
    *,
    near: tuple[float, float] | None = None,
    area: str = "",
    limit: int = 5,
    reader: Reader = parse,
) -> Resolution:
    """Which address a text means. Never raises on any text.

    `near` (lon, lat; WGS-84) and `area` (a path) say what is likelier; at most `limit` candidates come back.
    """
    (found,) = resolve_all([text], near=near, area=area, limit=limit, reader=reader)
    return found


def resolve_all(
    texts: Iterable[str],
    *,
    near: tuple[float, float] | None = None,
    area: str = "",
    limit: int = 5,
    reader: Reader = parse,
) -> Iterator[Resolution]:
    """The same for many, in their order; AT_ONCE of them share their statements."""
    index, preference, waiting = names(), Preference(near, area), iter(texts)
    while piece := list(islice(waiting, AT_ONCE)):
        asked = [asked_in(text, index, reader) for text in piece]
        for each, rows in zip(asked, _rows(asked), strict=True):
            yield _decided(each, rows, preference, min(limit, MOST_SHOWN))


def _rows(asked: list[Asked]) -> Iterator[list[Found]]:
    """The rows that may be meant by each text."""
    keys = [keys_of(each) if not each.elsewhere else [] for each in asked]
    ids = [ids_of(each) for each in asked]
    # Texts of one batch often speak of the same roads and compounds: what several ask is asked once.
    distinct = list(dict.fromkeys(key for each in keys for key in each))
    found = dict(zip(distinct, rows_of(distinct), strict=True))
    known = rows_by_id({id for each in ids for id in each}) if any(ids) else {}
    for own_keys, own_ids in zip(keys, ids, strict=True):
        rows = {row.id: row for key in own_keys for row in found[key]}
        rows |= {id: known[id] for id in own_ids if id in known}
        yield list(rows.values())


def _decided(asked: Asked, rows: list[Found], preference: Preference, limit: int) -> Resolution:
    if asked.elsewhere:
        return Resolution(asked.parsed, Verdict.OUTSIDE)
    candidates = sorted(weighed(rows, asked, preference), key=lambda each: (-each.rank, each.address.code))
    if not candidates or candidates[0].score < SURE_ENOUGH:
        return Resolution(asked.parsed, Verdict.UNKNOWN, tuple(candidates[:limit]))
    best = candidates[0]
    if not best.whole and (
        ended := next((each for each in candidates if each.whole and not each.address.in_use), None)
    ):
        return _led_on(asked, ended, limit)
    if not best.address.in_use:
        return _led_on(asked, best, limit)
    if crossing := _crossing(asked, candidates):
        return Resolution(asked.parsed, Verdict.RESOLVED, crossing)
    equals = [each for each in candidates if best.rank - each.rank < EQUAL and not _holds(each, best)]
    if len(equals) > 1:
        question = question_between([each.address for each in equals])
        return Resolution(asked.parsed, Verdict.AMBIGUOUS, tuple(equals[: max(limit, 2)]), question)
    verdict = Verdict.EXACT if best.whole and best.as_written else Verdict.RESOLVED
    return Resolution(asked.parsed, verdict, tuple(candidates[:limit]))


def _led_on(asked: Asked, ended: Candidate, limit: int) -> Resolution:
    """What has taken the place of an address that is no longer in use; where nothing has, the text is unknown."""
    places = [
        ended._replace(
            address=row,
            as_written=False,
            noted=(*ended.noted, Reason("led_on", said=ended.address.text, base=row.text)),
        )
        for row in led_on(ended.address)
    ]
    if not places:
        return Resolution(asked.parsed, Verdict.UNKNOWN, (ended,))
    if len(places) == 1:
        return Resolution(asked.parsed, Verdict.RESOLVED, tuple(places))
    question = question_between([each.address for each in places])
    return Resolution(asked.parsed, Verdict.AMBIGUOUS, tuple(places[: max(limit, 2)]), question)


def _crossing(asked: Asked, candidates: list[Candidate]) -> tuple[Candidate, ...]:
    """The two roads of a crossing (文一西路与古翠路路口) that meet in one district; nothing where it is none."""
    if asked.number or not any(word in asked.beside for word in _AT_A_CROSSING):
        return ()
    written = [{each.name.means for each in named.found if each.name.kind is Kind.ROAD} for named in asked.names]
    roads = [each for each in candidates if each.address.level == Level.ROAD and each.address.in_use]
    for first, second in combinations(roads, 2):
        one, other = first.address, second.address
        apart = any(one.road in each and other.road not in each for each in written)
        if apart and one.district == other.district and any(other.road in each for each in written):
            return _crossed(first, second), _crossed(second, first)
    return ()


def _crossed(road: Candidate, other: Candidate) -> Candidate:
    return road._replace(noted=(*road.noted, Reason("crossing", base=other.address.road)), as_written=False)


def _holds(candidate: Candidate, best: Candidate) -> bool:
    """Whether a candidate is what the best one stands in, or a level of it: no other place."""
    return candidate is not best and best.address.parent == candidate.address.id
