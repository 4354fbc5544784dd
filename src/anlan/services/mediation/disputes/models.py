"""The library of all disputes: what is known of one beyond its matter, who it is between, and what was tried before."""

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anlan.foundation.identifiers import new_id
from anlan.foundation.ltree import LTreeField
from anlan.loop.models import Matter, Party
from anlan.services.mediation.disputes.kinds import Fact, Kind
from anlan.services.mediation.procedures.schemas import HIGHEST_SUM


class Source(models.TextChoices):
    """Where a dispute was raised: the three sources (警源、访源、诉源), and what came by itself or was found."""

    POLICE = "police", _("police")
    PETITION = "petition", _("petition")
    COURT = "court", _("court")
    SELF = "self", _("the parties themselves")
    PATROL = "patrol", _("patrol")


class Dispute(models.Model):
    """What is known of a dispute beyond its matter. One that was raised again is a matter of its own, merged into the
    first; each keeps where it came from."""

    matter = models.OneToOneField(Matter, models.PROTECT, primary_key=True, related_name="dispute")
    area = LTreeField()
    source = models.CharField(max_length=8, choices=Source.choices)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    occurred_on = models.DateField(null=True)
    amount_fen = models.BigIntegerField(null=True)
    people = models.PositiveIntegerField(default=2, help_text=_("how many are involved"))
    facts = ArrayField(models.CharField(max_length=20, choices=Fact.choices), default=list)
    suggested_grade = models.PositiveSmallIntegerField(help_text=_("by the program; a person decides"))
    opened_at = models.DateTimeField()

    matter_id: UUID

    class Meta:
        indexes = [models.Index(fields=["source", "opened_at"], name="dispute_by_source")]
        constraints = [
            models.CheckConstraint(
                name="dispute_sum_possible", condition=Q(amount_fen=None) | Q(amount_fen__range=(0, HIGHEST_SUM))
            ),
            models.CheckConstraint(name="dispute_grade_four", condition=Q(suggested_grade__range=(1, 4))),
        ]

    def __str__(self) -> str:
        return str(self.matter_id)


class Disputant(models.Model):
    """One side of a dispute: a person or an organisation of its matter, and the indexes by which it is known again.

    The indexes lead from one dispute to the other in which the same sides meet; nothing is counted by person.
    """

    class Side(models.TextChoices):
        APPLICANT = "applicant", _("applicant")
        RESPONDENT = "respondent", _("respondent")
        THIRD = "third", _("third party")

    party = models.OneToOneField(Party, models.PROTECT, primary_key=True, related_name="+")
    matter = models.ForeignKey(Matter, models.PROTECT, related_name="disputants")
    area = LTreeField()
    side = models.CharField(max_length=10, choices=Side.choices)
    is_organisation = models.BooleanField(default=False)
    is_minor = models.BooleanField(default=False)
    guardian = models.ForeignKey("self", models.PROTECT, null=True, related_name="wards", db_index=False)
    id_index = models.BinaryField(null=True)
    phone_index = models.BinaryField(null=True)
    name_index = models.BinaryField(null=True)
    home_index = models.BinaryField(null=True)

    party_id: UUID
    matter_id: UUID
    guardian_id: UUID | None

    class Meta:
        indexes = [
            models.Index(fields=["id_index"], name="disputant_by_id", condition=Q(id_index__isnull=False)),
            models.Index(fields=["phone_index"], name="disputant_by_phone", condition=Q(phone_index__isnull=False)),
            models.Index(fields=["name_index"], name="disputant_by_name", condition=Q(name_index__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                name="disputant_minor_has_guardian", condition=Q(is_minor=False) | Q(guardian__isnull=False)
            ),
            models.CheckConstraint(name="disputant_not_own_guardian", condition=~Q(guardian=F("party"))),
        ]

    def __str__(self) -> str:
        return f"{self.get_side_display()} {self.party_id}"


class Attempt(models.Model):
    """What was tried before the dispute came here, and what came of it."""

    class Result(models.TextChoices):
        AGREED = "agreed", _("agreed")
        FAILED = "failed", _("no agreement")
        PENDING = "pending", _("still pending")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    matter = models.ForeignKey(Matter, models.PROTECT, related_name="attempts")
    area = LTreeField()
    source = models.CharField(max_length=8, choices=Source.choices)
    office = models.CharField(max_length=80)
    on = models.DateField()
    result = models.CharField(max_length=8, choices=Result.choices)
    text = models.CharField(max_length=200, blank=True)
    told_at = models.DateTimeField()
    told_by = models.UUIDField(null=True)

    def __str__(self) -> str:
        return f"{self.office} {self.on}"


class DisputeGrams(models.Model):
    """The words of a dispute as keyed numbers, by which the library is searched.

    This table alone lies outside the row policies, so that its index can be used: it holds no word and no name
    that could be read, and whatever it finds is looked up in the asker's scope.
    """

    matter = models.OneToOneField(Matter, models.PROTECT, primary_key=True, related_name="dispute_grams")
    area = LTreeField()
    grams = ArrayField(models.IntegerField())

    class Meta:
        indexes = [GinIndex(fields=["grams"], name="dispute_grams", fastupdate=False)]

    def __str__(self) -> str:
        return str(self.pk)
