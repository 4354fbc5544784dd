"""The daily digest: one hash over the heads of all chains, small enough to be printed in a newspaper.

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

from anlan.foundation.database import OWNER
from anlan.foundation.sealing import active_suite, digest_by
from anlan.loop import clock
from anlan.loop.history import GENESIS
from anlan.loop.models import DailyDigest
from anlan.loop.refusals import BadInput, NotPossible

SETTLED_AFTER = timedelta(minutes=5)
"""A step begun before midnight may still be written a moment later, with a time of the day before."""
BATCH = 10_000

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

    def as_json(self) -> dict[str, Any]:
        """What is given away to be kept."""
        return {
            "day": self.day.isoformat(),
            "matters": self.matters,
            "events": self.events,
            "root": self.root.hex(),
        }


class _Kept(BaseModel):
    """A digest as it comes back from whoever kept it."""

    model_config = ConfigDict(extra="forbid")

    day: date
    matters: int = Field(ge=0)
    events: int = Field(ge=0)
    root: str = Field(pattern=r"^[0-9a-f]{66}$")


def kept(given: Mapping[str, Any]) -> Digest:
    """A digest read from its JSON form. Raises BadInput naming the first wrong field."""
    try:
        read = _Kept.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise BadInput(first["msg"], field=".".join(map(str, first["loc"]))) from error
    return Digest(read.day, read.matters, read.events, bytes.fromhex(read.root))


def last_day() -> date:
    """The last day that is over."""
    return clock.local(clock.now() - SETTLED_AFTER).date() - timedelta(days=1)


def digest_of(day: date, *, suite: int | None = None) -> Digest:
    """The digest of a day (local), from the history as it stands now.

    The root is folded over the matters in the order of their identifiers: hash(root, matter, seq, head), from
    32 zero bytes on. Raises NotPossible for a day that is not over, BadInput for an unknown hash function.
    """
    if day > last_day():
        raise NotPossible(_("the day %(day)s is not over yet") % {"day": day})
    suite = active_suite().suite_id if suite is None else suite
    matters = events = 0
    root = GENESIS
    with transaction.atomic(using=OWNER), _heads(day) as heads:
        for matter_id, seq, head in heads:
            try:
                root = digest_by(suite, root + matter_id.bytes + seq.to_bytes(8) + head)
            except ValueError as error:
                raise BadInput(_("made with a hash function that is not known here"), field="root") from error
            matters += 1
            events += seq
    return Digest(day, matters, events, bytes([suite]) + root)


def agrees(before: Digest) -> bool:
    """Does the present history still give this digest, which somebody kept?"""
    return digest_of(before.day, suite=before.root[0]) == before


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
            "made_at": clock.now(),
        },
    )
    before = Digest(made.day, made.matters, made.events, bytes(made.root))
    if not is_new and not agrees(before):
        raise NotPossible(_("another digest was made for %(day)s: the history has changed since") % {"day": day})
    return before


def _heads(day: date) -> Any:
    """An open server-side cursor over (matter, seq, hash)."""
    end = datetime.combine(day + timedelta(days=1), time.min, clock.LOCAL)
    cursor = connections[OWNER].connection.cursor("heads", binary=True)
    cursor.itersize = BATCH
    return cursor.execute(_HEADS, [end])
