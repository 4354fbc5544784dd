"""What the inspection of the address base keeps: findings, rounds of spot checks, and each community's scores.

Nothing here counts what a person did: a finding, a check and a score are of an address or of a community's base.
"""

from datetime import datetime
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.city.addresses.models import Address
from anlan.foundation.identifiers import new_id
from anlan.foundation.ltree import LTreeField
from anlan.loop.models import Matter


class Finding(models.Model):
    """Something about an address that looks wrong, found by the program.

    `about` says which field or aspect, `value` what was found there: the same finding is kept once, from the first
    night it was seen (`since`) until it is gone or somebody says why it is fine. What has been said to be fine
    comes back only with another value.
    """

    class Kind(models.TextChoices):
        DUPLICATE = "duplicate", _("entered twice")
        ORPHAN = "orphan", _("what it lies in has ended")
        OUTSIDE = "outside", _("outside its grid")
        MISSING = "missing", _("a level is missing")
        NUMBER = "number", _("impossible number")
        CODE = "code", _("code is not valid")
        FIELD = "field", _("breaks a field rule")
        STALE = "stale", _("not checked for long")

    class Settled(models.TextChoices):
        GONE = "gone", _("gone from the base")
        FINE = "fine", _("is fine")

    # Numbered by the database, which finds thousands of them in one statement.
    id = models.BigAutoField(primary_key=True)
    address = models.ForeignKey(Address, models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    about = models.CharField(max_length=20)
    value = models.CharField(max_length=200)
    area = LTreeField()
    community = models.CharField(max_length=12, blank=True)
    since = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_how = models.CharField(max_length=4, blank=True, choices=Settled.choices)
    settled_by = models.UUIDField(null=True, help_text=_("account; empty for the program"))
    reason = models.CharField(max_length=200, blank=True)

    address_id: UUID

    class Meta:
        indexes = [
            models.Index(fields=["community", "kind"], name="finding_open", condition=Q(settled_at=None)),
            models.Index(fields=["-id"], name="finding_settled", condition=Q(settled_at__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["address", "kind", "about", "value"], condition=Q(settled_at=None), name="finding_open_once"
            ),
            models.CheckConstraint(
                name="finding_settled_is_explained",
                condition=Q(settled_at=None, settled_how="")
                | Q(settled_at__isnull=False, settled_how="gone")
                | Q(settled_at__isnull=False, settled_how="fine", reason__gt=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.value}"


class Round(models.Model):
    """A random sample of an area's addresses, drawn to measure how many are right.

    `seed`, `population` and `frame` (a digest of the codes that could have been drawn) let anybody repeat the draw.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    area = LTreeField()
    reason = models.CharField(max_length=200)
    confidence = models.FloatField()
    margin = models.FloatField()
    rooms = models.BooleanField(default=False)
    seed = models.CharField(max_length=32)
    population = models.PositiveIntegerField()
    frame = models.CharField(max_length=64)
    drawn_at = models.DateTimeField()
    drawn_on = models.DateField()
    drawn_by = models.UUIDField()

    class Meta:
        indexes = [models.Index(fields=["-drawn_at"], name="round_newest")]

    def __str__(self) -> str:
        return f"{self.area.rpartition('.')[2]} {self.drawn_on}"


class Check(models.Model):
    """One address to be looked at on the spot, for a round or for a finding; its matter carries what was found."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    round = models.ForeignKey(Round, models.PROTECT, null=True, related_name="checks")
    finding = models.ForeignKey(Finding, models.PROTECT, null=True, related_name="checks")
    address = models.ForeignKey(Address, models.PROTECT, related_name="+")
    area = LTreeField()
    matter = models.OneToOneField(Matter, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    asked_by = models.UUIDField()

    address_id: UUID
    matter_id: UUID | None

    class Meta:
        indexes = [models.Index(fields=["asked_at"], name="check_waiting", condition=Q(matter=None))]
        constraints = [
            models.CheckConstraint(
                name="check_for_round_or_finding",
                condition=Q(round__isnull=False, finding=None) | Q(round=None, finding__isnull=False),
            ),
            models.UniqueConstraint(fields=["round", "address"], name="check_once_a_round"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Score(models.Model):
    """How good a community's part of the base was when it was last inspected; shares from 0 to 1, null where there is
    nothing to measure."""

    community = models.CharField(primary_key=True, max_length=12)
    area = LTreeField()
    at = models.DateTimeField()
    addresses = models.PositiveIntegerField()
    completeness = models.FloatField(null=True)
    uniqueness = models.FloatField(null=True)
    code_validity = models.FloatField(null=True)
    in_grid = models.FloatField(null=True)
    aliases = models.FloatField(null=True)
    freshness = models.FloatField(null=True)

    def __str__(self) -> str:
        return self.community


class Inspection(models.Model):
    """When an area was last inspected by the program, so that a night is not done twice."""

    area = LTreeField(primary_key=True)
    at: "models.DateTimeField[datetime, datetime]" = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.area} {self.at}"
