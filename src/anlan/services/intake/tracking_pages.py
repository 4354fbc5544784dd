"""The pages of a code: its receipt, its story, and what its holder may say and do. A code opens one matter only."""

from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from anlan.city.people.access import bearer
from anlan.city.people.models import Account
from anlan.loop import engine, joining
from anlan.loop.answers import ClockOut, PublicView, label
from anlan.loop.doors import LONGEST_CODE, tracking_index
from anlan.loop.files import attach_all, opened
from anlan.loop.models import Matter, Rating
from anlan.loop.procedures import Transition
from anlan.loop.queries import by_code, first_clocks, public_view
from anlan.loop.refusals import NotPossible, Refused, Unknown
from anlan.loop.schemas import Reason, Satisfaction
from anlan.services.intake import mine
from anlan.services.intake.actions import Taken
from anlan.services.intake.codes import qr_svg, tracking_address, tracking_path
from anlan.services.intake.pages import Page, errors, form_page, limits, photos
from anlan.services.intake.queries import receipt as receipt_of

NOTE = "note"
LEAVE = "leave"


def of_code(page: Page) -> Page:
    """Give the page the matter its code opens. Every wrong code gets one and the same answer; none is kept anywhere."""

    @never_cache
    @wraps(page)
    def with_matter(request: HttpRequest, code: str, **more: Any) -> HttpResponseBase:
        tracking = tracking_index(code)
        try:
            matter = by_code(tracking)
        except Unknown:
            return wrong_code(request)
        response = page(request, matter, tracking, **more)
        # The address is the key: it belongs in no search engine.
        response["X-Robots-Tag"] = "noindex"
        return response

    return with_matter


def wrong_code(request: HttpRequest, typed: str = "") -> HttpResponse:
    """The form for a code, saying that the one given opens nothing."""
    shown = {"typed": typed, "longest": LONGEST_CODE, "error": _("No matter has this code. Please check each sign.")}
    return render(request, "intake/enter_code.html", {**shown, "hotline": settings.ANLAN_HOTLINE}, status=404)


@never_cache
@form_page
def enter_code(request: HttpRequest) -> HttpResponse:
    """The form for a code as it stands on a receipt."""
    if request.method != "POST":
        shown = {"longest": LONGEST_CODE, "hotline": settings.ANLAN_HOTLINE}
        return render(request, "intake/enter_code.html", shown)
    typed = request.POST.get("code", "")
    try:
        matter = by_code(tracking_index(typed))
    except Unknown:
        return wrong_code(request, typed[:LONGEST_CODE])
    return redirect(tracking_path(matter.tracking or ""))


@require_GET
@of_code
def receipt(request: HttpRequest, matter: Matter, tracking: bytes) -> HttpResponse:
    """What the reporter takes away, to keep or to print."""
    code = matter.tracking or ""
    shown = {"receipt": receipt_of(Taken(matter, code, first_clocks(matter))), "path": tracking_path(code)}
    return render(request, "intake/receipt.html", {**shown, "hotline": settings.ANLAN_HOTLINE})


@require_GET
@of_code
def picture(request: HttpRequest, matter: Matter, tracking: bytes) -> HttpResponse:
    """The address of the tracking page as a QR code."""
    return HttpResponse(qr_svg(tracking_address(matter.tracking or "")), content_type="image/svg+xml")


@require_GET
@of_code
def file(request: HttpRequest, matter: Matter, tracking: bytes, attachment_id: UUID) -> HttpResponseBase:
    """A file that the reporter sent or was meant to see."""
    try:
        return opened(matter.id, attachment_id, by=bearer(tracking))
    except Unknown:
        return render(request, "404.html", status=404)


@form_page
@of_code
def track(request: HttpRequest, matter: Matter, tracking: bytes) -> HttpResponse:
    """The story in plain words, what comes next, and what one can do."""
    if request.method != "POST":
        answer = _story(request, matter, tracking)
        if isinstance(request.user, Account) and request.user.id == matter.reporter_id:
            mine.visited(request.user, matter.id)
        return answer
    act = request.POST.get("act", "")
    try:
        _do(request, matter, tracking, act)
    except Refused as refused:
        return _story(request, matter, tracking, refused)
    return redirect(f"{tracking_path(matter.tracking or '')}?done={act}")


def _do(request: HttpRequest, matter: Matter, tracking: bytes, act: str) -> None:
    """Add a word and files, or take a step that is the reporter's. Raises Refused."""
    by, told = bearer(tracking), request.POST
    if act == NOTE:
        text, sent = told.get("text", ""), photos(request)
        if sent:
            attach_all(matter.id, sent, by=by, text=text)
        else:
            engine.note(matter.id, text, by=by, public=True)
        return
    if act == LEAVE:
        joining.leave(matter.id, by=by, reason=told.get("reason", ""))
        return
    step = next((each for each in engine.possible(matter, by) if each.name == act), None)
    if step is None:
        raise NotPossible(_("That can't be done any more; here is how things stand now."))
    asked = step.asks.model_fields if step.asks else {}
    engine.advance(matter.id, act, by=by, told={name: _number(told[name]) for name in asked if told.get(name)})


def _number(text: str) -> str | int:
    """A form sends everything as text; a rating is a number."""
    return int(text) if text in {str(rating.value) for rating in Rating} else text


def _story(request: HttpRequest, matter: Matter, tracking: bytes, refused: Refused | None = None) -> HttpResponse:
    told = public_view(tracking)
    steps = engine.possible(by_code(tracking) if refused else matter, bearer(tracking))
    # A merged matter's own clocks stand still; those of the one that is worked on count.
    clocks = told.together.deadlines if told.together else told.deadlines
    running = [each for each in clocks if each.remaining_seconds is not None]
    shown = {
        "matter": told,
        "words": matter.description,
        "path": tracking_path(matter.tracking or ""),
        "code": matter.tracking or "",
        "tone": _tone(told),
        "running": sorted(running, key=lambda each: each.due_at),
        "promises": [{**each.model_dump(), "result": _result(each)} for each in clocks],
        "state": told.together.state_label if told.together else told.state_label,
        "may_claim": isinstance(request.user, Account) and matter.reporter_id is None,
        "rated": Rating(told.rating).label if told.rating else "",
        "rating": next((step.name for step in steps if step.asks is Satisfaction), ""),
        "ratings": [(rating.value, rating.label) for rating in reversed(Rating)],
        "others": [_Way(step) for step in steps if step.asks is None or issubclass(step.asks, Reason)],
        "act": request.POST.get("act", ""),
        "typed": request.POST,
        "done": request.GET.get("done", ""),
        "errors": errors(refused),
        "hotline": settings.ANLAN_HOTLINE,
        **limits(),
    }
    return render(request, "intake/track.html", shown, status=refused.status if refused else 200)


class _Way:
    """A step the reporter may take, as a form: its name, what it is called, and whether it asks for a reason."""

    def __init__(self, step: Transition) -> None:
        self.name = step.name
        self.label = label(step)
        self.asks_reason = step.asks is not None
        self.reopens = step.reopens


def _tone(told: PublicView) -> str:
    clocks = told.together.deadlines if told.together else told.deadlines
    if any(each.overdue for each in clocks):
        return "red"
    return "green" if told.closed or (told.together and told.together.done) else "blue"


def _result(clock: ClockOut) -> str:
    """How a promise stands."""
    if clock.suspended:
        return _("stands still")
    if clock.overdue:
        return _("not kept: overdue")
    if clock.ended_at is None:
        return _("running")
    if clock.in_time is None:
        return _("fell away")
    return _("kept") if clock.in_time else _("not kept")
