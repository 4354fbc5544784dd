"""Reads about matters, each in the asker's scope.

The scope columns (`district`, `town`, `community`) are the way the database walks to the rows; the row policies are
the second lock and would find the same rows by themselves, only slowly.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from operator import or_
from typing import Annotated, Literal
from uuid import UUID

from django.db.models import Exists, Min, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from pydantic import BaseModel, Field

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import (
    REPORTER,
    Actor,
    Scope,
    anonymous,
    bearer,
    covers,
    role_for,
    scope_of,
    scoped,
)
from anlan.foundation.rules import rulebook
from anlan.loop import clock, engine, parties, verbs
from anlan.loop.answers import (
    ClockOut,
    EventOut,
    FileOut,
    MatterOut,
    MatterRow,
    PartyOut,
    PublicView,
    StepOut,
    category_label,
    klass_label,
    label,
)
from anlan.loop.change import Change
from anlan.loop.declared import ProcedureOut
from anlan.loop.history import microseconds
from anlan.loop.models import Attachment, Channel, Deadline, Event, Matter, Party
from anlan.loop.procedures import procedures
from anlan.loop.refusals import BadInput, Unknown
from anlan.loop.schemas import Line as OneLine
from anlan.loop.schemas import Told
from anlan.loop.story import story, together
from anlan.loop.suggestions import Klass

PAGE = 50
WHOLE_NUMBER = re.compile(r"[0-9]{6}-([0-9]{1,18})")
BARE_NUMBER = re.compile(r"([0-9]{1,18})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


Slug = Annotated[str, Field(pattern=r"^[a-z0-9_.]{1,60}$")]


class Wanted(Told):
    """Which matters of one's own areas: everything given must hold.

    What lies elsewhere is asked for by itself: `shared`, what is handled together; `in_hand`, what one's unit has.
    `q` is a part of the title or address, or a number; a whole number (`260302-17`) is found wherever one may see it.
    `category` stands for those below it too; `since` and `until` are days of opening, both included.
    """

    q: OneLine | None = None
    procedure: Slug | None = None
    since: date | None = None
    until: date | None = None
    state: Slug | None = None
    klass: Klass | None = None
    category: Slug | None = None
    channel: Channel | None = None
    area: Annotated[str, Field(pattern=r"^[0-9]{4,15}$")] | None = None
    open: bool | None = None
    overdue: Literal[True] | None = None
    shared: bool = False
    in_hand: bool = False
    cursor: Annotated[str, Field(max_length=80)] | None = None


class Page(BaseModel):
    """At most 50 matters, the newest first; `next` is the cursor of the page after this one.

    Words are looked for in the newest matters only: back to `searched_since`, or everywhere where that is empty.
    """

    items: list[MatterRow]
    next: str | None
    searched_since: datetime | None = None


def matters(actor: Actor, wanted: Wanted) -> Page:
    """The newest matters this actor may see. Raises BadInput for an unknown area or a damaged cursor."""
    with scoped(scope_of(actor)):
        found, since = newest(actor, wanted)
        rows = list(found[: PAGE + 1])
        due = _next_due(rows[:PAGE])
    shown = rows[:PAGE]
    return Page(
        items=[MatterRow.row(matter, due.get(matter.id)) for matter in shown],
        next=cursor_of(shown[-1]) if len(rows) > PAGE else None,
        searched_since=since,
    )


def rows(actor: Actor, ids: Sequence[UUID]) -> list[MatterRow]:
    """These matters as a list shows them, in this order, as far as this actor may see them."""
    with scoped(scope_of(actor)):
        found = (
            Matter.objects.select_related("responsible", "unit").defer("description", "tracking", "head").in_bulk(ids)
        )
        due = _next_due(list(found.values()))
    return [MatterRow.row(found[id], due.get(id)) for id in ids if id in found]


def newest(actor: Actor, wanted: Wanted) -> tuple[QuerySet[Matter], datetime | None]:
    """What was asked for, the newest first, and how far back words are looked for. For the actor's own scope.

    `LIKE` must wait for the row policy, so no index serves it: it looks at a bounded number of rows, those that the
    scope column and the days lead to. Raises BadInput for an unknown area or a damaged cursor.
    """
    within, since = _seen_by(actor, wanted) & _asked_for(wanted), None
    found = _for_a_list().order_by("-opened_at", "-id")
    if wanted.q:
        if (number := WHOLE_NUMBER.fullmatch(wanted.q)) and (actor.held or actor.account_id):
            return found.filter(number=int(number[1])), None
        window = int(rulebook().at("loop.search_window", clock.today()).value or 0)
        moments = Matter.objects.filter(within).order_by("-opened_at").values_list("opened_at", flat=True)
        since = moments[window : window + 1].first()
        within &= Q(title__icontains=wanted.q) | Q(address__icontains=wanted.q) | _numbered(wanted.q)
        if since is not None:
            within &= Q(opened_at__gt=since)
    return found.filter(within), since


def matter(actor: Actor, id: UUID) -> MatterOut:
    """One matter with its deadlines, its files and the steps this actor may take. Raises Unknown."""
    found = seen(actor, id)
    with scoped(replace(scope_of(actor), matter=id)):
        deadlines = list(Deadline.objects.filter(matter_id=id).order_by("started_at", "name"))
        shown = [FileOut.of(each) for each in files_for(actor, found)]
    running = [each for each in deadlines if each.ended_at is None]
    others = [verb.name for verb in verbs.possible(found, actor, running)]
    return MatterOut.whole(found, deadlines, engine.possible(found, actor), others, shown)


def seen(actor: Actor, id: UUID, *, as_party: bool = False) -> Matter:
    """The matter, if this actor may see it. Raises Unknown.

    Who only takes part in it is told their steps and their own data (`as_party`) and nothing else: the rest is what the
    other side and the offices have said.
    """
    with scoped(scope_of(actor if as_party else replace(actor, takes_part=None))):
        return _one(Q(id=id))


def cursor_of(last: Matter) -> str:
    """Where a page ended."""
    return f"{microseconds(last.opened_at)}.{last.id.hex}"


def after(cursor: str) -> Q:
    """What comes after the page that ended there, the newest first. Raises BadInput."""
    at, id = _read_cursor(cursor)
    return Q(opened_at__lte=at) & (Q(opened_at__lt=at) | Q(id__lt=id))


def numbered(actor: Actor, reference: str) -> Matter:
    """The matter with this number, as `260302-17` or `17`, if this actor may see it. Raises Unknown."""
    found = WHOLE_NUMBER.fullmatch(reference) or BARE_NUMBER.fullmatch(reference)
    if found is None:
        raise Unknown(_("there is no such matter"))
    with scoped(scope_of(actor)):
        return _one(Q(number=int(found[1])))


def steps(actor: Actor, id: UUID) -> list[StepOut]:
    """The transitions this actor may make now. Raises Unknown."""
    return [StepOut.of(transition) for transition in engine.possible(seen(actor, id, as_party=True), actor)]


def history(actor: Actor, id: UUID) -> list[EventOut]:
    """The whole history of a matter, for those who act on it. Raises Unknown.

    A reporter reads the story in plain words instead (`public_view`): the lines hold what offices told each other.
    """
    found = seen(actor, id)
    if not _from_inside(actor, found):
        raise Unknown(_("there is no such matter"))
    with scoped(replace(scope_of(actor), matter=id)):
        return [EventOut.of(event, found.rules) for event in Event.objects.filter(matter_id=id).order_by("seq")]


def people(actor: Actor, id: UUID) -> list[PartyOut]:
    """The people of a matter, masked, each with the looks at them. Raises Unknown.

    A reporter sees themselves and nobody else; so does another person who takes part.
    """
    found = seen(actor, id, as_party=True)
    who = Q() if _from_inside(actor, found) else _oneself(actor, found)
    with scoped(replace(scope_of(actor), matter=id)):
        looks = parties.looks(id, Event.objects.filter(matter_id=id, kind=parties.LOOKED))
        shown = [parties.masked(party) for party in Party.objects.filter(who, matter_id=id).order_by("id")]
    return [party.model_copy(update={"looks": looks.get(party.id, [])}) for party in shown]


def files_for(actor: Actor, matter: Matter) -> list[Attachment]:
    """The files of a matter that this actor may see; evidence only from inside. For a scope that holds the matter."""
    if _from_inside(actor, matter):
        return list(Attachment.objects.filter(matter_id=matter.id).order_by("event_seq", "id"))
    return _public_files(matter.id, Event.objects.filter(matter_id=matter.id, kind="noted"))


def public_view(tracking: bytes) -> PublicView:
    """What the holder of a tracking code sees, by the code's blind index. Raises Unknown."""
    found = by_code(tracking)
    with scoped(Scope(tracking=tracking, matter=found.id)):
        events = list(Event.objects.filter(matter_id=found.id).order_by("seq"))
        deadlines = list(Deadline.objects.filter(matter_id=found.id).order_by("started_at", "name"))
        files = _public_files(found.id, events)
        looks = parties.looks(found.id, events)
        reporters = Party.objects.filter(matter_id=found.id, part=Party.Part.REPORTER).order_by("id")
        looked_at = [look for id in reporters.values_list("id", flat=True) for look in looks.get(id, [])]
    return PublicView(
        number=found.reference,
        state=found.state,
        state_label=label(found.stands),
        closed=found.closed_at is not None,
        title=found.title,
        klass=found.klass,
        klass_label=klass_label(found.klass),
        category=found.category,
        category_label=category_label(found.category),
        place=atlas().full_name(found.area),
        office=found.responsible.name if found.responsible else "",
        opened_at=found.opened_at,
        rating=found.rating,
        outcome=found.outcome,
        timeline=list(story(events, found.rules)),
        deadlines=[ClockOut.of(deadline, found.rules) for deadline in deadlines],
        next_steps=[StepOut.of(transition) for transition in engine.possible(found, bearer(tracking))],
        files=[FileOut.of(each) for each in files],
        looks=looked_at,
        together=together(found, events),
    )


