"""Two matters that may be one: which to look at, and how far apart they lie."""

from dataclasses import dataclass
from datetime import timedelta
from difflib import SequenceMatcher
from itertools import pairwise
from math import cos, radians

from django.db.models import Q

from anlan.city.areas.geometry import distance_m
from anlan.city.people.access import Actor, scope_of, scoped
from anlan.foundation.rules import rulebook
from anlan.loop import clock
from anlan.loop.models import Matter
from anlan.loop.queries import lying_in

MOST = 10
LOOKED_THROUGH = 200
"""The newest that fit by the clock and the map; the nearest of them are shown."""
METRES_A_DEGREE = 111_320
ALIKE = 0.3
"""From this share of pairs of signs in common on, the words speak for one matter."""
WORDS_SHOWN = 3


@dataclass(frozen=True)
class Candidate:
    """A matter that may be the same, with what speaks for it. `metres` is None where a position is missing."""

    matter: Matter
    metres: int | None
    apart: timedelta
    same_category: bool
    same_address: bool
    alike: float
    """The share of pairs of neighbouring signs that both texts have, 0 to 1 (Dice's coefficient)."""

    def words(self, matter: Matter) -> list[str]:
        """The longest runs of signs that this one and `matter` have in common, where the words speak for them."""
        if self.alike < ALIKE:
            return []
        one, other = _said(matter), _said(self.matter)
        blocks = SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
        runs = {run for block in blocks if len(run := one[block.a : block.a + block.size].strip("，。、；！？ \n")) > 1}
        return sorted(runs, key=lambda run: (-len(run), run))[:WORDS_SHOWN]


def possible_duplicates(actor: Actor, matter: Matter) -> list[Candidate]:
    """Open matters of the same town and family of category, near in place and time; those first whose words are
    alike, then the nearest."""
    today = clock.today()
    days, metres = (int(rulebook().at(f"loop.duplicate_{name}", today).value or 0) for name in ("days", "metres"))
    span = timedelta(days=days)
    family = matter.category.partition(".")[0]
    found = Matter.objects.filter(
        lying_in([matter.town_path]),
        Q(category=family) | Q(category__startswith=f"{family}."),
        _near(matter, metres),
        opened_at__range=(matter.opened_at - span, matter.opened_at + span),
        closed_at=None,
        merged_into=None,
    ).exclude(id=matter.id)
    with scoped(scope_of(actor)):
        rows = list(found.select_related("unit").order_by("-opened_at", "-id")[:LOOKED_THROUGH])
    candidates = (candidate(matter, other) for other in rows)
    return sorted((each for each in candidates if (each.metres or 0) <= metres), key=_rank)[:MOST]


def candidate(matter: Matter, other: Matter) -> Candidate:
    """Two matters compared."""
    return Candidate(
        matter=other,
        metres=_metres(matter, other),
        apart=abs(other.opened_at - matter.opened_at),
        same_category=other.category == matter.category,
        same_address=bool(matter.address) and other.address == matter.address,
        alike=_alike(_said(matter), _said(other)),
    )


def _said(matter: Matter) -> str:
    return f"{matter.title}\n{matter.description}"


def _alike(one: str, other: str) -> float:
    first, second = _pairs(one), _pairs(other)
    return 2 * len(first & second) / max(len(first) + len(second), 1)


def _pairs(text: str) -> set[str]:
    return {a + b for a, b in pairwise(text.lower()) if a.isalnum() and b.isalnum()}


def _metres(one: Matter, other: Matter) -> int | None:
    if one.lon is None or one.lat is None or other.lon is None or other.lat is None:
        return None
    return round(distance_m(one.lon, one.lat, other.lon, other.lat))


def _rank(each: Candidate) -> tuple[bool, bool, bool, float, timedelta]:
    metres = float("inf") if each.metres is None else each.metres
    return not each.same_address, each.alike < ALIKE, not each.same_category, metres, each.apart


def _near(matter: Matter, metres: int) -> Q:
    """A box around the position; where there is none, or the other has none, the same community."""
    community = Q(community=matter.community) if matter.community else Q()
    if matter.lon is None or matter.lat is None:
        return community
    high = metres / METRES_A_DEGREE
    wide = high / cos(radians(matter.lat))
    box = Q(lon__range=(matter.lon - wide, matter.lon + wide), lat__range=(matter.lat - high, matter.lat + high))
    return box | (Q(lon=None) & community)
