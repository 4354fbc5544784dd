"""The files of a matter: checked and stored first, then bound to a line of the history.

A file that was stored and then refused its line is harmless: it lies under its own digest and nothing leads to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.http import FileResponse, HttpResponse
from django.utils.translation import gettext as _
from PIL import Image

from anlan.city.people.access import REPORTER, SYSTEM, Actor, role_for, scope_of, scoped
from anlan.foundation.file_store import FileStore
from anlan.foundation.file_types import FileRefused
from anlan.foundation.rules import rulebook
from anlan.loop import clock, engine, queries
from anlan.loop.answers import FileOut
from anlan.loop.models import Attachment
from anlan.loop.parties import office_of
from anlan.loop.refusals import BadInput, NotAllowed, Unknown

FIELD = "files"
EVIDENCE_OPENED = "evidence_opened"
MEGABYTE = 1024 * 1024
SMALL_PIXELS = 360
"""A thumbnail, for screens with two or three pixels a point."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A file as somebody sends it, under the name they give it."""

    stream: BinaryIO
    name: str


def attach(
    matter_id: UUID,
    stream: BinaryIO,
    *,
    name: str,
    by: Actor,
    text: str = "",
    evidence: bool = False,
    public: bool = False,
) -> Attachment:
    """Add one file to a matter; see `attach_all`."""
    (attachment,) = attach_all(matter_id, [Sent(stream, name)], by=by, text=text, evidence=evidence, public=public)
    return attachment


def attach_all(
    matter_id: UUID, sent: Sequence[Sent], *, by: Actor, text: str = "", evidence: bool = False, public: bool = False
) -> list[Attachment]:
    """Add files with one note. The reporter, the assigned unit and the desk may; `evidence` (kept byte for byte, with
    what a camera wrote) only staff. What a reporter sends, and what is `public`, the reporter sees.

    Raises Unknown, NotAllowed, or BadInput for a file that is not taken, or too many of them.
    """
    role = role_for(by, engine.ON_DUTY | SYSTEM | REPORTER, queries.seen(by, matter_id))
    if role is None:
        raise NotAllowed(_("that is not yours to do here"))
    if evidence and role not in engine.ON_DUTY:
        raise NotAllowed(_("only staff may keep a file as evidence"), field="evidence")
    if not sent:
        raise BadInput(_too_many(), field=FIELD)
    attachments = stored(sent, evidence=evidence)
    engine.note(matter_id, text, by=by, attachments=attachments, public=public or role is REPORTER)
    return attachments


def stored(sent: Sequence[Sent], *, evidence: bool = False) -> list[Attachment]:
    """Files checked and put into the store, for a line of the history that is still to be written. Raises BadInput."""
    if len(sent) > most_files():
        raise BadInput(_too_many(), field=FIELD)
    return [_stored(each, evidence) for each in sent]


def opened(matter_id: UUID, attachment_id: UUID, *, by: Actor) -> FileResponse:
    """A file, for whoever may see it; evidence only for those who work on the matter, and the history says so.

    Raises Unknown, also where the store no longer holds it, or NotAllowed.
    """
    matter = queries.seen(by, matter_id)
    with scoped(replace(scope_of(by), matter=matter_id)):
        found = next((each for each in queries.files_for(by, matter) if each.id == attachment_id), None)
    if found is None:
        raise Unknown(_("there is no such file in this matter"))
    if found.evidence:
        with engine.changing(matter_id, by, engine.ON_DUTY) as change:
            change.record(EVIDENCE_OPENED, {"file": found.digest, "office": office_of(by, change.matter)})
    try:
        return _answer(found, _store().open(found.digest))
    except FileNotFoundError as error:
        raise Unknown(_("the file is missing from the store")) from error


def small(matter_id: UUID, attachment_id: UUID, *, by: Actor) -> HttpResponse:
    """A photo at the size of a thumbnail. Raises Unknown, also for evidence: that is only opened, never glanced at."""
    matter = queries.seen(by, matter_id)
    with scoped(replace(scope_of(by), matter=matter_id)):
        found = next((each for each in queries.files_for(by, matter) if each.id == attachment_id), None)
    if found is None or not FileOut.of(found).is_photo:
        raise Unknown(_("there is no such file in this matter"))
    painted = BytesIO()
    try:
        with _store().open(found.digest) as stream, Image.open(stream) as picture:
            picture.thumbnail((SMALL_PIXELS, SMALL_PIXELS))
            picture.convert("RGB").save(painted, "JPEG", quality=80)
    except (OSError, Image.DecompressionBombError) as error:
        raise Unknown(_("the file is missing from the store")) from error
    response = HttpResponse(painted.getvalue(), content_type="image/jpeg")
    response["X-Content-Type-Options"] = "nosniff"
    return response


def most_files() -> int:
    """How many files one note may bring."""
    return _limit("files.in_one_note")


def most_bytes() -> int:
    """How large one file may be."""
    return _limit("files.megabytes") * MEGABYTE


def _answer(file: Attachment, stream: BinaryIO) -> FileResponse:
    """Shown in place only what this program has painted anew itself; everything else is saved, never run."""
    repainted = file.media_type.startswith("image/") and not file.evidence
    response = FileResponse(stream, as_attachment=not repainted, filename=file.name, content_type=file.media_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response


def _too_many() -> str:
    return _("send 1 to %(n)d files at once") % {"n": most_files()}


def _stored(sent: Sent, evidence: bool) -> Attachment:
    try:
        kept = _store().put(sent.stream, declared_name=sent.name, evidence=evidence)
    except FileRefused as refused:
        raise BadInput(refused.message, field=FIELD) from refused
    return Attachment(digest=kept.digest, name=kept.name, media_type=kept.media_type, size=kept.size, evidence=evidence)


def _store() -> FileStore:
    return FileStore(settings.ANLAN_FILES, max_bytes=most_bytes())


def _limit(rule: str) -> int:
    return int(rulebook().at(rule, clock.today()).value or 0)