def by_code(tracking: bytes) -> Matter:
    """The matter a tracking code opens. Raises Unknown."""
    with scoped(Scope(tracking=tracking)):
        return _one(Q(tracking_index=tracking))


def first_clocks(matter: Matter) -> list[Deadline]:
    """The clocks that began when a matter was opened, or would begin for one that never was; costs no statement."""
    change = Change(matter, [], anonymous(), None, at=matter.opened_at)
    change.turn_clocks(matter.rules.initial())
    return change.running


def declared() -> list[ProcedureOut]:
    """Every procedure as declared, with the rules in force today."""
    book, today = rulebook(), clock.today()
    return [
        ProcedureOut.of(rules, {each.rule: book.at(each.rule, today) for each in rules.deadlines.values()})
        for rules in procedures()
    ]


def path_of(code: str, field: str) -> str:
    """The path of an area's code. Raises BadInput naming the field."""
    try:
        return atlas().paths[code]
    except KeyError:
        raise BadInput(_("there is no area with this code"), field=field) from None


def _for_a_list() -> QuerySet[Matter]:
    return Matter.objects.select_related("responsible", "unit").defer("description", "tracking", "head")


def _one(condition: Q) -> Matter:
    found = Matter.objects.select_related("responsible", "unit").filter(condition).first()
    if found is None:
        raise Unknown(_("there is no such matter"))
    return found


