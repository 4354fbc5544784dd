"""The command board and the responder's page."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from anlan.city.people.access import RESPONDER, Actor
from anlan.foundation.language import said
from anlan.loop.forms import checked
from anlan.loop.page_door import for_staff, require, say, shell
from anlan.loop.pages import make
from anlan.loop.refusals import Refused, Unknown
from anlan.loop.suggestions import KLASS_LABELS
from anlan.services.dispatch.board import DESK, Asked, board
from anlan.services.dispatch.tasks import Duty, switch_duty, tasks, units_of


@for_staff
@require_safe
def command_board(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The desk's board."""
    require(actor, DESK)
    return _board(request, actor, checked(Asked, request.GET))


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
        return _board(request, actor, asked.model_copy(update={"matter": matter_id}), refused=refused, at_step=name)
    step = matter.rules.transitions[name]
    say(request, f"{matter.reference} · {said(step.label, step.label_en)}")
    return HttpResponseRedirect(f"{reverse('board')}?{_query(asked)}")


@for_staff
@require_safe
def my_tasks(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What my unit has in hand."""
    require(actor, RESPONDER)
    return _tasks(request, actor)


@for_staff
@require_POST
def task_step(request: HttpRequest, actor: Actor, matter_id: UUID, name: str) -> HttpResponse:
    """A step on the way, then back to the tasks."""
    require(actor, RESPONDER)
    try:
        make(matter_id, name, request.POST, by=actor)
    except Unknown:
        raise
    except Refused as refused:
        return _tasks(request, actor, refused=refused, at=(matter_id, name))
    say(request, _("Done."))
    return HttpResponseRedirect(reverse("tasks"))


@for_staff
@require_POST
def duty(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Go on or off duty."""
    require(actor, RESPONDER)
    unit = switch_duty(checked(Duty, request.POST), by=actor)
    say(request, _("You are on duty.") if unit.on_duty else _("You are off duty; your position is no longer kept."))
    return HttpResponseRedirect(reverse("tasks"))


def _board(
    request: HttpRequest, actor: Actor, asked: Asked, *, refused: Refused | None = None, at_step: str = ""
) -> HttpResponse:
    shown = board(actor, asked, refused=refused, at_step=at_step, typed=request.POST if refused else None)
    placed = shown.chosen is not None and any(step.form.wrong and step.form.fields for step in shown.chosen.steps)
    context = {
        **shell(request, actor),
        "board": shown,
        "asked": asked,
        # The filters as they stand; a lane, a row or a step adds its own.
        "query": _query(asked),
        "filters": urlencode({"klass": asked.klass or "", "q": asked.q}),
        "klasses": [(klass.value, name) for klass, name in KLASS_LABELS.items()],
        "reasons": [said(each["text"], each["text_en"]) for each in shown.chosen.reasons] if shown.chosen else [],
        "units": [
            (each, [said(reason.text, reason.text_en) for reason in each.reasons])
            for each in (shown.chosen.units if shown.chosen else ())
        ],
        "refused": None if placed else refused,
        "at_step": at_step,
    }
    return render(request, "dispatch/board.html", context, status=refused.status if refused else 200)


def _query(asked: Asked) -> str:
    return urlencode({"lane": asked.lane, "klass": asked.klass or "", "q": asked.q})


def _tasks(
    request: HttpRequest,
    actor: Actor,
    *,
    refused: Refused | None = None,
    at: tuple[UUID, str] | None = None,
) -> HttpResponse:
    shown = tasks(actor, refused=refused, at=at, typed=request.POST if refused else None)
    steps = [step for task in shown for step in (task.next, *task.others) if step]
    placed = any(step.form.wrong and step.form.fields for step in steps)
    context = {
        **shell(request, actor),
        "tasks": shown,
        "units": units_of(actor),
        "refused": None if placed else refused,
        "at": at,
    }
    return render(request, "dispatch/tasks.html", context, status=refused.status if refused else 200)
