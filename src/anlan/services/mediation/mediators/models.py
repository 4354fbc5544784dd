"""Who mediates: organisations, mediators, what stands between a mediator and a dispute, what may be charged."""

from datetime import date
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anlan.city.people.models import Account, Organisation, Unit
from anlan.foundation.identifiers import new_id
from anlan.foundation.ltree import LTreeField
from anlan.loop.models import Matter, Party, Rating
from anlan.services.mediation.disputes.kinds import Kind


class Body(models.Model):
    """A mediation organisation. Its kind decides whether it may charge (商事调解条例 第十六条, 人民调解法 第四条)."""

    class Type(models.TextChoices):
        PEOPLES = "peoples", _("people's mediation committee")
        SECTORAL = "sectoral", _("sectoral people's mediation committee")
        ADMINISTRATIVE = "administrative", _("administrative authority")
        POLICE = "police", _("police station")
        COURT = "court", _("invited by the court")
        LABOUR = "labour", _("labour dispute mediation body")
        CONSUMER = "consumer", _("consumer association or market regulator")
        COMMERCIAL = "commercial", _("commercial mediation organisation")
        LAW_FIRM = "law_firm", _("law firm")

    MAY_CHARGE = (Type.COMMERCIAL, Type.LAW_FIRM)

    organisation = models.OneToOneField(Organisation, models.PROTECT, primary_key=True, related_name="+")
    type = models.CharField(max_length=14, choices=Type.choices)
    kinds = ArrayField(models.CharField(max_length=20, choices=Kind.choices), default=list, blank=True)
    area = LTreeField(help_text=_("where it mediates"))

    organisation_id: UUID

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "type"], name="body_of_one_type")]

    def __str__(self) -> str:
        return f"{self.get_type_display()} {self.organisation_id}"

    @property
    def may_charge(self) -> bool:
        return self.type in self.MAY_CHARGE


class Mediator(models.Model):
    """A mediator in office. It acts through its unit: what that unit has in hand is what the mediator has."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    body = models.ForeignKey(Body, models.PROTECT, related_name="mediators")
    account = models.OneToOneField(Account, models.PROTECT, related_name="+")
    unit = models.OneToOneField(Unit, models.PROTECT, related_name="+")
    area = LTreeField()
    skills = ArrayField(models.CharField(max_length=20, choices=Kind.choices), default=list)
    languages = ArrayField(models.CharField(max_length=10), default=list)
    home_index = models.BinaryField(null=True, help_text=_("blind index of the home address, to find a conflict"))
    retired_on = models.DateField(null=True, blank=True)

    body_id: UUID
    unit_id: UUID
    account_id: UUID

    def __str__(self) -> str:
        return str(self.id)

    def in_office(self, on: date) -> bool:
        return self.retired_on is None or on < self.retired_on


class Conflict(models.Model):
    """Something between a mediator and a dispute (特邀调解规定 第十五条). It blocks until every side has consented."""

    class Why(models.TextChoices):
        DECLARED = "declared", _("declared")
        PHONE = "phone", _("the same telephone as a party")
        HOUSEHOLD = "household", _("the same household as a party")
        ORGANISATION = "organisation", _("belongs to an organisation that is a party")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    matter = models.ForeignKey(Matter, models.PROTECT, related_name="conflicts")
    area = LTreeField()
    mediator = models.ForeignKey(Mediator, models.PROTECT, related_name="conflicts")
    why = models.CharField(max_length=12, choices=Why.choices)
    text = models.CharField(max_length=200, blank=True)
    found_at = models.DateTimeField()

    mediator_id: UUID
    matter_id: UUID

    class Meta:
        constraints = [models.UniqueConstraint(fields=["matter", "mediator", "why"], name="conflict_once")]

    def __str__(self) -> str:
        return self.get_why_display()


class Consent(models.Model):
    """A party knows of a conflict and wants this mediator all the same."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    conflict = models.ForeignKey(Conflict, models.PROTECT, related_name="consents")
    matter = models.ForeignKey(Matter, models.PROTECT, related_name="+")
    area = LTreeField()
    party = models.ForeignKey(Party, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    party_id: UUID

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conflict", "party"], name="consent_once")]

    def __str__(self) -> str:
        return str(self.id)


class Choice(models.Model):
    """Which mediator a party wants. When all want the same one, that is who it is."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    matter = models.ForeignKey(Matter, models.PROTECT, related_name="+")
    area = LTreeField()
    party = models.ForeignKey(Party, models.PROTECT, related_name="+")
    mediator = models.ForeignKey(Mediator, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    party_id: UUID
    mediator_id: UUID

    class Meta:
        constraints = [models.UniqueConstraint(fields=["matter", "party"], name="one_choice_a_party")]

    def __str__(self) -> str:
        return str(self.id)


class FeeSchedule(models.Model):
    """What an organisation charges, as it published it; only kinds that may charge have one (held by constraint)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    body = models.ForeignKey(Body, models.PROTECT, related_name="schedules", db_constraint=False)
    body_type = models.CharField(max_length=14, choices=Body.Type.choices)
    published_on = models.DateField()
    text = models.TextField()
    percent = models.DecimalField(max_digits=5, decimal_places=2, default=0, help_text=_("of the sum in dispute"))
    least_fen = models.BigIntegerField(default=0)
    most_fen = models.BigIntegerField(null=True)

    body_id: UUID

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "body", "published_on"], name="schedule_as_published"),
            models.CheckConstraint(
                name="schedule_only_of_who_may_charge", condition=Q(body_type__in=("commercial", "law_firm"))
            ),
            models.CheckConstraint(
                name="schedule_possible",
                condition=Q(percent__range=(0, 100), least_fen__gte=0)
                & (Q(most_fen=None) | Q(most_fen__gte=F("least_fen"))),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.body_id} {self.published_on}"


