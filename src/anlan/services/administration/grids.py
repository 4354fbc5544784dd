"""The grid map as administrators use it: who may, a plan under lock, and the audit log beside every act."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Annotated
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import Field

from anlan.city.areas import grid_changes, grid_drawing
from anlan.city.areas.geometry import Point
from anlan.city.areas.grid_drawing import Drawing, DrawingError
from anlan.city.areas.grid_exchange import Datum, read
from anlan.city.areas.models import Area, GridPlan
from anlan.city.areas.reference import Level
from anlan.city.audit.recording import changed
from anlan.city.people.access import Actor, covers
from anlan.loop import clock
from anlan.loop.administering import administered, locked, within
from anlan.loop.forms import Label
from anlan.loop.refusals import BadInput, NotAllowed, NotPossible, Unknown
from anlan.services.administration import areas
from anlan.services.administration.schemas import Closing, WithReason


class Deciding(Closing):
    """From which day a plan holds, and why."""


class Taking(WithReason):
    """A file to take in; it comes beside the form."""

    datum: Annotated[
        Datum, Label(gettext_lazy("Coordinates"), gettext_lazy("The file doesn't tell; ask whoever made it."))
    ] = Datum.WGS84


class Step(WithReason):
    """One change to a draft; which fields count depends on `act`."""

    act: str = Field(max_length=20)
    grid: str = Field(default="", max_length=20)
    grids: tuple[Annotated[str, Field(max_length=20)], ...] = ()
    line: str = Field(default="", max_length=20_000)
    ring: str = Field(default="", max_length=200_000)
    rings: str = Field(default="", max_length=2_000_000)
    name: str = Field(default="", max_length=60)
    households: str = Field(default="", max_length=9)
    to: str = Field(default="", max_length=80)
    alone: bool = False


def community_of(actor: Actor, code: str) -> Area:
    """The community with this code, or of the grid with this code. Raises Unknown."""
    found = areas.area_of(actor, code)
    if found.level == Level.GRID:
        found = areas.area_of(actor, code[:12])
    if found.level != Level.COMMUNITY:
        raise Unknown(_("grids are drawn for a community; choose one"))
    return found


def plans(actor: Actor, community: Area) -> list[GridPlan]:
    """The plans of a community, the latest first."""
    return list(GridPlan.objects.filter(within(actor, "community__path"), community=community).order_by("-made_at"))


def plan_of(actor: Actor, id: UUID) -> GridPlan:
    """A plan for an area of one's own. Raises Unknown."""
    found = GridPlan.objects.filter(within(actor, "community__path"), id=id).select_related("community").first()
    if found is None:
        raise Unknown(_("there is no such plan, or it is not yours to administer"))
    return found


def may_draw(actor: Actor, community: Area) -> bool:
    """Whether the actor administers an area above the community: nobody redraws the area they hold themselves."""
    return any(area != community.path and covers(area, community.path) for area in administered(actor))


def neighbours(actor: Actor, community: Area) -> list[Area]:
    """The communities that a grid could be handed over to: of one's own, in the same town."""
    town = community.path.rpartition(".")[0]
    there = areas.areas(actor).filter(path__within=town, level=Level.COMMUNITY, valid_until=None)
    return [each for each in there.exclude(code=community.code) if may_draw(actor, each)]


def begin(code: str, reason: str, *, by: Actor, mark: str) -> GridPlan:
    """A new draft for a community, with the grids as they are. Raises NotPossible where one is open already."""
    return _begun(code, reason, by=by, mark=mark, verb="begin", drawing=lambda community: None)


def take_in(code: str, given: Taking, content: bytes, *, by: Actor, mark: str) -> GridPlan:
    """A new draft with the grids of a GeoJSON file. Raises BadInput with every fault of the file."""

    def drawing(community: Area) -> Drawing:
        there = grid_changes.grids_in_force(community)
        return read(content, given.datum, there, grid_changes.ring_in_force(community))

    return _begun(code, given.reason, by=by, mark=mark, verb="import", drawing=drawing)


