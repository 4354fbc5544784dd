"""What may be told: the types that every door shares. One definition serves page, API and import."""

import re
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from django.utils.translation import gettext as _
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StringConstraints,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from anlan.loop.models import Outcome, Rating
from anlan.loop.suggestions import Klass, Severity

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


class _WrittenOut:
    """In the API's description a type's name stands for one type alone, and half the models have a `State`."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler.resolve_ref_schema(handler(core))


WRITTEN_OUT = _WrittenOut()
"""For a choice whose class has a common name: its values are described where it stands, and not under that name."""

AreaCode = Annotated[str, Field(pattern=r"^[0-9]{4,15}$", description="the area's official code")]


class Told(BaseModel):
    """Base of what a transition asks: unknown fields are refused, so that a typing error is not lost."""

    model_config = ConfigDict(extra="forbid")


class Reason(Told):
    """Why; kept in the history and, where a resident is concerned, told to them."""

    reason: Said


class Position(Told):
    """Where the responder stands, WGS-84, and within how many metres; kept in the matter's history, not in a track of
    the person."""

    lon: Longitude | None = None
    lat: Latitude | None = None
    accuracy_m: Annotated[int, Field(ge=0, le=100_000)] | None = None


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


class HandOver(Reason):
    to_area: AreaCode


class Sharing(Reason):
    with_area: AreaCode


class Approved(Reason):
    """Stopping or extending a clock takes a reason and a name that answers for it."""

    approver: Annotated[Line, Field(min_length=1)]


class Extension(Approved):
    deadline: Annotated[str, Field(max_length=40)]


class Merging(Reason):
    """`into_version` guards the matter that goes on as If-Match guards the one that is merged."""

    into: UUID
    into_version: Annotated[int, Field(ge=1)] | None = None


class Placing(Reason):
    """Where it is: at least one of the two."""

    address_code: Annotated[Line, Field(max_length=20)] | None = None
    in_area: AreaCode | None = None

    @model_validator(mode="after")
    def _says_where(self) -> "Placing":
        if not self.address_code and self.in_area is None:
            message = _("give the code of an address or an area")
            raise PydanticCustomError("anlan.nothing", "{message}", {"message": message, "field": "address_code"})
        return self


class Reclassification(Reason):
    """At least one of the three."""

    klass: Klass | None = None
    category: Annotated[str, Field(max_length=60)] | None = None
    severity: Severity | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "Reclassification":
        if self.klass is None and self.category is None and self.severity is None:
            message = _("give a class, a category or a severity")
            raise PydanticCustomError("anlan.nothing", "{message}", {"message": message, "field": "klass"})
        return self
