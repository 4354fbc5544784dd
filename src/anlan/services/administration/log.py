"""The audit log as it is read: filtered, newest first, by those who administer or audit the area."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anlan.city.areas.atlas import atlas
from anlan.city.audit.models import AuditEntry
from anlan.city.people.access import Actor, Role, scope_of, scoped
from anlan.loop.schemas import Line, Told

READERS = Role.ADMINISTRATOR | Role.AUDITOR
MOST_ROWS = 10_000
"""Of a file."""
WHAT: dict[str, "str | Promise"] = {
    "people.organisation": _("Organisation"),
    "people.unit": _("Unit"),
    "people.account": _("Account"),
    "people.posting": _("Posting"),
    "areas.area": _("Area"),
    "dispatch.route": _("Route"),
    "triage.categorychange": _("Category"),
    "regulations.ruleversion": _("Rule"),
    "triage.triagemodel": _("Triage model"),
    "loop.matter": _("Matter"),
    "areas.gridplan": _("Grid plan"),
    "addresses.address": _("Address"),
    "addresses.alias": _("Other name of an address"),
    "inspection.round": _("Spot-check round"),
    "inspection.finding": _("Finding"),
}
VERBS: dict[str, "str | Promise"] = {
    "create": _("created"),
    "change": _("changed"),
    "remove": _("removed"),
    "retire": _("retired"),
    "bring-back": _("brought back"),
    "give": _("posting given"),
    "end": _("ended"),
    "extend": _("extended"),
    "switch-on": _("switched on"),
    "switch-off": _("switched off"),
    "ask-model": _("language model asked"),
    "roll-back": _("went back to what served before"),
    "reset-password": _("password reset"),
    "reset-second-factor": _("second factor reset"),
    "rename": _("renamed"),
    "close": _("closed (area)"),
    "withdraw": _("withdrawn"),
    "begin": _("begun"),
    "draw": _("drawn"),
    "decide": _("decided"),
    "restore": _("taken back to the drawing before"),
    "follow": _("followed a redrawn grid"),
    "import": _("read from a file"),
    "import addresses": _("addresses read from a file"),
    "propose": _("proposed for review"),
    "accepted": _("accepted"),
    "refused": _("refused"),
    "withdrawn": _("withdrawn"),
    "merge": _("merged"),
    "split": _("split"),
    "demolish": _("demolished"),
    "undo": _("undone"),
    "send": _("sent as a matter"),
    "settle": _("found to be in order"),
    "reopen": _("opened again"),
    "register": _("registered"),
    "add": _("added"),
    "announce-closing": _("closing announced"),
}


class LogFilter(Told):
    """What to look for; `after` is the last number of the page before."""

    who: Line = ""
    what: Line = ""
    area: Line = ""
    since: date | None = None
    until: date | None = None
    after: Annotated[int | None, Field(ge=1, le=2**62)] = None


@dataclass(frozen=True)
class Shown:
    """An entry in the reader's words."""

    seq: int
    at: datetime
    who: str
    role: str
    where: str
    what: "str | Promise"
    label: str
    verb: "str | Promise"
    reason: str
    changes: list[tuple[str, str, str]]


def entries(actor: Actor, wanted: LogFilter, limit: int) -> list[Shown]:
    """The newest entries that fit, by their number. The row policy holds them to the actor's areas as well."""
    with scoped(scope_of(actor)):
        return [_shown(entry) for entry in _found(actor, wanted)[:limit]]


def _found(actor: Actor, wanted: LogFilter) -> QuerySet[AuditEntry]:
    may_read = Q(pk__in=())
    for held in actor.held:
        if held.role in READERS:
            may_read |= Q(area__within=held.area)
    found = AuditEntry.objects.filter(may_read).order_by("-seq")
    if wanted.who:
        found = found.filter(account=wanted.who)
    if wanted.what:
        found = found.filter(what=wanted.what)
    if wanted.area:
        found = found.filter(area__within=_path(wanted.area))
    if wanted.since:
        found = found.filter(at__gte=_midnight(wanted.since))
    if wanted.until:
        found = found.filter(at__lt=_midnight(wanted.until) + timedelta(days=1))
    return found.filter(seq__lt=wanted.after) if wanted.after else found


def _path(told: str) -> str:
    """The path of an area's code or name; of nothing where there is none."""
    known = atlas()
    return known.paths.get(told) or next(
        (path for code, path in known.paths.items() if told in (known.full_name(path), known.names[code])), "0"
    )


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _shown(entry: AuditEntry) -> Shown:
    return Shown(
        seq=entry.seq,
        at=entry.at,
        who=entry.account,
        role=entry.role,
        where=atlas().full_name(entry.area),
        what=WHAT.get(entry.what, entry.what),
        label=entry.label,
        verb=VERBS.get(entry.verb, entry.verb),
        reason=entry.reason,
        changes=[_change(name, value) for name, value in entry.difference.items()],
    )


def _change(name: str, value: object) -> tuple[str, str, str]:
    """The field, before, after; of a sealed field only that it changed."""
    if isinstance(value, list) and len(value) == 2:
        before, after = ("" if each is None else str(each) for each in value)
        return name, before, after
    return name, "", "…"
