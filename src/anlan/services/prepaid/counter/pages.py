"""A merchant's counter: look a card up, propose item and price, and take the consumer's word by PIN or code."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from anlan.city.people.access import Actor
from anlan.loop.forms import checked, form_of
from anlan.loop.page_door import for_staff, say
from anlan.loop.refusals import BadInput, KeyReused, NotAllowed, NotPossible, Refused, Unknown
from anlan.services.prepaid.access import Counter, counters_of
from anlan.services.prepaid.cards import confirming, using
from anlan.services.prepaid.cards.models import Use
from anlan.services.prepaid.cards.queries import use_at_counter
from anlan.services.prepaid.cards.schemas import CardOut, CounterConfirmation
from anlan.services.prepaid.counter import queries
from anlan.services.prepaid.counter.door import at_a_counter, bar, frame
from anlan.services.prepaid.counter.forms import LookUpForm, ProposalForm, is_number
from anlan.services.prepaid.form_keys import key_sent, key_shown
from anlan.services.prepaid.merchants.models import Shop

_LONGEST_PROOF = 40


@require_safe
@for_staff
def counters(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The counters at which one works; the only one at once."""
    shops = queries.shops_of(counters_of(actor))
    if len(shops) == 1:
        return HttpResponseRedirect(reverse("counter-shop", args=[shops[0].code]))
    return render(request, "prepaid/counters.html", {**bar(request, actor), "shops": shops})


@require_safe
@at_a_counter
def today(request: HttpRequest, actor: Actor, shop: Shop, counter: Counter) -> HttpResponse:
    """The day's proposals, and the form for the next one."""
    return _today(request, actor, shop, counter)


@require_POST
@at_a_counter
def look_up(request: HttpRequest, actor: Actor, shop: Shop, counter: Counter) -> HttpResponse:
    """What is on the card that was shown."""
    try:
        typed = checked(LookUpForm, request.POST).card
        found = queries.shown(typed, counter=counter)
    except (BadInput, NotAllowed, NotPossible, Unknown) as refused:
        return _today(request, actor, shop, counter, refused=refused, asked="look-up")
    # A number typed once need not be typed again; a code is good for one reading.
    return _today(request, actor, shop, counter, card=found, typed=typed if is_number(typed) else "")


@require_POST
@at_a_counter
def propose(request: HttpRequest, actor: Actor, shop: Shop, counter: Counter) -> HttpResponse:
    """Propose to take something off a card, then to the page on which the consumer's word is waited for."""
    try:
        told = checked(ProposalForm, request.POST).told()
        use = using.propose(told, shop=shop.id, counter=counter, key=key_sent(request))
    except (BadInput, NotAllowed, NotPossible, KeyReused) as refused:
        return _today(request, actor, shop, counter, refused=_beside(refused), asked="propose")
    return HttpResponseRedirect(reverse("counter-use", args=[shop.code, use.id]))


@require_safe
@at_a_counter
def use(request: HttpRequest, actor: Actor, shop: Shop, counter: Counter, use: UUID) -> HttpResponse:
    """How a proposal stands, and the ways in which the consumer may say yes."""
    return _use(request, actor, shop, counter, use)


@require_POST
@at_a_counter
def act(request: HttpRequest, actor: Actor, shop: Shop, counter: Counter, use: UUID, word: str) -> HttpResponse:
    """Take a proposal back, send the consumer a code, or take their code or PIN."""
    try:
        match word:
            case "withdraw":
                using.withdraw(use, counter=counter)
                say(request, _("Taken back."))
            case "code":
                confirming.send_code(use, counter=counter)
                say(request, _("A code has been sent to the telephone of the card."))
            case "confirm":
                proof = {name: request.POST.get(name, "").strip()[:_LONGEST_PROOF] for name in ("code", "pin")}
                confirming.confirm_at_counter(use, CounterConfirmation(**proof), counter=counter)
            case _:
                raise Unknown(_("there is no such step"))
    except (BadInput, NotAllowed, NotPossible) as refused:
        return _use(request, actor, shop, counter, use, refused)
    return HttpResponseRedirect(reverse("counter-use", args=[shop.code, use]))


def _today(
    request: HttpRequest,
    actor: Actor,
    shop: Shop,
    counter: Counter,
    *,
    refused: Refused | None = None,
    asked: str = "",
    card: CardOut | None = None,
    typed: str = "",
) -> HttpResponse:
    uses = queries.today(shop, counter=counter)
    context: dict[str, Any] = {
        **frame(request, actor, shop, counter),
        "card": card,
        "key": key_shown(request),
        "waiting": [use for use in uses if use.state == Use.State.PROPOSED],
        "settled": [use for use in uses if use.state != Use.State.PROPOSED],
        "taken": sum(use.money for use in uses),
        "look_up": _filled(LookUpForm, request, refused if asked == "look-up" else None, typed),
        "proposal": _filled(ProposalForm, request, refused if asked == "propose" else None, typed),
    }
    return render(request, "prepaid/counter.html", context, status=refused.status if refused else 200)


def _filled(
    asks: type[LookUpForm] | type[ProposalForm], request: HttpRequest, refused: Refused | None, typed: str
) -> Any:
    """By field, as the template draws them, with what was typed and what is wrong with it."""
    form = form_of(asks, typed=request.POST if refused else None, refused=refused, initial={"card": typed})
    return {"error": form.error, **{field.name: field for field in form.fields}}


def _use(
    request: HttpRequest, actor: Actor, shop: Shop, counter: Counter, use: UUID, refused: Refused | None = None
) -> HttpResponse:
    found = use_at_counter(use, counter=counter)
    context = {
        **frame(request, actor, shop, counter),
        "use": found,
        "waits": found.state == Use.State.PROPOSED,
        "wrong": refused,
    }
    return render(request, "prepaid/counter_use.html", context, status=refused.status if refused else 200)


def _beside(refused: Refused) -> Refused:
    """The same, told beside the form's own field."""
    fields = {"qr": "card", "number": "card", "list_price": "price"}
    told = type(refused)(refused.message, field=fields.get(refused.field or "", refused.field))
    told.__cause__ = refused.__cause__
    return told
