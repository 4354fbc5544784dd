"""What was told to somebody's command centre or unit: the list, and what of it is new to them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import DateTimeField, F, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext as _

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import DISPATCHER, RESPONDER, SUPERVISOR, Actor, scope_of, scoped
from anlan.loop.answers import event_label
from anlan.loop.models import Matter, Notice
from anlan.loop.notice_models import NoticesRead
from anlan.loop.refusals import BadInput

AT_A_DESK = DISPATCHER | SUPERVISOR
TOLD = AT_A_DESK | RESPONDER
"""The roles that are told something."""
PAGE = 50
MOST_COUNTED = 99
"""The bar says no more than "99+"; counting on would cost more than it tells."""
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Told:
    """One notice as its reader sees it; `matter` is None where the matter has gone out of their sight since."""

    id: UUID
    at: datetime
    label: str
    to: str
    unread: bool
    matter: Matter | None


@dataclass(frozen=True)
class Page:
    """At most 50 notices, the newest first; `next` is what to ask for after these."""

    items: list[Told]
    next: UUID | None


@dataclass(frozen=True)
class _Addressee:
    """A desk or a unit of the reader's, and the notices that are for it."""

    key: str
    notices: Q


def unread_count(actor: Actor) -> int:
    """How many notices are new to this actor, up to one more than `MOST_COUNTED`. One statement."""
    condition = _unread(actor)
    if condition is None:
        return 0
    with scoped(scope_of(actor)):
        return Notice.objects.filter(condition)[: MOST_COUNTED + 1].count()


def notices(actor: Actor, *, unread: bool = False, before: UUID | None = None) -> Page:
    """The newest notices to this actor, or those older than one of them. Raises BadInput for an unknown `before`."""
    condition = _unread(actor) if unread else _all(actor)
    if condition is None:
        return Page([], None)
    with scoped(scope_of(actor)):
        found = Notice.objects.filter(condition)
        if before is not None:
            last = _one(actor, before)
            found = found.filter(Q(due_at__lt=last.due_at) | Q(due_at=last.due_at, id__lt=last.id))
        rows = list(found.select_related("unit").order_by("-due_at", "-id")[: PAGE + 1])
        shown = rows[:PAGE]
        matters = Matter.objects.defer("description", "tracking").in_bulk({row.matter_id for row in shown})
        read = _read(actor)
    items = [_told(row, matters.get(row.matter_id), read) for row in shown]
    return Page(items, shown[-1].id if len(rows) > PAGE else None)


def mark_read(actor: Actor, newest: UUID) -> None:
    """Everything up to this notice is read, for each desk and unit of the actor's. What came meanwhile stays new.
    Raises BadInput for a notice that is none of theirs."""
    addressees = _addressees(actor)
    with scoped(scope_of(actor)):
        until = _one(actor, newest).due_at
        marks = [NoticesRead(account_id=_account(actor), addressee=each.key, until=until) for each in addressees]
        NoticesRead.objects.bulk_create(marks, ignore_conflicts=True)
        # A page left open since yesterday must not make unread what was read today.
        _marks(actor).filter(addressee__in=[each.key for each in addressees]).update(until=Greatest(F("until"), until))


def _addressees(actor: Actor) -> list[_Addressee]:
    desks = sorted({held.area for held in actor.held if held.role in AT_A_DESK})
    return [_Addressee(desk, Q(to=Notice.To.DESK, desk=desk)) for desk in desks] + [
        _Addressee(str(unit), Q(to=Notice.To.UNIT, unit_id=unit)) for unit in actor.units
    ]


def _all(actor: Actor) -> Q | None:
    return _any(each.notices for each in _addressees(actor))


def _unread(actor: Actor) -> Q | None:
    """Each mark is a sub-select of its own, so that the index is walked from where the reader stopped."""
    return _any(each.notices & Q(due_at__gt=_mark(actor, each.key)) for each in _addressees(actor))


def _any(conditions: Iterable[Q]) -> Q | None:
    found = list(conditions)
    return reduce(or_, found) if found else None


def _marks(actor: Actor) -> QuerySet[NoticesRead]:
    return NoticesRead.objects.filter(account_id=_account(actor))


def _account(actor: Actor) -> UUID:
    assert actor.account_id is not None, "whoever is at a desk or in a unit has an account"
    return actor.account_id


def _mark(actor: Actor, key: str) -> Coalesce:
    mark = Subquery(_marks(actor).filter(addressee=key).values("until"))
    return Coalesce(mark, Value(_NEVER), output_field=DateTimeField())


def _read(actor: Actor) -> dict[str, datetime]:
    return dict(_marks(actor).values_list("addressee", "until"))


def _one(actor: Actor, id: UUID) -> Notice:
    condition = _all(actor)
    found = Notice.objects.filter(condition, id=id).first() if condition is not None else None
    if found is None:
        raise BadInput(_("there is no such notice to you"), field="notice")
    return found


def _told(row: Notice, matter: Matter | None, read: dict[str, datetime]) -> Told:
    key = row.desk if row.to == Notice.To.DESK else str(row.unit_id)
    return Told(
        id=row.id,
        at=row.due_at,
        label=event_label(matter.rules, row.kind) if matter else "",
        to=atlas().full_name(row.desk) if row.to == Notice.To.DESK else str(row.unit),
        unread=row.due_at > read.get(key, _NEVER),
        matter=matter,
    )
