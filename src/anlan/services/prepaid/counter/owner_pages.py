"""The merchant's own affairs at its counter: its colour with the reasons, an appeal, and the money that lies ready."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from anlan.city.people.access import Actor
from anlan.loop import clock
from anlan.loop.forms import checked, form_of
from anlan.loop.refusals import BadInput, NotPossible, Refused
from anlan.services.prepaid.access import Counter
from anlan.services.prepaid.colour.explaining import explained, history
from anlan.services.prepaid.counter import queries
from anlan.services.prepaid.counter.door import at_a_counter, for_owners, frame
from anlan.services.prepaid.figures import figure
from anlan.services.prepaid.merchants.models import Colour, Shop
from anlan.services.prepaid.supervision.appeals import AppealIn, appeal

SHOWN_CHANGES = 20


@require_http_methods(["GET", "HEAD", "POST"])
@at_a_counter
def colour(request: HttpRequest, actor: Actor, shop: Shop, counter: Counter) -> HttpResponse:
    """Why the shop has its colour and what would turn it green; sent, the owner's appeal, whose code is shown once."""
    refused: Refused | None = None
    code = ""
    if request.method == "POST":
        try:
            code = appeal(shop.code, checked(AppealIn, request.POST), by=actor).code
        except (BadInput, NotPossible) as error:
            refused = error
    changes = history(shop, limit=SHOWN_CHANGES)
    context: dict[str, Any] = {
        **frame(request, actor, shop, counter),
        "changes": changes,
        "reasons": explained(changes[0].reasons) if changes and shop.colour != Colour.GREEN else [],
        "may_appeal": counter.owner and shop.colour != Colour.GREEN and not code,
        "form": form_of(AppealIn, typed=request.POST if refused else None, refused=refused),
        "code": code,
    }
    return render(request, "prepaid/counter_colour.html", context, status=refused.status if refused else 200)


@require_safe
@for_owners
def money(request: HttpRequest, actor: Actor, shop: Shop, counter: Counter) -> HttpResponse:
    """What lies ready for the merchant, what was paid out, and the bookings of the last month."""
    context = {
        **frame(request, actor, shop, counter),
        "money": queries.money(counter.merchant),
        "least": figure("payout_minimum", clock.today()),
    }
    return render(request, "prepaid/counter_money.html", context)
