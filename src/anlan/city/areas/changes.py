"""Renaming and closing areas from a day on. The history is `AreaChange`; what lies ahead is carried out on its day."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

from django.db import transaction
from django.db.models.functions import TruncDate
from django.utils import timezone

from anlan.city.areas.models import Area, AreaChange
from anlan.foundation import freshness

TOPIC = "areas"
Renamed = Callable[[Area, str, str], object]
"""Hears of an area that is called otherwise from now on, with the name before and after, in the same transaction."""
_listeners: list[Renamed] = []


def follow_renames_with(listener: Renamed) -> None:
    """Let `listener` be called whenever a new name of an area comes into force (in `ready()`)."""
    if listener not in _listeners:
        _listeners.append(listener)


def rename(area: Area, name: str, *, on: date, today: date, by: UUID | None, reason: str) -> None:
    """Let an area be called `name` from that day on. For a transaction in which `area` is locked."""
    _note(area, AreaChange.Kind.RENAMED, on, by, reason, {"name": area.name}, {"name": name})
    if on <= today:
        before, area.name = area.name, name
        area.save(update_fields=["name"])
        _tell_renamed(area, before)
        freshness.changed(TOPIC)


def close(area: Area, *, on: date, today: date, by: UUID | None, reason: str) -> None:
    """Let an area end on that day. What lies in it has to be elsewhere already."""
    _note(area, AreaChange.Kind.CLOSED, on, by, reason, None, {"valid_until": str(on)})
    if on <= today:
        area.valid_until = on
        area.save(update_fields=["valid_until"])
        freshness.changed(TOPIC)


def carry_out(today: date) -> int:
    """Do what was decided for a day that has come; returns how many areas changed. For the worker."""
    kinds = (AreaChange.Kind.RENAMED, AreaChange.Kind.CLOSED)
    recorded = TruncDate("recorded_at")
    due = AreaChange.objects.filter(kind__in=kinds, effective_on__lte=today, effective_on__gt=recorded)
    return sum(_carry_out(code, today) for code in due.order_by("area").values_list("area", flat=True).distinct())


def ahead(area: Area, today: date) -> list[AreaChange]:
    """What was decided for later."""
    return list(AreaChange.objects.filter(area=area, effective_on__gt=today).order_by("effective_on", "id"))


def _carry_out(code: str, today: date) -> bool:
    with transaction.atomic():
        area = Area.objects.select_for_update().get(code=code)
        before = (area.name, area.valid_until)
        changes = AreaChange.objects.filter(area=area, effective_on__lte=today)
        for change in changes.order_by("effective_on", "id"):
            if change.kind == AreaChange.Kind.RENAMED and change.after:
                area.name = change.after["name"]
            elif change.kind == AreaChange.Kind.CLOSED:
                area.valid_until = change.effective_on
        if (area.name, area.valid_until) == before:
            return False
        area.save(update_fields=["name", "valid_until"])
        _tell_renamed(area, before[0])
        freshness.changed(TOPIC)
    return True


def _tell_renamed(area: Area, before: str) -> None:
    for listener in _listeners if area.name != before else ():
        listener(area, before, area.name)


def _note(
    area: Area, kind: str, on: date, by: UUID | None, reason: str, before: dict[str, str] | None, after: dict[str, str]
) -> None:
    AreaChange.objects.create(
        area=area,
        kind=kind,
        effective_on=on,
        recorded_at=timezone.now(),
        recorded_by=by,
        before=before,
        after=after,
        reason=reason,
    )
