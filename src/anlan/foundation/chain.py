"""What makes a chain of records: the one byte form that is hashed, and where a chain begins.

The form is compact JSON with sorted keys, times as UTC microseconds, no floating point.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

GENESIS = b"\x00" * 32
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


def _refuse_floats(value: Any) -> None:
    if isinstance(value, str | int | None):
        return
    if isinstance(value, float):
        raise TypeError("a float has no canonical form; give a string or an integer")
    for item in value.values() if isinstance(value, Mapping) else value:
        _refuse_floats(item)
