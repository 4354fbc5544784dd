"""Giving a file of addresses in, looking how far it is, fetching the answers, or calling it off.

Of the file only the one column is kept, and only as long as the answers are: an address may be somebody's home.
"""

import csv
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path, PurePath
from typing import BinaryIO, Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from anlan.city.people.access import Actor
from anlan.foundation.identifiers import new_id
from anlan.foundation.rules import rulebook
from anlan.foundation.tables.files import opened
from anlan.foundation.tables.rows import Row, Table, Unreadable
from anlan.loop import clock
from anlan.loop.refusals import BadInput, NotPossible, Unknown
from anlan.loop.schemas import storable
from anlan.services.addressing.models import Batch
from anlan.services.addressing.schemas import LONGEST

SHOWN: Final = 50
MOST_BYTES: Final = 20 * 1024**2
"""Of the file as it is sent; its rows are limited by a rule."""
COLUMNS: Final = ("地址", "address")
"""What the column is called where nobody says otherwise."""
_FOLDER_MODE: Final = 0o700
_FILE_MODE: Final = 0o600


def take_in(actor: Actor, name: str, content: BinaryIO, *, column: str = "") -> Batch:
    """Keep the addresses of a table (CSV, XLSX) to be looked up by the worker.

    `column` is the heading of the addresses; without it one of `COLUMNS`. Raises BadInput naming the row that can't be
    taken, and NotPossible while another file of the same account is under way.
    """
    assert actor.account_id is not None, "only somebody on duty gives a file in"
    if _of(actor).filter(state__in=Batch.UNDER_WAY).exists():
        raise _another()
    batch = Batch(
        id=new_id(),
        account_id=actor.account_id,
        asked_at=clock.now(),
        language=translation.get_language() or settings.LANGUAGE_CODE,
        name=PurePath(name).name[:120],
    )
    try:
        batch.rows = _kept(batch, name, content, column)
        with transaction.atomic():
            batch.save(force_insert=True)
    except IntegrityError:
        remove_files(batch)
        raise _another() from None
    except BadInput:
        remove_files(batch)
        raise
    return batch


def mine(actor: Actor) -> Sequence[Batch]:
    """What this account has given in, the newest first."""
    return list(_of(actor).order_by("-asked_at", "-id")[:SHOWN])


def cancel(actor: Actor, batch_id: UUID) -> None:
    """Call a batch off; what was kept of it is removed. Raises Unknown, or NotPossible where it has ended."""
    with transaction.atomic():
        # Waits for the piece that is being answered, so that nothing is written afterwards.
        found = _of(actor).select_for_update().filter(id=batch_id).first()
        if found is None:
            raise Unknown(_("there is no such file"))
        if not found.is_under_way:
            raise NotPossible(_("it has ended already"))
        found.state, found.ended_at = Batch.State.CANCELLED, clock.now()
        found.save(update_fields=["state", "ended_at"])
    remove_files(found)


def file_of(actor: Actor, batch_id: UUID) -> tuple[Batch, Path]:
    """A batch that is ready, and where its answers lie. Raises Unknown, also once they have been removed."""
    found = _of(actor).filter(id=batch_id, state=Batch.State.READY).first()
    if found is None or clock.now() >= removed_at(found) or not answers_path(found).is_file():
        raise Unknown(_("this file is no longer kept, or not ready yet"))
    return found, answers_path(found)


def removed_at(batch: Batch) -> datetime:
    """When the answers of an ended batch go away."""
    return (batch.ended_at or clock.now()) + timedelta(hours=_setting("addressing.batch_hours"))


def asked_path(batch: Batch) -> Path:
    """Where the addresses lie: a row number and the words on each line."""
    return _folder() / f"{batch.id}.asked"


def answers_path(batch: Batch) -> Path:
    return _folder() / f"{batch.id}.csv"


def remove_files(batch: Batch) -> None:
    for each in (asked_path(batch), answers_path(batch)):
        each.unlink(missing_ok=True)


def _kept(batch: Batch, name: str, content: BinaryIO, column: str) -> int:
    """Write down the addresses of a file and return how many. Raises BadInput."""
    raw = content.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise BadInput(_("the file is larger than %(size)d MB") % {"size": MOST_BYTES // 1024**2}, field="file")
    wanted = {column.strip().casefold()} if column.strip() else set(COLUMNS)
    # The reader holds the name against the content.
    sent = _folder() / f"{batch.id}-sent{PurePath(name).suffix.lower()[:10]}"
    try:
        sent.touch(_FILE_MODE)
        sent.write_bytes(raw)
        with opened(sent, lambda headings: not wanted.isdisjoint(map(str.casefold, headings))) as table:
            return _written(asked_path(batch), table, wanted)
    except Unreadable as error:
        raise BadInput(str(error), field="file") from error
    finally:
        sent.unlink(missing_ok=True)


def _written(path: Path, table: Table, wanted: set[str]) -> int:
    at = next(n for n, heading in enumerate(table.headings) if heading.casefold() in wanted)
    most, count = _setting("addressing.batch_rows"), 0
    path.touch(_FILE_MODE)
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        for row in table.rows:
            count += 1
            if count > most:
                raise BadInput(_("more than %(n)d addresses; split the file") % {"n": most}, field="file")
            lines.writerow((row.number, _address(row, at)))
    if not count:
        raise BadInput(_("the file holds no address"), field="file")
    return count


def _address(row: Row, at: int) -> str:
    """The words of a row. Raises BadInput naming it."""
    words = row.cells[at].strip()
    why = row.fault
    if why is None and not words:
        why = _("it has no address")
    if why is None and len(words) > LONGEST:
        why = _("its address is longer than %(n)d characters") % {"n": LONGEST}
    if why is None:
        try:
            return storable(words)
        except ValueError as error:
            why = str(error)
    raise BadInput(_("row %(n)d: %(why)s") % {"n": row.number, "why": why}, field="file")


def _another() -> NotPossible:
    return NotPossible(_("another file of yours is being looked up; wait for it or cancel it"))


def _setting(rule: str) -> int:
    return int(rulebook().at(rule, clock.today()).value or 0)


def _of(actor: Actor) -> QuerySet[Batch]:
    return Batch.objects.filter(account_id=actor.account_id) if actor.account_id else Batch.objects.none()


def _folder() -> Path:
    folder = Path(settings.ANLAN_HOME) / "address-batches"
    folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    return folder
