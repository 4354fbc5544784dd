"""What the forms of administration ask."""

from datetime import date, time
from typing import Annotated
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from anlan.city.people.models import Organisation, Posting, Unit
from anlan.loop.forms import Label
from anlan.loop.schemas import Told, storable

Filled = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(storable)]
"""A line that says something."""
Why = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(storable),
    Label(_("Reason"), _("Kept in the audit log.")),
]
InArea = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=80),
    AfterValidator(storable),
    Label(_("Area")),
]


class WithReason(Told):
    """Nothing but why."""

    reason: Why


class Retiring(WithReason):
    """A unit ends; another one takes what it has in hand."""

    to: Annotated[UUID | None, Label(_("Takes over its matters"), _("On duty, in the same town."))] = None


class OrganisationIn(Told):
    name: Annotated[Filled, Field(max_length=80), Label(_("Designation"))]
    kind: Annotated[Organisation.Kind, Label(_("Kind"))]
    in_area: InArea
    reason: Why


class UnitIn(Told):
    """A unit as it is set up. A shift has both ends or none."""

    name: Annotated[Filled, Field(max_length=60), Label(_("Designation"))]
    kind: Annotated[Unit.Kind, Label(_("Kind"))]
    organisation: Annotated[UUID, Label(_("Organisation"))]
    home: Annotated[
        Filled,
        Field(max_length=80),
        Label(_("Home area"), _("The grid a grid worker walks; for others the area they serve.")),
    ]
    skills: Annotated[tuple[Annotated[str, Field(max_length=30)], ...], Label(_("Skills"))] = ()
    capacity: Annotated[int, Field(ge=1, le=100), Label(_("Matters it can hold at once"))]
    shift_start: Annotated[time | None, Label(_("Shift begins"), _("Empty: around the clock."))] = None
    shift_end: Annotated[time | None, Label(_("Shift ends"))] = None
    reason: Why

    @model_validator(mode="after")
    def _shift_is_whole(self) -> "UnitIn":
        if (self.shift_start is None) != (self.shift_end is None):
            missing = "shift_start" if self.shift_start is None else "shift_end"
            words = gettext("give both ends of the shift, or neither")
            raise PydanticCustomError("anlan.shift", "{message}", {"message": words, "field": missing})
        return self


class PostingIn(Told):
    """A role in an area, from a day to a day."""

    role: Annotated[Posting.RoleName, Label(_("Role"))]
    in_area: InArea
    organisation: Annotated[UUID | None, Label(_("Organisation"))] = None
    unit: Annotated[UUID | None, Label(_("Unit"), _("A responder goes out with a unit."))] = None
    starts: Annotated[date, Label(_("First day"))]
    ends: Annotated[date | None, Label(_("Ends on"), _("That day no longer counts. Empty: until further notice."))] = (
        None
    )
    reason: Why

    @model_validator(mode="after")
    def _is_whole(self) -> "PostingIn":
        wrong = None
        if self.role == Posting.RoleName.RESPONDER and self.unit is None:
            wrong = "unit", gettext("a responder needs a unit")
        elif self.ends is not None and self.ends <= self.starts:
            wrong = "ends", gettext("lies before the first day")
        if wrong:
            raise PydanticCustomError("anlan.posting", "{message}", {"message": wrong[1], "field": wrong[0]})
        return self


class Person(Told):
    """Whose account it is."""

    username: Annotated[
        str,
        StringConstraints(strip_whitespace=True, max_length=60, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{2,59}$"),
        Label(_("User name"), _("3 to 60 letters, digits, dots, dashes or underscores.")),
    ]
    name: Annotated[Filled, Field(max_length=60), Label(_("Name"), _("Of the person; kept sealed."))]


class AccountIn(PostingIn, Person):
    """A new account with its first posting; the person is asked first."""


class Ends(Told):
    """Until when a posting is held; nothing for no end."""

    ends: Annotated[date | None, Label(_("Ends on"), _("That day no longer counts. Empty: until further notice."))] = (
        None
    )
    reason: Why


class Renaming(Told):
    name: Annotated[Filled, Field(max_length=60), Label(_("New name"))]
    effective_on: Annotated[date, Label(_("In force from"))]
    reason: Why


class Closing(Told):
    effective_on: Annotated[date, Label(_("In force from"))]
    reason: Why


class RuleIn(Told):
    """A further version of a rule. Which of the numbers is asked follows from the rule."""

    amount: Annotated[int | None, Field(ge=1, le=100_000), Label(_("How many"))] = None
    value: Annotated[str | None, Field(max_length=30), Label(_("Value"))] = None
    minimum: Annotated[str | None, Field(max_length=30), Label(_("Least"))] = None
    maximum: Annotated[str | None, Field(max_length=30), Label(_("Most"))] = None
    starts: Annotated[date, Label(_("In force from"))]
    # As long as a clock keeps it.
    source: Annotated[Filled, Field(max_length=200), Label(_("Source"), _("The decision or the article that says so."))]
    source_en: Annotated[Filled, Field(max_length=200), Label(_("Source in English"))]
    reason: Why
