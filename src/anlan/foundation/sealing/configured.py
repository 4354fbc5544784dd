"""What this process was configured with, built on first use from Django's settings.

`ANLAN_SEALING_KEYS`   list of (key id, 32 bytes), the current one first
`ANLAN_INDEX_KEY_ID`   which of them makes blind indexes; needed once there is more than one
`ANLAN_CIPHER_SUITE`   "aes" (default), "sm", or the dotted path of a `Suite`
"""

from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.dispatch import receiver

from anlan.foundation.sealing.keyring import KeyRing, Sealer
from anlan.foundation.sealing.suites import Suite, SuiteError, suite_by_id, suite_named


@cache
def active_suite() -> Suite:
    """The suite that seals and hashes what is new; `ImproperlyConfigured` if it cannot work here."""
    try:
        return suite_named(getattr(settings, "ANLAN_CIPHER_SUITE", "aes"))
    except (SuiteError, ImportError) as error:
        raise ImproperlyConfigured(f"ANLAN_CIPHER_SUITE: {error}") from error


@cache
def sealer() -> Sealer:
    """The process-wide sealer. Call it once at start, so that a wrong key stops the start, not a request."""
    pairs = list(getattr(settings, "ANLAN_SEALING_KEYS", []))
    keys = dict(pairs)
    if len(keys) < len(pairs):
        raise ImproperlyConfigured("ANLAN_SEALING_KEYS: a key id occurs twice")
    try:
        ring = KeyRing(keys, index_key_id=getattr(settings, "ANLAN_INDEX_KEY_ID", None))
    except ValueError as error:
        raise ImproperlyConfigured(f"ANLAN_SEALING_KEYS: {error}") from error
    return Sealer(ring, active_suite())


def digest(data: bytes) -> bytes:
    """32 bytes by the active suite (SHA-256 or SM3). Needs no key: anyone can verify a chain."""
    return active_suite().digest(data)


def digest_by(suite_id: int, data: bytes) -> bytes:
    """32 bytes by the suite that was active when a record was written; `ValueError` if it is unknown."""
    suite = suite_by_id(suite_id)
    if suite is None:
        raise ValueError(f"suite_id: no suite {suite_id} is registered")
    return suite.digest(data)


@receiver(setting_changed)
def _forget(*, setting: str, **_: Any) -> None:
    if setting in {"ANLAN_SEALING_KEYS", "ANLAN_INDEX_KEY_ID", "ANLAN_CIPHER_SUITE"}:
        active_suite.cache_clear()
        sealer.cache_clear()