def restore(id: UUID, reason: str, *, by: Actor, mark: str) -> GridPlan:
    """A counter-plan: a new draft that draws what was there before a plan came into force."""
    plan = plan_of(by, id)
    if plan.state != GridPlan.State.IN_FORCE:
        raise NotPossible(_("only a plan that is in force can be undone by another one"))
    code = plan.community_id
    return _begun(code, reason, by=by, mark=mark, verb="restore", drawing=lambda _: grid_changes.former(plan))


def take_step(id: UUID, step: Step, *, by: Actor, mark: str) -> GridPlan:
    """Change the drawing of a draft. Raises Stale for a page that is too old, BadInput for what can't be drawn."""
    with transaction.atomic():
        plan = _locked(id, by, mark, GridPlan.State.DRAFT)
        before = len(plan.drawing)
        if step.act in ("undo", "redo"):
            done = grid_changes.step_back(plan) if step.act == "undo" else grid_changes.step_forward(plan)
            if not done:
                raise NotPossible(_("there is nothing more to undo or redo"))
        else:
            grid_changes.draw(plan, _drawn(grid_changes.drawing_of(plan.drawing), step, plan, by))
        told = {"step": [None, step.act], "grids": [before, len(plan.drawing)]}
        changed(plan, verb="draw", by=by, area=plan.community.path, reason=step.reason, difference=told)
    return plan


def decide(id: UUID, given: Deciding, *, by: Actor, mark: str) -> GridPlan:
    """Let a plan be in force from a day on. Raises NotPossible while something stands against it."""
    today = clock.today()
    with transaction.atomic():
        plan = _locked(id, by, mark, GridPlan.State.DRAFT)
        if given.effective_on < today:
            raise BadInput(_("can't lie in the past"), field="effective_on")
        if grid_changes.is_outdated(plan):
            raise NotPossible(_("the grids were changed in another way since this plan began; begin a new one"))
        against = [found.words for found in grid_changes.check(plan, given.effective_on) if found.stops]
        if against:
            raise NotPossible(_("the drawing can't be put in force: %(what)s") % {"what": "；".join(against[:5])})
        if plan.drawing == plan.base:
            raise NotPossible(_("this plan changes nothing"))
        plan.state, plan.effective_on = GridPlan.State.DECIDED, given.effective_on
        plan.reason, plan.decided_by = given.reason, by.account_id
        plan.save()
        told = {"effective_on": [None, str(given.effective_on)], "grids": [len(plan.base), len(plan.drawing)]}
        changed(plan, verb="decide", by=by, area=plan.community.path, reason=given.reason, difference=told)
    if given.effective_on <= today:
        grid_changes.carry_out(today, clock.now())
        plan.refresh_from_db()
    return plan


def withdraw(id: UUID, reason: str, *, by: Actor, mark: str) -> GridPlan:
    """Take back a decision whose day has not come (the plan is a draft again), or give up a draft."""
    with transaction.atomic():
        plan = _locked(id, by, mark, *GridPlan.OPEN)
        before = plan.state
        decided = before == GridPlan.State.DECIDED
        plan.state = GridPlan.State.DRAFT if decided else GridPlan.State.WITHDRAWN
        plan.effective_on = None
        plan.save()
        told = {"state": [before, plan.state]}
        changed(plan, verb="withdraw", by=by, area=plan.community.path, reason=reason, difference=told)
    return plan


def points_in(text: str, field: str) -> list[Point]:
    """Corners as they are typed, one `longitude, latitude` a line. Raises BadInput naming the line."""
    points = []
    for number, line in enumerate(text.splitlines(), start=1):
        parts = re.split(r"[\s,，;；]+", line.strip().strip("[](),"))
        if parts == [""]:
            continue
        try:
            lon, lat = (float(part) for part in parts)
        except ValueError as error:
            words = _("line %(number)d is no “longitude, latitude”") % {"number": number}
            raise BadInput(words, field=field) from error
        points.append((lon, lat))
    if len(points) > 1 and points[0] == points[-1]:
        points.pop()
    return points


