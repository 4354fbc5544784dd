"""Which mediators fit a dispute, best first and with reasons; how parties found an organisation's service."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import Avg, Count
from django.utils.translation import gettext as _

from anlan.city.people.access import Actor, covers, scope_of, scoped, system
from anlan.foundation.rules import rulebook
from anlan.loop import clock
from anlan.loop.models import Matter, Party
from anlan.loop.refusals import Unknown
from anlan.loop.suggestions import Reason
from anlan.services.mediation.disputes.kinds import Kind
from anlan.services.mediation.disputes.models import Disputant, Dispute
from anlan.services.mediation.mediators.conflicts import found_between
from anlan.services.mediation.mediators.models import Body, Conflict, Mediator, ServiceRating

NOT_COMMERCIAL: Final = frozenset((Kind.FAMILY, Kind.LABOUR, Kind.WAGES, Kind.CONSUMER))
"""What commercial mediation does not cover: labour and consumers by an excerpt of 商事调解条例; the family is recalled
and not verified."""
SKILLED, SPOKEN, NEAR, FREE, CONFLICT = 4, 3, 2, 1, 100
"""What speaks for a mediator, and what stands in the way, in points of the ranking: settings of the platform."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A mediator that could take a dispute. `blocked`: something stands between them and a party. `service` is how
    parties rated the organisation (1 to 5, None without enough of them); it is shown and does not rank."""

    mediator: Mediator
    points: int
    in_hand: int
    blocked: bool
    service: float | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Service:
    """How parties found an organisation's finished mediations."""

    average: float
    ratings: int


ENOUGH: Final = 5
"""Ratings from which on an average says something, and no single party can be told from it."""


def propose(actor: Actor, matter_id: UUID) -> list[Proposal]:
    """The mediators that fit a dispute at the level it has come to, those that are blocked last. Raises Unknown."""
    today = clock.today()
    with scoped(scope_of(actor)):
        dispute = Dispute.objects.select_related("matter").filter(matter_id=matter_id).first()
        if dispute is None:
            raise Unknown(_("there is no such dispute"))
        matter = dispute.matter
        sides = list(Disputant.objects.filter(matter=matter))
        spoken = set(Party.objects.filter(matter=matter).values_list("language", flat=True))
        declared = set(Conflict.objects.filter(matter=matter).values_list("mediator_id", flat=True))
        found = [
            mediator
            for mediator in Mediator.objects.select_related("account", "body__organisation", "unit")
            if mediator.in_office(today) and _reaches(mediator, matter) and _covers(mediator.body, dispute.kind)
        ]
    # What a mediator has in hand elsewhere counts too, though the asker may not see it.
    with scoped(scope_of(system())):
        hands = Matter.objects.filter(unit__in=[m.unit_id for m in found], closed_at=None)
        load = dict(hands.values_list("unit").annotate(n=Count("id")))
        services = rated([mediator.body_id for mediator in found])
    proposals = (
        _proposal(
            mediator,
            dispute,
            spoken,
            load.get(mediator.unit_id, 0),
            mediator.id in declared or _meets(mediator, sides),
            services.get(mediator.body_id),
        )
        for mediator in found
    )
    shown = int(rulebook().at("mediation.proposal.shown", today).value or 0)
    return sorted(proposals, key=lambda each: (-each.points, each.in_hand, each.mediator.id))[:shown]


def rated(bodies: list[UUID]) -> Mapping[UUID, Service]:
    """How parties found each organisation, where enough of them said so. For a scope that holds the city."""
    rows = ServiceRating.objects.filter(body__in=bodies).values("body").annotate(average=Avg("rating"), n=Count("id"))
    return {row["body"]: Service(row["average"], row["n"]) for row in rows if row["n"] >= ENOUGH}


def not_for_commerce(body: Body, kind: str) -> str | None:
    """Why a kind of dispute is not for commercial mediation, or None."""
    if body.type == Body.Type.COMMERCIAL and kind in NOT_COMMERCIAL:
        return _("commercial mediation does not cover this kind of dispute")
    return None


def _covers(body: Body, kind: str) -> bool:
    return (not body.kinds or kind in body.kinds) and not_for_commerce(body, kind) is None


def _reaches(mediator: Mediator, matter: Matter) -> bool:
    """The mediator's area holds the matter, or lies in what the matter has come to the desk of."""
    return covers(mediator.area, matter.area) or covers(matter.desk_path, mediator.area)


def _meets(mediator: Mediator, sides: list[Disputant]) -> bool:
    return next(found_between(mediator, sides), None) is not None


def _proposal(
    mediator: Mediator, dispute: Dispute, spoken: set[str], in_hand: int, blocked: bool, service: Service | None
) -> Proposal:
    weighed = list(_speaking(mediator, dispute, spoken, in_hand))
    points = sum(weight for weight, _reason in weighed) - CONFLICT * blocked
    reasons = [reason for _weight, reason in weighed]
    if blocked:
        reasons.append(
            Reason("conflict", (), "与当事人存在利害关系，须各方同意", "a conflict of interest: all have to consent")
        )
    return Proposal(mediator, points, in_hand, blocked, service.average if service else None, tuple(reasons))


def _speaking(mediator: Mediator, dispute: Dispute, spoken: set[str], in_hand: int) -> Iterator[tuple[int, Reason]]:
    label = Kind(dispute.kind).label
    if dispute.kind in mediator.skills:
        yield SKILLED, Reason("skill", (), f"擅长{label}", f"skilled in {label}")
    further = {each for each in spoken if not each.startswith("zh")}
    if further & set(mediator.languages):
        yield SPOKEN, Reason("language", (), "会当事人的语言", "speaks a party's language")
    if covers(mediator.area, dispute.matter.area) and mediator.area.count(".") >= dispute.matter.town_path.count("."):
        yield NEAR, Reason("near", (), "就在当地", "works there")
    free = mediator.unit.capacity - in_hand
    words = (f"在办{in_hand}件", f"{in_hand} in hand")
    yield FREE if free > 0 else free - 1, Reason("load", (), *words)
