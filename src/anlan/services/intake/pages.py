"""The first page and the way of a report: what, where, and who may be asked; then it is sent, once.

Every page works without JavaScript. What is wrong is said beside the field, with what was typed still there.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, BinaryIO, cast
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from anlan.city.people.access import bearer
from anlan.city.people.models import Account
from anlan.loop import joining
from anlan.loop.doors import actor_of_request, tracking_index
from anlan.loop.files import MEGABYTE, Sent, attach_all, most_bytes, most_files
from anlan.loop.models import Channel
from anlan.loop.refusals import BadInput, NotPossible, Refused
from anlan.loop.schemas import LONGEST_TEXT
from anlan.loop.similar import Asked, Similar, similar
from anlan.loop.suggestions import Klass
from anlan.services.intake import drafts, mine, place, whereabouts
from anlan.services.intake.actions import preview, report
from anlan.services.intake.codes import tracking_path
from anlan.services.intake.drafts import Draft
from anlan.services.intake.queries import previewed
from anlan.services.intake.reading import read_report
from anlan.services.intake.schemas import Preview, ReportIn

Page = Callable[..., HttpResponseBase]
form_page = require_http_methods(["GET", "HEAD", "POST"])


def drafted(page: Page) -> Page:
    """Give the page its draft: without one the report begins anew, and what was sent leads to its receipt."""

    @wraps(page)
    def with_draft(request: HttpRequest, key: UUID) -> HttpResponseBase:
        draft = drafts.find(request, key)
        if draft is None:
            return redirect("report")
        if draft.code:
            return redirect(f"{tracking_path(draft.code)}/receipt")
        return page(request, key, draft)

    return with_draft


@require_GET
def first(request: HttpRequest) -> HttpResponse:
    """What the city is for, and the three ways in."""
    return render(request, "intake/first.html", {"hotline": settings.ANLAN_HOTLINE, "city": place.city()})


@never_cache
@form_page
def begin(request: HttpRequest) -> HttpResponse:
    """Step one of a new report."""
    draft = Draft(text=request.POST.get("text", ""))
    if request.method != "POST":
        return _what(request, draft)
    try:
        _read(draft)
    except BadInput as refused:
        return _what(request, draft, refused)
    return redirect("report-where", key=drafts.begin(request, draft))


@never_cache
@form_page
@drafted
def what(request: HttpRequest, key: UUID, draft: Draft) -> HttpResponse:
    """Step one once more."""
    if request.method != "POST":
        return _what(request, draft)
    changed = draft.model_copy(update={"text": request.POST.get("text", "")})
    try:
        _read(changed)
    except BadInput as refused:
        return _what(request, changed, refused)
    drafts.keep(request, key, changed)
    return redirect("report-where", key=key)


@never_cache
@form_page
@drafted
def where(request: HttpRequest, key: UUID, draft: Draft) -> HttpResponse:
    """Step two: an address, an area from three lists, a position; each helps, none is needed."""
    if request.method != "POST":
        return _where(request, key, draft)
    changed = draft.model_copy(update={name: request.POST.get(name, "") for name in ("address", "lon", "lat")})
    try:
        changed.area = place.chosen(request.POST.dict())
        preview(_read(changed))
    except BadInput as refused:
        return _where(request, key, changed, refused)
    drafts.keep(request, key, changed)
    if request.POST.get("go") == "area":
        return redirect(f"{request.path}#area")
    return redirect("report-send", key=key)


@never_cache
@form_page
@drafted
def send(request: HttpRequest, key: UUID, draft: Draft) -> HttpResponse:
    """Step three: what will become of it, before it is sent; photos and contact if wanted."""
    if request.method != "POST":
        return _send(request, key, draft)
    try:
        given = _read(draft, name=request.POST.get("name", ""), phone=request.POST.get("phone", ""))
        given = whereabouts.settled(given, request.POST.get("address_code", ""))
        code = _taken(request, key, given)
    except Refused as refused:
        return _send(request, key, draft, refused)
    drafts.keep(request, key, Draft(code=code))
    return redirect(f"{tracking_path(code)}/receipt")


def photos(request: HttpRequest) -> list[Sent]:
    """The files of a form."""
    return [Sent(cast(BinaryIO, each.file), each.name or "") for each in request.FILES.getlist("files")]


def limits() -> dict[str, int]:
    """What a page says of the files it takes."""
    return {"most_files": most_files(), "megabytes": most_bytes() // MEGABYTE}


def errors(refused: Refused | None) -> dict[str, str]:
    """What is wrong, by field; under `page` what concerns no field."""
    return {} if refused is None else {refused.field or "page": str(refused.message)}


def _taken(request: HttpRequest, key: UUID, given: ReportIn) -> str:
    """Take the report in with its photos, joined to another where that was chosen, or nothing; returns the code."""
    sent, by = photos(request), actor_of_request(request)
    into = _chosen(request, given)
    with transaction.atomic():
        taken = report(given, by=by, key=str(key))
        if taken.repeated:
            return taken.code
        tracking = tracking_index(taken.code)
        if sent:
            attach_all(taken.matter.id, sent, by=bearer(tracking))
        if into is not None:
            joining.join(taken.matter.id, into=into.id, by=replace(by, tracking=tracking))
    return taken.code


def _similar(given: ReportIn, likely: Preview) -> list[Similar]:
    return similar(Asked(likely.klass, likely.category, likely.area, given.position))


def _chosen(request: HttpRequest, given: ReportIn) -> Similar | None:
    """The open matter somebody wants to join: one of those offered, and no other. Raises NotPossible."""
    wanted = request.POST.get("join", "")
    if not wanted:
        return None
    found = next((each for each in _similar(given, previewed(given)) if str(each.id) == wanted), None)
    if found is None:
        raise NotPossible(_("that matter has been settled in the meantime; please choose again"), field="join")
    return found


def _read(draft: Draft, **contact: str) -> ReportIn:
    """The report as far as it has been told. Raises BadInput."""
    return place.narrowed(read_report({**draft.model_dump(exclude={"code"}), **contact, "channel": Channel.WEB}))


def _steps() -> list[str]:
    return [_("What"), _("Where"), _("Check and send")]


def _what(request: HttpRequest, draft: Draft, refused: BadInput | None = None) -> HttpResponse:
    shown = {"steps": _steps(), "draft": draft, "errors": errors(refused), "longest": LONGEST_TEXT}
    return render(request, "intake/what.html", shown, status=_status(refused))


def _where(request: HttpRequest, key: UUID, draft: Draft, refused: BadInput | None = None) -> HttpResponse:
    shown: dict[str, Any] = {
        "steps": _steps(),
        "key": key,
        "draft": draft,
        "choices": place.choices(draft.area, errors(refused)),
        "errors": errors(refused),
    }
    return render(request, "intake/where.html", shown, status=_status(refused))


def _send(request: HttpRequest, key: UUID, draft: Draft, refused: Refused | None = None) -> HttpResponse:
    given = _read(draft)
    likely = previewed(given)
    own = mine.contact_of(request.user) if isinstance(request.user, Account) else {}
    shown = {
        "steps": _steps(),
        "key": key,
        "draft": draft,
        "likely": likely,
        "danger": likely.klass == Klass.POLICE or likely.triggers,
        "hotline": settings.ANLAN_HOTLINE,
        # How to ask back is asked on the page itself.
        "missing": [each for each in likely.missing if each.fact != "contact"],
        "errors": errors(refused),
        "similar": _similar(given, likely),
        "address_code": request.POST.get("address_code", ""),
        "join": request.POST.get("join", ""),
        "own_contact": bool(own.get("phone")),
        "name": request.POST.get("name", own.get("name", "")),
        "phone": request.POST.get("phone", own.get("phone", "")),
        **limits(),
    }
    return render(request, "intake/send.html", shown, status=_status(refused))


def _status(refused: Refused | None) -> int:
    return 200 if refused is None else refused.status
