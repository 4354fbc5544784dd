"""What is told when a dispute is raised, and what is asked of the library."""

import re
from collections.abc import Iterator
from itertools import combinations
from typing import Annotated, Self
from uuid import UUID

from django.utils.translation import gettext as _
from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from anlan.foundation.sealing.fields import blind_index
from anlan.loop.schemas import AreaCode, Latitude, Line, Longitude, Said, Told, Words, storable
from anlan.services.mediation.disputes.kinds import Fact, Kind
from anlan.services.mediation.disputes.models import Attempt, Disputant, Source
from anlan.services.mediation.procedures.schemas import PastDay, Sum

MOST_SIDES = 50
MOST_PEOPLE = 100_000
_ID_NUMBER = re.compile(r"[0-9A-Z]{5,30}")


def _id_number(text: str) -> str:
    if text and not _ID_NUMBER.fullmatch(text.upper()):
        raise ValueError(_("is no number of a document"))
    return text.upper()


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60), AfterValidator(storable)]
IdNumber = Annotated[Line, AfterValidator(_id_number)]


class SideIn(Told):
    """A person or an organisation of a dispute. A child names which of the others is its guardian (from 0)."""

    side: Disputant.Side
    name: Name
    phone: Annotated[Line, Field(max_length=30)] = ""
    id_number: IdNumber = ""
    home: Line = ""
    is_organisation: bool = False
    is_minor: bool = False
    guardian: Annotated[int, Field(ge=0, lt=MOST_SIDES)] | None = None
    language: Annotated[Line, Field(max_length=10)] = "zh-hans"

    def same_person(self, other: "SideIn") -> bool:
        """By the number of a document, else by name and telephone together."""
        if self.id_number and other.id_number:
            return self.id_number == other.id_number
        if not (self.phone and other.phone):
            return False
        return self.name == other.name and blind_index("phone", self.phone) == blind_index("phone", other.phone)


class DisputeIn(Told):
    """A dispute as it is raised. `amount_fen` is what it is about, `people` how many are involved."""

    source: Source
    kind: Kind
    title: Annotated[Line, Field(min_length=1)]
    text: Said
    area: AreaCode
    sides: Annotated[list[SideIn], Field(min_length=2, max_length=MOST_SIDES)]
    source_id: Annotated[Line, Field(max_length=80)] = ""
    address: Line = ""
    lon: Longitude | None = None
    lat: Latitude | None = None
    occurred_on: PastDay | None = None
    amount_fen: Sum | None = None
    people: Annotated[int, Field(ge=2, le=MOST_PEOPLE)] = 2
    facts: frozenset[Fact] = frozenset()

    @model_validator(mode="after")
    def _has_two_sides(self) -> Self:
        for wanted in (Disputant.Side.APPLICANT, Disputant.Side.RESPONDENT):
            if all(each.side != wanted for each in self.sides):
                raise _wrong("sides", _("there is no %(side)s") % {"side": wanted.label})
        for one, other in combinations(self.sides, 2):
            if one.same_person(other) and one.side != other.side:
                raise _wrong("sides", _("the same person stands on two sides"))
        for number, each in enumerate(self.sides):
            for why in self._wrong_guardian(number, each):
                raise _wrong(f"sides.{number}.guardian", why)
        return self

    def _wrong_guardian(self, number: int, each: SideIn) -> Iterator[str]:
        if not each.is_minor:
            return
        if each.guardian is None:
            yield _("a child takes part with a guardian; name one")
        elif each.guardian >= len(self.sides) or each.guardian == number:
            yield _("there is no such guardian among the parties")
        elif self.sides[each.guardian].is_minor or self.sides[each.guardian].is_organisation:
            yield _("a guardian is a person of age")


class AttemptIn(Told):
    """What was tried before the dispute came here."""

    source: Source
    office: Annotated[Line, Field(min_length=1, max_length=80)]
    on: PastDay
    result: Attempt.Result
    text: Line = ""


class LibraryWanted(Told):
    """What is looked for in the library; everything may be left out."""

    q: Words = ""
    source: Source | None = None
    kind: Kind | None = None
    open: bool | None = None
    after: UUID | None = None


def _wrong(field: str, message: str) -> PydanticCustomError:
    return PydanticCustomError("anlan.dispute", "{message}", {"message": message, "field": field})
