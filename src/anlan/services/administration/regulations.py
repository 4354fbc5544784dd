"""The city's own versions of rules: which may be changed by whom, from when, and what that would change."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from pydantic import ValidationError

from anlan.city.audit.recording import changing
from anlan.city.people.access import Actor, scope_of, scoped
from anlan.city.regulations.models import RuleVersion
from anlan.city.regulations.versions import TOPIC, rule_in
from anlan.foundation import freshness
from anlan.foundation.language import said
from anlan.foundation.rules import Evidence, Rule, UnknownRule, rulebook
from anlan.loop import clock
from anlan.loop.administering import require_over
from anlan.loop.models import Deadline
from anlan.loop.procedures import procedures
from anlan.loop.refusals import BadInput, NotPossible, Unknown
from anlan.services.administration.schemas import RuleIn

NUMBERS = ("amount", "value", "minimum", "maximum")


@dataclass(frozen=True)
class Used:
    """A clock of a procedure that a rule sets."""

    procedure: str
    clock: str


def versions(rule: str) -> list[Rule]:
    """Every version, the earliest first. Raises Unknown."""
    try:
        return rulebook().versions(rule)
    except UnknownRule:
        raise Unknown(_("there is no such rule")) from None


def present(rule: str) -> Rule:
    """The version in force today, else the latest. Raises Unknown."""
    found = versions(rule)
    return next((each for each in found if each.in_force(clock.today())), found[-1])


def used_by(rule: str) -> Iterator[Used]:
    """The procedures whose clocks a rule sets."""
    for each in procedures():
        for deadline in each.deadlines.values():
            if deadline.rule == rule:
                yield Used(said(each.label, each.__name__), said(deadline.label, deadline.label_en))


def running(rule: str, *, by: Actor) -> int:
    """How many clocks run by this rule now; they keep the version of the day on which they began."""
    with scoped(scope_of(by)):
        return Deadline.objects.filter(rule=rule, ended_at=None).count()


def earliest(rule: str) -> date:
    """The first day on which a further version may begin: tomorrow, so that no clock that runs is touched."""
    return clock.today() + timedelta(days=1)


def add_version(rule: str, given: RuleIn, *, by: Actor) -> RuleVersion:
    """A further version from a day on. Raises BadInput."""
    require_over(by, settings.ANLAN_CITY)
    before = present(rule)
    if given.starts < earliest(rule):
        raise BadInput(_("begins tomorrow at the earliest: what has begun keeps its rule"), field="starts")
    version = RuleVersion(rule=rule, starts=given.starts, body=_body(before, given))
    try:
        with (
            transaction.atomic(),
            changing(version, verb="create", by=by, area=settings.ANLAN_CITY, reason=given.reason),
        ):
            version.save()
            freshness.changed(TOPIC)
    except IntegrityError as error:
        raise BadInput(_("a version begins on that day already; withdraw it first"), field="starts") from error
    return version


def withdraw(id: UUID, *, by: Actor, reason: str) -> None:
    """Take back a version that has not begun. Raises NotPossible."""
    require_over(by, settings.ANLAN_CITY)
    with transaction.atomic():
        version = RuleVersion.objects.select_for_update().filter(id=id).first()
        if version is None:
            raise Unknown(_("there is no such version; it may have been withdrawn"))
        if version.starts <= clock.today():
            raise NotPossible(_("this version has begun; the past is not changed: add another version"))
        with changing(version, verb="withdraw", by=by, area=settings.ANLAN_CITY, reason=reason):
            version.delete()
            freshness.changed(TOPIC)


def _body(before: Rule, given: RuleIn) -> dict[str, Any]:
    """The version before with what was told laid over it; refused as a rule file would be."""
    kept = before.model_dump(mode="json", by_alias=True, exclude_none=True)
    told = {name: getattr(given, name) for name in NUMBERS if getattr(given, name) is not None}
    if strange := [name for name in told if getattr(before, name) is None]:
        raise BadInput(_("this rule has no such number"), field=strange[0])
    if missing := [name for name in NUMBERS if getattr(before, name) is not None and name not in told]:
        raise BadInput(_("is required"), field=missing[0])
    whole = {name: _whole(value) for name, value in told.items()}
    kept.pop("until", None)
    body = {
        **kept,
        **whole,
        "from": str(given.starts),
        "source": given.source,
        "source_en": given.source_en,
        "evidence": str(Evidence.CITY),
    }
    try:
        rule_in(body)
    except (ValidationError, ArithmeticError) as error:
        field = next(iter(whole))
        if isinstance(error, ValidationError) and error.errors()[0]["loc"]:
            field = str(error.errors()[0]["loc"][0])
        raise BadInput(_("this is no number that the rule could have"), field=field) from None
    return body


def _whole(told: int | str) -> int | str:
    """An integer where it is one; any other number stays text, which has no rounding."""
    return int(told) if isinstance(told, int) or (told.isascii() and told.isdigit()) else told
