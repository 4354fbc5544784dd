"""Raising a dispute, telling what was tried before, and keeping the library one: one dispute, one matter."""

from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import SYSTEM, Actor, Scope, scope_of, scoped, system
from anlan.city.people.queries import desk_of
from anlan.foundation.identifiers import new_id
from anlan.foundation.sealing.fields import blind_index
from anlan.loop import clock, engine, verbs
from anlan.loop.models import Channel, Matter, Party
from anlan.loop.procedures import Procedure
from anlan.loop.refusals import BadInput, NotAllowed
from anlan.loop.suggestions import Klass, Severity
from anlan.services.mediation.disputes.duplicates import Same, find_same
from anlan.services.mediation.disputes.kinds import category_of
from anlan.services.mediation.disputes.models import Attempt, Disputant, Dispute, DisputeGrams, Source
from anlan.services.mediation.disputes.queries import known_of
from anlan.services.mediation.disputes.risk import Grade, Known, grade
from anlan.services.mediation.disputes.schemas import AttemptIn, DisputeIn, SideIn
from anlan.services.mediation.disputes.words import grams
from anlan.services.mediation.procedures.mediation import PeoplesMediation

CHANNELS = {
    Source.POLICE: Channel.POLICE,
    Source.COURT: Channel.COURT,
    Source.PATROL: Channel.PATROL,
    Source.PETITION: Channel.WINDOW,
    Source.SELF: Channel.WEB,
}
_PARTS = {
    Disputant.Side.APPLICANT: Party.Part.REPORTER,
    Disputant.Side.RESPONDENT: Party.Part.AFFECTED,
    Disputant.Side.THIRD: Party.Part.OTHER,
}
GRADED, ATTEMPTED = "grade_suggested", "attempt_told"


@dataclass(frozen=True, slots=True)
class Raised:
    """A dispute as it was taken in. `joined` is the one it was joined to, where it is certainly the same; `maybe` are
    those somebody should look at."""

    matter: Matter
    code: str
    grade: Grade
    joined: Matter | None
    maybe: tuple[Same, ...]


def raise_dispute(given: DisputeIn, *, by: Actor, procedure: type[Procedure] = PeoplesMediation) -> Raised:
    """Take in a dispute, find out whether it is one already, and suggest its grade to whoever answers for it.

    What is certainly the same is joined to the first by the program; anybody on duty takes that back with
    `verbs.unmerge`. Raises BadInput, and NotAllowed for an office's source from somebody who has no posting.
    """
    if given.source != Source.SELF and by.kind not in ("staff", "system"):
        raise NotAllowed(_("only staff may tell of a dispute from this source"), field="source")
    if given.area not in atlas().paths:
        raise BadInput(_("there is no area with this code"), field="area")
    path, today = atlas().paths[given.area], clock.today()
    suggested = grade(
        Known(given.kind, f"{given.title}\n{given.text}", given.facts, given.people, given.amount_fen), on=today
    )
    parties = [_party(side) for side in given.sides]
    with scoped(Scope(areas=(path,))):
        opened = engine.open_matter(
            procedure,
            _opening(given, path, suggested, parties),
            by=by,
            told={"source": given.source.value, "grade": _as_told(suggested)},
        )
        _keep(given, opened.matter, suggested, parties)
    program = system()
    same = find_same(program, opened.matter.id)
    joined = next((each.matter for each in same if each.certain and _is_first(each.matter)), None)
    if joined is not None:
        reason = _("the same parties and the same facts: %(number)s") % {"number": joined.reference}
        verbs.merge(opened.matter.id, into=joined.id, by=program, reason=reason)
        regrade(joined.id)
    elif suggested.severity >= Severity.ORANGE:
        _call_somebody(opened.matter.id, suggested)
    return Raised(opened.matter, opened.code, suggested, joined, tuple(same) if joined is None else ())