def _begun(
    code: str, reason: str, *, by: Actor, mark: str, verb: str, drawing: Callable[[Area], Drawing | None]
) -> GridPlan:
    try:
        with transaction.atomic():
            community = community_of(by, code)
            _require_above(by, community)
            if community.valid_until is not None:
                raise NotPossible(_("this area is closed"))
            if verb == "begin":
                locked(Area.objects.filter(code=community.code), mark)
            at, who = clock.now(), by.account_id
            plan = grid_changes.begin(community, by=who, at=at, reason=reason, drawing=drawing(community))
            told = {"grids": [len(plan.base), len(plan.drawing)]}
            changed(plan, verb=verb, by=by, area=community.path, reason=reason, difference=told)
    except IntegrityError as error:
        raise NotPossible(_("this community has an open plan already; finish or give up that one first")) from error
    except DrawingError as error:
        raise BadInput(error.message, field=error.field) from error
    return plan


def _locked(id: UUID, by: Actor, mark: str, *states: str) -> GridPlan:
    plan = locked(GridPlan.objects.filter(within(by, "community__path"), id=id).select_related("community"), mark)
    _require_above(by, plan.community)
    if plan.state not in states:
        raise NotPossible(_("this plan is %(state)s") % {"state": plan.get_state_display()})
    return plan


def _require_above(by: Actor, community: Area) -> None:
    if not may_draw(by, community):
        raise NotAllowed(_("the grids of a community are drawn by whoever administers an area above it"))


def _drawn(drawing: Drawing, step: Step, plan: GridPlan, by: Actor) -> Drawing:
    act = _ACTS.get(step.act)
    if act is None:
        raise BadInput(_("there is no such step"), field="act")
    if step.to and step.to not in {each.code for each in neighbours(by, plan.community)}:
        raise BadInput(_("choose a community of the same town that is yours to administer"), field="to")
    try:
        return act(drawing, step)
    except DrawingError as error:
        raise BadInput(error.message, field=error.field) from error


def _households(told: str) -> int | None:
    if not told.strip():
        return None
    if not (told.isascii() and told.isdigit()):
        raise BadInput(_("households: give a whole number, or nothing"), field="households")
    return int(told)


def _rings(told: str) -> dict[str, list[Point]]:
    """What the map sends: corners by key. Raises BadInput."""
    try:
        found = json.loads(told)
        return {str(key): [(float(lon), float(lat)) for lon, lat in ring] for key, ring in found.items()}
    except (ValueError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise BadInput(_("the drawing could not be read; load the page again"), field="rings") from error


_ACTS: Mapping[str, Callable[[Drawing, Step], Drawing]] = {
    "split": lambda drawing, step: grid_drawing.split(drawing, step.grid, points_in(step.line, "line")),
    "merge": lambda drawing, step: grid_drawing.merge(drawing, step.grids, step.name),
    "redraw": lambda drawing, step: grid_drawing.redraw(
        drawing, step.grid, points_in(step.ring, "ring"), neighbours_follow=not step.alone
    ),
    "draw": lambda drawing, step: grid_drawing.draw(drawing, points_in(step.ring, "ring"), step.name),
    "remove": lambda drawing, step: grid_drawing.remove(drawing, step.grid),
    "rename": lambda drawing, step: grid_drawing.rename(drawing, step.grid, step.name),
    "households": lambda drawing, step: grid_drawing.count_households(drawing, step.grid, _households(step.households)),
    "hand_over": lambda drawing, step: grid_drawing.hand_over(drawing, step.grid, step.to),
    "rings": lambda drawing, step: grid_drawing.with_rings(drawing, _rings(step.rings)),
}
"""What can be done to a draft."""
