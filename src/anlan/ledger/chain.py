"""The bytes that are hashed. SHA-256 always, whatever suite seals personal data: the hashes are made inside the
statement that books, and PostgreSQL has no other of that strength."""

import hashlib
import struct
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from anlan.foundation.chain import GENESIS, canonical, microseconds

# PostgreSQL counts microseconds from here.
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LINE = struct.Struct(">q16s32sqqqqqq")


def digest(content: Iterable[Any]) -> bytes:
    """Of strings, whole numbers, moments and identifiers, in their order."""
    return hashlib.sha256(canonical([_plain(each) for each in content])).digest()


def first_head(account: UUID, kind: str, currency: str, may_overdraw: bool, opened_at: datetime) -> bytes:
    """Where an account's chain begins: nobody can change later what kind of account it is."""
    content = canonical([str(account), kind, currency, may_overdraw, microseconds(opened_at)])
    return hashlib.sha256(GENESIS + content).digest()


def packed(
    seq: int,
    entry: UUID,
    entry_digest: bytes,
    entry_at: datetime,
    posted: int,
    reserved: int,
    posted_after: int,
    reserved_after: int,
    at: datetime,
) -> bytes:
    """A line as `store.PACKED` writes it: each number in eight bytes, so nothing can be read in two ways."""
    moments = (_since_2000(entry_at), posted, reserved, posted_after, reserved_after, _since_2000(at))
    return _LINE.pack(seq, entry.bytes, entry_digest, *moments)


def link(previous: bytes, lines: bytes) -> bytes:
    """The hash of a link: over the one before and the packed lines it covers."""
    return hashlib.sha256(previous + lines).digest()


def _since_2000(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return microseconds(value)
    return str(value) if isinstance(value, UUID) else value
