"""The pages of the grid map: the grids of a community, a plan drawn and checked, the same as text without a map."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from anlan.city.areas import grid_changes
from anlan.city.areas.geometry import valid_position
from anlan.city.areas.grid_drawing import Drawing, Grid, sound_or_empty, square_metres
from anlan.city.areas.grid_exchange import MOST_BYTES, written
from anlan.city.areas.grid_findings import Finding
from anlan.city.areas.models import Area, GridPlan
from anlan.city.people.access import Actor
from anlan.loop import clock
from anlan.loop.administering import Question, asked, for_administrators, frame, mark_of
from anlan.loop.forms import checked
from anlan.loop.page_door import say
from anlan.loop.refusals import BadInput, NotAllowed, Refused, Stale, Unknown
from anlan.services.administration import grid_following
from anlan.services.administration import grids as acts
from anlan.services.administration.grids import Deciding, Step, Taking
from anlan.services.administration.office_pages import ASKING
from anlan.services.administration.schemas import WithReason


@require_safe
@for_administrators
def grids(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """The grids of a community as they are today, its plans, and what can be done."""
    community = acts.community_of(actor, code)
    drawing = grid_changes.grids_in_force(community)
    plans = acts.plans(actor, community)
    context = {
        **frame(request, actor),
        "community": community,
        "rows": [_row(grid) for grid in drawing],
        **_map(community, drawing),
        "plans": plans,
        "open": next((plan for plan in plans if plan.state in GridPlan.OPEN), None),
        "may_draw": acts.may_draw(actor, community) and community.valid_until is None,
    }
    return render(request, "administration/grids.html", context)


@require_safe
@for_administrators
def plan(request: HttpRequest, actor: Actor, id: UUID) -> HttpResponse:
    """A plan: the map to draw on, what stands against it, and what it moves."""
    return _plan_page(request, actor, acts.plan_of(actor, id), "administration/grid_plan.html")


@require_http_methods(ASKING)
@for_administrators
def edit(request: HttpRequest, actor: Actor, id: UUID) -> HttpResponse:
    """The same drawing as text, a form for each step: for the keyboard, and where there is no map. POST takes one."""
    found = acts.plan_of(actor, id)
    if request.method != "POST":
        return _plan_page(request, actor, found, "administration/grid_plan_text.html")
    back = "grid-plan" if request.POST.get("from") == "map" else "edit-grid-plan"
    try:
        acts.take_step(id, checked(Step, request.POST), by=actor, mark=request.POST.get("mark", ""))
    except (Unknown, NotAllowed):
        raise
    except Refused as refused:
        template = "administration/grid_plan.html" if back == "grid-plan" else "administration/grid_plan_text.html"
        return _plan_page(request, actor, found, template, refused)
    say(request, _("Saved."))
    return HttpResponseRedirect(reverse(back, args=[id]))


@require_http_methods(ASKING)
@for_administrators
def begin(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """Begin a plan."""
    community = acts.community_of(actor, code)

    def act(given: WithReason, mark: str) -> HttpResponse:
        return _led_to(request, acts.begin(code, given.reason, by=actor, mark=mark))

    question = Question(
        title=_("Redraw the grids of %(name)s") % {"name": community.name},
        asks=WithReason,
        act=act,
        back=reverse("grids", args=[community.code]),
        done="",
        button=_("Begin a plan"),
        shown=community,
    )
    return asked(request, actor, question)


@require_http_methods(ASKING)
@for_administrators
def take_in(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """Begin a plan with the grids of a GeoJSON file."""
    community = acts.community_of(actor, code)

    def act(given: Taking, mark: str) -> HttpResponse:
        content = _sent(request)
        return _led_to(request, acts.take_in(code, given, content, by=actor, mark=mark))

    question = Question(
        title=_("Take in grids for %(name)s") % {"name": community.name},
        asks=Taking,
        act=act,
        back=reverse("grids", args=[community.code]),
        done="",
        button=_("Check and begin a plan"),
        initial={"datum": "WGS-84"},
        shown=community,
        template="administration/grids_import.html",
    )
    return asked(request, actor, question)


@require_http_methods(ASKING)
@for_administrators
def decide(request: HttpRequest, actor: Actor, id: UUID) -> HttpResponse:
    """Let a plan be in force from a day on."""
    found = acts.plan_of(actor, id)
    against = [each.words for each in grid_changes.check(found, clock.today()) if each.stops]
    moves = grid_following.forecast(grid_changes.redrawn_by(found), actor)
    question = Question(
        title=_("Decide the plan for %(name)s") % {"name": found.community.name},
        asks=Deciding,
        act=lambda given, mark: _led_to(request, acts.decide(id, given, by=actor, mark=mark)),
        back=reverse("grid-plan", args=[id]),
        done="",
        button=_("Decide"),
        initial={"effective_on": str(found.effective_on or clock.today()), "reason": found.reason},
        shown=found,
        warning=_("From that day open matters, units and postings follow. Ended codes are not used again."),
        facts=[
            (_("Stands against it"), "；".join(against) or _("nothing")),
            (_("Open matters that move"), sum(each.matters for each in moves)),
            (_("Units that move"), sum(each.units for each in moves)),
            (_("Postings that move"), sum(each.postings for each in moves)),
        ],
    )
    return asked(request, actor, question)


@require_http_methods(ASKING)
@for_administrators
def withdraw(request: HttpRequest, actor: Actor, id: UUID) -> HttpResponse:
    """Take back a decision, or give up a draft."""
    found = acts.plan_of(actor, id)
    decided = found.state == GridPlan.State.DECIDED
    question = Question(
        title=_("Take back the decision") if decided else _("Give up the plan"),
        asks=WithReason,
        act=lambda given, mark: _led_to(request, acts.withdraw(id, given.reason, by=actor, mark=mark)),
        back=reverse("grid-plan", args=[id]),
        done="",
        button=_("Take back the decision") if decided else _("Give up the plan"),
        shown=found,
        warning="" if decided else _("What was drawn in it can't be gone on with."),
    )
    return asked(request, actor, question)


@require_http_methods(ASKING)
@for_administrators
def restore(request: HttpRequest, actor: Actor, id: UUID) -> HttpResponse:
    """Begin a counter-plan that draws what was there before."""
    found = acts.plan_of(actor, id)
    question = Question(
        title=_("Draw what was there before"),
        asks=WithReason,
        act=lambda given, mark: _led_to(request, acts.restore(id, given.reason, by=actor, mark=mark)),
        back=reverse("grid-plan", args=[id]),
        done="",
        button=_("Begin a counter-plan"),
        shown=found,
    )
    return asked(request, actor, question)


@require_safe
@for_administrators
def grids_file(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """The grids of a community in force today, as GeoJSON in WGS-84."""
    community = acts.community_of(actor, code)
    return _file(grid_changes.grids_in_force(community), f"grids-{community.code}")


@require_safe
@for_administrators
def plan_file(request: HttpRequest, actor: Actor, id: UUID) -> HttpResponse:
    """The grids of a plan, as GeoJSON in WGS-84."""
    found = acts.plan_of(actor, id)
    return _file(grid_changes.drawing_of(found.drawing), f"grid-plan-{found.community_id}")


def _plan_page(
    request: HttpRequest, actor: Actor, plan: GridPlan, template: str, refused: Refused | None = None
) -> HttpResponse:
    drawing, before = grid_changes.drawing_of(plan.drawing), grid_changes.drawing_of(plan.base)
    is_open = plan.state in GridPlan.OPEN
    found = grid_changes.check(plan, plan.effective_on or clock.today()) if is_open else []
    redrawn = grid_changes.redrawn_by(plan)
    names = {path: grid.name for path, grid in (*redrawn.before.items(), *redrawn.after.items())}
    may_edit = plan.state == GridPlan.State.DRAFT and acts.may_draw(actor, plan.community)
    # What is refused keeps the mark of the page it came from, so that it stays refused while it is too old.
    mark = request.POST.get("mark", "") if isinstance(refused, Stale) else mark_of(plan)
    around = frame(request, actor)
    context = {
        **around,
        # A plan belongs to the areas, though its address doesn't begin with theirs.
        "inside": [(room, room.name == "areas") for room, _here in around["inside"]],
        "plan": plan,
        "community": plan.community,
        "state": plan.get_state_display(),
        "rows": [_row(grid) for grid in drawing],
        "neighbours": acts.neighbours(actor, plan.community) if may_edit else [],
        "findings": found,
        "stops": sum(each.stops for each in found),
        "outdated": is_open and grid_changes.is_outdated(plan),
        "changes": _comparison(redrawn, actor, counting=is_open),
        "moves": [
            (names[each.source], names.get(each.target, ""), each)
            for each in (grid_following.forecast(redrawn, actor) if is_open else ())
        ],
        "moved": [(_MOVED[kind](), count) for kind, count in plan.moved.items() if kind in _MOVED],
        **_map(plan.community, drawing, before, found, plan if may_edit else None),
        "may_edit": may_edit,
        "may_decide": acts.may_draw(actor, plan.community),
        "is_draft": plan.state == GridPlan.State.DRAFT,
        "is_decided": plan.state == GridPlan.State.DECIDED,
        "is_in_force": plan.state == GridPlan.State.IN_FORCE,
        "mark": mark,
        "refused": refused,
        "typed": request.POST if refused else {},
    }
    return render(request, template, context, status=refused.status if refused else 200)


_MOVED: dict[str, Callable[[], str]] = {
    "matters": lambda: _("Open matters"),
    "units": lambda: _("Units"),
    "postings": lambda: _("Postings"),
    "routes": lambda: _("Rows of the routing table"),
    "addresses": lambda: _("Addresses"),
}


def _comparison(redrawn: grid_changes.Redrawn, actor: Actor, *, counting: bool) -> list[dict[str, Any]]:
    """Every grid before and after: area, households, open matters."""
    matters = grid_following.open_matters_by_grid(redrawn, actor) if counting else ({}, {})
    rows = []
    for path in dict.fromkeys((*redrawn.before, *redrawn.after)):
        was, now = redrawn.before.get(path), redrawn.after.get(path)
        shown = now or was
        assert shown is not None
        rows.append(
            {
                "name": shown.name,
                "code": "" if shown.is_new else shown.key,
                "was": _row(was) if was else None,
                "now": _row(now) if now else None,
                "matters": (matters[0].get(path, 0), matters[1].get(path, 0)) if counting else None,
                "changed": was is None or now is None or was != now,
            }
        )
    return rows


def _row(grid: Grid) -> dict[str, Any]:
    """A grid as the lists show it."""
    return {
        "key": grid.key,
        "code": "" if grid.is_new else grid.key,
        "name": grid.name,
        "households": grid.households,
        "m2": round(square_metres(sound_or_empty(grid.ring))),
        "corners": "\n".join(f"{lon}, {lat}" for lon, lat in grid.ring),
        "lines": min(max(len(grid.ring), 3), 12),
        "to": grid.to,
    }


def _map(
    community: Area,
    drawing: Drawing,
    before: Drawing = (),
    found: list[Finding] | None = None,
    edited: GridPlan | None = None,
) -> dict[str, Any]:
    """What the map's module draws, and the same as the JSON it reads; `edited` is the draft that can be drawn on."""
    drawn = {
        "outline": grid_changes.ring_in_force(community),
        "grids": [{"key": grid.key, "name": grid.name, "ring": grid.ring} for grid in drawing if _drawable(grid)],
        "before": [{"key": grid.key, "name": grid.name, "ring": grid.ring} for grid in before if _drawable(grid)],
        "faults": [
            {"words": each.words, "stops": each.stops, "rings": each.rings}
            for each in found or ()
            if all(valid_position(*corner) for ring in each.rings for corner in ring)
        ],
        "editable": edited is not None,
        "undo": bool(edited and edited.past),
        "redo": bool(edited and edited.future),
    }
    return {"map": drawn, "map_data": json.dumps(drawn, ensure_ascii=False)}


