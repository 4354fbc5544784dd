"""A person's word on a shop's colour: it holds until its end, whatever the numbers say."""

from datetime import datetime
from uuid import UUID

from anlan.loop import clock
from anlan.services.prepaid.colour.models import ColourChange
from anlan.services.prepaid.merchants.colours import NewColour, set_colours
from anlan.services.prepaid.merchants.models import Colour, Shop


def rule(shop: UUID, colour: Colour, *, by: UUID, until: datetime, note: str) -> ColourChange:
    """Give a shop a colour until a moment, in the caller's transaction and scope, for a reason that is kept.

    For whoever may: the procedures of `supervision` say who. Raises ValueError without a note, or with an end that is
    past.
    """
    now = clock.now()
    if not note.strip() or until <= now:
        raise ValueError("a ruling needs a note and an end to come")
    before = Shop.objects.values_list("colour", flat=True).get(id=shop)
    set_colours([NewColour(shop, colour, note)], at=now)
    return ColourChange.objects.create(
        shop_id=shop, before=before, colour=colour, at=now, until=until, by=by, note=note.strip()[:500]
    )
