"""Is it the same dispute? The same sides and the same facts, wherever and however often it was raised."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
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
"""The newest rows of other disputes with a side in common that are looked through; common names have many."""
NEARBY: Final = 80
"""The newest disputes of the same town and kind whose words are compared."""
_INDEXES: Final = ("id_index", "phone_index", "name_index")
_STRONG: Final = frozenset(("id_index", "phone_index"))


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
        others = Matter.objects.filter(period).exclude(id=matter.id).defer("tracking", "head")
        nearby = others.filter(lying_in([matter.town_path]), dispute__kind=matter.dispute.kind)
        found = [
            *others.filter(id__in=met, dispute__isnull=False),
            *nearby.exclude(id__in=met).order_by("-opened_at")[:NEARBY],
        ]
    same = (_compared(candidate(matter, other), met.get(other.id, {}), least) for other in found)
    likely = (each for each in same if each.sides or each.alike >= least)
    return sorted(likely, key=lambda each: (not each.certain, -each.sides, -each.alike))[:SHOWN]


def _met_before(sides: Iterable[Disputant]) -> Mapping[UUID, Mapping[UUID, set[str]]]:
    """Where the same sides meet: by matter, by which of our sides, through which indexes."""
    ours: dict[str, dict[bytes, UUID]] = {name: {} for name in _INDEXES}
    own = None
    for side in sides:
        own = side.matter_id
        for name in _INDEXES:
            if value := getattr(side, name):
                ours[name][bytes(value)] = side.party_id
    condition = Q(pk__in=())
    for name, values in ours.items():
        if values:
            condition |= Q(**{f"{name}__in": list(values)})
    found: dict[UUID, dict[UUID, set[str]]] = defaultdict(lambda: defaultdict(set))
    rows = Disputant.objects.filter(condition).exclude(matter=own).order_by("-matter_id")[:MET_BEFORE]
    for row in rows:
        for name in _INDEXES:
            value = getattr(row, name)
            if value and (side_id := ours[name].get(bytes(value))):
                found[row.matter_id][side_id].add(name)
    return found


def _compared(each: Candidate, met: Mapping[UUID, set[str]], least: float) -> Same:
    strong = sum(bool(names & _STRONG) for names in met.values())
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
