"""The second factor: an app's codes, recovery codes, and which roles must have one.

等保 level 3 asks for two factors, one of them cryptographic (GB/T 22239-2019 §8.1.4; field rules 7.3). An account that
has a second factor, an app or a passkey, never gets in by its password alone.
"""

import secrets
from datetime import date, datetime
from uuid import UUID

import pyotp
from django.db import transaction
from django.db.models import Q
from django.utils.crypto import constant_time_compare, salted_hmac

from anlan.city.people.access import postings_of
from anlan.city.people.credentials import Authenticator, Passkey, RecoveryCode
from anlan.city.people.models import Account, Posting
from anlan.foundation.rules import rulebook

ISSUER = "安澜 Anlan"
RECOVERY_CODES = 10
# Without letters and digits that are mistaken for one another; ten of them are 48 bits.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_RECOVERY_LENGTH = 10
# A clock that runs half a minute fast or slow is forgiven. The present step is tried first.
_STEPS = (0, -1, 1)


def has_one(account: Account) -> bool:
    """Does signing in take more than the password?"""
    found = Account.objects.filter(id=account.id)
    return found.filter(Q(authenticator__confirmed_at__isnull=False) | Q(passkeys__isnull=False)).exists()


def has_app(account: Account) -> bool:
    return Authenticator.objects.filter(account=account, confirmed_at__isnull=False).exists()


def required_of(account: Account, *, on: date) -> bool:
    """Must this account have a second factor on that day? By the settings `people.second_factor.*` of its roles."""
    roles = {posting.role for posting in postings_of(account, on=on)}
    if account.is_staff or account.is_superuser:
        roles.add(Posting.RoleName.ADMINISTRATOR)
    return any(rulebook().at(f"people.second_factor.{role.lower()}", on).value for role in roles)


def begin(account: Account) -> None:
    """A new secret for an app, which counts once `confirm` has seen a code of it. An app that counts stays."""
    if not has_app(account):
        Authenticator.objects.update_or_create(account=account, defaults={"secret": pyotp.random_base32()})


def pending_secret(account: Account) -> str | None:
    """The secret that waits for its first code."""
    waiting = Authenticator.objects.filter(account=account, confirmed_at=None).first()
    return waiting.secret if waiting else None


def address_for_app(account: Account, secret: str) -> str:
    """What the QR code holds: an `otpauth:` address."""
    return pyotp.TOTP(secret).provisioning_uri(name=account.username, issuer_name=ISSUER)


def confirm(account: Account, code: str, *, at: datetime) -> bool:
    """Let the app count if the code is its own."""
    waiting = Authenticator.objects.filter(account=account, confirmed_at=None).first()
    if waiting is None or not _fits(waiting, code, at):
        return False
    Authenticator.objects.filter(account=account).update(confirmed_at=at)
    return True


def accepts(account: Account, code: str, *, at: datetime) -> bool:
    """Is this the app's code of now, or a recovery code? Whichever it was, it is spent."""
    app = Authenticator.objects.filter(account=account, confirmed_at__isnull=False).first()
    if app is not None and _fits(app, code, at):
        return True
    return RecoveryCode.objects.filter(account=account, digest=_digest(account, code)).delete()[0] > 0


def remove_app(account: Account) -> None:
    """Take the app away; without any second factor left the recovery codes go too."""
    Authenticator.objects.filter(account=account).delete()
    forget_recovery(account)


def forget_recovery(account: Account) -> None:
    """Recovery codes stand in for a second factor: where there is none, there are none."""
    if not has_one(account):
        RecoveryCode.objects.filter(account=account).delete()


def new_recovery_codes(account: Account) -> list[str]:
    """Ten fresh codes in place of those before. To be shown once: only digests are kept."""
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(_RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)]
    with transaction.atomic():
        RecoveryCode.objects.filter(account=account).delete()
        RecoveryCode.objects.bulk_create(RecoveryCode(account=account, digest=_digest(account, code)) for code in codes)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def first_recovery_codes(account: Account) -> list[str]:
    """Fresh codes for whoever has just got a first second factor; none where there are some already."""
    return [] if RecoveryCode.objects.filter(account=account).exists() else new_recovery_codes(account)


def remove_passkey(account: Account, passkey_id: UUID) -> bool:
    """Take a passkey away; False if the account has no such one."""
    removed = Passkey.objects.filter(account=account, id=passkey_id).delete()[0] > 0
    forget_recovery(account)
    return removed


def reset(account: Account) -> None:
    """Nothing but the password is left: for an administrator, when everything was lost."""
    Authenticator.objects.filter(account=account).delete()
    Passkey.objects.filter(account=account).delete()
    RecoveryCode.objects.filter(account=account).delete()


def _fits(app: Authenticator, code: str, at: datetime) -> bool:
    totp, typed = pyotp.TOTP(app.secret), _bare(code)
    for offset in _STEPS:
        step = totp.timecode(at) + offset
        if constant_time_compare(totp.generate_otp(step), typed):
            # Of two requests with one code only the first finds an earlier step.
            return Authenticator.objects.filter(account_id=app.pk, last_step__lt=step).update(last_step=step) > 0
    return False


def _digest(account: Account, code: str) -> bytes:
    return salted_hmac("anlan.recovery", f"{account.id}:{_bare(code).upper()}", algorithm="sha256").digest()


def _bare(code: str) -> str:
    return "".join(mark for mark in code if mark not in " -\t")
