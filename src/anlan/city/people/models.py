"""Who is there: accounts, organisations, units on duty, and postings (a role in an area, for a time)."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from anlan.city.areas.models import Area
from anlan.city.people.credentials import Authenticator, Passkey, RecoveryCode, SignedIn
from anlan.foundation.identifiers import new_id
from anlan.foundation.sealing.fields import SealedTextField, blind_index

__all__ = [
    "Account",
    "Authenticator",
    "ExternalIdentity",
    "Organisation",
    "Passkey",
    "PhoneCode",
    "Posting",
    "RecoveryCode",
    "SignInFailure",
    "SignedIn",
    "Unit",
]


class Organisation(models.Model):
    """An office that can be responsible for a matter: a command centre, a department, a police station."""

    class Kind(models.TextChoices):
        COMMAND = "command", _("command centre")
        DEPARTMENT = "department", _("department")
        HOTLINE = "hotline", _("12345 hotline")
        POLICE = "police", _("police")
        COMMUNITY = "community", _("community or village")
        PARTNER = "partner", _("partner")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    area = models.ForeignKey(Area, models.PROTECT, related_name="organisations")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["area"], condition=Q(kind="command"), name="one_command_centre_an_area")
        ]

    def __str__(self) -> str:
        return self.name


class AccountManager(BaseUserManager["Account"]):
    def create_user(self, username: str, password: str | None = None, **fields: Any) -> "Account":
        account = self.model(username=username, **fields)
        account.set_password(password)
        account.save(using=self._db)
        return account

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> "Account":
        return self.create_user(username, password, is_superuser=True, is_staff=True, **fields)


class Account(AbstractBaseUser, PermissionsMixin):
    """Someone who can sign in. What an account may do comes from its postings, not from here.

    A resident's account opens with a code sent to its telephone alone: it holds no posting, whatever the table of
    postings says (`access.postings_of`).
    """

    class Kind(models.TextChoices):
        STAFF = "staff", _("staff")
        RESIDENT = "resident", _("resident")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.STAFF)
    username = models.CharField(max_length=60, unique=True)
    name = SealedTextField(null=True, blank=True)
    phone = SealedTextField(null=True, blank=True)
    phone_index = models.BinaryField(max_length=32, null=True, blank=True, editable=False, db_index=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text=_("may open the administration pages"))
    # Set with a one-time password: the next sign-in leads to the page that changes it, and nowhere else.
    must_change_password = models.BooleanField(default=False, editable=False)
    # Counted up by a sign-out everywhere: no session or token from before holds any more.
    generation = models.PositiveIntegerField(default=0, editable=False)

    USERNAME_FIELD = "username"
    objects: ClassVar[AccountManager] = AccountManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["phone_index"], condition=Q(kind="resident"), name="one_resident_a_telephone"
            ),
            models.CheckConstraint(
                name="resident_administers_nothing",
                condition=~Q(kind="resident") | Q(is_staff=False, is_superuser=False),
            ),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.phone_index = blind_index("phone", self.phone) if self.phone else None
        super().save(*args, **kwargs)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        # Django's own, which ends sessions with the password; here they end with the generation as well.
        vouched = f"{self.generation}:{self.password}"
        return salted_hmac("anlan.people.signed_in", vouched, secret=secret, algorithm="sha256").hexdigest()


class Unit(models.Model):
    """Those on duty who can be sent: a grid worker, a patrol, a guard post, volunteers, a fire post.

    A position is kept only while the unit is on duty (held by constraint).
    """

    class Kind(models.TextChoices):
        GRID_WORKER = "grid_worker", _("grid worker")
        PATROL = "patrol", _("patrol")
        GUARD = "guard", _("guard")
        VOLUNTEERS = "volunteers", _("volunteers")
        FIRE_POST = "fire_post", _("fire post")
        DEPARTMENT_TEAM = "department_team", _("department team")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="units")
    home = models.ForeignKey(Area, models.PROTECT, related_name="units", verbose_name=_("home area"))
    skills = ArrayField(models.CharField(max_length=30), default=list)
    capacity = models.PositiveSmallIntegerField(default=1, help_text=_("matters it can hold at once"))
    shift_start = models.TimeField(null=True, blank=True, help_text=_("empty: around the clock"))
    shift_end = models.TimeField(null=True, blank=True)
    on_duty = models.BooleanField(default=False)
    lon = models.FloatField(null=True, blank=True)
    lat = models.FloatField(null=True, blank=True)
    position_at = models.DateTimeField(null=True, blank=True)
    retired_on = models.DateField(null=True, blank=True, editable=False)

    class Meta:
        indexes = [models.Index(fields=["home", "on_duty"], name="unit_on_duty")]
        constraints = [
            models.CheckConstraint(
                name="unit_position_only_on_duty",
                condition=Q(on_duty=True) | Q(lon=None, lat=None, position_at=None),
            ),
            models.CheckConstraint(
                name="unit_shift_whole",
                condition=Q(shift_start=None, shift_end=None) | Q(shift_start__isnull=False, shift_end__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def works_at(self, moment: datetime) -> bool:
        """Is `moment` (local time) inside the unit's shift? A shift may run over midnight."""
        if self.shift_start is None or self.shift_end is None:
            return True
        time = moment.time()
        if self.shift_start <= self.shift_end:
            return self.shift_start <= time < self.shift_end
        return time >= self.shift_start or time < self.shift_end


