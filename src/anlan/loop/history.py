"""The chain: each event carries a hash over itself and the event before it.

What is hashed is the canonical form of the event (`foundation.chain`). Whoever changes, removes or slips in a line
breaks every hash after it, and a rewritten chain no longer ends in the head that was published.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from anlan.foundation.chain import GENESIS, canonical, microseconds
from anlan.foundation.sealing import digest_by

if TYPE_CHECKING:
    from anlan.loop.models import Matter

__all__ = ["GENESIS", "WORDS", "canonical", "digest_of_words", "link", "microseconds"]

WORDS = ("channel", "source_id", "title", "description", "address", "lon", "lat")
"""What somebody said and where: the part of a matter that its first line vouches for."""


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
