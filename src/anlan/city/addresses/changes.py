"""What becomes of addresses: renamed, merged, split, demolished, and each of these taken back by a counter-entry.

A change counts from its day on, which is today or earlier: what is planned is entered when it has happened. Every one
is a transaction that asks for the area's administrator, stands in the history of the address and in the audit log.
Districts, towns and communities are changed in the tree of areas and not here.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.city.addresses.access import CannotChange, require_over
from anlan.city.addresses.aliases import forget_former, keep_former
from anlan.city.addresses.codes import area_digits, canonical, official, take_codes
from anlan.city.addresses.keys import chain, rekey, sharing, text_of
from anlan.city.addresses.landing import column
from anlan.city.addresses.models import Address, AddressChange, Level
from anlan.city.audit.recording import changing
from anlan.city.people.access import Actor
from anlan.foundation import freshness

TOPIC: Final = "addresses"
LONGEST_NAME: Final = 100
LONGEST_REASON: Final = 200
Kind = AddressChange.Kind


@dataclass(frozen=True, slots=True)
class Part:
    """One of the addresses that another is split into: its name, and which of the addresses right below go to it."""

    name: str
    children: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides, from which day, and why. `today` is the day of the city."""

    by: Actor
    on: date
    today: date
    reason: str


def rename(address: Address, name: str, decision: Decision) -> AddressChange:
    """Let an address be called otherwise. It keeps its code; the old name becomes an accepted alias.

    Raises CannotChange where a neighbour has that name already: then they are to be merged.
    """
    with _changing(address, "rename", decision) as own:
        return _rename(own, name, decision, Kind.RENAMED)


def merge(address: Address, into: Address, decision: Decision) -> AddressChange:
    """Let an address end in another of its level. What lies below moves; what both have is merged as well."""
    with _changing(address, "merge", decision) as own:
        other = _locked(into.id)
        require_over(decision.by, other.area)
        if own.id == other.id or own.level != other.level:
            raise CannotChange(_("only two different addresses of one level can be merged"), field="into")
        return _merge(own, other, decision, None)


def split(address: Address, parts: Sequence[Part], decision: Decision) -> AddressChange:
    """Let several addresses take the place of one. Each address right below it goes to exactly one of them."""
    with _changing(address, "split", decision) as own:
        children = list(_children(own))
        given = [child for part in parts for child in part.children]
        if len(parts) < 2:
            raise CannotChange(_("an address is split into two or more"), field="parts")
        if len(given) != len(set(given)) or set(given) != {child.id for child in children}:
            raise CannotChange(_("every address right below has to go to exactly one part"), field="parts")
        made = _parts(own, parts, decision.on)
        change = _note(own, Kind.SPLIT, decision, into=[each.id for each in made])
        _end(own, Address.Status.SPLIT, change, decision.on)
        Address.objects.bulk_create(made)
        home = {child: new for part, new in zip(parts, made, strict=True) for child in part.children}
        for child in children:
            _move(child, home[child.id])
        # A compound that stands at a road without a number is below none of its numbers.
        rekey(Address.objects.filter(sharing(own)), chain(made[0]))
        return change


def demolish(address: Address, decision: Decision) -> AddressChange:
    """Let an address end with everything in it. Compounds along a road that is given up stay."""
    with _changing(address, "demolish", decision) as own:
        change = _note(own, Kind.DEMOLISHED, decision)
        below = [id for id in _below(own.id) if id != own.id]
        ended = {"status": Address.Status.DEMOLISHED, "ended_by": change, "valid_until": decision.on}
        Address.objects.filter(id__in=below).update(**ended)
        _end(own, Address.Status.DEMOLISHED, change, decision.on)
        return change


def undo(change: AddressChange, decision: Decision) -> AddressChange:
    """Take a change back. Raises CannotChange where something later builds on it, or it was taken back already."""
    with _changing(change.address, "undo", decision, ended=True) as own:
        latest = AddressChange.objects.filter(address=own, undone_by=None).exclude(kind=Kind.UNDONE).last()
        if change.part_of_id is not None:
            raise CannotChange(_("this is a part of another change; take that one back"))
        if change.kind not in _UNDONE_BY or latest is None or latest.id != change.id:
            raise CannotChange(_("only the latest change of an address can be taken back, and only once"))
        return _UNDONE_BY[change.kind](own, change, decision)


