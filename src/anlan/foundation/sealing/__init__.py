"""Sealing: personal fields are encrypted at rest and found again only by a keyed index.

`suites` holds the algorithms, `keyring` the keys and the sealed format, `configured` what this process
was set up with, `fields` the model field and the blind indexes.
"""

from anlan.foundation.sealing.configured import active_suite, digest, digest_by, sealer
from anlan.foundation.sealing.fields import SealedTextField, blind_index, phone_index
from anlan.foundation.sealing.keyring import CannotUnseal, KeyRing, Sealer
from anlan.foundation.sealing.suites import AES, SM, Suite, SuiteError

__all__ = [
    "AES",
    "SM",
    "CannotUnseal",
    "KeyRing",
    "SealedTextField",
    "Sealer",
    "Suite",
    "SuiteError",
    "active_suite",
    "blind_index",
    "digest",
    "digest_by",
    "phone_index",
    "sealer",
]
