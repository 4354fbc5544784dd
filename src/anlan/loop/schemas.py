"""What may be told: the types that every door shares. One definition serves page, API and import."""

import re
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from django.utils.translation import gettext as _
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from anlan.loop.models import Outcome, Rating

LONGEST_TEXT = 20_000


# Control characters but tab and line ends, half characters, and those that turn the direction of writing.
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


def storable(text: str) -> str:
    """Refuse what a database or a page can't hold: NUL, lone surrogates, control and direction characters."""
    if found := _UNSTORABLE.search(text):
        raise ValueError(_("contains a character that can't be stored (U+%(code)04X)") % {"code": ord(found[0])})
    return text


Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), AfterValidator(storable)]
"""One line, at most 200 characters."""

Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=LONGEST_TEXT), AfterValidator(storable)]
"""Free text, at most 20,000 characters."""

Said = Annotated[Words, StringConstraints(min_length=1)]
"""Free text that must say something."""

Longitude = Annotated[Decimal, Field(ge=-180, le=180, decimal_places=7)]
Latitude = Annotated[Decimal, Field(ge=-90, le=90, decimal_places=7)]


class Told(BaseModel):
    """Base of what a transition asks: unknown fields are refused, so that a typing error is not lost."""

    model_config = ConfigDict(extra="forbid")


class Reason(Told):
    """Why; kept in the history and, where a resident is concerned, told to them."""

    reason: Said


class Position(Told):
    """Where the responder stands, WGS-84; kept in the matter's history, not in a track of the person."""

    lon: Longitude | None = None
    lat: Latitude | None = None


class Assignment(Told):
    """Which unit, and why this one (the suggestion taken, or the dispatcher's own reason)."""

    unit_id: UUID
    reason: Words = ""


class Settlement(Told):
    """What was done. Settled is not yet solved, so both are told."""

    outcome: Outcome
    text: Said


class Satisfaction(Told):
    """The resident's word on it, in five levels."""

    rating: Rating
    text: Words = ""


class Progress(Told):
    """A first word from the scene."""

    text: Said
