"""Buying a card: the shop with its colour and offers, then the contract of one of them and the payment."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from anlan.city.people.access import Actor
from anlan.loop.forms import checked, form_of
from anlan.loop.refusals import BadInput, KeyReused, NotPossible, Refused, Unknown
from anlan.services.prepaid.cards import buying
from anlan.services.prepaid.cards.schemas import Buying
from anlan.services.prepaid.form_keys import key_sent, key_shown
from anlan.services.prepaid.merchants.queries import public_shop
from anlan.services.prepaid.wallet.door import for_holders
from anlan.services.prepaid.wallet.forms import BuyingForm


@require_safe
@for_holders
def shop(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """What a shop sells ahead, with its colour beside it."""
    return render(request, "prepaid/buy.html", {"shop": public_shop(code)})


@require_http_methods(["GET", "HEAD", "POST"])
@for_holders
def offer(request: HttpRequest, actor: Actor, code: str, offer: UUID) -> HttpResponse:
    """The contract as it would be made; sent, the card is bought and its money put into escrow."""
    here = public_shop(code)
    chosen = next((each for each in here.offers if each.id == offer), None)
    if chosen is None:
        raise Unknown(_("this shop does not sell that any more"))
    refused: Refused | None = None
    if request.method == "POST":
        try:
            told = checked(BuyingForm, request.POST)
            given = Buying(offer=offer, shop=here.id, **told.model_dump())
            bought = buying.buy(given, by=actor, key=key_sent(request))
        except (BadInput, NotPossible, KeyReused) as error:
            refused = error
        else:
            return HttpResponseRedirect(f"{reverse('wallet-card', args=[bought.card.id])}?done=buy")
    form = form_of(BuyingForm, typed=request.POST if refused else None, refused=refused)
    context = {"shop": here, "offer": chosen, "key": key_shown(request), "form": form, "refused": refused}
    return render(request, "prepaid/offer.html", context, status=refused.status if refused else 200)
