"""What the page of an address asks before it changes the base."""

from datetime import date
from typing import Annotated
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anlan.city.addresses.models import Alias
from anlan.loop.forms import Label
from anlan.loop.schemas import Line, Told

_Reason = Annotated[Line, Field(min_length=1, max_length=200), Label(_("Reason"))]
_Name = Annotated[Line, Field(min_length=1, max_length=100)]
_Day = Annotated[date, Label(_("Counts from"), _("today or earlier"))]


class Renaming(Told):
    name: Annotated[_Name, Label(_("New name"), _("Its own part only, as 12幢"))]
    on: _Day
    reason: _Reason


class Merging(Told):
    into: Annotated[Line, Field(min_length=1, max_length=20), Label(_("Code of the address that stays"))]
    on: _Day
    reason: _Reason


class Splitting(Told):
    """Besides its parts, which the page asks for each address below."""

    on: _Day
    reason: _Reason


class Ending(Told):
    on: _Day
    reason: _Reason


class Proposing(Told):
    name: Annotated[Line, Field(min_length=1, max_length=200), Label(_("The other name"))]
    kind: Annotated[Alias.Kind, Label(_("Kind"))]
    reason: _Reason


class TakingBack(Told):
    """`change` is the id of the change that is taken back."""

    change: Annotated[int, Field(ge=1)]
    on: _Day
    reason: _Reason


class Deciding(Told):
    """`alias` is the id of the name that is decided on."""

    alias: UUID
    reason: _Reason