def _from_inside(actor: Actor, matter: Matter) -> bool:
    """Does this actor see the matter by a posting, and not as its reporter?"""
    reached = any(covers(area, path) for area in actor.areas for path in (matter.area, *matter.shared_with))
    return reached or (matter.unit_id is not None and matter.unit_id in actor.units)


def _oneself(actor: Actor, matter: Matter) -> Q:
    """The persons of a matter that this actor is, who does not see it from inside."""
    own = Q(id=actor.takes_part.party) if actor.takes_part else Q(pk__in=())
    return own | Q(part=Party.Part.REPORTER) if role_for(actor, REPORTER, matter) else own


def _public_files(matter_id: UUID, events: Iterable[Event]) -> list[Attachment]:
    """What the reporter sent or was meant to see."""
    told = [event.seq for event in events if event.actor_role == "REPORTER" or event.data.get("public")]
    found = Attachment.objects.filter(matter_id=matter_id, event_seq__in=told, evidence=False)
    return list(found.order_by("event_seq", "id"))


def _seen_by(actor: Actor, wanted: Wanted) -> Q:
    """The access path to what an actor may see."""
    if actor.tracking is not None:
        return Q(tracking_index=actor.tracking)
    if not actor.held:
        return Q(reporter_id=actor.account_id)
    if wanted.in_hand:
        return Q(unit_id__in=actor.units)
    own = lying_in(actor.areas)
    return ~Q(shared_with=[]) & ~own if wanted.shared else own


