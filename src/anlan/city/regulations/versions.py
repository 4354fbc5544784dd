"""The city's own versions of rules, as the rule book takes them."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import structlog
from pydantic import ValidationError

from anlan.city.regulations.models import RuleVersion
from anlan.foundation import freshness
from anlan.foundation.rules import Evidence, Rule, UnknownRule, declared, rulebook

TOPIC = "rules"
log = structlog.get_logger("anlan.city.regulations")
_SHAPE = ("amount", "unit", "counting", "value", "minimum", "maximum")


def of_the_city() -> Iterator[Rule]:
    """Every version that the city has decided on and that still fits a rule of the program; others are logged."""
    for version in _stored():
        if rule := usable(version):
            yield rule
        else:
            log.warning("a version that fits no rule is left out", rule=version.rule, starts=str(version.starts))


def left_out() -> list[RuleVersion]:
    """The versions that count for nothing: the program no longer has such a rule, or has it in another form."""
    return [version for version in _stored() if usable(version) is None]


def usable(version: RuleVersion) -> Rule | None:
    """A stored version as a rule; None where it fits no rule that the program has now."""
    try:
        rule = rule_in(version.body)
        now = declared().versions(rule.id)[-1]
    except (ValidationError, ArithmeticError, UnknownRule):
        return None
    # Whoever reads a term reads an amount: a version in another form would break them.
    fits = all((getattr(rule, name) is None) == (getattr(now, name) is None) for name in _SHAPE)
    return rule if fits else None


def rule_in(body: dict[str, Any]) -> Rule:
    """A rule as it was stored; its decimal numbers are kept as text. Raises pydantic's ValidationError.

    Whatever its source, it is known from the city alone: the project has verified none of it.
    """
    numbers = {name: _number(body[name]) for name in ("value", "minimum", "maximum") if body.get(name) is not None}
    return Rule.model_validate({**body, **numbers, "evidence": Evidence.CITY})


def _stored() -> Iterator[RuleVersion]:
    return RuleVersion.objects.order_by("rule", "starts").iterator()


def _number(stored: int | str) -> int | Decimal:
    return stored if isinstance(stored, int) else Decimal(stored)


freshness.keep(TOPIC, rulebook.cache_clear)
