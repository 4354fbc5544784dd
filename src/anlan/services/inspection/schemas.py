"""What the inspection asks: the answer from the spot, the reviewer's word, the correction, and the draw of a round."""

from enum import StrEnum
from typing import Annotated

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from anlan.loop.forms import Label
from anlan.loop.schemas import Latitude, Line, Longitude, Told


class Seen(models.TextChoices):
    """How an address compares with what stands on the spot."""

    RIGHT = "right", _("right as it is")
    WRONG = "wrong", _("wrong")
    NOT_FOUND = "not_found", _("not found on the spot")


class Act(models.TextChoices):
    """What is done to the base."""

    NOTHING = "nothing", _("nothing to be changed")
    RENAME = "rename", _("rename it")
    END = "end", _("it no longer exists: end it")


class State(StrEnum):
    OPEN = "open"
    SETTLED = "settled"


_Reason = Annotated[Line, Field(min_length=1), Label(_("Reason"))]


def _needs(field: str, message: str) -> PydanticCustomError:
    return PydanticCustomError("anlan.needed", "{message}", {"message": message, "field": field})


class Answer(Told):
    """What a grid worker found; `text` says what is right where the address is wrong. Where they stood is kept with
    this answer and nowhere else."""

    found: Annotated[Seen, Label(_("This address is"))]
    text: Annotated[Line, Label(_("What is right"), _("Where it is wrong: the right name or number."))] = ""
    lon: Longitude | None = None
    lat: Latitude | None = None
    accuracy_m: Annotated[int, Field(ge=0, le=100_000)] | None = None

    @model_validator(mode="after")
    def _says_what_is_right(self) -> "Answer":
        if self.found is Seen.WRONG and not self.text:
            raise _needs("text", gettext("say what is right"))
        return self


class Judgement(Told):
    """The reviewer's own word; it is what a round counts."""

    found: Annotated[Seen, Label(_("This address is"))]
    text: Annotated[Line, Label(_("Remark"))] = ""


class Correction(Told):
    """What is done to the base: a new name for the address's own level, or its end."""

    act: Annotated[Act, Label(_("In the base"))]
    name: Annotated[Line, Label(_("New name"), _("Of its own part only, such as 12幢."))] = ""
    reason: _Reason

    @model_validator(mode="after")
    def _names_what_it_becomes(self) -> "Correction":
        if self.act is Act.RENAME and not self.name:
            raise _needs("name", gettext("say what it is called from now on"))
        return self


class RoundIn(Told):
    """A draw: where, how sure, how exact."""

    in_area: Annotated[str, Field(min_length=1, max_length=80), Label(_("Area"))]
    confidence: Annotated[int, Field(ge=80, le=99), Label(_("Confidence in percent"), _("80 to 99"))] = 95
    margin: Annotated[int, Field(ge=1, le=20), Label(_("Margin of error in percent"), _("1 to 20"))] = 10
    rooms: Annotated[bool, Label(_("Rooms too (the worker has to go inside)"))] = False
    reason: _Reason


class FindingsWanted(Told):
    """The filters of the list of findings."""

    area: Annotated[str, Field(max_length=80)] = ""
    kind: Annotated[str, Field(max_length=10)] = ""
    state: State = State.OPEN
    q: Annotated[Line, Field(max_length=80)] = ""
    page: Annotated[str, Field(max_length=6)] = ""


class Settling(Told):
    """Why what was chosen is fine, or why it is to be looked at again."""

    reason: _Reason
