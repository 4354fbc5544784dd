"""Identifiers: time-ordered inside, unguessable where they open something."""

import secrets
from uuid import UUID

import uuid6

# Crockford's alphabet: no letter that is mistaken for a digit when read over the telephone.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 16


def new_id() -> UUID:
    """A UUIDv7, made by whoever creates the row, so that no lock or sequence is shared."""
    return UUID(int=uuid6.uuid7().int)


def new_code() -> str:
    """A tracking code of 80 random bits: 16 characters, shown in fours by `spaced`."""
    bits = secrets.randbits(5 * CODE_LENGTH)
    return "".join(_ALPHABET[bits >> 5 * place & 31] for place in range(CODE_LENGTH))


def spaced(code: str) -> str:
    """`K7QM-4R2X-…`, as it is printed and read aloud."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))
