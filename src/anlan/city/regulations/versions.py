"""The city's own versions of rules, as the rule book takes them."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from anlan.city.regulations.models import RuleVersion
from anlan.foundation import freshness
from anlan.foundation.rules import Rule, rulebook

TOPIC = "rules"


def of_the_city() -> Iterator[Rule]:
    """Every version that the city has decided on."""
    for version in RuleVersion.objects.order_by("rule", "starts"):
        yield rule_in(version.body)


def rule_in(body: dict[str, Any]) -> Rule:
    """A rule as it was stored; its decimal numbers are kept as text. Raises pydantic's ValidationError."""
    numbers = {name: _number(body[name]) for name in ("value", "minimum", "maximum") if body.get(name) is not None}
    return Rule.model_validate({**body, **numbers})


def _number(stored: int | str) -> int | Decimal:
    return stored if isinstance(stored, int) else Decimal(stored)


freshness.keep(TOPIC, rulebook.cache_clear)
