"""The responder's page, as it works with a browser alone; `tasks.js` adds the work without network."""

from typing import Any, BinaryIO, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from anlan.city.people.access import RESPONDER, Actor
from anlan.foundation.rules import rulebook
from anlan.loop import clock
from anlan.loop.files import Sent, most_files, stored
from anlan.loop.forms import checked
from anlan.loop.page_door import for_staff, require, say, shell
from anlan.loop.pages import make
from anlan.loop.refusals import Refused, Unknown
from anlan.services.dispatch.tasks import (
    Duty,
    Wanted,
    Whereabouts,
    keep_position,
    switch_duty,
    tasks,
    units_of,
)


@for_staff
@require_safe
def my_tasks(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What my unit has in hand."""
    require(actor, RESPONDER)
    return _tasks(request, actor, checked(Wanted, request.GET))


@for_staff
@require_POST
def task_step(request: HttpRequest, actor: Actor, matter_id: UUID, name: str) -> HttpResponse:
    """A step on the way, with its photos, then back to the tasks."""
    require(actor, RESPONDER)
    wanted = checked(Wanted, request.GET)
    try:
        photos = [Sent(cast(BinaryIO, each.file), each.name or "") for each in request.FILES.getlist("files")]
        make(matter_id, name, request.POST, by=actor, attachments=stored(photos))
    except Unknown:
        raise
    except Refused as refused:
        return _tasks(request, actor, wanted, refused=refused, at=(matter_id, name))
    say(request, _("Done."))
    return HttpResponseRedirect(_address(wanted))


@for_staff
@require_POST
def duty(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Go on or off duty."""
    require(actor, RESPONDER)
    unit = switch_duty(checked(Duty, request.POST), by=actor)
    say(request, _("You are on duty.") if unit.on_duty else _("You are off duty; your position is no longer kept."))
    return HttpResponseRedirect(reverse("tasks"))


@for_staff
@require_POST
def position(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Where the phone is now; taken on duty only, in place of where it was."""
    require(actor, RESPONDER)
    keep_position(checked(Whereabouts, request.POST), by=actor)
    return HttpResponse(status=204)


def _tasks(
    request: HttpRequest,
    actor: Actor,
    wanted: Wanted,
    *,
    refused: Refused | None = None,
    at: tuple[UUID, str] | None = None,
) -> HttpResponse:
    shown = tasks(actor, by=wanted.by, refused=refused, at=at, typed=request.POST if refused else None)
    steps = [step for task in shown for step in (task.doing.next, *task.doing.others) if step]
    placed = any(step.form.wrong and step.form.fields for step in steps)
    units = units_of(actor)
    context: dict[str, Any] = {
        "tasks": shown,
        "by": wanted.by,
        "query": _query(wanted),
        "most_files": most_files(),
    }
    if wanted.part:
        return render(request, "dispatch/task_list.html", context)
    context |= {
        **shell(request, actor),
        "account": actor.account_id,
        "units": units,
        "on_duty": any(unit.on_duty for unit in units),
        "now": clock.now(),
        "limits": {name: _setting(name) for name in ("position_seconds", "position_metres", "photo_pixels")},
        "refused": None if placed else refused,
        "at": at,
    }
    return render(request, "dispatch/tasks.html", context, status=refused.status if refused else 200)


def _address(wanted: Wanted) -> str:
    return f"{reverse('tasks')}{_query(wanted)}"


def _query(wanted: Wanted) -> str:
    return "?" + urlencode({"by": wanted.by}) if wanted.by != Wanted().by else ""


def _setting(name: str) -> int:
    return int(rulebook().at(f"phone.{name}", clock.today()).value or 0)
