"""Reporting over HTTP: what a page, a mini-program or another system of the city sends and gets."""

from typing import Annotated
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse
from ninja import File, Form, Header, Router, Status, UploadedFile
from ninja.decorators import decorate_view

from anlan.city.people.access import bearer
from anlan.loop import uploads
from anlan.loop.answers import FileOut, PublicView
from anlan.loop.doors import REFUSALS, Problem, actor_of_request, tracking_index
from anlan.loop.files import attach_all, opened
from anlan.loop.queries import by_code, public_view
from anlan.loop.schemas import Told, Words
from anlan.services.intake.actions import report
from anlan.services.intake.codes import qr_svg, tracking_address
from anlan.services.intake.queries import previewed, receipt
from anlan.services.intake.schemas import Preview, Receipt, ReportIn

prefix = "/v1/reports"
router = Router(tags=["reports"])

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="a random name for this report: sent again it gives the same matter again, not a second one",
    ),
]


class WordsWithFiles(Told):
    """What may be said with files."""

    text: Words = ""


@router.post("", response={201: Receipt, 200: Receipt, REFUSALS: Problem})
def send(request: HttpRequest, given: ReportIn, key: Key = None) -> HttpResponse:
    """Report something; nobody need sign in. 201 for a new matter, 200 where the key has brought it before."""
    taken = report(given, by=actor_of_request(request), key=key)
    body = receipt(taken)
    # Written straight: this is the program's busiest address, and the shape has just been checked.
    return HttpResponse(
        body.model_dump_json(), status=200 if taken.repeated else 201, content_type="application/json; charset=utf-8"
    )


@router.post("/preview", response={200: Preview, REFUSALS: Problem})
def preview(request: HttpRequest, given: ReportIn) -> Preview:
    """Which office, category and class it would be, why, and by when. Nothing is kept."""
    return previewed(given)


@router.get("/{code}", response={200: PublicView, REFUSALS: Problem})
def track(request: HttpRequest, code: str) -> PublicView:
    """The matter's story, for whoever holds the code. Dashes and small letters don't matter."""
    return public_view(tracking_index(code))


@router.get(
    "/{code}/qr.svg",
    response={200: None, REFUSALS: Problem},
    openapi_extra={"responses": {200: {"content": {"image/svg+xml": {"schema": {"type": "string"}}}}}},
)
def qr(request: HttpRequest, code: str) -> HttpResponse:
    """The address of the tracking page as a QR code."""
    matter = by_code(tracking_index(code))
    return HttpResponse(qr_svg(tracking_address(matter.tracking or "")), content_type="image/svg+xml")


@router.post("/{code}/files", response={201: list[FileOut], REFUSALS: Problem})
@decorate_view(uploads.not_too_much)
def send_files(
    request: HttpRequest, code: str, files: File[list[UploadedFile]], note: Form[WordsWithFiles]
) -> Status[list[FileOut]]:
    """Add pictures or other files, with a word or without. Pictures are kept without their place and time."""
    tracking, sent = tracking_index(code), uploads.sent(request, files, WordsWithFiles)
    added = attach_all(by_code(tracking).id, sent, by=bearer(tracking), text=note.text)
    return Status(201, [FileOut.of(each) for each in added])


@router.get("/{code}/files/{attachment_id}", response={200: None, REFUSALS: Problem}, openapi_extra=uploads.ANY_FILE)
def open_file(request: HttpRequest, code: str, attachment_id: UUID) -> FileResponse:
    """A file of the matter that the reporter sent or was meant to see."""
    tracking = tracking_index(code)
    return opened(by_code(tracking).id, attachment_id, by=bearer(tracking))