def tell_attempt(matter_id: UUID, given: AttemptIn, *, by: Actor) -> Attempt:
    """Attach what was tried before, and its result. Raises Unknown, NotAllowed."""
    with engine.changing(matter_id, by, engine.ON_DUTY | SYSTEM) as change:
        attempt = Attempt.objects.create(
            matter_id=matter_id,
            area=change.matter.area,
            told_at=change.at,
            told_by=by.account_id,
            **given.model_dump(),
        )
        change.record(ATTEMPTED, {"source": given.source.value, "result": given.result.value})
    if given.result == Attempt.Result.FAILED:
        regrade(matter_id)
    return attempt


def regrade(matter_id: UUID) -> Grade:
    """Suggest the grade anew after something became known. Where it is higher than the last suggestion, whoever answers
    for the matter is called; its grade stays what people set."""
    program = system()
    with scoped(scope_of(program)):
        dispute = Dispute.objects.select_related("matter").get(matter_id=matter_id)
        found = grade(known_of(dispute), on=clock.today())
        higher = found.severity > dispute.suggested_grade
        if found.severity != dispute.suggested_grade:
            Dispute.objects.filter(matter_id=matter_id).update(suggested_grade=found.severity)
    if higher:
        _call_somebody(matter_id, found)
    return found


def _call_somebody(matter_id: UUID, suggested: Grade) -> None:
    with engine.changing(matter_id, system(), SYSTEM) as change:
        change.record(GRADED, _as_told(suggested))
        change.tell_desk(change.matter.desk_path)


def _opening(given: DisputeIn, path: str, suggested: Grade, parties: list[Party]) -> engine.Opening:
    desk = desk_of(path)
    return engine.Opening(
        area=path,
        channel=CHANNELS[given.source],
        source_id=given.source_id,
        title=given.title,
        description=given.text,
        klass=Klass.ORDINARY,
        category=category_of(given.kind),
        severity=suggested.severity,
        address=given.address,
        lon=None if given.lon is None else float(given.lon),
        lat=None if given.lat is None else float(given.lat),
        responsible_id=desk[1] if desk else None,
        parties=parties,
    )


def _keep(given: DisputeIn, matter: Matter, suggested: Grade, parties: list[Party]) -> None:
    Dispute.objects.create(
        matter=matter,
        area=matter.area,
        source=given.source,
        kind=given.kind,
        occurred_on=given.occurred_on,
        amount_fen=given.amount_fen,
        people=max(given.people, len(given.sides)),
        facts=sorted(given.facts),
        suggested_grade=suggested.severity,
        opened_at=matter.opened_at,
    )
    rows = [_disputant(side, party, matter) for side, party in zip(given.sides, parties, strict=True)]
    for row, side in zip(rows, given.sides, strict=True):
        row.guardian_id = parties[side.guardian].id if side.is_minor and side.guardian is not None else None
    # A guardian's row has to be there before the child's.
    Disputant.objects.bulk_create(sorted(rows, key=lambda row: row.is_minor))
    DisputeGrams.objects.create(
        matter=matter, area=matter.area, grams=grams(f"{given.title}\n{given.text}\n{given.address}")
    )


def _party(side: SideIn) -> Party:
    return Party(
        id=new_id(),
        part=_PARTS[side.side],
        name=side.name,
        phone=side.phone or None,
        phone_index=_index("phone", side.phone),
        address=side.home or None,
        language=side.language,
    )


def _disputant(side: SideIn, party: Party, matter: Matter) -> Disputant:
    return Disputant(
        party=party,
        matter=matter,
        area=matter.area,
        side=side.side,
        is_organisation=side.is_organisation,
        is_minor=side.is_minor,
        id_index=_index("id_number", side.id_number),
        phone_index=_index("phone", side.phone),
        name_index=_index("name", side.name),
        home_index=_index("name", side.home),
    )


def _index(kind: str, text: str) -> bytes | None:
    try:
        return blind_index(kind, text) if text else None
    except ValueError:  # nothing is left of it but signs that do not count
        return None


def _is_first(matter: Matter) -> bool:
    """Others are joined to it, and it still goes on."""
    return matter.merged_into_id is None and matter.closed_at is None


def _as_told(suggested: Grade) -> dict[str, object]:
    reasons = [{"text": reason.text, "text_en": reason.text_en} for reason in suggested.reasons]
    return {"grade": int(suggested.severity), "points": suggested.points, "reasons": reasons}
