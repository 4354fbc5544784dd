"""What watching over shops asks: the word from the spot, what is done, what an appeal and a closing come to."""

from datetime import date
from typing import Annotated

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from anlan.loop.forms import Label
from anlan.loop.schemas import Position, Said, Told
from anlan.services.prepaid.merchants.models import Colour


class Found(models.TextChoices):
    """How a shop looks on the spot. The last two say that the warning was right."""

    SOUND = "sound", _("trades as usual")
    STRAINED = "strained", _("in difficulties, holders can’t use their cards")
    SHUT = "shut", _("shut, nobody is there")


CONFIRMS = (Found.STRAINED, Found.SHUT)


class Step(models.TextChoices):
    """What the regulator may do about a shop."""

    TALK = "talk", _("talk with the operator")
    RECTIFY = "rectify", _("order to put it right")
    RESTRICT = "restrict", _("stop new prepayments until a day")
    REFUND_PLAN = "refund_plan", _("plan of repayments")
    POLICE = "police", _("hand the lead to the police")


class Given(models.TextChoices):
    """What an appeal that is granted leads to; nothing is worse than before."""

    GREEN = Colour.GREEN.value, _("green")
    YELLOW = Colour.YELLOW.value, _("yellow")


class Ended(models.TextChoices):
    """How a warning ended."""

    SETTLED = "settled", _("the risk is gone")
    CLOSED = "closed", _("the shop has closed")
    UNFOUNDED = "unfounded", _("there was no risk")


class Verification(Position):
    """What a grid worker found at the shop; it is kept as a label, to learn which warnings were right."""

    found: Annotated[Found, Label(_("The shop"))]
    text: Annotated[Said, Label(_("What you saw"), _("Open or shut, staff, stock, notices at the door."))]


class Measure(Told):
    """One step about a shop; more may follow."""

    step: Annotated[Step, Label(_("What is done"))]
    until: Annotated[date | None, Label(_("Until which day"), _("Of a stop of new prepayments."))] = None
    text: Said

    @model_validator(mode="after")
    def _says_until_when(self) -> "Measure":
        if self.step is Step.RESTRICT and self.until is None:
            message = gettext("say until which day")
            raise PydanticCustomError("anlan.needed", "{message}", {"message": message, "field": "until"})
        return self


class Ending(Told):
    """How it ended."""

    ended: Annotated[Ended, Label(_("How it ended"))]
    text: Said


class Granting(Told):
    """The colour that the shop is given instead, and why; it holds for the time that the rule says."""

    colour: Annotated[Given, Label(_("Colour instead"))] = Given.GREEN
    reason: Annotated[Said, Field(max_length=500)]


class Confirmation(Told):
    """That a shop has closed, since when, and how it is known. From then on its holders are paid back: also where the
    law leaves part of an amount to a person's judgement, which this confirmation is."""

    closed_on: Annotated[date, Label(_("Closed since"))]
    reason: Said


class Settled(Told):
    """What the run of repayments has come to; told by the program. `left` are cards that could not be reckoned."""

    cards: Annotated[int, Field(ge=0)]
    paid: Annotated[int, Field(ge=0)]
    shortfall: Annotated[int, Field(ge=0)]
    left: Annotated[int, Field(ge=0)] = 0
