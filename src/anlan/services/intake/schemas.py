"""What may be reported, and what the reporter gets back. Page, API, Open311 and import share these."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from anlan.loop.models import Channel
from anlan.loop.schemas import Latitude, Line, Longitude, Words, storable

PHONE_CHARACTERS = set("0123456789+-() （）－－０１２３４５６７８９")


def _phone(text: str) -> str:
    digits = sum(character.isdigit() for character in text)
    if set(text) - PHONE_CHARACTERS or not 5 <= digits <= 15:
        raise ValueError("is not a telephone number")
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
    area: Annotated[str, Field(pattern=r"^\d{4,15}$")] | None = None
    category: Annotated[str, Field(max_length=60)] | None = None
    contact: Contact | None = None
    channel: Channel = Channel.API
    source_id: Annotated[str, Field(max_length=80), AfterValidator(storable)] = ""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.title and not self.text:
            raise ValueError("text: say what is the matter, in title or text")
        if (self.lon is None) != (self.lat is None):
            raise ValueError("lat: a position needs both lon and lat")
        return self


class Receipt(BaseModel):
    """What the reporter takes away: the number, the code that opens the matter, who has it and by when."""

    number: str
    code: str
    track: str
    state: str
    klass: str
    category: str
    severity: int
    area: str
    office: str
    opened_at: datetime
    settle_by: datetime | None
    repeated: bool = False
