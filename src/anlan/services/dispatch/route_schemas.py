"""What the forms of the routing table ask."""

from typing import Annotated
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anlan.city.people.models import Unit
from anlan.loop.forms import Label
from anlan.loop.schemas import Line, Told

Why = Annotated[Line, Field(min_length=1), Label(_("Reason"), _("Kept in the audit log."))]


class RouteIn(Told):
    """A row: a category and an area, and who takes what fits."""

    category: Annotated[Line, Label(_("Category"), _("Empty: every category."))] = ""
    in_area: Annotated[Line, Field(min_length=1), Label(_("Area"))]
    unit: Annotated[UUID | None, Label(_("Unit"))] = None
    unit_kind: Annotated[
        Unit.Kind | None,
        Label(
            _("Or the only unit of a kind"), _("The one at home in the very grid of the matter, on duty and on shift.")
        ),
    ] = None
    reason: Why


class Removal(Told):
    reason: Why


class Trial(Told):
    """A category in an area, to see which row decides."""

    category: Annotated[Line, Label(_("Category"))] = ""
    in_area: Annotated[Line, Label(_("Area"))] = ""