class Posting(models.Model):
    """A person's role in an area, from a date to a date (the last day excluded).

    One that ends on the day it starts was taken back before it was held for a day; it counts for no day.
    """

    class RoleName(models.TextChoices):
        RESPONDER = "RESPONDER", _("responder")
        DISPATCHER = "DISPATCHER", _("dispatcher")
        SUPERVISOR = "SUPERVISOR", _("supervisor")
        ADMINISTRATOR = "ADMINISTRATOR", _("administrator")
        AUDITOR = "AUDITOR", _("auditor")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="postings")
    role = models.CharField(max_length=16, choices=RoleName.choices)
    area = models.ForeignKey(Area, models.PROTECT, related_name="postings")
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="postings")
    starts = models.DateField()
    ends = models.DateField(null=True, blank=True)

    unit_id: UUID | None
    organisation_id: UUID | None

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="posting_responder_has_unit", condition=~Q(role="RESPONDER") | Q(unit__isnull=False)
            ),
            models.CheckConstraint(
                name="posting_not_over_before_it_starts", condition=Q(ends=None) | Q(ends__gte=F("starts"))
            ),
            ExclusionConstraint(
                name="posting_held_once_at_a_time",
                expressions=[
                    ("account", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    ("area", RangeOperators.EQUAL),
                    (Func(F("starts"), F("ends"), function="daterange"), RangeOperators.OVERLAPS),
                ],
            ),
        ]


class SignInFailure(models.Model):
    """A failed attempt to sign in, kept as long as it counts: no name and no address, only their keyed digests."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.BinaryField(max_length=32)
    address = models.BinaryField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["name", "at"], name="sign_in_failure_name"),
            models.Index(fields=["address", "at"], name="sign_in_failure_address"),
        ]


class PhoneCode(models.Model):
    """A code sent to a telephone, kept while it counts against the limits: only keyed digests, no number, no address.

    `phone` is the number's blind index. A code is spent by its first right answer, and by too many wrong ones.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    phone = models.BinaryField(max_length=16)
    address = models.BinaryField(max_length=32)
    code = models.BinaryField(max_length=32)
    at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["phone", "at"], name="phone_code_phone"),
            models.Index(fields=["address", "at"], name="phone_code_address"),
            models.Index(fields=["at"], name="phone_code_at"),
        ]


class ExternalIdentity(models.Model):
    """An account as a provider outside knows it (OpenID Connect). The subject is the provider's own name for it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, models.CASCADE, related_name="identities")
    issuer = models.URLField(max_length=300)
    subject = models.BinaryField(max_length=32, help_text=_("keyed digest; some providers use an identity number"))
    linked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "subject"], name="external_identity_once")]
