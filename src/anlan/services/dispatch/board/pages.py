"""The pages of the command board, the parts of it that are fetched by themselves, and the wall."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from anlan.city.areas.marks import Mark
from anlan.city.people.access import Actor, covers
from anlan.foundation.language import said
from anlan.foundation.masks import mask_phone
from anlan.loop import queries, saved_filters, verb_forms
from anlan.loop.forms import checked
from anlan.loop.models import Matter
from anlan.loop.page_door import for_staff, require, say, shell
from anlan.loop.pages import make, severity_colour
from anlan.loop.parties import find_by_phone
from anlan.loop.refusals import Refused, Unknown
from anlan.services.dispatch.board.figures import today
from anlan.services.dispatch.board.filters import Asked, chips, flags, narrowed_to, offers
from anlan.services.dispatch.board.lanes import DESK, desk_areas
from anlan.services.dispatch.board.picture import Board, Chosen, Refusal, board, pressing
from anlan.services.dispatch.board.picture import chosen as chosen_matter
from anlan.services.dispatch.board.points import on_map
from anlan.services.dispatch.board.search import Search, is_phone

_FOUND, _UNDO = "board_found", "board_undo"
_WALL_ROWS = 8
UNDOES = {"assign": "withdraw"}
"""The steps that can be taken back at once, and by which."""


@for_staff
@require_safe
def command_board(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The desk's board; with `part` only the list, the chosen matter, today's figures
    or the filters kept, for a page that is open."""
    require(actor, DESK)
    asked = checked(Asked, request.GET)
    match request.GET.get("part", ""):
        case "list":
            shown = board(actor, asked, found=_found(request)[0], choosing=False)
            return render(request, "dispatch/board_list.html", _listed(request, asked, shown, asked.matter))
        case "chosen":
            if asked.matter is None:
                raise Unknown(_("there is no such matter"))
            context = _chosen(asked, chosen_matter(actor, asked.matter), None)
            return render(request, "dispatch/board_chosen.html", context)
        case "figures":
            context = {"today": today(actor, narrowed_to(asked, desk_areas(actor)))}
            return render(request, "dispatch/board_figures.html", context)
        case "saved":
            saved = saved_filters.of(actor.account_id, "board") if actor.account_id else []
            return render(request, "dispatch/board_saved.html", {"saved": saved, "query": asked.query()})
        case _:
            return _board(request, actor, asked)


