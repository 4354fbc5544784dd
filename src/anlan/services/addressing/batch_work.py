"""The worker's part: addresses are answered a piece at a time, and each piece is known to the database once it is
there. Whoever dies in between leaves a file that is longer than the database knows; the next one cuts it and goes on.
"""

import csv
import io
import os
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import Final

import structlog
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from anlan.city.addresses.resolving.resolver import Resolution, Verdict, resolve_all
from anlan.city.addresses.tagging import reader
from anlan.city.areas.atlas import atlas
from anlan.loop import clock
from anlan.loop.exports.writing import BOM, harmless
from anlan.services.addressing.batches import answers_path, asked_path, remove_files, removed_at
from anlan.services.addressing.models import Batch

log = structlog.get_logger("anlan.addressing.batches")

ROWS_A_PIECE: Final = 500
PIECES_A_ROUND: Final = 10
MOST_FAILURES: Final = 3
HEADINGS: Final = (
    *("row", "address", "verdict", "address_code", "official_address"),
    *("area", "area_code", "grid", "reasons", "question", "choices"),
)
PROGRESS: Final = ("state", "rows_done", "bytes_done", "resolved", "ambiguous", "unknown", "ended_at")
_COUNTED: Final = {Verdict.EXACT: "resolved", Verdict.RESOLVED: "resolved", Verdict.AMBIGUOUS: "ambiguous"}
"""What lies in another city is as unknown here as what fits nothing."""


def work() -> int:
    """Answer the next pieces and remove what has been kept long enough; returns how many rows and files that were."""
    answered = 0
    for _piece in range(PIECES_A_ROUND):
        piece = _one_piece()
        if piece is None:
            break
        answered += piece
    return answered + _remove_old()


def _one_piece() -> int | None:
    """One piece of the oldest batch that nobody else is at; None where there is none."""
    with transaction.atomic():
        waiting = Batch.objects.filter(state__in=Batch.UNDER_WAY).order_by("asked_at", "id")
        batch = waiting.select_for_update(skip_locked=True).first()
        if batch is None:
            return None
        answered = 0
        try:
            # Undone by itself where it fails, so that what went wrong can still be written down.
            with transaction.atomic(), translation.override(batch.language):
                answered = _answer(batch)
        except Exception:
            log.exception("addresses could not be looked up", batch=str(batch.id))
            _failed(batch)
    if batch.state == Batch.State.READY:
        asked_path(batch).unlink(missing_ok=True)
    elif not batch.is_under_way:
        remove_files(batch)
    return answered


def _answer(batch: Batch) -> int:
    with asked_path(batch).open(encoding="utf-8", newline="") as file:
        asked = list(islice(csv.reader(file), batch.rows_done, batch.rows_done + ROWS_A_PIECE))
    found = list(resolve_all([words for _row, words in asked], reader=reader(fast=True)))
    rows = [answer_row(row, words, each) for (row, words), each in zip(asked, found, strict=True)]
    _append(batch, rows if batch.rows_done else [HEADINGS, *rows])
    for name, count in Counter(_COUNTED.get(each.verdict, "unknown") for each in found).items():
        setattr(batch, name, getattr(batch, name) + count)
    batch.rows_done += len(rows)
    batch.state = Batch.State.RUNNING
    if batch.rows_done >= batch.rows:
        batch.state, batch.ended_at = Batch.State.READY, clock.now()
    batch.save(update_fields=PROGRESS)
    return len(rows)


def answer_row(row: str, words: str, found: Resolution) -> Sequence[str]:
    """What is answered to one address, in the order of `HEADINGS`; of an ambiguous one no code, but the question."""
    address, known = found.address, atlas()
    best = found.candidates[0] if found.candidates else None
    return (
        row,
        words,
        str(found.verdict),
        address.code if address else "",
        address.text if address else "",
        known.full_name(address.area) if address else "",
        address.area.rpartition(".")[2] if address else "",
        address.grid if address else "",
        "; ".join(map(str, best.reasons)) if best else "",
        str(found.question) if found.question else "",
        " / ".join(choice.label for choice in found.question.choices) if found.question else "",
    )


def _append(batch: Batch, rows: Sequence[Sequence[str]]) -> None:
    """Add rows where the database knows that the file ends."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([harmless(cell) for cell in row] for row in rows)
    raw = ((BOM if not batch.bytes_done else "") + text.getvalue()).encode()
    target = os.open(answers_path(batch), os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(target, "r+b") as file:
        file.truncate(batch.bytes_done)
        file.seek(batch.bytes_done)
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    batch.bytes_done += len(raw)


def _failed(batch: Batch) -> None:
    """Something that nobody foresaw: tried again, but not for ever."""
    batch.refresh_from_db()
    batch.failures += 1
    if batch.failures >= MOST_FAILURES:
        with translation.override(batch.language):
            batch.error = _("it could not be looked up; the operators can see why in the log")
        batch.state, batch.ended_at = Batch.State.FAILED, clock.now()
    batch.save(update_fields=["failures", "error", "state", "ended_at"])


def _remove_old() -> int:
    removed = 0
    for batch in Batch.objects.filter(state=Batch.State.READY).order_by("ended_at")[:100]:
        if clock.now() < removed_at(batch):
            break
        remove_files(batch)
        batch.state = Batch.State.EXPIRED
        batch.save(update_fields=["state"])
        removed += 1
    return removed
