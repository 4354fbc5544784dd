"""The loop over HTTP: the same addresses for every procedure, since each is derived from its declaration."""

import re
from typing import Annotated, Any
from uuid import UUID

from django.http import FileResponse, HttpRequest
from django.utils.translation import gettext as _
from ninja import Body, File, Form, Header, Query, Router, Status, UploadedFile
from ninja.decorators import decorate_view
from pydantic import AfterValidator, BaseModel, Field

from anlan.loop import engine, parties, placing, queries, uploads, verbs
from anlan.loop.answers import EventOut, FileOut, MatterOut, PartyOut, Revealed, Standing, StepOut
from anlan.loop.declared import ProcedureOut
from anlan.loop.doors import REFUSALS, TOKEN_SECONDS, Problem, known_actor, sign_in
from anlan.loop.files import attach_all, opened
from anlan.loop.parties import Purpose
from anlan.loop.queries import Page, Wanted, path_of
from anlan.loop.refusals import BadInput
from anlan.loop.schemas import (
    Approved,
    Extension,
    HandOver,
    Line,
    Merging,
    Placing,
    Reason,
    Reclassification,
    Said,
    Sharing,
    Told,
    Words,
    storable,
)

prefix = "/v1"
router = Router()

IfMatch = Annotated[
    str | None, Header(alias="If-Match", description="the version you have seen; refused if it moved on")
]


class Credentials(Told):
    username: Annotated[Line, Field(min_length=1)]
    # Never stripped: a space may be part of a password.
    password: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(storable)]


class SignIn(Credentials):
    """`code` only for an account with a second factor: what its app shows now, or a recovery code."""

    code: Annotated[Line, Field(max_length=20)] = ""


class Session(BaseModel):
    """A token for the header `Authorization: Bearer …`."""

    token: str
    expires_in_seconds: int


class NoteIn(Told):
    """A word without a step. A public one is shown to the reporter."""

    text: Said
    public: bool = False


class NoteWithFiles(Told):
    """What may be said with files."""

    text: Words = ""
    public: bool = False
    evidence: bool = False


@router.post("/session", response={200: Session, REFUSALS: Problem}, tags=["session"])
def open_session(request: HttpRequest, given: SignIn) -> Session:
    """Sign in for twelve hours."""
    token = sign_in(request, given.username, given.password, given.code)
    return Session(token=token, expires_in_seconds=TOKEN_SECONDS)


@router.get("/procedures", response={200: list[ProcedureOut], REFUSALS: Problem}, tags=["procedures"])
def procedures(request: HttpRequest) -> list[ProcedureOut]:
    """Every procedure as declared: states, steps, deadlines and the rules behind them."""
    return queries.declared()


@router.get("/matters", response={200: Page, REFUSALS: Problem}, tags=["matters"])
def matters(request: HttpRequest, wanted: Query[Wanted]) -> Page:
    """The 50 newest matters in your scope that fit; the page after is at `?cursor={next}`."""
    return queries.matters(known_actor(request), wanted)


@router.get("/matters/{matter_id}", response={200: MatterOut, REFUSALS: Problem}, tags=["matters"])
def matter(request: HttpRequest, matter_id: UUID) -> MatterOut:
    """One matter, its deadlines, and the steps you may take."""
    return queries.matter(known_actor(request), matter_id)


@router.get("/matters/{matter_id}/history", response={200: list[EventOut], REFUSALS: Problem}, tags=["matters"])
def history(request: HttpRequest, matter_id: UUID) -> list[EventOut]:
    """Everything that happened, with the links of the chain."""
    return queries.history(known_actor(request), matter_id)


@router.get("/matters/{matter_id}/parties", response={200: list[PartyOut], REFUSALS: Problem}, tags=["people"])
def people(request: HttpRequest, matter_id: UUID) -> list[PartyOut]:
    """The people of a matter, masked, and who has looked at their data. A reporter sees themselves."""
    return queries.people(known_actor(request), matter_id)