@for_staff
@require_POST
def search(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Look for words, or for a telephone number, which is kept out of every address; then back to the board."""
    require(actor, DESK)
    asked, wanted = checked(Asked, request.GET), checked(Search, request.POST).q
    if is_phone(wanted):
        ids = find_by_phone(actor, wanted)
        request.session[_FOUND] = {"ids": [str(id) for id in ids], "phone": mask_phone(wanted)}
        return _to_board(asked.query(q=None, found=True))
    return _to_board(asked.query(q=wanted, found=None))


@for_staff
@require_POST
def board_step(request: HttpRequest, actor: Actor, matter_id: UUID, name: str) -> HttpResponse:
    """A step from the board, then on to the lane's next matter; where it is refused, the fresh board and why."""
    require(actor, DESK)
    asked = checked(Asked, request.GET)
    try:
        matter = make(matter_id, name, request.POST, by=actor)
    except Unknown:
        raise
    except Refused as refused:
        refusal = Refusal(refused, name, request.POST)
        return _board(request, actor, asked.model_copy(update={"matter": matter_id}), refusal=refusal)
    step = matter.rules.transitions[name]
    say(request, f"{matter.reference} · {said(step.label, step.label_en)}")
    if name in UNDOES:
        request.session[_UNDO] = {"id": str(matter.id), "version": matter.version, "step": UNDOES[name]}
    return _to_board(asked.query())


@for_staff
@require_POST
def board_place(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """Settle where the chosen matter is, then back to it; where that is refused, the fresh board and why."""
    require(actor, DESK)
    asked = checked(Asked, request.GET)
    try:
        matter = verb_forms.do(queries.seen(actor, matter_id), "place", request.POST, by=actor)
    except Refused as refused:
        if isinstance(refused, Unknown) and refused.field is None:
            raise
        refusal = Refusal(refused, "place", request.POST)
        return _board(request, actor, asked.model_copy(update={"matter": matter_id}), refusal=refusal)
    say(request, f"{matter.reference} · {_('Done.')}")
    still_here = any(covers(area, matter.area) for area in desk_areas(actor))
    return _to_board(asked.query(matter=matter_id if still_here else None))


@for_staff
@require_safe
def points(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What stands on the board's map, as JSON: `points` as the map component reads them, `whole` if that is all."""
    require(actor, DESK)
    asked = checked(Asked, request.GET)
    shown = on_map(actor, asked, found=_found(request)[0])
    marks = [
        *(_mark(matter, f"{reverse('board')}?{asked.query(matter=matter.id)}#chosen") for matter in shown.matters),
        *(
            Mark(id=f"unit-{unit.id}", lon=unit.lon or 0.0, lat=unit.lat or 0.0, label=unit.name, shape="unit")
            for unit in shown.units
        ),
    ]
    return JsonResponse({"points": marks, "whole": shown.whole})


@for_staff
@require_safe
def wall(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The board for a screen on the wall: counts, what is late or red, the map, today's figures. Nobody's words."""
    require(actor, DESK)
    shown = board(actor, Asked(), choosing=False)
    on_the_map = on_map(actor, Asked())
    return render(
        request,
        "dispatch/wall.html",
        {
            **shell(request, actor),
            "board": shown,
            "pressing": pressing(actor)[:_WALL_ROWS],
            "today": today(actor, shown.areas),
            "points": [
                *(_mark(matter, "", label="") for matter in on_the_map.matters),
                *(
                    Mark(id=str(unit.id), lon=unit.lon or 0.0, lat=unit.lat or 0.0, label="", shape="unit")
                    for unit in on_the_map.units
                ),
            ],
            "within": shown.areas[0].rpartition(".")[2],
        },
    )


def _board(request: HttpRequest, actor: Actor, asked: Asked, *, refusal: Refusal | None = None) -> HttpResponse:
    found, phone = _found(request)
    shown = board(actor, asked, found=found, refusal=refusal)
    steps = shown.chosen.steps if shown.chosen else []
    placed = any(step.form.wrong and step.form.fields for step in steps)
    refused = refusal.refused if refusal else None
    context = {
        **shell(request, actor),
        **_listed(request, asked, shown, shown.chosen.matter.id if shown.chosen else None),
        **_chosen(asked, shown.chosen, refusal),
        "offers": offers(asked, shown.units, shown.areas),
        "flags": flags(asked),
        "chips": chips(asked, shown.units, phone),
        "within": shown.areas[0].rpartition(".")[2],
        "refused": None if placed else refused,
        "undo": request.session.pop(_UNDO, None) if _UNDO in request.session else None,
    }
    return render(request, "dispatch/board.html", context, status=refused.status if refused else 200)


def _listed(request: HttpRequest, asked: Asked, shown: Board, chosen: UUID | None) -> dict[str, Any]:
    return {
        "board": shown,
        "asked": asked,
        "query": asked.query(),
        "asked_pairs": parse_qsl(asked.query()),
        "lanes": [(lane, count, asked.query(lane=lane.name)) for lane, count in shown.lanes],
        "parts": [(part, asked.query(area=part.code)) for part in shown.parts],
        "chosen_id": chosen,
    }


def _chosen(asked: Asked, chosen: Chosen | None, refusal: Refusal | None) -> dict[str, Any]:
    return {
        "asked": asked,
        "query": asked.query(),
        "chosen": chosen,
        "reasons": [said(each["text"], each["text_en"]) for each in chosen.reasons] if chosen else [],
        "units": [
            (each, [said(reason.text, reason.text_en) for reason in each.reasons])
            for each in (chosen.units if chosen else ())
        ],
        "at_step": refusal.step if refusal else "",
    }


def _found(request: HttpRequest) -> tuple[list[UUID], str]:
    """What the latest search by phone of this session found, and the masked number."""
    kept: Mapping[str, Any] = request.session.get(_FOUND) or {"ids": [], "phone": ""}
    return [UUID(id) for id in kept["ids"]], kept["phone"]


def _mark(matter: Matter, href: str, *, label: str | None = None) -> Mark:
    """`label` in place of the title; empty for a mark that is only seen, and says nothing of anybody."""
    tone = severity_colour(matter.severity)
    place = Mark(id=str(matter.id), lon=matter.lon or 0.0, lat=matter.lat or 0.0, shape="matter", tone=tone)
    place["label"] = matter.title if label is None else label
    if href:
        place["href"] = href
    return place


def _to_board(query: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('board')}?{query}")
