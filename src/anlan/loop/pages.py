"""The page of a matter for those who work on it: its story, its clocks, its people behind a mask, and the next steps.

It serves every procedure: the steps are those declared, and each form is made from what its step asks.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, cast
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import REPORTER, Actor, role_for
from anlan.city.people.models import Unit
from anlan.loop import engine, parties, queries, verb_forms
from anlan.loop.address_found import address_found, asked_where
from anlan.loop.answers import label
from anlan.loop.files import Sent, attach_all, most_bytes, most_files, opened, small
from anlan.loop.forms import Choices, Form, checked, form_of, told_in, version_in
from anlan.loop.models import Attachment, Channel, Matter, Outcome, Rating
from anlan.loop.page_door import for_staff, say, shell
from anlan.loop.parties import Purpose
from anlan.loop.procedures import Transition
from anlan.loop.refusals import BadInput, NotAllowed, Refused, Stale, Unknown
from anlan.loop.report_words import words_of
from anlan.loop.schemas import Told, Words
from anlan.loop.staff_story import staff_story, suggested_because
from anlan.loop.suggestions import Severity

SEVERITIES = {Severity.RED: "red", Severity.ORANGE: "orange", Severity.YELLOW: "yellow", Severity.BLUE: "blue"}


class Note(Told):
    """A word, with files or without."""

    text: Words = ""
    public: bool = False


@dataclass(frozen=True)
class Step:
    """A step that may be made now, with the form of what it asks."""

    transition: Transition
    label: str
    form: Form

    @property
    def name(self) -> str:
        return self.transition.name


@for_staff
@require_safe
def matter(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """The page of a matter."""
    return _page(request, actor, matter_id)


@for_staff
@require_POST
def step(request: HttpRequest, actor: Actor, matter_id: UUID, name: str) -> HttpResponse:
    """Make a step, then back to the page; where it is refused, the fresh page with what was typed."""
    try:
        make(matter_id, name, request.POST, by=actor)
    except Unknown:
        raise
    except Refused as refused:
        return _page(request, actor, matter_id, refused=refused, at_step=name)
    say(request, _("Done."))
    return _back(matter_id)


@for_staff
@require_POST
def verb(request: HttpRequest, actor: Actor, matter_id: UUID, name: str) -> HttpResponse:
    """Do one of the engine's verbs; what is refused comes back with what was typed. Whoever gives a matter away may no
    longer see it, and is led to the list."""
    try:
        verb_forms.do(queries.seen(actor, matter_id), name, request.POST, by=actor)
    except Unknown as refused:
        if refused.field is None:
            raise
        return _page(request, actor, matter_id, refused=refused, at_verb=name)
    except Refused as refused:
        return _page(request, actor, matter_id, refused=refused, at_verb=name)
    try:
        changed = queries.seen(actor, matter_id)
    except Unknown:
        say(request, _("Done. The matter is with another desk now."))
        return HttpResponseRedirect(reverse("matters"))
    say(request, f"{changed.reference} · {verb_forms.spoken(name).label} · {_('Done.')}")
    return _back(matter_id)


@for_staff
@require_POST
def note(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """Add a word, or files, or both."""
    try:
        given = checked(Note, request.POST)
        sent = [Sent(cast(BinaryIO, each.file), each.name or "") for each in request.FILES.getlist("files")]
        if sent:
            attach_all(matter_id, sent, by=actor, text=given.text, public=given.public)
        else:
            engine.note(matter_id, given.text, by=actor, public=given.public)
    except Unknown:
        raise
    except Refused as refused:
        return _page(request, actor, matter_id, refused=refused, at_step="note")
    say(request, _("Your note has been added."))
    return _back(matter_id)


@for_staff
@require_safe
def file(request: HttpRequest, actor: Actor, matter_id: UUID, attachment_id: UUID) -> FileResponse:
    """A file of the matter; opening evidence is written down."""
    return opened(matter_id, attachment_id, by=actor)


@for_staff
@require_safe
def file_small(request: HttpRequest, actor: Actor, matter_id: UUID, attachment_id: UUID) -> HttpResponse:
    """A photo as a thumbnail."""
    return small(matter_id, attachment_id, by=actor)


@for_staff
@require_POST
def look(request: HttpRequest, actor: Actor, matter_id: UUID, party_id: UUID) -> HttpResponse:
    """Open a person's data, once. The page can't be called up again: whoever wants to look again says why again."""
    try:
        purpose = checked(Purpose, request.POST).purpose
        person = parties.reveal(matter_id, party_id, by=actor, purpose=purpose)
    except BadInput as refused:
        return _page(request, actor, matter_id, refused=refused, at_step=str(party_id))
    told = {"person": person, "purpose": purpose, "matter": queries.matter(actor, matter_id)}
    return render(request, "loop/person.html", {**shell(request, actor), **told})


def make(matter_id: UUID, name: str, typed: QueryDict, *, by: Actor, attachments: Sequence[Attachment] = ()) -> Matter:
    """Make a step as a page's form tells it, guarded by the version the page has shown. Raises a Refused."""
    found = queries.seen(by, matter_id)
    transition = found.rules.transitions.get(name)
    told = told_in(transition.asks, typed) if transition else {}
    version = version_in(typed)
    return engine.advance(matter_id, name, by=by, told=told, version=version, attachments=attachments)


