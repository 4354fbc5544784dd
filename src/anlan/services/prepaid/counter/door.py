"""The door to a counter: a member of the merchant's staff at one of its shops."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _

from anlan.city.people.access import Actor, Role
from anlan.loop.page_door import for_staff, shell
from anlan.loop.refusals import NotAllowed
from anlan.loop.rooms import Room
from anlan.services.prepaid.access import Counter, counter_of
from anlan.services.prepaid.merchants.models import Shop
from anlan.services.prepaid.merchants.queries import shop_of_code


def at_a_counter(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page as `view(request, actor, shop, counter, …)` of the shop in the address, for whoever works there."""

    @for_staff
    @wraps(view)
    def page(request: HttpRequest, actor: Actor, code: str, **more: Any) -> HttpResponseBase:
        shop = shop_of_code(code)
        counter = counter_of(actor, shop.merchant_id)
        if not counter.serves(shop.merchant_id, shop.id):
            raise NotAllowed(_("this is not your shop's counter"))
        return view(request, actor, shop, counter, **more)

    return page


def for_owners(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The same for the merchant's owner alone."""

    @at_a_counter
    @wraps(view)
    def page(request: HttpRequest, actor: Actor, shop: Shop, counter: Counter, **more: Any) -> HttpResponseBase:
        if not counter.owner:
            raise NotAllowed(_("only the merchant's owner may do that"))
        return view(request, actor, shop, counter, **more)

    return page


def bar(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    """The bar above a counter's pages. The counter is nobody's posting and so no room of the shell's: it is added."""
    shown = shell(request, actor)
    return {**shown, "rooms": [*shown["rooms"], (Room("counters", _("Counter"), Role(0)), True)]}


def frame(request: HttpRequest, actor: Actor, shop: Shop, counter: Counter) -> dict[str, Any]:
    """What every page of a counter shows around itself."""
    pages = [("counter-shop", _("Today")), ("counter-colour", _("Our colour"))]
    if counter.owner:
        pages.append(("counter-money", _("Money")))
    inside = [(reverse(name, args=[shop.code]), label) for name, label in pages]
    here = max((address for address, _label in inside if request.path.startswith(address)), key=len, default="")
    return {**bar(request, actor), "inside": [(*each, each[0] == here) for each in inside], "shop": shop}
