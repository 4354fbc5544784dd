"""A merchant's appeal against the colour of its shop: a matter that the merchant follows like any report."""

from typing import Annotated

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import Field

from anlan.city.people.access import Actor
from anlan.loop.engine import Opened
from anlan.loop.forms import Label
from anlan.loop.refusals import NotAllowed, NotPossible
from anlan.loop.schemas import Said, Told
from anlan.loop.suggestions import Severity
from anlan.services.prepaid.access import counter_of
from anlan.services.prepaid.merchants.models import Colour
from anlan.services.prepaid.merchants.queries import shop_of_code
from anlan.services.prepaid.supervision.opening import Kind, open_about
from anlan.services.prepaid.supervision.procedures import Appealing


class AppealIn(Told):
    """What the merchant says against the colour, or what it has put right."""

    text: Annotated[Said, Field(max_length=2_000), Label(gettext_lazy("What is wrong with it, or what you put right"))]


def appeal(code: str, given: AppealIn, *, by: Actor) -> Opened:
    """Appeal against the colour of a shop of one's own; the owner's to do. The tracking code is shown once.

    Raises Unknown, NotAllowed, and NotPossible for a green shop or while an appeal is being decided.
    """
    shop = shop_of_code(code)
    if not counter_of(by, shop.merchant_id).owner:
        raise NotAllowed(_("only the merchant's owner may do that"))
    if shop.colour == Colour.GREEN:
        raise NotPossible(_("the shop is green; there is nothing to appeal against"))
    return open_about(
        shop,
        Kind.APPEAL,
        Appealing,
        by=by,
        title=f"{shop.name}对预付码提出申诉",
        text=given.text,
        severity=Severity.YELLOW,
    )
