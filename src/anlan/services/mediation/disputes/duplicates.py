"""Is it the same dispute? The same sides and the same facts, wherever and however often it was raised."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from operator import or_
from typing import Final
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from anlan.city.people.access import Actor, scope_of, scoped
from anlan.foundation.rules import rulebook
from anlan.loop import clock
from anlan.loop.duplicates import Candidate, candidate
from anlan.loop.models import Matter
from anlan.loop.queries import lying_in
from anlan.loop.refusals import Unknown
from anlan.loop.suggestions import Reason
from anlan.services.mediation.disputes.models import Disputant

SHOWN: Final = 10
MET_BEFORE: Final = 400
"""The newest rows of other disputes with a document or telephone in common that are looked through."""
MET_BY_NAME: Final = 100
"""The newest rows with a name in common; common names have many, and they alone join nothing."""
COMPARED: Final = 40
"""Of all these disputes, those that have most in common are read and compared, the newest first."""
NEARBY: Final = 80
"""The newest disputes of the same town and kind whose words are compared."""
_STRONG: Final = ("id_index", "phone_index")
_WEAK: Final = ("name_index",)


@dataclass(frozen=True, slots=True)
class Same:
    """Another dispute that may be the same one, with what speaks for it. `certain`: two sides are the same, one of
    them by its document or telephone, and the facts are told alike."""

    matter: Matter
    certain: bool
    sides: int
    alike: float
    reasons: tuple[Reason, ...]


def find_same(actor: Actor, matter_id: UUID) -> list[Same]:
    """The disputes this one may be, open or settled, the surest first. Raises Unknown."""
    today = clock.today()
    days = int(rulebook().at("mediation.duplicate.days", today).value or 0)
    least = int(rulebook().at("mediation.duplicate.alike", today).value or 0) / 100
    with scoped(scope_of(actor)):
        matter = Matter.objects.select_related("dispute").filter(id=matter_id, dispute__isnull=False).first()
        if matter is None:
            raise Unknown(_("there is no such dispute"))
        span = timedelta(days=days)
        period = Q(opened_at__range=(matter.opened_at - span, matter.opened_at + span))
        met = _met_before(list(Disputant.objects.filter(matter=matter)))
        closest = sorted(met, key=lambda id: (-_sure(met[id]), -len(met[id])))[:COMPARED]
        others = Matter.objects.filter(period).exclude(id=matter.id).defer("tracking", "head")
        nearby = others.filter(lying_in([matter.town_path]), dispute__kind=matter.dispute.kind)
        found = [
            *others.filter(id__in=closest, dispute__isnull=False),
            *nearby.exclude(id__in=closest).order_by("-opened_at")[:NEARBY],
        ]
    same = (_compared(candidate(matter, other), met.get(other.id, {}), least) for other in found)
    likely = (each for each in same if each.sides or each.alike >= least)
    return sorted(likely, key=lambda each: (not each.certain, -each.sides, -each.alike))[:SHOWN]


def _met_before(sides: Sequence[Disputant]) -> Mapping[UUID, Mapping[UUID, set[str]]]:
    """Where the same sides meet: by matter, by which of our sides, through which indexes.

    Documents and telephones are asked for first: however common the names are, they crowd out no sure match.
    """
    found: dict[UUID, dict[UUID, set[str]]] = defaultdict(lambda: defaultdict(set))
    for names, most in ((_STRONG, MET_BEFORE), (_WEAK, MET_BY_NAME)):
        for row, name, side_id in _rows(sides, names, most):
            found[row.matter_id][side_id].add(name)
    return found


def _rows(sides: Sequence[Disputant], names: tuple[str, ...], most: int) -> Iterator[tuple[Disputant, str, UUID]]:
    """The newest rows of other disputes that have one of these indexes in common with a side, and with which."""
    ours = {name: {bytes(value): side.party_id for side in sides if (value := getattr(side, name))} for name in names}
    asked = [Q(**{f"{name}__in": list(values)}) for name, values in ours.items() if values]
    if not asked:
        return
    rows = Disputant.objects.filter(reduce(or_, asked)).exclude(matter=sides[0].matter_id).order_by("-matter_id")
    for row in rows.only("matter_id", *names)[:most]:
        for name, values in ours.items():
            if (value := getattr(row, name)) and (side_id := values.get(bytes(value))):
                yield row, name, side_id


def _sure(met: Mapping[UUID, set[str]]) -> int:
    """How many of our sides meet there by a document or telephone."""
    return sum(not names.isdisjoint(_STRONG) for names in met.values())


def _compared(each: Candidate, met: Mapping[UUID, set[str]], least: float) -> Same:
    strong = _sure(met)
    certain = len(met) > 1 and strong > 0 and each.alike >= least
    reasons = []
    if strong:
        reasons.append(Reason("sides", (), f"{strong}方证件或者电话相同", f"{strong} side(s) by document or telephone"))
    if len(met) > strong:
        reasons.append(Reason("names", (), f"{len(met) - strong}方姓名相同", f"{len(met) - strong} side(s) by name"))
    if each.alike >= least:
        reasons.append(Reason("words", (), f"事实描述相似 {each.alike:.0%}", f"told alike, {each.alike:.0%}"))
    if each.same_address:
        reasons.append(Reason("place", (), "地址相同", "the same address"))
    elif each.metres is not None:
        reasons.append(Reason("place", (), f"相距{each.metres}米", f"{each.metres} m apart"))
    reasons.append(Reason("time", (), f"相隔{each.apart.days}天", f"{each.apart.days} days apart"))
    return Same(each.matter, certain, len(met), each.alike, tuple(reasons))
