"""Writing the audit log, and checking its chain.

Every administrative action changes things inside `changing`: the entry and the change are one transaction, so that
neither is there without the other.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import models
from django.db.models import Model
from django.utils import timezone

from anlan.city.audit.models import AuditEntry, AuditHead
from anlan.city.people.access import Actor, Held, Role, covers, scope_of, scoped
from anlan.city.people.models import Account
from anlan.foundation.chain import GENESIS, canonical, microseconds
from anlan.foundation.sealing import active_suite, digest_by
from anlan.foundation.sealing.fields import SealedTextField

CHANGED = "changed"
"""All that is said of a sealed or secret field."""
_SECRET = frozenset({"password", "last_login"})


@contextmanager
def changing(instance: Model, *, verb: str, by: Actor, area: str, reason: str = "") -> Iterator[None]:
    """One transaction in the actor's scope that changes `instance`, and the entry that says so.

    `area` is the path where the thing lies. What is not saved yet is being made; what has no key afterwards is gone.
    """
    with scoped(scope_of(by)):
        made = instance._state.adding
        key, label, before = instance.pk, str(instance), {} if made else raw(instance)
        yield
        gone = instance.pk is None
        after = {} if gone else raw(instance)
        _write(
            type(instance),
            key=str(key if gone else instance.pk),
            label=label if gone else str(instance),
            verb=verb,
            difference=_difference(type(instance), before, after),
            by=by,
            area=area,
            reason=reason,
        )


def changed(
    instance: Model, *, verb: str, by: Actor, area: str, reason: str = "", difference: Mapping[str, Any] | None = None
) -> None:
    """An entry for what isn't a field of `instance`: its sessions were ended, its second factor removed."""
    with scoped(scope_of(by)):
        _write(
            type(instance),
            key=str(instance.pk),
            label=str(instance),
            verb=verb,
            difference=difference or {},
            by=by,
            area=area,
            reason=reason,
        )


def raw(instance: Model) -> dict[str, Any]:
    """The stored values of an instance, by field."""
    return {field.attname: getattr(instance, field.attname) for field in instance._meta.concrete_fields}


def broken(using: str = "default") -> list[int]:
    """The entries whose hash is not the one of their content and the entry before; empty where the chain holds.

    Read it as the owner, or as one whose scope is the whole city: a gap is a break.
    """
    found, previous, expected = [], GENESIS, 1
    for entry in AuditEntry.objects.using(using).order_by("seq").iterator():
        if entry.seq != expected or bytes(entry.hash) != _link_there(entry, previous):
            found.append(entry.seq)
        previous, expected = bytes(entry.hash), entry.seq + 1
    head = AuditHead.objects.using(using).first() or AuditHead(hash=GENESIS)
    if head.seq != expected - 1 or bytes(head.hash) != previous:
        found.append(head.seq)
    return sorted(set(found))


def _write(
    model: type[Model],
    *,
    key: str,
    label: str,
    verb: str,
    difference: Mapping[str, Any],
    by: Actor,
    area: str,
    reason: str,
) -> None:
    AuditHead.objects.get_or_create(id=1, defaults={"hash": GENESIS})
    head = AuditHead.objects.select_for_update().get(id=1)
    held = _acting(by, area)
    entry = AuditEntry(
        seq=head.seq + 1,
        at=timezone.now(),
        account_id=by.account_id,
        account=Account.objects.values_list("username", flat=True).get(id=by.account_id) if by.account_id else "",
        role=held.role.name or "",
        acted_in=held.area,
        area=area,
        what=model._meta.label_lower,
        object_id=key,
        label=label[:200],
        verb=verb,
        difference=difference,
        reason=reason[:1000],
        suite=active_suite().suite_id,
    )
    entry.hash = head.hash = _link(entry, bytes(head.hash))
    head.seq = entry.seq
    entry.save(force_insert=True)
    head.save()


def _link(entry: AuditEntry, previous: bytes) -> bytes:
    names = ("seq", "account", "role", "acted_in", "area", "what", "object_id", "label", "verb", "difference", "reason")
    body = [microseconds(entry.at), str(entry.account_id or ""), *(getattr(entry, name) for name in names)]
    return digest_by(entry.suite, previous + canonical(body))


def _link_there(entry: AuditEntry, previous: bytes) -> bytes | None:
    """The hash that a stored entry ought to have; None where it holds what can't have been hashed."""
    try:
        return _link(entry, previous)
    except (TypeError, ValueError):
        return None


def _acting(by: Actor, area: str) -> Held:
    """The posting by which the actor may: as an administrator over the area, else whatever covers it."""
    over = [held for held in by.held if covers(held.area, area)]
    return next((held for held in over if held.role is Role.ADMINISTRATOR), over[0])


def _difference(model: type[Model], before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {name: _said(model, name, before.get(name), after.get(name)) for name in names}


def _said(model: type[Model], name: str, before: Any, after: Any) -> Any:
    field = next(each for each in model._meta.concrete_fields if each.attname == name)
    if name in _SECRET or isinstance(field, SealedTextField | models.BinaryField):
        return CHANGED
    return [_plain(before), _plain(after)]


def _plain(value: Any) -> Any:
    """As JSON without floats, which have no one form to hash."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else str(value)
