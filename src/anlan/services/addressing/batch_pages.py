"""Many addresses at once: a file given in, how far it is, and its answers to fetch."""

from typing import BinaryIO, cast
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from anlan.city.people.access import Actor
from anlan.loop.page_door import for_staff, require, say, shell
from anlan.loop.refusals import BadInput, Refused
from anlan.services.addressing import batches
from anlan.services.addressing.models import Batch
from anlan.services.addressing.pages import READERS


@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def all_batches(request: HttpRequest, actor: Actor) -> HttpResponse:
    """One's own files; a POST gives one in: `file`, and `column` where it has another heading than usual."""
    require(actor, READERS)
    if request.method != "POST":
        return _page(request, actor)
    sent = request.FILES.get("file")
    try:
        if sent is None or sent.file is None:
            raise BadInput(_("choose a file"), field="file")
        batches.take_in(actor, sent.name or "", cast(BinaryIO, sent.file), column=str(request.POST.get("column", "")))
    except Refused as refused:
        return _page(request, actor, refused=refused)
    say(request, _("The addresses are being looked up; you can go on working."))
    return HttpResponseRedirect(reverse("address-batches"))


@for_staff
@require_POST
def cancel(request: HttpRequest, actor: Actor, batch_id: UUID) -> HttpResponse:
    """Call a file off."""
    require(actor, READERS)
    try:
        batches.cancel(actor, batch_id)
    except Refused as refused:
        return _page(request, actor, refused=refused)
    say(request, _("Done."))
    return HttpResponseRedirect(reverse("address-batches"))


@for_staff
@require_safe
def answers(request: HttpRequest, actor: Actor, batch_id: UUID) -> FileResponse:
    """The answers, while they are kept."""
    require(actor, READERS)
    found, path = batches.file_of(actor, batch_id)
    answered = _("answers")
    name = f"{found.name.rpartition('.')[0] or found.name}-{answered}.csv"
    response = FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type="text/csv; charset=utf-8")
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _page(request: HttpRequest, actor: Actor, *, refused: Refused | None = None) -> HttpResponse:
    found = batches.mine(actor)
    context = {
        **shell(request, actor),
        "batches": [(each, batches.removed_at(each) if each.state == Batch.State.READY else None) for each in found],
        "under_way": any(each.is_under_way for each in found),
        "columns": " / ".join(batches.COLUMNS),
        "column": request.POST.get("column", ""),
        "wrong": str(refused.message) if refused and refused.field == "file" else "",
        "refused": refused if refused and refused.field != "file" else None,
    }
    return render(request, "addressing/batches.html", context, status=refused.status if refused else 200)
