"""The page of notices: what one's command centre or unit was told, and what of it is new."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from anlan.city.people.access import Actor
from anlan.loop import notice_centre
from anlan.loop.page_door import for_staff, require, say, shell
from anlan.loop.refusals import BadInput


@for_staff
@require_safe
def notices(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The newest first; `unread=1` only what is new, `before` the page after."""
    require(actor, notice_centre.TOLD)
    unread = request.GET.get("unread") == "1"
    before = _id(request.GET["before"], "before") if request.GET.get("before") else None
    page = notice_centre.notices(actor, unread=unread, before=before)
    context = {**shell(request, actor), "page": page, "only_unread": unread, "later": before is not None}
    return render(request, "loop/notices.html", context)


@for_staff
@require_POST
def read(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Everything up to the newest notice that the page has shown is read."""
    require(actor, notice_centre.TOLD)
    notice_centre.mark_read(actor, _id(request.POST.get("newest", ""), "newest"))
    say(request, _("All notices are marked as read."))
    return HttpResponseRedirect(reverse("notices"))


def _id(text: str, field: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BadInput(_("there is no such notice to you"), field=field) from None
