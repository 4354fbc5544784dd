"""What belongs to an account: its reports, what is kept of its holder, and the end of both.

The reports themselves are the city's business and go on without the account; what leads from one to the other is
what an account is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from anlan.city.areas.atlas import atlas
from anlan.city.people import signed_in
from anlan.city.people.access import Actor, Scope, scoped
from anlan.city.people.models import Account, PhoneCode
from anlan.loop import clock, joining
from anlan.loop.answers import ClockOut, LookOut, category_label, label
from anlan.loop.models import Deadline, Event, Matter, Party
from anlan.loop.parties import looks
from anlan.loop.queries import public_view
from anlan.loop.refusals import NotPossible
from anlan.loop.story import latest_public
from anlan.services.intake.codes import tracking_address, tracking_path
from anlan.services.intake.models import Visit

PAGE = 20


@dataclass(frozen=True)
class MyReport:
    """One report in its reporter's list; `state` and `due` are those of the matter that is worked on."""

    number: str
    title: str
    state: str
    tone: str
    opened_at: datetime
    due: ClockOut | None
    joined: bool
    news: bool
    path: str


@dataclass(frozen=True)
class MyLook:
    """Somebody on duty opened the data of one report."""

    number: str
    path: str
    look: LookOut


def owner(account: Account) -> Actor:
    """The account as a reporter, whatever postings its holder has besides."""
    return Actor("resident", account.id)


def own_scope(account: Account) -> Scope:
    """What the account reported, and its visits."""
    return Scope(reporter=account.id)


def reports_of(account: Account) -> QuerySet[Matter]:
    """Everything an account reported, the newest first. For its own scope."""
    found = Matter.objects.filter(reporter_id=account.id).select_related("responsible")
    return found.order_by("-opened_at", "-id")


def listed(account: Account, matters: Iterable[Matter]) -> list[MyReport]:
    """The reports as their reporter's list shows them."""
    matters = list(matters)
    working = {matter.id: joining.worked_on(matter) for matter in matters}
    ids = {matter.id for matter in (*matters, *working.values())}
    with scoped(own_scope(account)):
        visits = dict(Visit.objects.filter(matter__in=ids).values_list("matter_id", "at"))
    events, deadlines = _rows(Event, working), _rows(Deadline, working)
    return [_listed(matter, working[matter.id], events, deadlines, visits.get(matter.id)) for matter in matters]


def visited(account: Account, matter_id: UUID) -> None:
    """What has happened so far has been seen."""
    with scoped(own_scope(account)):
        Visit.note(account.id, matter_id, clock.now())


def looked_at(account: Account) -> list[MyLook]:
    """Who opened the data of any of the account's reports, the latest first."""
    found = []
    for matter in _all(account):
        with scoped(Scope(matter=matter.id)):
            history = list(Event.objects.filter(matter_id=matter.id, kind="looked"))
            by_party = looks(matter.id, history) if history else {}
            own = set(_reporters(matter.id).values_list("id", flat=True)) if by_party else set()
        path = tracking_path(matter.tracking or "")
        found += [MyLook(matter.reference, path, look) for id, shown in by_party.items() if id in own for look in shown]
    return sorted(found, key=lambda each: each.look.at, reverse=True)


def contact_of(account: Account) -> Mapping[str, str]:
    """Name and telephone for the next report: those the account itself gave last."""
    with scoped(own_scope(account)):
        latest = list(reports_of(account)[:1])
    given = [party for matter in latest for party in own_contact(account, matter)]
    last = given[-1] if given else None
    name = (last.name if last else "") or account.name or ""
    return {"name": name, "phone": (last.phone if last else "") or account.phone or ""}


def own_contact(account: Account, matter: Matter) -> list[Party]:
    """The contact on a report, where this account gave it: who only came by its code is shown nobody's number."""
    with scoped(Scope(matter=matter.id)):
        first = Event.objects.filter(matter_id=matter.id, seq=1).values_list("actor_id", flat=True).first()
        parties = list(_reporters(matter.id))
    index = account.phone_index and bytes(account.phone_index)
    return [
        party
        for party in parties
        if first == account.id or (index and party.phone_index and bytes(party.phone_index) == index)
    ]


