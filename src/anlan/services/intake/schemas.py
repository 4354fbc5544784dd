"""What may be reported, and what the reporter gets back. Page, API, Open311 and import share these."""

from datetime import datetime
from typing import Annotated, Self

from django.utils.translation import gettext as _
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from anlan.loop.answers import ClockOut
from anlan.loop.models import Channel
from anlan.loop.schemas import Latitude, Line, Longitude, Words, storable

PHONE_CHARACTERS = set("0123456789+-() （）－－０１２３４５６７８９")


def _phone(text: str) -> str:
    digits = sum(character.isdigit() for character in text)
    if set(text) - PHONE_CHARACTERS or not 5 <= digits <= 15:
        raise ValueError(_("is not a telephone number"))
    return text


Phone = Annotated[str, Field(max_length=30), AfterValidator(storable), AfterValidator(_phone)]


class Contact(BaseModel):
    """Who reports. All of it may be left out; what is given is sealed."""

    model_config = ConfigDict(extra="forbid")

    name: Line | None = None
    phone: Phone | None = None


class ReportIn(BaseModel):
    """Something somebody says. A title or a text must be there; a place helps; nothing else is needed."""

    model_config = ConfigDict(extra="forbid")

    title: Line = ""
    text: Words = ""
    lon: Longitude | None = None
    lat: Latitude | None = None
    address: Line = ""
    address_code: Annotated[str, Field(max_length=20)] = ""
    area: Annotated[str, Field(pattern=r"^[0-9]{4,15}$")] | None = None
    category: Annotated[str, Field(max_length=60)] | None = None
    contact: Contact | None = None
    channel: Channel = Channel.API
    source_id: Annotated[str, Field(max_length=80), AfterValidator(storable)] = ""

    @property
    def position(self) -> tuple[float, float] | None:
        """Longitude and latitude, where both were given."""
        return None if self.lon is None or self.lat is None else (float(self.lon), float(self.lat))

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.title and not self.text:
            raise _fault("text", _("say what is the matter, in title or text"))
        if (self.lon is None) != (self.lat is None):
            raise _fault("lat" if self.lat is None else "lon", _("a position needs both lon and lat"))
        return self


class Sorted(BaseModel):
    """What a report counts as, where it lies, and whose it is."""

    klass: str
    klass_label: str
    category: str
    category_label: str
    severity: int
    area: str
    place: str
    office: str


class Receipt(Sorted):
    """What the reporter takes away: the number, the code that opens the matter, who has it and by when."""

    number: str
    code: str
    track: str
    state: str
    state_label: str
    opened_at: datetime
    settle_by: datetime | None
    repeated: bool = False


class Why(BaseModel):
    """What in the report led to the suggestion."""

    kind: str
    words: list[str]
    text: str


class AddressChoice(BaseModel):
    """One of several addresses that fit alike; its code is sent with the report as `address_code`."""

    code: str
    label: str


class Understood(BaseModel):
    """What the city's base makes of the address that was told.

    `verdict` is exact, resolved, ambiguous, unknown or outside. One address has its code, its official text and the
    place it lies in; where several fit alike `question` and `choices` would settle it. Nobody must.
    """

    verdict: str
    code: str
    text: str
    place: str
    question: str
    choices: list[AddressChoice]


class Ask(BaseModel):
    """A fact that the report does not tell and somebody may ask for."""

    fact: str
    question: str
    why: str


class Preview(Sorted):
    """What would become of a report if it were sent now, with the reasons, and by when.

    `missing` is what would help to know; nothing of it is needed.
    `understood` is None where no address was told, or the city keeps no base of addresses.
    """

    triggers: list[str]
    reasons: list[Why]
    deadlines: list[ClockOut]
    understood: Understood | None = None
    missing: list[Ask] = []


def _fault(field: str, message: str) -> PydanticCustomError:
    return PydanticCustomError("anlan.report", "{message}", {"message": message, "field": field})