class Fee(models.Model):
    """What one mediation costs: nothing, unless the organisation may charge, its schedule was published before and the
    payer accepted it. All three are held by constraint. The ledger knows of payment; this is only what was agreed."""

    matter = models.OneToOneField(Matter, models.PROTECT, primary_key=True, related_name="+")
    area = LTreeField()
    body = models.ForeignKey(Body, models.PROTECT, related_name="+", db_constraint=False)
    body_type = models.CharField(max_length=14, choices=Body.Type.choices)
    amount_fen = models.BigIntegerField(default=0)
    schedule = models.ForeignKey(FeeSchedule, models.PROTECT, null=True, related_name="+", db_constraint=False)
    schedule_published_on = models.DateField(null=True)
    payer = models.ForeignKey(Party, models.PROTECT, null=True, related_name="+")
    accepted_on = models.DateField(null=True)

    matter_id: UUID

    class Meta:
        constraints = [
            models.CheckConstraint(name="fee_not_negative", condition=Q(amount_fen__gte=0)),
            models.CheckConstraint(
                name="fee_only_of_who_may_charge",
                condition=Q(amount_fen=0) | Q(body_type__in=("commercial", "law_firm")),
            ),
            models.CheckConstraint(
                name="fee_accepted_after_publication",
                condition=Q(amount_fen=0)
                | Q(
                    schedule__isnull=False,
                    payer__isnull=False,
                    accepted_on__isnull=False,
                    schedule_published_on__lte=F("accepted_on"),
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.matter_id}: {self.amount_fen}"


class ServiceRating(models.Model):
    """How a party found a finished mediation, in five levels. It is shown of the organisation, never of a party."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    matter = models.ForeignKey(Matter, models.PROTECT, related_name="+")
    area = LTreeField()
    body = models.ForeignKey(Body, models.PROTECT, related_name="ratings")
    party = models.ForeignKey(Party, models.PROTECT, related_name="+")
    rating = models.PositiveSmallIntegerField(choices=Rating.choices)
    text = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["matter", "party"], name="service_rated_once"),
            models.CheckConstraint(name="service_rating_five_levels", condition=Q(rating__range=(1, 5))),
        ]

    def __str__(self) -> str:
        return f"{self.matter_id}: {self.rating}"
