"""Asking for a list, looking how far it is, fetching it, or calling it off."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _
from pydantic import ValidationError

from anlan.city.people.access import DISPATCHER, SUPERVISOR, Actor, Role
from anlan.foundation.rules import rulebook
from anlan.loop import clock
from anlan.loop.faults import faults
from anlan.loop.list_models import Export
from anlan.loop.queries import Wanted, path_of
from anlan.loop.refusals import BadInput, NotAllowed, NotPossible, Unknown

MAY_EXPORT = DISPATCHER | SUPERVISOR | Role.ADMINISTRATOR | Role.AUDITOR
SHOWN = 50
FOLDER_MODE = 0o700


def request(actor: Actor, filters: Mapping[str, Any], format: str, *, posting_id: UUID | None = None) -> Export:
    """Ask for the list that `filters` (the fields of `queries.Wanted`) describe, as `csv` or `xlsx`.

    `posting_id` is the posting acted in. Raises NotAllowed, BadInput for an unknown filter or format, and NotPossible
    where too many are under way.
    """
    if actor.account_id is None or not any(held.role in MAY_EXPORT for held in actor.held):
        raise NotAllowed(_("that is not yours to do here"))
    if format not in Export.Format.values:
        raise BadInput(_("must be csv or xlsx"), field="format")
    wanted = checked_filters(filters)
    under_way = Export.objects.filter(account_id=actor.account_id, state__in=Export.UNDER_WAY).count()
    most = setting("files.exports_at_once")
    if under_way >= most:
        raise NotPossible(_("%(n)d exports of yours are under way; wait for one or cancel it") % {"n": under_way})
    return Export.objects.create(
        account_id=actor.account_id,
        posting_id=posting_id,
        asked_at=clock.now(),
        format=format,
        language=translation.get_language() or settings.LANGUAGE_CODE,
        filters=wanted.model_dump(mode="json", exclude_defaults=True),
    )


def checked_filters(filters: Mapping[str, Any]) -> Wanted:
    """What was asked for, without where a page stood. Raises BadInput."""
    told = {name: value for name, value in filters.items() if name != "cursor" and value not in ("", None)}
    try:
        wanted = Wanted.model_validate(told)
    except ValidationError as error:
        first = faults(error.errors(include_url=False))[0]
        raise BadInput(first.message, field=first.field) from error
    if wanted.area is not None:
        path_of(wanted.area, "area")
    return wanted


def mine(actor: Actor) -> Sequence[Export]:
    """What this account has asked for, the newest first."""
    return list(_of(actor).order_by("-asked_at", "-id")[:SHOWN])


def one(actor: Actor, export_id: UUID) -> Export:
    """One's own export. Raises Unknown, also for somebody else's."""
    found = _of(actor).filter(id=export_id).first()
    if found is None:
        raise Unknown(_("there is no such export"))
    return found


def cancel(actor: Actor, export_id: UUID) -> Export:
    """Call an export off; what was written is removed. Raises Unknown, or NotPossible where it has ended."""
    with transaction.atomic():
        # Waits for the piece that is being written, so that nothing is written afterwards.
        found = _of(actor).select_for_update().filter(id=export_id).first()
        if found is None:
            raise Unknown(_("there is no such export"))
        if not found.is_under_way:
            raise NotPossible(_("it has ended already"))
        found.state, found.ended_at = Export.State.CANCELLED, clock.now()
        found.save(update_fields=["state", "ended_at"])
    remove_files(found)
    return found


def file_of(actor: Actor, export_id: UUID) -> tuple[Export, Path]:
    """An export that is ready, and where its file lies. Raises Unknown, also once it has been removed."""
    found = one(actor, export_id)
    if found.state != Export.State.READY or clock.now() >= removed_at(found) or not path(found).is_file():
        raise Unknown(_("this file is no longer kept, or not ready yet"))
    return found, path(found)


def removed_at(export: Export) -> datetime:
    """When the file of an ended export goes away."""
    return (export.ended_at or clock.now()) + timedelta(hours=setting("files.export_hours"))


def path(export: Export) -> Path:
    """Where the finished file lies."""
    return _folder() / f"{export.id}.{export.format}"


def unfinished_path(export: Export) -> Path:
    """Where the rows are gathered: always as CSV, because only that can be gone on with after a break."""
    return _folder() / f"{export.id}.rows"


def remove_files(export: Export) -> None:
    for each in (path(export), unfinished_path(export)):
        each.unlink(missing_ok=True)


def setting(rule: str) -> int:
    return int(rulebook().at(rule, clock.today()).value or 0)


def _of(actor: Actor) -> QuerySet[Export]:
    return Export.objects.filter(account_id=actor.account_id) if actor.account_id else Export.objects.none()


def _folder() -> Path:
    folder = Path(settings.ANLAN_HOME) / "exports"
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    return folder
