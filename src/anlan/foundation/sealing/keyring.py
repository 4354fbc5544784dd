"""Keys, and the one format of a sealed value.

    version 1 | suite id 1 | length of key id 1 | key id | nonce 12 | ciphertext | tag 16

The bytes before the nonce and the context ("loop.Party.name") are authenticated with the ciphertext, so a
value cannot be moved to another column or relabelled. It can be moved to another row of its column: what
happened to a row is the event history's to prove.

Turning the keys
----------------
*Sealing key*: put a new key first, keep the old ones, `reseal` every value at leisure, then drop the old.
A key seals at most 2**32 values (random nonces, NIST SP 800-38D section 8.3): turn it long before that.

*Index key*: blind indexes must stay comparable, so they use one named key (`index_key_id`) that a turn of
the sealing key does not touch; keep that key in the ring. To turn it (or to change the suite, whose HMAC
makes the index) add the new key; let lookups ask for `index(…)` and `index(…, key_id=new)` together;
rewrite the index columns with the new key; then name it `index_key_id`.
"""

import os
from collections.abc import Mapping

from anlan.foundation.sealing.suites import NONCE_BYTES, TAG_BYTES, Suite, suite_by_id

FORMAT_VERSION = 1
MASTER_KEY_BYTES = 32
INDEX_BYTES = 16
MAX_KEY_ID_BYTES = 64


class CannotUnseal(Exception):
    """A sealed value cannot be read. The message names the field and the cause, never key or content."""


class KeyRing:
    """Master keys of 32 bytes by key id; the first is current, the others still open what they sealed.

    `index_key_id` may be left out only while there is one key: with two, guessing would change every
    blind index on the day the guess changes.

    Raises `ValueError`, naming the key id, for a key or id of the wrong shape.
    """

    def __init__(self, keys: Mapping[str, bytes], *, index_key_id: str | None = None) -> None:
        if not keys:
            raise ValueError("a key ring needs at least one key")
        for key_id, master in keys.items():
            if not key_id.isascii() or not 0 < len(key_id) <= MAX_KEY_ID_BYTES:
                raise ValueError(f"key id {key_id!r} must be 1 to {MAX_KEY_ID_BYTES} ASCII characters")
            if len(master) != MASTER_KEY_BYTES:
                raise ValueError(f"key {key_id!r} must be {MASTER_KEY_BYTES} bytes long, it has {len(master)}")
        if index_key_id is None and len(keys) > 1:
            raise ValueError("with more than one key, index_key_id must name the key of the blind indexes")
        self._keys = dict(keys)
        self.current_id = next(iter(self._keys))
        self.index_key_id = index_key_id or self.current_id
        if self.index_key_id not in self._keys:
            raise ValueError(f"index key {self.index_key_id!r} is not in the key ring")

    def __contains__(self, key_id: object) -> bool:
        return key_id in self._keys

    def __getitem__(self, key_id: str) -> bytes:
        return self._keys[key_id]

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(self._keys)}; index: {self.index_key_id})"


class Sealer:
    """Seals with the ring's current key and one suite; opens with any key of the ring and any known suite.

    `context` is a constant of the code that names the column, for example "loop.Party.name".
    """

    def __init__(self, keyring: KeyRing, suite: Suite) -> None:
        self.keyring = keyring
        self.suite = suite
        self._header = _header(suite, keyring.current_id)
        self._derived: dict[tuple[int, str, bytes], bytes] = {}

    def seal(self, text: str, *, context: str) -> bytes:
        """Return `text` as a sealed value. `ValueError` for text that is not Unicode (a lone surrogate)."""
        key = self._key(self.suite, self.keyring.current_id, b"anlan seal", self.suite.key_bytes)
        nonce = os.urandom(NONCE_BYTES)
        associated = self._header + context.encode()
        return self._header + nonce + self.suite.encrypt(key, nonce, _utf8(text, context), associated)

    def open(self, blob: bytes | memoryview, *, context: str) -> str:
        """Return the text of a sealed value; `CannotUnseal` for another context, key or a changed byte."""
        blob = bytes(blob)
        if len(blob) < 3 or blob[0] != FORMAT_VERSION:
            raise CannotUnseal(f"{context}: not a sealed value of a known version")
        header_bytes = 3 + blob[2]
        header, body = blob[:header_bytes], blob[header_bytes:]
        if len(body) < NONCE_BYTES + TAG_BYTES:
            raise CannotUnseal(f"{context}: the sealed value is cut short")
        suite = suite_by_id(header[1])
        if suite is None:
            raise CannotUnseal(f"{context}: sealed by suite {header[1]}, which is not registered here")
        key_id = header[3:].decode("ascii", errors="replace")
        if key_id not in self.keyring:
            raise CannotUnseal(f"{context}: sealed with the key {key_id!r}, which is not in the key ring")
        key = self._key(suite, key_id, b"anlan seal", suite.key_bytes)
        nonce, sealed = body[:NONCE_BYTES], body[NONCE_BYTES:]
        try:
            return suite.decrypt(key, nonce, sealed, header + context.encode()).decode()
        except Exception:
            # Every provider has its own exception, and some carry what they were given: one answer, no chain.
            raise CannotUnseal(f"{context}: the sealed value was changed or belongs elsewhere") from None

    def reseal(self, blob: bytes | memoryview, *, context: str) -> bytes:
        """Return the value under the current key and suite; unchanged when it already is."""
        text = self.open(blob, context=context)
        blob = bytes(blob)
        return blob if blob.startswith(self._header) else self.seal(text, context=context)

    def index(self, text: str, *, context: str, key_id: str | None = None) -> bytes:
        """Return a blind index of 16 bytes: equal texts in one context give equal bytes, nothing else shows.

        The caller normalises first. `key_id` asks for another index key, for the time of a turn.
        """
        key = self._key(self.suite, key_id or self.keyring.index_key_id, b"anlan blind index", 32)
        name = context.encode()
        message = len(name).to_bytes(2, "big") + name + _utf8(text, context)
        return self.suite.mac(key, message)[:INDEX_BYTES]

    def _key(self, suite: Suite, key_id: str, label: bytes, size: int) -> bytes:
        # Derivation costs more than sealing a short text, so each derived key is made once.
        known = (suite.suite_id, key_id, label)
        if known not in self._derived:
            self._derived[known] = suite.derive(self.keyring[key_id], label, size)
        return self._derived[known]


def _header(suite: Suite, key_id: str) -> bytes:
    return bytes([FORMAT_VERSION, suite.suite_id, len(key_id)]) + key_id.encode("ascii")


def _utf8(text: str, context: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        # The library's own exception carries the whole text.
        raise ValueError(f"{context}: the text is not valid Unicode") from None
