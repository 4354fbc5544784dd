"""The overview: what there is in one's area, and the latest changes."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from anlan.city.people.access import Actor
from anlan.loop.administering import administered, for_administrators, frame
from anlan.services.administration import accounts, areas, offices
from anlan.services.administration.log import LogFilter, entries

LATEST = 10


@require_safe
@for_administrators
def overview(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What is administered here."""
    units = offices.units(actor).filter(retired_on=None)
    counts = [
        (reverse("areas"), _("Areas"), areas.areas(actor).filter(valid_until=None).count()),
        (reverse("organisations"), _("Organisations"), offices.organisations(actor).count()),
        (reverse("units"), _("Units"), units.count()),
        (f"{reverse('accounts')}?state=on", _("Accounts"), accounts.accounts(actor).filter(is_active=True).count()),
    ]
    context = {
        **frame(request, actor),
        "where": "；".join(offices.place(path) for path in administered(actor)),
        "counts": counts,
        "on_duty": units.filter(on_duty=True).count(),
        "latest": entries(actor, LogFilter(), LATEST),
    }
    return render(request, "administration/overview.html", context)
