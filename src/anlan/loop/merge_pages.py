"""Merging by eye: two matters side by side, which of them is worked on, and why they are one."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from anlan.city.people.access import Actor, role_for
from anlan.loop import queries, verbs
from anlan.loop.answers import FileOut, MatterOut, PartyOut
from anlan.loop.duplicates import Candidate, candidate, possible_duplicates
from anlan.loop.forms import Form, checked, form_of, version_in
from anlan.loop.models import Channel, Matter
from anlan.loop.page_door import for_staff, say, shell
from anlan.loop.pages import severity_colour
from anlan.loop.refusals import BadInput, NotAllowed, NotPossible, Refused, Unknown
from anlan.loop.schemas import Reason
from anlan.loop.staff_story import Line, staff_story

KEPT = "kept"
"""The field that says which of the two is worked on."""


@dataclass(frozen=True)
class Side:
    """One of the two, as the page shows it."""

    matter: MatterOut
    colour: str
    channel: str
    people: list[PartyOut]
    photos: list[FileOut]
    other_files: list[FileOut]
    story: list[Line]


@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """Look for a duplicate, compare it (`?with=` its number or identifier), and merge the two."""
    matter = queries.seen(actor, matter_id)
    if role_for(actor, verbs.VERBS["merge"].by, matter) is None:
        raise NotAllowed(_("that is not yours to do here"))
    typed = (request.POST if request.method == "POST" else request.GET).get("with", "").strip()
    if not typed:
        return _page(request, actor, matter, None)
    try:
        other = _named(actor, typed)
        if other.id == matter.id:
            raise NotPossible(_("a matter can't be merged into itself"), field="with")
    except Refused as refused:
        return _page(request, actor, matter, None, refused=refused, typed=typed)
    if request.method != "POST":
        return _page(request, actor, matter, other)
    try:
        kept = _join(request, actor, matter, other)
    except Refused as refused:
        return _page(request, actor, matter, other, refused=refused)
    gone = other if kept is matter else matter
    say(request, _("%(number)s is handled with this one now.") % {"number": gone.reference})
    return HttpResponseRedirect(reverse("matter", args=[kept.id]))


def _join(request: HttpRequest, actor: Actor, matter: Matter, other: Matter) -> Matter:
    """Merge as the form says; returns the one that is worked on."""
    sides = {str(each.id): each for each in (matter, other)}
    kept = sides.get(request.POST.get(KEPT, ""))
    if kept is None:
        raise BadInput(_("choose which of the two is worked on"), field=KEPT)
    reason = checked(Reason, request.POST).reason
    gone = other if kept is matter else matter
    versions = {each.id: version_in(request.POST, f"version-{each.id}") for each in (matter, other)}
    verbs.merge(
        gone.id, into=kept.id, by=actor, reason=reason, version=versions[gone.id], into_version=versions[kept.id]
    )
    return kept


def _page(
    request: HttpRequest,
    actor: Actor,
    matter: Matter,
    other: Matter | None,
    *,
    refused: Refused | None = None,
    typed: str = "",
) -> HttpResponse:
    beside_field = refused is not None and (refused.field in (KEPT, "reason") if other else True)
    context = {
        **shell(request, actor),
        "matter": matter,
        "typed": typed,
        "wrong": refused.message if refused and not other else "",
        "refused": None if beside_field else refused,
    }
    if other is None:
        found = possible_duplicates(actor, matter)
        context["candidates"] = [(each, severity_colour(each.matter.severity), reasons(matter, each)) for each in found]
        return render(request, "loop/merge_search.html", context, status=refused.status if refused else 200)
    context |= {
        "sides": [_side(actor, each) for each in (matter, other)],
        "reasons": reasons(matter, candidate(matter, other)),
        "form": _form(request, refused),
        "kept": request.POST.get(KEPT, "") or str(_suggested(matter, other).id),
        "wrong_side": refused.message if refused and refused.field == KEPT else "",
    }
    return render(request, "loop/merge.html", context, status=refused.status if refused else 200)


def reasons(matter: Matter, found: Candidate) -> list[str]:
    """What speaks for one matter in two reports, and how far apart they lie."""
    said = [_("same category")] if found.same_category else [_("same kind of category")]
    if found.same_address:
        said.append(_("same address"))
    if words := found.words(matter):
        said.append(_("both say %(words)s") % {"words": " ".join(f"“{each}”" for each in words)})
    if found.metres is not None:
        said.append(_("%(metres)d m apart") % {"metres": found.metres})
    return [*said, _apart(found.apart)]


def _apart(apart: timedelta) -> str:
    minutes = int(apart.total_seconds()) // 60
    if minutes < 60:
        return _("%(n)d min between") % {"n": minutes}
    if minutes < 48 * 60:
        return _("%(n)d h between") % {"n": minutes // 60}
    return _("%(n)d d between") % {"n": apart.days}


def _form(request: HttpRequest, refused: Refused | None) -> Form:
    at_reason = refused if refused and refused.field == "reason" else None
    return form_of(Reason, typed=request.POST if refused else None, refused=at_reason)


def _named(actor: Actor, typed: str) -> Matter:
    """The other one, by its number or identifier. Raises Unknown."""
    try:
        try:
            return queries.seen(actor, UUID(typed))
        except ValueError:
            return queries.numbered(actor, typed)
    except Unknown as unknown:
        raise Unknown(_("there is no such matter"), field="with") from unknown


def _suggested(matter: Matter, other: Matter) -> Matter:
    """The one that is further on, else the one that came first: so the least work is lost."""
    return min(matter, other, key=lambda each: (each.unit_id is None, each.opened_at))


def _side(actor: Actor, matter: Matter) -> Side:
    shown = queries.matter(actor, matter.id)
    people = queries.people(actor, matter.id)
    return Side(
        matter=shown,
        colour=severity_colour(shown.severity),
        channel=str(Channel(shown.channel).label),
        people=people,
        photos=[file for file in shown.files if file.is_photo],
        other_files=[file for file in shown.files if not file.is_photo],
        story=list(reversed(staff_story(queries.history(actor, matter.id), people, shown.files))),
    )