def _drawable(grid: Grid) -> bool:
    return bool(grid.ring) and all(valid_position(*corner) for corner in grid.ring)


def _sent(request: HttpRequest) -> bytes:
    """The file, or what was pasted. Raises BadInput."""
    sent = request.FILES.get("file")
    if sent is not None:
        if (sent.size or 0) > MOST_BYTES:
            raise BadInput(_("the file is larger than %(size)d MB") % {"size": MOST_BYTES // 1024**2}, field="geojson")
        return bytes(sent.read())
    pasted = str(request.POST.get("geojson", "")).strip()
    if not pasted:
        raise BadInput(_("choose a file or paste its text"), field="geojson")
    return pasted.encode("utf-8", "surrogatepass")


def _led_to(request: HttpRequest, plan: GridPlan) -> HttpResponse:
    words = {
        GridPlan.State.IN_FORCE: _("The plan is in force."),
        GridPlan.State.DECIDED: _("The plan is decided; it comes into force on its day."),
    }
    say(request, words.get(GridPlan.State(plan.state), _("Saved.")))
    return HttpResponseRedirect(reverse("grid-plan", args=[plan.id]))


def _file(drawing: Drawing, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}.geojson"'}
    told = written(drawing)
    return JsonResponse(
        told, content_type="application/geo+json", headers=headers, json_dumps_params={"ensure_ascii": False}
    )
