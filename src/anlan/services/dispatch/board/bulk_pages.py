"""The pages on which one thing is done to several matters of the board."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from anlan.city.people.access import Actor
from anlan.loop.forms import checked
from anlan.loop.page_door import for_staff, require, shell
from anlan.loop.refusals import BadInput, Refused, Unknown
from anlan.services.dispatch.board.bulk import DEEDS, Picked, do, forms, matters_of, picked
from anlan.services.dispatch.board.filters import Asked
from anlan.services.dispatch.board.lanes import DESK
from anlan.services.dispatch.board.pages import UNDOES


@for_staff
@require_safe
def bulk(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What was ticked on the board, and what can be done to all of it."""
    require(actor, DESK)
    return _asking(request, actor, request.GET.getlist("chosen"))


@for_staff
@require_POST
def bulk_deed(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    """Do it to each, and say of each what came of it; where the form itself is wrong, the form again."""
    require(actor, DESK)
    if name not in DEEDS:
        raise Unknown(_("this procedure has no step “%(name)s”") % {"name": name})
    chosen = picked(request.POST.getlist("chosen"))
    deed = DEEDS[name]
    try:
        done = do(deed, chosen, request.POST, by=actor)
    except BadInput as refused:
        return _asking(request, actor, request.POST.getlist("chosen"), at=name, refused=refused)
    undo = UNDOES.get(name)
    context = {
        **shell(request, actor),
        "deed": deed,
        "done": [each for each in done if each.matter],
        "failed": [each for each in done if not each.matter],
        "undo": DEEDS[undo] if undo else None,
        "again": [str(Picked(each.id, each.matter.version)) for each in done if each.matter],
        "query": checked(Asked, request.GET).query(),
    }
    return render(request, "dispatch/bulk_done.html", context)


def _asking(
    request: HttpRequest, actor: Actor, ticked: list[str], *, at: str = "", refused: Refused | None = None
) -> HttpResponse:
    chosen = picked(ticked)
    matters = matters_of(actor, chosen)
    context = {
        **shell(request, actor),
        "matters": [
            (matter, str(Picked(each.id, each.version))) for each in chosen if (matter := matters.get(each.id))
        ],
        "gone": len(chosen) - len(matters),
        "deeds": forms(actor, matters.values(), at=at, typed=request.POST or None, refused=refused),
        "query": checked(Asked, request.GET).query(),
    }
    return render(request, "dispatch/bulk.html", context, status=refused.status if refused else 200)