@router.post(
    "/matters/{matter_id}/parties/{party_id}/look", response={200: Revealed, REFUSALS: Problem}, tags=["people"]
)
def look(request: HttpRequest, matter_id: UUID, party_id: UUID, given: Purpose) -> Revealed:
    """Open a person's data. That you looked, and why, is written down and shown to them."""
    return parties.reveal(matter_id, party_id, by=known_actor(request), purpose=given.purpose)


@router.post("/matters/{matter_id}/files", response={201: list[FileOut], REFUSALS: Problem}, tags=["files"])
@decorate_view(uploads.not_too_much)
def send_files(
    request: HttpRequest, matter_id: UUID, files: File[list[UploadedFile]], note: Form[NoteWithFiles]
) -> Status[list[FileOut]]:
    """Add files, with a word or without. Pictures lose place and time unless they are `evidence`, which only staff
    may keep; what is `public` the reporter sees."""
    by, sent = known_actor(request), uploads.sent(request, files, NoteWithFiles)
    added = attach_all(matter_id, sent, by=by, text=note.text, evidence=note.evidence, public=note.public)
    return Status(201, [FileOut.of(each) for each in added])


@router.get(
    "/matters/{matter_id}/files/{attachment_id}",
    response={200: None, REFUSALS: Problem},
    openapi_extra=uploads.ANY_FILE,
    tags=["files"],
)
def open_file(request: HttpRequest, matter_id: UUID, attachment_id: UUID) -> FileResponse:
    """A file as it was kept. Opening evidence is written down."""
    return opened(matter_id, attachment_id, by=known_actor(request))


@router.get("/matters/{matter_id}/transitions", response={200: list[StepOut], REFUSALS: Problem}, tags=["matters"])
def transitions(request: HttpRequest, matter_id: UUID) -> list[StepOut]:
    """The steps you may take now, each with the JSON schema of what it asks."""
    return queries.steps(known_actor(request), matter_id)


@router.post("/matters/{matter_id}/transitions/{name}", response={200: Standing, REFUSALS: Problem}, tags=["matters"])
def advance(
    request: HttpRequest,
    matter_id: UUID,
    name: str,
    told: Annotated[dict[str, Any] | None, Body()] = None,
    if_match: IfMatch = None,
) -> Standing:
    """Take a step. The body is what the step asks; see `GET …/transitions`."""
    version = _version(if_match)
    return Standing.of(engine.advance(matter_id, name, by=known_actor(request), told=told, version=version))


@router.post("/matters/{matter_id}/notes", response={200: Standing, REFUSALS: Problem}, tags=["matters"])
def note(request: HttpRequest, matter_id: UUID, given: NoteIn, if_match: IfMatch = None) -> Standing:
    """Add a word."""
    return Standing.of(
        engine.note(matter_id, given.text, by=known_actor(request), public=given.public, version=_version(if_match))
    )


@router.post("/matters/{matter_id}/hand-over", response={200: Standing, REFUSALS: Problem}, tags=["matters"])
def hand_over(request: HttpRequest, matter_id: UUID, given: HandOver, if_match: IfMatch = None) -> Standing:
    """Move it to another area's command centre."""
    by, area = known_actor(request), path_of(given.to_area, "to_area")
    return Standing.of(verbs.hand_over(matter_id, to_area=area, by=by, reason=given.reason, version=_version(if_match)))


@router.post("/matters/{matter_id}/place", response={200: Standing, REFUSALS: Problem}, tags=["matters"])
def place(request: HttpRequest, matter_id: UUID, given: Placing, if_match: IfMatch = None) -> Standing:
    """Say where it is, by the code of an address or of an area; the area, the grid and the desk follow."""
    placed = placing.place(
        matter_id,
        by=known_actor(request),
        reason=given.reason,
        address_code=given.address_code,
        in_area=path_of(given.in_area, "in_area") if given.in_area else None,
        version=_version(if_match),
    )
    return Standing.of(placed)


