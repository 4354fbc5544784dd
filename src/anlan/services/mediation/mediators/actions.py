"""Who mediates a dispute: proposed, chosen by the parties, appointed; and what they thought of it afterwards."""

from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from anlan.city.people.access import PARTY, REPORTER, Actor, Scope, scope_of, scoped, system
from anlan.foundation.sealing.fields import blind_index
from anlan.loop import clock, engine
from anlan.loop.models import Matter, Party
from anlan.loop.refusals import BadInput, NotAllowed, NotPossible, Unknown
from anlan.loop.schemas import Satisfaction
from anlan.services.mediation.disputes.models import Disputant, Dispute
from anlan.services.mediation.mediators.conflicts import detect, known
from anlan.services.mediation.mediators.models import Body, Choice, Mediator, ServiceRating
from anlan.services.mediation.mediators.queries import not_for_commerce


def appoint(matter_id: UUID, mediator_id: UUID, *, by: Actor, reason: str = "") -> Matter:
    """Give a dispute to a mediator. What stands between them and a party is looked for and written down; it does not
    hinder the appointment but every step of the mediator, until all parties have consented.

    Raises Unknown, NotAllowed, or NotPossible for a mediator out of office or a dispute its kind of organisation does
    not mediate.
    """
    mediator = known(mediator_id)
    if not mediator.in_office(clock.today()):
        raise NotPossible(_("this mediator is no longer in office"), field="mediator")
    with scoped(scope_of(by)):
        dispute = Dispute.objects.filter(matter_id=matter_id).first()
        if dispute is not None and (why := not_for_commerce(mediator.body, dispute.kind)):
            raise NotPossible(why, field="mediator")
        told = {"unit_id": str(mediator.unit_id), "reason": reason}
        engine.advance(matter_id, "appoint", by=by, told=told)
        with engine.changing(matter_id, by) as change:
            if not detect(change, mediator):
                change.record("conflict_looked_for", {"mediator": str(mediator_id), "why": []})
    return change.matter


def choose(matter_id: UUID, mediator_id: UUID, *, by: Actor) -> Matter:
    """A party wants this mediator. When every applicant and respondent of age wants the same one, it is appointed.

    `by` is the reporter, or takes part in the matter. Raises Unknown, NotAllowed.
    """
    mediator = known(mediator_id)
    with engine.changing(matter_id, by, PARTY | REPORTER) as change:
        party_id = party_of(change.matter, by)
        Choice.objects.update_or_create(
            matter_id=matter_id,
            party_id=party_id,
            defaults={"area": change.matter.area, "mediator": mediator, "at": change.at},
        )
        change.record("mediator_chosen", {"mediator": str(mediator_id), "party": str(party_id)})
    with scoped(scope_of(system())):
        sides = Disputant.objects.filter(matter_id=matter_id, is_minor=False).exclude(side=Disputant.Side.THIRD)
        wanted = dict(Choice.objects.filter(matter_id=matter_id).values_list("party_id", "mediator_id"))
        asked = list(sides.values_list("party_id", flat=True))
    agreed = bool(asked) and all(wanted.get(party) == mediator_id for party in asked)
    if agreed and change.matter.state == "registered":
        return appoint(matter_id, mediator_id, by=system(), reason=_("chosen by all parties"))
    return change.matter


def rate(matter_id: UUID, rating: int, text: str = "", *, by: Actor) -> ServiceRating:
    """A party says how they found a finished mediation, once. It is kept of the organisation.

    Raises BadInput, Unknown, NotAllowed, or NotPossible while it goes on, without a mediator, and a second time.
    """
    told = engine.answers(Satisfaction, {"rating": rating, "text": text})
    with engine.changing(matter_id, by, PARTY | REPORTER) as change:
        matter = change.matter
        if not matter.stands.final and matter.state not in ("agreed", "failed", "ended"):
            raise NotPossible(_("it can be rated when it is over"))
        mediator = Mediator.objects.filter(unit=matter.unit_id).first() if matter.unit_id else None
        if mediator is None:
            raise NotPossible(_("nobody has mediated it"))
        party_id = party_of(matter, by)
        if ServiceRating.objects.filter(matter=matter, party_id=party_id).exists():
            raise NotPossible(_("this party has rated it already"))
        change.record("service_rated", {"party": str(party_id)})
        return ServiceRating.objects.create(
            matter=matter,
            area=matter.area,
            body_id=mediator.body_id,
            party_id=party_id,
            rating=told["rating"],
            text=str(told.get("text", ""))[:200],
            at=change.at,
        )


def enrol(
    body: Body, *, account_id: UUID, unit_id: UUID, skills: list[str], languages: list[str], home: str = ""
) -> Mediator:
    """Put a mediator in office. Raises BadInput where the account or the unit is a mediator's already."""
    try:
        with transaction.atomic():
            return Mediator.objects.create(
                body=body,
                account_id=account_id,
                unit_id=unit_id,
                area=body.area,
                skills=skills,
                languages=languages,
                home_index=blind_index("name", home) if home else None,
            )
    except IntegrityError as error:
        raise BadInput(_("this account or unit is a mediator already"), field="account") from error


def party_of(matter: Matter, by: Actor) -> UUID:
    """Which person of the matter the actor is. Raises Unknown, and NotAllowed for whoever took the dispute in on duty:
    they wrote it down and are no party."""
    if by.takes_part is not None:
        return by.takes_part.party
    if by.held:
        raise NotAllowed(_("only a party may say that"))
    with scoped(Scope(areas=(matter.area,), matter=matter.id)):
        found = Party.objects.filter(matter=matter, part=Party.Part.REPORTER).order_by("id").first()
    if found is None:
        raise Unknown(_("there is no such person in this matter"))
    return found.id