def lying_in(paths: Iterable[str]) -> Q:
    """The access path to what lies in areas: by the scope column of each, so that the policy is asked for few rows."""
    return reduce(or_, map(_below, paths))


def _below(path: str) -> Q:
    """By the column of the area's level; the whole city needs none, and a grid is one path of its community."""
    labels = path.split(".")
    match len(labels):
        case 1:
            return Q(district__isnull=False) | Q(district=None)
        case 2:
            return Q(district=labels[1])
        case 3:
            return Q(town=labels[2])
        case 4:
            return Q(community=labels[3])
        case _:
            return Q(community=labels[3], area__within=path)


def _asked_for(wanted: Wanted) -> Q:
    fields = wanted.model_dump(include={"procedure", "state", "klass", "channel"}, exclude_none=True)
    condition = Q(**fields)
    if wanted.category is not None:
        condition &= Q(category=wanted.category) | Q(category__startswith=f"{wanted.category}.")
    if wanted.since is not None:
        condition &= Q(opened_at__gte=_start_of(wanted.since))
    if wanted.until is not None:
        condition &= Q(opened_at__lt=_start_of(wanted.until) + timedelta(days=1))
    if wanted.area is not None:
        condition &= _below(path_of(wanted.area, "area"))
    if wanted.open is not None:
        condition &= Q(closed_at__isnull=wanted.open)
    if wanted.overdue:
        late = Deadline.objects.filter(
            matter_id=OuterRef("id"), ended_at=None, held_since=None, due_at__lte=clock.now()
        )
        condition &= Q(Exists(late))
    if wanted.cursor is not None:
        condition &= after(wanted.cursor)
    return condition


def _numbered(q: str) -> Q:
    bare = BARE_NUMBER.fullmatch(q)
    return Q(number=int(bare[1])) if bare else Q()


def _start_of(day: date) -> datetime:
    """Midnight in the city. Raises BadInput for a day that no calendar of ours holds."""
    if not 2000 <= day.year <= 2200:
        raise BadInput(_("this day is too far away"), field="since")
    return datetime.combine(day, time(), clock.local(clock.now()).tzinfo)


def _next_due(rows: Sequence[Matter]) -> Mapping[UUID, datetime]:
    running = Deadline.objects.filter(matter_id__in=[row.id for row in rows], ended_at=None, held_since=None)
    return dict(running.values_list("matter_id").annotate(Min("due_at")))


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    at, _dot, id = cursor.partition(".")
    try:
        return _EPOCH + timedelta(microseconds=int(at)), UUID(id)
    except (ValueError, OverflowError) as error:
        raise BadInput(_("this is not a cursor that was given out"), field="cursor") from error