@router.post("/matters/{matter_id}/share", response={200: Standing, REFUSALS: Problem}, tags=["matters"])
def share(request: HttpRequest, matter_id: UUID, given: Sharing, if_match: IfMatch = None) -> Standing:
    """Handle it together with another area; you stay responsible."""
    by, area = known_actor(request), path_of(given.with_area, "with_area")
    return Standing.of(verbs.share(matter_id, with_area=area, by=by, reason=given.reason, version=_version(if_match)))


@router.post("/matters/{matter_id}/suspend", response={200: Standing, REFUSALS: Problem}, tags=["matters"])
def suspend(request: HttpRequest, matter_id: UUID, given: Approved, if_match: IfMatch = None) -> Standing:
    """Stop the clocks."""
    by = known_actor(request)
    return Standing.of(
        verbs.suspend(matter_id, by=by, reason=given.reason, approver=given.approver, version=_version(if_match))
    )


@router.post("/matters/{matter_id}/resume", response={200: Standing, REFUSALS: Problem}, tags=["matters"])
def resume(request: HttpRequest, matter_id: UUID, given: Reason, if_match: IfMatch = None) -> Standing:
    """Let the clocks run again."""
    return Standing.of(
        verbs.resume(matter_id, by=known_actor(request), reason=given.reason, version=_version(if_match))
    )


@router.post("/matters/{matter_id}/extend", response={200: Standing, REFUSALS: Problem}, tags=["matters"])
def extend(request: HttpRequest, matter_id: UUID, given: Extension, if_match: IfMatch = None) -> Standing:
    """Extend a deadline once, by what its rule allows."""
    by = known_actor(request)
    changed = verbs.extend(
        matter_id, given.deadline, by=by, reason=given.reason, approver=given.approver, version=_version(if_match)
    )
    return Standing.of(changed)


@router.post("/matters/{matter_id}/escalate", response={200: Standing, REFUSALS: Problem}, tags=["matters"])
def escalate(request: HttpRequest, matter_id: UUID, given: Reason, if_match: IfMatch = None) -> Standing:
    """Tell the next level up."""
    return Standing.of(
        verbs.escalate(matter_id, by=known_actor(request), reason=given.reason, version=_version(if_match))
    )


@router.post("/matters/{matter_id}/merge", response={200: Standing, REFUSALS: Problem}, tags=["matters"])
def merge(request: HttpRequest, matter_id: UUID, given: Merging, if_match: IfMatch = None) -> Standing:
    """Join a duplicate to the matter that is worked on."""
    merged = verbs.merge(
        matter_id,
        into=given.into,
        by=known_actor(request),
        reason=given.reason,
        version=_version(if_match),
        into_version=given.into_version,
    )
    return Standing.of(merged)


@router.post("/matters/{matter_id}/unmerge", response={200: Standing, REFUSALS: Problem}, tags=["matters"])
def unmerge(request: HttpRequest, matter_id: UUID, given: Reason, if_match: IfMatch = None) -> Standing:
    """Take a merge back."""
    return Standing.of(
        verbs.unmerge(matter_id, by=known_actor(request), reason=given.reason, version=_version(if_match))
    )


@router.post("/matters/{matter_id}/reclassify", response={200: Standing, REFUSALS: Problem}, tags=["matters"])
def reclassify(request: HttpRequest, matter_id: UUID, given: Reclassification, if_match: IfMatch = None) -> Standing:
    """Override what was suggested."""
    changed = verbs.reclassify(
        matter_id,
        by=known_actor(request),
        reason=given.reason,
        klass=given.klass,
        category=given.category,
        severity=given.severity,
        version=_version(if_match),
    )
    return Standing.of(changed)


def _version(if_match: str | None) -> int | None:
    """`3`, `"3"` or `W/"3"`. Raises BadInput."""
    if if_match is None:
        return None
    found = re.fullmatch(r'(?:W/)?"?([0-9]{1,9})"?', if_match.strip())
    if found is None:
        raise BadInput(_('must be the version you have seen, such as "3"'), field="If-Match")
    return int(found[1])
