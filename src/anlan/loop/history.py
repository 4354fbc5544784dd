"""The chain: each event carries a hash over itself and the event before it.

What is hashed is the canonical form of the event: compact JSON with sorted keys, times as UTC microseconds, no
floating point. Whoever changes, removes or slips in a line breaks every hash after it, and a rewritten chain no
longer ends in the head that was published.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from anlan.foundation.sealing import digest_by

if TYPE_CHECKING:
    from anlan.loop.models import Matter

GENESIS = b"\x00" * 32
WORDS = ("channel", "source_id", "title", "description", "address", "lon", "lat")
"""What somebody said and where: the part of a matter that its first line vouches for."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_compact = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def microseconds(moment: datetime) -> int:
    """Whole microseconds since 1970, UTC."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def canonical(value: Any) -> bytes:
    """The one byte form of a JSON value. Raises TypeError for a float: two machines may print it differently."""
    _refuse_floats(value)
    return _compact(value).encode()


def link(
    suite: int,
    previous: bytes,
    *,
    matter_id: UUID,
    seq: int,
    at: datetime,
    kind: str,
    from_state: str,
    to_state: str,
    actor: tuple[str, UUID | None, str],
    area: str,
    data: Mapping[str, Any],
) -> bytes:
    """The hash of one event after `previous`, by hash function `suite`."""
    actor_kind, actor_id, actor_role = actor
    body = canonical(
        [
            str(matter_id),
            seq,
            microseconds(at),
            kind,
            from_state,
            to_state,
            actor_kind,
            str(actor_id or ""),
            actor_role,
            area,
            data,
        ]
    )
    return digest_by(suite, previous + body)


def digest_of_words(suite: int, matter: "Matter") -> str:
    """A digest of what was said and where, kept in the first line: the words stay erasable, but not changeable."""
    said = [getattr(matter, name) for name in WORDS]
    # A position has no exact form as a number; seven decimals are a centimetre.
    fixed = [f"{value:.7f}" if isinstance(value, float) else value for value in said]
    return digest_by(suite, canonical(fixed)).hex()


def _refuse_floats(value: Any) -> None:
    if isinstance(value, str | int | None):
        return
    if isinstance(value, float):
        raise TypeError("a float has no canonical form; give a string or an integer")
    for item in value.values() if isinstance(value, Mapping) else value:
        _refuse_floats(item)
