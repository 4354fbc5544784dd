"""A matter's history as staff read it: who did what, in which words, with the files that came with it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import Role
from anlan.city.people.models import Account, Posting, Unit
from anlan.foundation.language import said
from anlan.loop import clock, engine
from anlan.loop.answers import EventOut, FileOut, PartyOut, category_label, klass_label
from anlan.loop.late import DONE_AT
from anlan.loop.models import Outcome, Rating
from anlan.loop.suggestions import SEVERITY_LABELS, Severity

_WORKING = {role.name for role in engine.ON_DUTY}


@dataclass(frozen=True)
class Line:
    """One line of the story; `details` are pairs of what and how."""

    at: datetime
    label: str
    who: str
    text: str
    details: list[tuple[str, str]]
    files: list[FileOut]


def suggested_because(events: Sequence[EventOut]) -> list[str]:
    """Why triage classified the matter as it did, in the reader's language; empty where it said nothing."""
    triage = (events[0].data.get("triage") or {}) if events else {}
    return [said(reason["text"], reason["text_en"]) for reason in triage.get("reasons", ())]


def staff_story(events: Sequence[EventOut], people: Iterable[PartyOut], files: Iterable[FileOut]) -> list[Line]:
    """The lines of the story, the oldest first."""
    came_with: dict[int, list[FileOut]] = {}
    for file in files:
        came_with.setdefault(file.event_seq, []).append(file)
    names = _names({event.actor for event in events if event.actor and event.actor_role in _WORKING})
    called = {str(person.id): person.name for person in people}
    called |= _units({str(event.data["unit_id"]) for event in events if event.data.get("unit_id")})
    return [
        Line(
            at=event.at,
            label=event.label,
            who=_who(event, names),
            text=str(event.data.get("text") or event.data.get("reason") or ""),
            details=list(_details(event.data, called)),
            files=came_with.get(event.seq, []),
        )
        for event in events
    ]


def _names(ids: set[UUID]) -> dict[UUID, str]:
    """The names of colleagues; whoever reported stays behind the mask."""
    accounts = Account.objects.filter(id__in=ids).only("id", "name", "username")
    return {account.id: account.name or account.username for account in accounts}


def _units(ids: set[str]) -> dict[str, str]:
    return {str(id): name for id, name in Unit.objects.filter(id__in=ids).values_list("id", "name")}


def _who(event: EventOut, names: Mapping[UUID, str]) -> str:
    if event.actor_role in ("", "SYSTEM"):
        return _("the program")
    if event.actor_role == Role.REPORTER.name:
        return _("reporter")
    if event.actor_role == Role.PARTY.name:
        return _("party")
    role = str(Posting.RoleName(event.actor_role).label)
    return f"{role} {names[event.actor]}" if event.actor and event.actor in names else role


def _details(data: Mapping[str, Any], called: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """What else a line says, as far as a person needs it to understand the story."""
    if triage := data.get("triage"):
        yield _("Suggested"), f"{klass_label(triage['klass'])} · {category_label(triage['category'])}"
        yield from ((_("Because"), said(reason["text"], reason["text_en"])) for reason in triage["reasons"])
    if isinstance(data.get("from"), dict) and isinstance(data.get("to"), dict):
        told = _placed if "area" in data["to"] else _reclassified
        yield from told(data["from"], data["to"])
    if data.get("outcome"):
        yield _("Result"), str(Outcome(data["outcome"]).label)
    if "rating" in data:
        yield _("Rating"), str(Rating(data["rating"]).label)
    if isinstance(data.get("to"), str):
        yield _("To"), atlas().full_name(data["to"])
    if "with" in data:
        yield _("With"), atlas().full_name(data["with"])
    if data.get("approver"):
        yield _("Approved by"), str(data["approver"])
    if data.get("office"):
        yield _("For"), str(data["office"])
    if data.get(DONE_AT):
        moment = clock.local(datetime.fromisoformat(data[DONE_AT]))
        yield _("Done, by the phone’s clock"), f"{moment:%m-%d %H:%M}"
    if data.get("unit_id") in called:
        yield _("Unit"), called[data["unit_id"]]
    if data.get("party") in called:
        yield _("Person"), called[data["party"]]


def _placed(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    if before["area"] != after["area"]:
        yield _("Area"), f"{atlas().full_name(before['area'])} → {atlas().full_name(after['area'])}"
    if before["address_code"] != after["address_code"]:
        yield _("Address code"), f"{before['address_code'] or '–'} → {after['address_code'] or '–'}"


def _reclassified(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    if "klass" in after:
        yield _("Class"), f"{klass_label(before['klass'])} → {klass_label(after['klass'])}"
    if "category" in after:
        yield _("Category"), f"{category_label(before['category'])} → {category_label(after['category'])}"
    if "severity" in after:
        was, now = (SEVERITY_LABELS[Severity(each["severity"])] for each in (before, after))
        yield _("Severity of the matter"), f"{was} → {now}"