def export(account: Account) -> dict[str, Any]:
    """Everything that is kept of an account and its reports, fit for JSON (PIPL art. 45)."""
    identities = account.identities.order_by("linked_at")
    return {
        "made_at": clock.now(),
        "account": {
            "kind": account.kind,
            "name": account.name,
            "phone": account.phone,
            "last_signed_in": account.last_login,
            "logins_elsewhere": [{"issuer": each.issuer, "linked_at": each.linked_at} for each in identities],
        },
        "reports": [_exported(account, matter) for matter in _all(account)],
    }


def claim(account: Account, tracking: bytes, matter_id: UUID) -> Matter:
    """Put an earlier report under the account, by its code. Raises NotPossible."""
    return joining.claim(matter_id, by=replace(owner(account), tracking=tracking))


def delete(account: Account) -> None:
    """End the account: its name, number and logins are gone, and nothing leads from it to its reports any more for
    anybody but their codes. The reports go on. Raises NotPossible for one that the office made."""
    if account.kind != Account.Kind.RESIDENT:
        raise NotPossible(_("only the office can end an account of its own"))
    with transaction.atomic():
        with scoped(own_scope(account)):
            Visit.objects.filter(account_id=account.id).delete()
        if account.phone_index:
            PhoneCode.objects.filter(phone=bytes(account.phone_index)).delete()
        account.identities.all().delete()
        signed_in.end_everywhere(account)
        account.username, account.is_active = f"deleted-{uuid4().hex}", False
        account.name = account.phone = None
        account.set_unusable_password()
        account.save()


def _all(account: Account) -> list[Matter]:
    with scoped(own_scope(account)):
        return list(reports_of(account))


def _reporters(matter_id: UUID) -> QuerySet[Party]:
    return Party.objects.filter(matter_id=matter_id, part=Party.Part.REPORTER).order_by("id")


def _rows(model: type[Any], working: Mapping[UUID, Matter]) -> dict[UUID, list[Any]]:
    """The rows of the matters that are worked on, by matter: the policy lets a reporter at one matter at a time."""
    mains = {matter.id: matter for matter in working.values()}
    found: dict[UUID, list[Any]] = {id: [] for id in mains}
    with scoped(Scope(areas=tuple({matter.area for matter in mains.values()}))):
        for row in model.objects.filter(matter_id__in=mains):
            found[row.matter_id].append(row)
    return found


def _listed(
    own: Matter,
    main: Matter,
    events: Mapping[UUID, list[Event]],
    deadlines: Mapping[UUID, list[Deadline]],
    seen_at: datetime | None,
) -> MyReport:
    clocks = [ClockOut.of(each, main.rules) for each in deadlines[main.id] if each.ended_at is None]
    due = min((each for each in clocks if not each.suspended), key=lambda each: each.due_at, default=None)
    latest = latest_public(events[main.id], main.rules)
    late = due is not None and due.overdue
    return MyReport(
        number=own.reference,
        title=own.title,
        state=label(main.stands),
        tone="red" if late else "green" if main.stands.done else "blue",
        opened_at=own.opened_at,
        due=due,
        joined=own.id != main.id,
        news=latest is not None and latest > (seen_at or own.opened_at),
        path=tracking_path(own.tracking or ""),
    )


def _exported(account: Account, matter: Matter) -> dict[str, Any]:
    view = public_view(bytes(matter.tracking_index or b""))
    contact = [
        {"name": party.name, "phone": party.phone, "address": party.address, "language": party.language}
        for party in own_contact(account, matter)
    ]
    return {
        **view.model_dump(exclude={"next_steps": True, "together": {"may_leave"}}),
        "track": tracking_address(matter.tracking or ""),
        "description": matter.description,
        "category_label": category_label(matter.category),
        "area": atlas().full_name(matter.area),
        "address": matter.address,
        "lon": matter.lon,
        "lat": matter.lat,
        "channel": matter.channel,
        "contact": contact,
    }
