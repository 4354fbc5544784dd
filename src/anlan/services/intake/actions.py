"""Taking something in: from any door, one report becomes one matter with one code."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _

from anlan.city.addresses.resolving.resolver import Resolution
from anlan.city.areas.atlas import atlas
from anlan.city.people.access import Actor, Scope, covers, scoped
from anlan.city.people.queries import desk_of
from anlan.foundation.sealing.fields import blind_index
from anlan.loop import clock, engine
from anlan.loop.models import Channel, Deadline, Matter, Party, Submission
from anlan.loop.procedures import Procedure, procedure
from anlan.loop.queries import first_clocks
from anlan.loop.refusals import BadInput, KeyReused, NotAllowed
from anlan.loop.store import AlreadySubmitted
from anlan.loop.suggestions import Report, Triage, offered_categories, triage
from anlan.services.intake import whereabouts
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


class Outlook(NamedTuple):
    """What would become of a report: the suggestion, the path of the area that would get it, and what its address
    means (None without an address or a base of them)."""

    suggested: Triage
    area: str
    address: Resolution | None


def report(given: ReportIn, *, by: Actor, key: str | None = None) -> Taken:
    """Open a matter for a report. The same `key` with the same report gives the same matter again.

    Raises BadInput for what `preview` refuses, NotAllowed for an office's channel
    from somebody who has no posting, KeyReused for a key with another report.
    """
    if given.channel not in PUBLIC_CHANNELS and by.kind not in ("staff", "system"):
        raise NotAllowed(_("only staff may report through this channel"), field="channel")
    submission = _submission(given, by, key) if key else None
    suggested, path, address = preview(given)
    by_address = None if given.position else whereabouts.position_of(address, path)
    desk, (lon, lat) = desk_of(path), given.position or by_address or (None, None)
    told: dict[str, object] = {"triage": as_told(suggested)}
    if address:
        told["address"] = whereabouts.as_told(address, gave_position=by_address is not None)
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
        opened = engine.open_matter(procedure_here(), opening, by=by, told=told)
    except AlreadySubmitted:
        assert submission is not None
        return _earlier(submission)
    return Taken(opened.matter, opened.code, opened.clocks)


def procedure_here() -> type[Procedure]:
    """What a report follows."""
    return procedure(settings.ANLAN_INTAKE_PROCEDURE)


def preview(given: ReportIn) -> Outlook:
    """What would become of a report. Raises BadInput as `report` does."""
    _check(given)
    address = whereabouts.looked_up(given)
    suggested = _suggested(given, address)
    return Outlook(suggested, _place(given, suggested, address), address)


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


def _check(given: ReportIn) -> None:
    """Raises BadInput for what is no category, area or position of this city."""
    if given.category is not None and given.category not in offered_categories():
        raise BadInput(_("there is no such category"), field="category")
    if given.position is not None and atlas().locate(*given.position) is None:
        raise BadInput(_("the position lies outside the city"), field="lon")
    if given.area is not None and given.area not in atlas().paths:
        raise BadInput(_("there is no area with this code"), field="area")


def _suggested(given: ReportIn, address: Resolution | None) -> Triage:
    lon, lat = given.position or (None, None)
    return triage(
        Report(
            text=given.text,
            title=given.title,
            lon=lon,
            lat=lat,
            address=given.address,
            channel=given.channel,
            meant=whereabouts.meant_by(address),
        )
    )


def _place(given: ReportIn, suggested: Triage, address: Resolution | None) -> str:
    """An area that was told stands above everything; an address inside it says more exactly where."""
    path = atlas().path(given.area or suggested.area)
    inside = atlas().path(suggested.area)
    return inside if address and address.address and covers(path, inside) else path


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
    # What was sent before there were codes of addresses must still be known again.
    unsaid = None if given.address_code else {"address_code"}
    body = hashlib.sha256(given.model_dump_json(exclude=unsaid).encode()).digest()
    return Submission(key=hashlib.sha256(sender.encode()).digest(), body=body, at=clock.now())


def _earlier(submission: Submission) -> Taken:
    before = Submission.objects.get(key=submission.key)
    if bytes(before.body) != bytes(submission.body):
        raise KeyReused(_("this key has been used for a different report"), field="Idempotency-Key")
    with scoped(Scope(areas=(before.area,), matter=before.matter_id)):
        matter = Matter.objects.get(id=before.matter_id)
    return Taken(matter, matter.tracking or "", first_clocks(matter), repeated=True)