def steps_for(
    actor: Actor,
    matter: Matter,
    *,
    omit: Container[str] = (),
    refused: Refused | None = None,
    at_step: str = "",
    typed: QueryDict | None = None,
) -> list[Step]:
    """The steps this actor may make now, each with its form; the one just refused with what was typed.

    For people on duty: a resident's own step, such as rating, is for the resident's page.
    """
    return [
        Step(
            transition,
            label(transition),
            form_of(
                transition.asks,
                choices=_offered(transition, matter),
                typed=typed if transition.name == at_step else None,
                refused=refused if transition.name == at_step else None,
            ),
        )
        for transition in engine.possible(matter, actor)
        if transition.by != REPORTER and transition.name not in omit
    ]


def severity_colour(severity: int) -> str:
    return SEVERITIES[Severity(severity)]


def _page(
    request: HttpRequest,
    actor: Actor,
    matter_id: UUID,
    *,
    refused: Refused | None = None,
    at_step: str = "",
    at_verb: str = "",
) -> HttpResponse:
    found = queries.seen(actor, matter_id)
    shown = queries.matter(actor, matter_id)
    events = queries.history(actor, matter_id)
    people = queries.people(actor, matter_id)
    typed = request.POST if refused else None
    steps = steps_for(actor, found, refused=refused, at_step=at_step, typed=typed)
    others = verb_forms.forms_for(
        actor, found, shown.verbs, because=suggested_because(events), refused=refused, at_verb=at_verb, typed=typed
    )
    at_note = at_step == "note"
    # A step that is no longer possible has no form left to stand beside: then it is said above everything.
    places = {each.name for each in steps} | {str(each.id) for each in people}
    placed = at_note or at_step in places or at_verb in {each.name for each in others}
    context = {
        **shell(request, actor),
        "matter": shown,
        "address_found": address_found(events),
        "asked_where": asked_where(found, events) if "place" in shown.verbs else None,
        "colour": severity_colour(shown.severity),
        "channel": Channel(shown.channel).label,
        "steps": steps,
        "others": others,
        "photos": [file for file in shown.files if file.is_photo],
        "note": form_of(Note, typed=typed if at_note else None, refused=refused if at_note else None),
        "people": [
            (person, form_of(Purpose, refused=refused if at_step == str(person.id) else None)) for person in people
        ],
        "may_look": _works_on(actor, found),
        "deadlines": sorted(shown.deadlines, key=lambda clock: clock.ended_at is not None),
        "timeline": list(reversed(staff_story(events, people, shown.files))),
        "words": words_of(found, shown, events, people),
        "outcome": Outcome(shown.outcome).label if shown.outcome else "",
        "rating": Rating(shown.rating).label if shown.rating else "",
        "shared_with": [atlas().full_name(path) for path in shown.shared_with],
        "most_files": most_files(),
        "most_megabytes": most_bytes() // 1024 // 1024,
        "refused": refused if refused and (not placed or isinstance(refused, Stale | NotAllowed)) else None,
        "at_step": at_step,
    }
    return render(request, "loop/matter.html", context, status=refused.status if refused else 200)


def _back(matter_id: UUID) -> HttpResponse:
    return HttpResponseRedirect(reverse("matter", args=[matter_id]))


def _works_on(actor: Actor, matter: Matter) -> bool:
    return role_for(actor, engine.ON_DUTY, matter) is not None


def _offered(transition: Transition, matter: Matter) -> Mapping[str, Choices]:
    """What may be picked where a step asks for something of the city: the units of the matter's town."""
    if transition.asks is None or "unit_id" not in transition.asks.model_fields:
        return {}
    units = Unit.objects.filter(home__path__within=matter.town_path, on_duty=True).order_by("kind", "name")
    return {"unit_id": [(str(id), name) for id, name in units.values_list("id", "name")]}
