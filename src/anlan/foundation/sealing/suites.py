"""The algorithms: an international suite (AES) and a Chinese one (SM).

Both are software from the `cryptography` library. They are not certified products, and choosing `SM` is
not a claim of compliance with GB/T 39786 (密评). The provider is pluggable so that a certified module can
take their place: write a `Suite` over it and name it by its dotted path in `ANLAN_CIPHER_SUITE`.
"""

import hashlib
import hmac
from typing import Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hashes import SHA256, SM3, Hash
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.utils.module_loading import import_string

NONCE_BYTES = 12
TAG_BYTES = 16


class SuiteError(RuntimeError):
    """The configured suite is unknown, or the cryptographic library here cannot do it."""


class Suite(Protocol):
    """One set of algorithms. `suite_id` is written into every sealed value: never reuse one."""

    name: str
    suite_id: int
    key_bytes: int

    def encrypt(self, key: bytes, nonce: bytes, plain: bytes, associated: bytes) -> bytes:
        """Return the ciphertext followed by its 16-byte tag; `associated` is bound but not stored."""

    def decrypt(self, key: bytes, nonce: bytes, sealed: bytes, associated: bytes) -> bytes:
        """Undo `encrypt`; raise any exception if one bit differs."""

    def derive(self, master: bytes, label: bytes, size: int) -> bytes:
        """A key of `size` bytes for the purpose `label` (HKDF, RFC 5869)."""

    def mac(self, key: bytes, message: bytes) -> bytes:
        """A keyed digest of 32 bytes."""

    def digest(self, data: bytes) -> bytes:
        """A digest of 32 bytes."""


class AesSuite:
    """AES-256-GCM (NIST SP 800-38D), HMAC-SHA-256, SHA-256."""

    name = "aes"
    suite_id = 1
    key_bytes = 32

    def encrypt(self, key: bytes, nonce: bytes, plain: bytes, associated: bytes) -> bytes:
        return AESGCM(key).encrypt(nonce, plain, associated)

    def decrypt(self, key: bytes, nonce: bytes, sealed: bytes, associated: bytes) -> bytes:
        return AESGCM(key).decrypt(nonce, sealed, associated)

    def derive(self, master: bytes, label: bytes, size: int) -> bytes:
        return HKDF(SHA256(), size, salt=None, info=label).derive(master)

    def mac(self, key: bytes, message: bytes) -> bytes:
        return hmac.digest(key, message, "sha256")

    def digest(self, data: bytes) -> bytes:
        return hashlib.sha256(data).digest()


class SmSuite:
    """SM4-GCM (GB/T 32907, RFC 8998), HMAC-SM3 and SM3 (GB/T 32905)."""

    name = "sm"
    suite_id = 2
    key_bytes = 16

    def encrypt(self, key: bytes, nonce: bytes, plain: bytes, associated: bytes) -> bytes:
        encryptor = Cipher(SM4(key), GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(associated)
        return encryptor.update(plain) + encryptor.finalize() + encryptor.tag

    def decrypt(self, key: bytes, nonce: bytes, sealed: bytes, associated: bytes) -> bytes:
        body, tag = sealed[:-TAG_BYTES], sealed[-TAG_BYTES:]
        decryptor = Cipher(SM4(key), GCM(nonce, tag)).decryptor()
        decryptor.authenticate_additional_data(associated)
        return decryptor.update(body) + decryptor.finalize()

    def derive(self, master: bytes, label: bytes, size: int) -> bytes:
        return HKDF(SM3(), size, salt=None, info=label).derive(master)

    def mac(self, key: bytes, message: bytes) -> bytes:
        mac = HMAC(key, SM3())
        mac.update(message)
        return mac.finalize()

    def digest(self, data: bytes) -> bytes:
        sm3 = Hash(SM3())
        sm3.update(data)
        return sm3.finalize()


AES: Suite = AesSuite()
SM: Suite = SmSuite()

_suites: dict[int, Suite] = {suite.suite_id: suite for suite in (AES, SM)}


def register(suite: Suite) -> None:
    """Make values sealed by `suite` readable; a suite id that another suite has is refused."""
    if _suites.setdefault(suite.suite_id, suite) is not suite:
        raise ValueError(f"suite id {suite.suite_id} is already taken by {_suites[suite.suite_id].name}")


def suite_by_id(suite_id: int) -> Suite | None:
    return _suites.get(suite_id)


def suite_named(name: str) -> Suite:
    """The suite called `name` (aes, sm), or the one at a dotted path, checked to work on this machine."""
    if "." in name:
        suite: Suite = import_string(name)
        register(suite)
    else:
        by_name = {suite.name: suite for suite in _suites.values()}
        if name.lower() not in by_name:
            allowed = ", ".join(sorted(by_name))
            raise SuiteError(f"unknown cipher suite {name!r}: use one of {allowed}, or a dotted path")
        suite = by_name[name.lower()]
    _require_working(suite)
    return suite


def _require_working(suite: Suite) -> None:
    # Some builds of OpenSSL leave SM3 or SM4-GCM out, which would otherwise show at the first sealed row.
    try:
        key = suite.derive(bytes(32), b"anlan start check", suite.key_bytes)
        nonce = bytes(NONCE_BYTES)
        readable = suite.decrypt(key, nonce, suite.encrypt(key, nonce, b"probe", b""), b"") == b"probe"
        suite.mac(key, suite.digest(b"probe"))
    except UnsupportedAlgorithm as error:
        raise SuiteError(f"cipher suite {suite.name!r} needs an algorithm that OpenSSL lacks here: {error}") from error
    if not readable:
        raise SuiteError(f"cipher suite {suite.name!r} cannot read what it seals")
