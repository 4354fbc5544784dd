"""The daily digest: one hash over the heads of all chains, the matters' and the audit log's, small enough to be printed
in a newspaper.

Whoever owns the tables can rewrite a history and all its hashes, and every chain holds again. It no longer
ends in the heads of yesterday, though: whoever kept yesterday's digest can show that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connections, transaction
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from anlan.city.audit.models import AuditEntry
from anlan.foundation.database import OWNER
from anlan.foundation.sealing import active_suite, digest_by
from anlan.loop import clock
from anlan.loop.history import GENESIS
from anlan.loop.models import DailyDigest
from anlan.loop.refusals import BadInput, NotPossible

SETTLED_AFTER = timedelta(minutes=5)
"""A step begun before midnight may still be written a moment later, with a time of the day before."""
BATCH = 10_000
_AUDIT = bytes(16)
"""In the place of a matter's identifier; none has this one."""

# For each matter its last line of the time before.
_HEADS = """
    SELECT DISTINCT ON (matter_id) matter_id, seq, hash FROM loop_event
    WHERE at < %s ORDER BY matter_id, seq DESC
"""


@dataclass(frozen=True, slots=True)
class Digest:
    """All chains at the end of a day. `root` begins with one byte for the hash function, then the hash."""

    day: date
    matters: int
    events: int
    root: bytes
    entries: int | None = None
    """Of the audit log; None in a digest made before the log was part of it."""

    def as_json(self) -> dict[str, Any]:
        """What is given away to be kept."""
        audited = {} if self.entries is None else {"entries": self.entries}
        return {
            "day": self.day.isoformat(),
            "matters": self.matters,
            "events": self.events,
            **audited,
            "root": self.root.hex(),
        }


class _Kept(BaseModel):
    """A digest as it comes back from whoever kept it."""

    model_config = ConfigDict(extra="forbid")

    day: date
    matters: int = Field(ge=0)
    events: int = Field(ge=0)
    entries: int | None = Field(default=None, ge=0)
    root: str = Field(pattern=r"^[0-9a-f]{66}$")


def kept(given: Mapping[str, Any]) -> Digest:
    """A digest read from its JSON form. Raises BadInput naming the first wrong field."""
    try:
        read = _Kept.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise BadInput(first["msg"], field=".".join(map(str, first["loc"]))) from error
    return Digest(read.day, read.matters, read.events, bytes.fromhex(read.root), read.entries)


def last_day() -> date:
    """The last day that is over."""
    return clock.local(clock.now() - SETTLED_AFTER).date() - timedelta(days=1)


def digest_of(day: date, *, suite: int | None = None, audited: bool = True) -> Digest:
    """The digest of a day (local), from the history as it stands now.

    The root is folded over the matters in the order of their identifiers: hash(root, matter, seq, head), from
    32 zero bytes on; last, where it is `audited`, over the audit log: hash(root, 16 zero bytes, seq, head).
    Raises NotPossible for a day that is not over, BadInput for an unknown hash function.
    """
    if day > last_day():
        raise NotPossible(_("the day %(day)s is not over yet") % {"day": day})
    suite = active_suite().suite_id if suite is None else suite
    matters = events = 0
    root = GENESIS
    with transaction.atomic(using=OWNER):
        try:
            with _heads(day) as heads:
                for matter_id, seq, head in heads:
                    root = digest_by(suite, root + matter_id.bytes + seq.to_bytes(8) + head)
                    matters += 1
                    events += seq
            entries, head = _audit_head(day) if audited else (None, b"")
            if entries:
                root = digest_by(suite, root + _AUDIT + entries.to_bytes(8) + head)
        except ValueError as error:
            raise BadInput(_("made with a hash function that is not known here"), field="root") from error
    return Digest(day, matters, events, bytes([suite]) + root, entries)


def agrees(before: Digest) -> bool:
    """Does the present history still give this digest, which somebody kept?"""
    return digest_of(before.day, suite=before.root[0], audited=before.entries is not None) == before


def publish(day: date) -> Digest:
    """Make the digest of a day and keep it for good; the same again if it has been made before.

    Raises NotPossible if another one was made for that day: then the history has been rewritten since.
    """
    digest = digest_of(day)
    made, is_new = DailyDigest.objects.get_or_create(
        day=day,
        defaults={
            "matters": digest.matters,
            "events": digest.events,
            "root": digest.root,
            "entries": digest.entries,
            "made_at": clock.now(),
        },
    )
    before = Digest(made.day, made.matters, made.events, bytes(made.root), made.entries)
    if not is_new and not agrees(before):
        raise NotPossible(_("another digest was made for %(day)s: the history has changed since") % {"day": day})
    return before


def _heads(day: date) -> Any:
    """An open server-side cursor over (matter, seq, hash)."""
    cursor = connections[OWNER].connection.cursor("heads", binary=True)
    cursor.itersize = BATCH
    return cursor.execute(_HEADS, [_end_of(day)])


def _audit_head(day: date) -> tuple[int, bytes]:
    """The number and the hash of the audit log's last entry of the time before; (0, nothing) where there is none."""
    last = AuditEntry.objects.using(OWNER).filter(at__lt=_end_of(day)).order_by("-seq").first()
    return (last.seq, bytes(last.hash)) if last else (0, b"")


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, clock.LOCAL)
