"""The pages of offices and units."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from anlan.city.people.access import Actor
from anlan.city.people.models import Organisation, Unit
from anlan.city.people.skills import SKILLS, named
from anlan.foundation.language import said
from anlan.loop.administering import (
    Filter,
    Listing,
    Question,
    areas_offered,
    asked,
    for_administrators,
    found_in,
    listed,
    paged,
)
from anlan.loop.forms import Choices
from anlan.services.administration import offices, retiring
from anlan.services.administration.schemas import OrganisationIn, Retiring, UnitIn, WithReason

ASKING = ["GET", "HEAD", "POST"]


@require_safe
@for_administrators
def organisations(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The offices of one's area."""
    text, kind = request.GET.get("q", ""), request.GET.get("kind", "")
    found = offices.organisations(actor).filter(found_in(text, "name")).order_by("area__path", "name")
    if kind:
        found = found.filter(kind=kind)
    page = paged(request, found)
    rows = [
        (reverse("organisation", args=[each.id]), (each.name, each.get_kind_display(), offices.place(each.area.path)))
        for each in page
    ]
    listing = Listing(
        title=_("Organisations"),
        headings=(_("Designation"), _("Kind"), _("Area")),
        rows=rows,
        page=page,
        empty=_("No organisation has been set up in your area."),
        create=(reverse("new-organisation"), _("New organisation")),
        searched=text,
        search_label=_("Designation"),
        filters=[Filter("kind", _("Kind"), Organisation.Kind.choices, kind)],
    )
    return listed(request, actor, listing)