def _rename(
    own: Address, name: str, decision: Decision, kind: str, undoes: AddressChange | None = None
) -> AddressChange:
    level = Level(own.level)
    key = canonical(level, name)
    if not key or len(key) > LONGEST_NAME:
        raise CannotChange(_("a name of 1 to 100 characters"), field="name")
    if key == own.canonical:
        raise CannotChange(_("it is called that already"), field="name")
    _refuse_twin(own, own.parent_id, key)
    before = {"name": own.name, "canonical": own.canonical}
    rows = list(Address.objects.filter(sharing(own)).exclude(id=own.id))
    own.name, own.canonical = official(level, name), key
    rekey(rows, {column(level): key})
    rekey([own], {column(level): key})
    own.save(update_fields=["name", "canonical"])
    if undoes is None:
        keep_former(own, before["name"], decision.by, decision.reason)
    forget_former(own, key, decision.by)
    return _note(own, kind, decision, before=before, after={"name": own.name, "canonical": key}, undoes=undoes)


def _merge(own: Address, other: Address, decision: Decision, root: AddressChange | None) -> AddressChange:
    twins, moving = [], []
    there = {(child.level, child.canonical): child for child in _children(other)}
    for child in _children(own):
        twin = there.get((child.level, child.canonical))
        if twin is None:
            moving.append(child)
        else:
            twins.append((child, twin))
    standing = _standing_at(own)
    before = {"moved": [str(child.id) for child in moving], "standing": [str(id) for id in standing]}
    change = _note(own, Kind.MERGED, decision, into=[other.id], part_of=root, before=before)
    for child, twin in twins:
        _merge(child, twin, decision, root or change)
    for child in moving:
        _move(child, other)
    _end(own, Address.Status.MERGED, change, decision.on)
    rekey(Address.objects.filter(id__in=standing), chain(other))
    return change


def _undo_rename(own: Address, change: AddressChange, decision: Decision) -> AddressChange:
    return _rename(own, change.before["name"], decision, Kind.UNDONE, undoes=change)


def _undo_demolition(own: Address, change: AddressChange, decision: Decision) -> AddressChange:
    _refuse_twin(own, own.parent_id, own.canonical)
    undone = _note(own, Kind.UNDONE, decision, undoes=change)
    Address.objects.filter(ended_by=change).update(status=Address.Status.IN_USE, ended_by=None, valid_until=None)
    own.refresh_from_db()
    return undone


def _undo_merge(own: Address, change: AddressChange, decision: Decision) -> AddressChange:
    _refuse_twin(own, own.parent_id, own.canonical)
    undone = _note(own, Kind.UNDONE, decision, undoes=change)
    # The parents come back before what was in them.
    for each in (change, *change.parts.order_by("id")):
        back = own if each.id == change.id else Address.objects.get(id=each.address_id)
        _restore(back)
        for child in Address.objects.filter(id__in=each.before["moved"], parent_id__in=each.into, status="in_use"):
            _move(child, back)
        # Merges from before this was noted have none.
        standing = each.before.get("standing", [])
        rekey(Address.objects.filter(id__in=standing, status=Address.Status.IN_USE), chain(back))
    return undone


def _undo_split(own: Address, change: AddressChange, decision: Decision) -> AddressChange:
    _refuse_twin(own, own.parent_id, own.canonical)
    parts = list(Address.objects.filter(id__in=change.into))
    if any(part.status != Address.Status.IN_USE for part in parts):
        raise CannotChange(_("what has taken its place has changed since"))
    undone = _note(own, Kind.UNDONE, decision, undoes=change, into=[own.id])
    _restore(own)
    for part in parts:
        for child in list(_children(part)):
            _move(child, own)
        _end(part, Address.Status.MERGED, undone, decision.on)
        rekey(Address.objects.filter(sharing(part)), chain(own))
    return undone


_UNDONE_BY: Final[dict[str, Callable[[Address, AddressChange, Decision], AddressChange]]] = {
    Kind.RENAMED: _undo_rename,
    Kind.DEMOLISHED: _undo_demolition,
    Kind.MERGED: _undo_merge,
    Kind.SPLIT: _undo_split,
}


