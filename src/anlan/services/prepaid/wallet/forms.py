"""What the pages of a wallet ask."""

from datetime import date
from typing import Annotated

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anlan.loop.forms import Label
from anlan.loop.schemas import Line, Told

_PIN_HINT = _("six digits, none that is easy to guess; for use without a telephone")
Pin = Annotated[str, Field(pattern=r"^[0-9]{6}$", max_length=6)]


class PinForm(Told):
    """A PIN for the card."""

    pin: Annotated[Pin, Label(_("New PIN"), _PIN_HINT)]


class HandingForm(Told):
    """Who gets the card."""

    name: Annotated[Line, Field(min_length=1, max_length=60), Label(_("Name of the new holder"))]
    phone: Annotated[Line, Field(min_length=1, max_length=40), Label(_("Their telephone"))]


class BuyingForm(Told):
    """What decides on rights and limits when a card is bought; the rest is known of whoever has signed in."""

    had_before: Annotated[
        bool, Label(_("I have had the same goods or service before, so the seven days do not hold for me"))
    ] = False
    born: Annotated[date | None, Label(_("Day of birth"), _("only for somebody under 18"))] = None
    guardian_name: Annotated[Line, Field(max_length=60), Label(_("Name of the parent or guardian"))] = ""
    guardian_phone: Annotated[Line, Field(max_length=40), Label(_("Their telephone"))] = ""