@require_http_methods(ASKING)
@for_administrators
def new_organisation(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Set up an office."""

    def act(given: OrganisationIn, mark: str) -> None:
        offices.set_up_organisation(given, by=actor)

    return asked(request, actor, _organisation(actor, act=act, title=_("New organisation"), button=_("Set up")))


@require_http_methods(ASKING)
@for_administrators
def organisation(request: HttpRequest, actor: Actor, id: UUID) -> HttpResponse:
    """Change an office."""
    found = offices.organisation_of(actor, id)

    def act(given: OrganisationIn, mark: str) -> None:
        offices.set_up_organisation(given, by=actor, id=id, mark=mark)

    initial = {"name": found.name, "kind": found.kind, "in_area": offices.place(found.area.path)}
    question = _organisation(actor, act=act, title=found.name, button=_("Save"), initial=initial, shown=found)
    return asked(request, actor, question)


@require_safe
@for_administrators
def units(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The units of one's area."""
    text, kind, state = (request.GET.get(name, "") for name in ("q", "kind", "state"))
    found = offices.units(actor).filter(found_in(text, "name", "home__name")).order_by("home__path", "kind", "name")
    found = found.filter(retired_on__isnull=state != "retired")
    if kind:
        found = found.filter(kind=kind)
    page = paged(request, found)
    rows = [
        (
            reverse("unit", args=[each.id]),
            (
                each.name,
                each.get_kind_display(),
                offices.place(each.home.path),
                said(*named(each.skills)),
                each.capacity,
                shift(each),
                _("retired") if each.retired_on else _("on duty") if each.on_duty else _("off duty"),
            ),
        )
        for each in page
    ]
    headings = (_("Designation"), _("Kind"), _("Home area"), _("Skills"), _("Matters at once"), _("Shift"), _("State"))
    listing = Listing(
        title=_("Units"),
        headings=headings,
        rows=rows,
        page=page,
        empty=_("No unit has been set up in your area."),
        create=(reverse("new-unit"), _("New unit")),
        searched=text,
        search_label=_("Name or home area"),
        filters=[
            Filter("kind", _("Kind"), Unit.Kind.choices, kind),
            Filter("state", _("State"), [("retired", _("retired"))], state),
        ],
    )
    return listed(request, actor, listing)


@require_http_methods(ASKING)
@for_administrators
def new_unit(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Set up a unit."""

    def act(given: UnitIn, mark: str) -> None:
        offices.set_up_unit(given, by=actor)

    return asked(
        request, actor, _unit(actor, act=act, title=_("New unit"), button=_("Set up"), initial={"capacity": "1"})
    )


@require_http_methods(ASKING)
@for_administrators
def unit(request: HttpRequest, actor: Actor, id: UUID) -> HttpResponse:
    """Change a unit."""
    found = offices.unit_of(actor, id)

    def act(given: UnitIn, mark: str) -> None:
        offices.set_up_unit(given, by=actor, id=id, mark=mark)

    initial = {
        "name": found.name,
        "kind": found.kind,
        "organisation": str(found.organisation_id),
        "home": offices.place(found.home.path),
        "skills": ",".join(found.skills),
        "capacity": str(found.capacity),
        "shift_start": f"{found.shift_start:%H:%M}" if found.shift_start else "",
        "shift_end": f"{found.shift_end:%H:%M}" if found.shift_end else "",
    }
    question = _unit(
        actor,
        act=act,
        title=found.name,
        button=_("Save"),
        initial=initial,
        shown=found,
        template="administration/unit.html",
    )
    return asked(request, actor, question)


@require_http_methods(ASKING)
@for_administrators
def retire_unit(request: HttpRequest, actor: Actor, id: UUID) -> HttpResponse:
    """Retire a unit, or bring it back."""
    found = offices.unit_of(actor, id)
    held = retiring.in_hand(found)
    shared: dict[str, Any] = {"back": reverse("unit", args=[id]), "done": _("Done."), "shown": found}
    if found.retired_on is not None:

        def bring_back(given: WithReason, mark: str) -> None:
            retiring.bring_back_unit(id, by=actor, mark=mark, reason=given.reason)

        title = _("Bring back %(name)s") % {"name": found.name}
        back = Question(title=title, asks=WithReason, act=bring_back, button=_("Bring back"), **shared)
        return asked(request, actor, back)

    def retire(given: Retiring, mark: str) -> None:
        retiring.retire_unit(id, given, by=actor, mark=mark)

    takers = retiring.takers(actor, found).order_by("home__path", "name").values_list("id", "name", "home__name")
    question = Question(
        title=_("Retire %(name)s") % {"name": found.name},
        asks=Retiring,
        act=retire,
        button=_("Retire"),
        warning=_(
            "From today nobody can be sent with this unit, and every posting in it ends. Postings don't come back."
        ),
        facts=[(_("Matters in hand"), "、".join(matter.reference for matter in held) or _("none"))],
        choices={"to": [(str(each), f"{name} · {home}") for each, name, home in takers]},
        omit=frozenset() if held else frozenset({"to"}),
        **shared,
    )
    return asked(request, actor, question)


def shift(unit: Unit) -> str:
    """`07:00–21:00`."""
    if unit.shift_start is None or unit.shift_end is None:
        return _("around the clock")
    return f"{unit.shift_start:%H:%M}–{unit.shift_end:%H:%M}"


def organisations_offered(actor: Actor) -> Choices:
    """The offices of one's own area, by name."""
    found = offices.organisations(actor).order_by("area__path", "name")
    return [(str(id), name) for id, name in found.values_list("id", "name")]


def units_offered(actor: Actor) -> Choices:
    """The units of one's own area that have not retired."""
    found = offices.units(actor).filter(retired_on=None).order_by("home__path", "name")
    return [(str(id), f"{name} · {home}") for id, name, home in found.values_list("id", "name", "home__name")]


def _organisation(actor: Actor, **more: Any) -> "Question[OrganisationIn]":
    return Question(
        asks=OrganisationIn,
        back=reverse("organisations"),
        done=_("Saved."),
        choices={"in_area": areas_offered(actor)},
        **more,
    )


def _unit(actor: Actor, **more: Any) -> "Question[UnitIn]":
    return Question(
        asks=UnitIn,
        back=reverse("units"),
        done=_("Saved."),
        choices={
            "home": areas_offered(actor),
            "organisation": organisations_offered(actor),
            "skills": [(slug, said(*words)) for slug, words in SKILLS.items()],
        },
        **more,
    )
