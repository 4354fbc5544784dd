"""What somebody proves themselves with besides a password, and where they are signed in."""

from uuid import UUID

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from anlan.foundation.identifiers import new_id
from anlan.foundation.sealing.fields import SealedTextField


class Authenticator(models.Model):
    """An app that shows a code of six digits every half minute (TOTP, RFC 6238). It counts once a code of it has been
    confirmed; no code is accepted twice."""

    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="authenticator"
    )
    secret = SealedTextField()
    confirmed_at = models.DateTimeField(null=True)
    last_step = models.BigIntegerField(default=0)


class RecoveryCode(models.Model):
    """One way in for whoever has lost the second factor. Kept as a keyed digest; gone once it has been used."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="recovery_codes")
    digest = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "digest"], name="recovery_code_once")]


class Passkey(models.Model):
    """A public key whose private half never leaves its device (WebAuthn, a discoverable credential)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="passkeys")
    name = models.CharField(max_length=60)
    credential_id = models.BinaryField(max_length=1023, unique=True)
    public_key = models.BinaryField()
    sign_count = models.BigIntegerField(default=0)
    added_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    account_id: UUID


class SignedIn(AbstractBaseSession):
    """A browser's session, whose it is and what is said of it in its owner's list; see `session_store`.

    `handle` is what a page calls it: the key opens the session and never stands on a page.
    """

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="sessions")
    handle = models.UUIDField(null=True, unique=True)
    device = models.CharField(max_length=60, blank=True)
    address = models.CharField(max_length=64, blank=True)
    new_device = models.BooleanField(default=False)
    since = models.DateTimeField(null=True)
    seen_at = models.DateTimeField()

    account_id: UUID | None

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        from anlan.city.people.session_store import SessionStore

        return SessionStore
