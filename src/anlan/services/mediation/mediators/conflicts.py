"""What stands between a mediator and a dispute: declared by somebody on duty, or found by the program. It blocks the
mediation until every party of age has consented (特邀调解规定 第十五条)."""

from collections.abc import Iterator
from uuid import UUID

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from anlan.city.people.access import PARTY, REPORTER, SYSTEM, Actor
from anlan.foundation.sealing.fields import blind_index
from anlan.loop import engine
from anlan.loop.change import Change
from anlan.loop.models import Matter
from anlan.loop.refusals import BadInput, NotPossible, Unknown
from anlan.services.mediation.disputes.models import Disputant
from anlan.services.mediation.mediators.models import Conflict, Consent, Mediator


def free_of_conflict(matter: Matter) -> str | None:
    """Nothing stands between its mediator and a party, or every party has consented."""
    if matter.unit_id is None or not blocking(matter.id).filter(mediator__unit=matter.unit_id).exists():
        return None
    return _("a conflict of interest of the mediator stands against it; every party has to consent first")


def blocking(matter_id: UUID) -> QuerySet[Conflict]:
    """The conflicts of a matter to which not every party of age has consented. For a scope that holds the matter."""
    of_age = Disputant.objects.filter(matter=OuterRef("matter"), is_minor=False).order_by().values("matter")
    found = Conflict.objects.filter(matter_id=matter_id).annotate(
        agreed=Count("consents"), asked=Subquery(of_age.annotate(n=Count("party")).values("n"))
    )
    return found.filter(Q(asked=None) | Q(agreed__lt=F("asked")))


def detect(change: Change, mediator: Mediator) -> list[Conflict]:
    """Write down what the program finds between a mediator and the parties of a matter under lock."""
    matter = change.matter
    whys = set(found_between(mediator, list(Disputant.objects.filter(matter=matter))))
    rows = [
        Conflict(matter=matter, area=matter.area, mediator=mediator, why=why, found_at=change.at)
        for why in sorted(whys)
    ]
    Conflict.objects.bulk_create(rows, ignore_conflicts=True)
    if rows:
        change.record("conflict_found", {"mediator": str(mediator.id), "why": sorted(map(str, whys))})
    return rows


def declare(matter_id: UUID, mediator_id: UUID, text: str, *, by: Actor) -> Conflict:
    """Say that something stands between a mediator and a party, whoever notices it. Raises Unknown, NotAllowed, or
    BadInput for words that say nothing."""
    if not text.strip():
        raise BadInput(_("say what stands between them"), field="text")
    with engine.changing(matter_id, by, engine.ON_DUTY | SYSTEM | REPORTER | PARTY) as change:
        mediator = known(mediator_id)
        conflict, made = Conflict.objects.get_or_create(
            matter=change.matter,
            mediator=mediator,
            why=Conflict.Why.DECLARED,
            defaults={"area": change.matter.area, "text": text.strip()[:200], "found_at": change.at},
        )
        if not made:
            raise NotPossible(_("it has been declared already"))
        change.record("conflict_declared", {"mediator": str(mediator_id)})
    return conflict


def consent(conflict_id: UUID, *, by: Actor) -> None:
    """A party wants this mediator all the same. `by` takes part in the matter (`loop.taking_part`). Raises Unknown,
    NotAllowed, or NotPossible for a minor and for a second time."""
    if by.takes_part is None:
        raise Unknown(_("there is no such matter"))
    part = by.takes_part
    with engine.changing(part.matter, by, PARTY) as change:
        conflict = Conflict.objects.filter(id=conflict_id, matter_id=part.matter).first()
        side = Disputant.objects.filter(party_id=part.party, matter_id=part.matter).first()
        if conflict is None or side is None:
            raise Unknown(_("there is no such conflict"))
        if side.is_minor:
            raise NotPossible(_("a minor can’t consent; the guardian does"))
        if Consent.objects.filter(conflict=conflict, party_id=part.party).exists():
            raise NotPossible(_("this party has consented already"))
        Consent.objects.create(
            conflict=conflict, matter_id=part.matter, area=change.matter.area, party_id=part.party, at=change.at
        )
        change.record("conflict_consented", {"conflict": str(conflict_id), "party": str(part.party)})


def found_between(mediator: Mediator, sides: list[Disputant]) -> Iterator[Conflict.Why]:
    """What the program finds between a mediator and the parties: a telephone, a household, an organisation."""
    office = blind_index("name", mediator.body.organisation.name)
    for side in sides:
        if _same(mediator.account.phone_index, side.phone_index):
            yield Conflict.Why.PHONE
        if _same(mediator.home_index, side.home_index):
            yield Conflict.Why.HOUSEHOLD
        if side.is_organisation and _same(office, side.name_index):
            yield Conflict.Why.ORGANISATION


def known(mediator_id: UUID) -> Mediator:
    """The mediator with what belongs to it. Raises Unknown."""
    found = Mediator.objects.select_related("account", "body__organisation", "unit").filter(id=mediator_id).first()
    if found is None:
        raise Unknown(_("there is no such mediator"), field="mediator")
    return found


def _same(one: bytes | memoryview | None, other: bytes | memoryview | None) -> bool:
    return one is not None and other is not None and bytes(one) == bytes(other)
