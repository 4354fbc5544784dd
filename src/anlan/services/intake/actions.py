"""Taking something in: from any door, one report becomes one matter with one code."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import Actor, Scope, scoped
from anlan.city.people.queries import desk_of
from anlan.foundation.sealing.fields import blind_index
from anlan.loop import clock, engine
from anlan.loop.models import Channel, Deadline, Matter, Party, Submission
from anlan.loop.procedures import Procedure, procedure
from anlan.loop.queries import first_clocks
from anlan.loop.refusals import BadInput, KeyReused, NotAllowed
from anlan.loop.store import AlreadySubmitted
from anlan.loop.suggestions import Report, Triage, offered_categories, triage
from anlan.services.intake.schemas import ReportIn

TITLE_LENGTH = 40
# What anybody may say of where a report comes from; the other channels are the word of an office.
PUBLIC_CHANNELS = (Channel.WEB, Channel.CODE, Channel.SNAP, Channel.API)


@dataclass(frozen=True)
class Taken:
    """A report taken in: the matter, its code, the clocks it began with, and whether this report had come before."""

    matter: Matter
    code: str
    clocks: Sequence[Deadline]
    repeated: bool = False


def report(given: ReportIn, *, by: Actor, key: str | None = None) -> Taken:
    """Open a matter for a report. The same `key` with the same report gives the same matter again.

    Raises BadInput for an unknown area or category or a position outside the city, NotAllowed for an office's channel
    from somebody who has no posting, KeyReused for a key with another report.
    """
    if given.channel not in PUBLIC_CHANNELS and by.kind not in ("staff", "system"):
        raise NotAllowed(_("only staff may report through this channel"), field="channel")
    submission = _submission(given, by, key) if key else None
    suggested = _suggested(given)
    path = _place(given, suggested)
    desk, (lon, lat) = desk_of(path), given.position or (None, None)
    opening = engine.Opening(
        area=path,
        channel=given.channel,
        source_id=given.source_id,
        title=given.title or _title(given.text),
        description=given.text,
        klass=suggested.klass,
        category=given.category or suggested.category,
        severity=suggested.severity,
        address=given.address,
        lon=lon,
        lat=lat,
        responsible_id=desk[1] if desk else None,
        parties=_parties(given),
        submission=submission,
    )
    try:
        opened = engine.open_matter(procedure_here(), opening, by=by, told={"triage": as_told(suggested)})
    except AlreadySubmitted:
        assert submission is not None
        return _earlier(submission)
    return Taken(opened.matter, opened.code, opened.clocks)


def procedure_here() -> type[Procedure]:
    """What a report follows."""
    return procedure(settings.ANLAN_INTAKE_PROCEDURE)


def preview(given: ReportIn) -> tuple[Triage, str]:
    """What would become of a report: the suggestion and the path of the area that would get it."""
    suggested = _suggested(given)
    return suggested, _place(given, suggested)


def as_told(suggested: Triage) -> dict[str, object]:
    """The suggestion as it stands in the history, to be compared with what people made of it."""
    return {
        "source": suggested.source,
        "klass": suggested.klass.value,
        "category": suggested.category,
        "severity": int(suggested.severity),
        "area": suggested.area,
        "triggers": list(suggested.triggers),
        "reasons": [
            {"kind": reason.kind, "words": list(reason.words), "text": reason.text, "text_en": reason.text_en}
            for reason in suggested.reasons
        ],
    }


def _suggested(given: ReportIn) -> Triage:
    if given.category is not None and given.category not in offered_categories():
        raise BadInput(_("there is no such category"), field="category")
    if given.position is not None and atlas().locate(*given.position) is None:
        raise BadInput(_("the position lies outside the city"), field="lon")
    lon, lat = given.position or (None, None)
    return triage(
        Report(
            text=given.text,
            title=given.title,
            lon=lon,
            lat=lat,
            address=given.address,
            channel=given.channel,
        )
    )


def _place(given: ReportIn, suggested: Triage) -> str:
    if given.area is not None and given.area not in atlas().paths:
        raise BadInput(_("there is no area with this code"), field="area")
    return atlas().path(given.area or suggested.area)


def _title(text: str) -> str:
    first = text.strip().splitlines()[0]
    return first if len(first) <= TITLE_LENGTH else first[: TITLE_LENGTH - 1] + "…"


def _parties(given: ReportIn) -> list[Party]:
    contact = given.contact
    if contact is None or not (contact.name or contact.phone):
        return []
    index = blind_index("phone", contact.phone) if contact.phone else None
    return [Party(part=Party.Part.REPORTER, name=contact.name, phone=contact.phone, phone_index=index)]


def _submission(given: ReportIn, by: Actor, key: str) -> Submission:
    # One sender's key says nothing about another's: it is bound to the account that sent it.
    sender = f"{by.account_id or by.kind}:{key}"
    body = hashlib.sha256(given.model_dump_json().encode()).digest()
    return Submission(key=hashlib.sha256(sender.encode()).digest(), body=body, at=clock.now())


def _earlier(submission: Submission) -> Taken:
    before = Submission.objects.get(key=submission.key)
    if bytes(before.body) != bytes(submission.body):
        raise KeyReused(_("this key has been used for a different report"), field="Idempotency-Key")
    with scoped(Scope(areas=(before.area,), matter=before.matter_id)):
        matter = Matter.objects.get(id=before.matter_id)
    return Taken(matter, matter.tracking or "", first_clocks(matter), repeated=True)