@contextmanager
def _changing(address: Address, verb: str, decision: Decision, *, ended: bool = False) -> Iterator[Address]:
    """The address, locked, inside the transaction and the entry of the audit log."""
    require_over(decision.by, address.area)
    if decision.on > decision.today:
        raise CannotChange(_("can't lie in the future"), field="on")
    if not decision.reason.strip() or len(decision.reason) > LONGEST_REASON:
        raise CannotChange(_("a reason of 1 to 200 characters"), field="reason")
    # The instance is read again below; this one only tells the log what was before.
    own = Address.objects.get(id=address.id)
    with changing(own, verb=verb, by=decision.by, area=own.area, reason=decision.reason):
        own.refresh_from_db(from_queryset=Address.objects.select_for_update())
        if own.level < Level.ROAD:
            raise CannotChange(_("districts, towns and communities are changed among the areas"))
        if own.status != Address.Status.IN_USE and not ended:
            raise CannotChange(_("this address is no longer in use"))
        yield own
        freshness.changed(TOPIC)


def _locked(id: UUID) -> Address:
    found = Address.objects.select_for_update().get(id=id)
    if found.status != Address.Status.IN_USE:
        raise CannotChange(_("this address is no longer in use"), field="into")
    return found


def _children(address: Address) -> Iterator[Address]:
    return Address.objects.filter(parent=address, status=Address.Status.IN_USE).order_by("code").iterator()


def _below(id: UUID) -> list[UUID]:
    """The address and everything in use below it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE below AS (
                SELECT %s::uuid AS id
                UNION ALL
                SELECT a.id FROM below b JOIN addresses_address a ON a.parent_id = b.id AND a.status = 'in_use'
            ) SELECT id FROM below
            """,
            [id],
        )
        return [row[0] for row in cursor.fetchall()]


def _standing_at(own: Address) -> list[UUID]:
    """What bears a road or number in its keys without lying below it: the compounds that stand there."""
    if own.level not in (Level.ROAD, Level.NUMBER):
        return []
    bearing = Address.objects.filter(sharing(own)).exclude(id__in=_below(own.id))
    return list(bearing.values_list("id", flat=True))


def _move(child: Address, parent: Address) -> None:
    """Put an address with all below it under another parent."""
    rows = list(Address.objects.filter(sharing(child)))
    Address.objects.filter(id=child.id).update(parent=parent)
    # What lies below a road keeps its own area, because a road crosses many.
    rekey(rows, chain(parent), None if parent.level in (Level.ROAD, Level.NUMBER) else parent)


def _parts(own: Address, parts: Sequence[Part], on: date) -> list[Address]:
    level = Level(own.level)
    keys = [canonical(level, part.name) for part in parts]
    if "" in keys or len(keys) != len(set(keys)) or max(map(len, keys)) > LONGEST_NAME:
        raise CannotChange(_("every part needs a name of its own"), field="parts")
    codes = take_codes((own.area, level) for _part in parts)[area_digits(own.area), level]
    made = []
    for part, key in zip(parts, keys, strict=True):
        if key != own.canonical:
            _refuse_twin(own, own.parent_id, key)
        values = {field.attname: getattr(own, field.attname) for field in Address._meta.concrete_fields}
        for name in ("id", "code"):
            del values[name]
        new = Address(
            **values | {"code": codes.next(), "name": official(level, part.name), "canonical": key, "valid_from": on}
        )
        setattr(new, column(level), key)
        new.text = text_of(new)
        made.append(new)
    return made


def _end(address: Address, status: str, change: AddressChange, on: date) -> None:
    address.status, address.ended_by, address.valid_until = status, change, on
    address.save(update_fields=["status", "ended_by", "valid_until"])


def _restore(address: Address) -> None:
    address.status, address.ended_by, address.valid_until = Address.Status.IN_USE, None, None
    address.save(update_fields=["status", "ended_by", "valid_until"])


def _refuse_twin(own: Address, parent: UUID | None, key: str) -> None:
    twins = Address.objects.filter(parent_id=parent, level=own.level, canonical=key, status=Address.Status.IN_USE)
    if twins.exclude(id=own.id).exists():
        raise CannotChange(_("there is one of that name already; merge them instead"), field="name")
    if parent is not None and not Address.objects.filter(id=parent, status=Address.Status.IN_USE).exists():
        raise CannotChange(_("what it lies in is no longer in use"))


def _note(own: Address, kind: str, decision: Decision, **more: Any) -> AddressChange:
    return AddressChange.objects.create(
        address=own,
        kind=kind,
        effective_on=decision.on,
        recorded_at=timezone.now(),
        recorded_by=decision.by.account_id,
        reason=decision.reason,
        **more,
    )
