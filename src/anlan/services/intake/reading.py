"""Reports from doors where everything arrives as text: files and forms."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import ValidationError

from anlan.loop.faults import faults
from anlan.loop.refusals import BadInput
from anlan.services.intake.schemas import ReportIn

PLACES = Decimal("0.0000001")
"""A centimetre; nobody measures a report more closely, but many programs print fifteen digits."""


def read_report(told: Mapping[str, Any]) -> ReportIn:
    """The report in what was told; what is empty counts as not told. Raises BadInput naming the first wrong field."""
    given: dict[str, Any] = {name: value for name, value in told.items() if value}
    contact = {name: value for name in ("name", "phone") if (value := given.pop(name, None))}
    for name in ("lon", "lat"):
        if name in given:
            given[name] = _cut(given[name])
    try:
        return ReportIn.model_validate({**given, **({"contact": contact} if contact else {})})
    except ValidationError as error:
        first = faults(error.errors(include_url=False))[0]
        raise BadInput(first.message, field=first.field.removeprefix("contact.")) from error


def _cut(text: str) -> str:
    """The number cut to seven decimal places; what is no number comes back as it is, for the check to name it."""
    try:
        return str(Decimal(text).quantize(PLACES))
    except InvalidOperation:
        return text
