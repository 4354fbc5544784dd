"""The failure models of this city with their cards, which of them serves as what, and what they said each night.

Append-only: going back to an earlier model, or to the rules alone, is one more choice.
"""

from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.foundation.identifiers import new_id
from anlan.services.prepaid.merchants.models import Shop


class WarningModel(models.Model):
    """One trained model: `content` is `FailureModel.to_bytes()`, `digest` its SHA-256, `card` what it learned from."""

    id = models.BigAutoField(primary_key=True)
    made_at = models.DateTimeField()
    digest = models.CharField(max_length=64, unique=True)
    card = models.JSONField()
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"model/{self.pk}"


class WarningModelChoice(models.Model):
    """What a model does from `at` on; the last choice holds. In shadow it only says what it would; a model that warns
    opens warnings beside the rules, and never takes the rules' place. Without a model the rules are alone."""

    class Part(models.TextChoices):
        ALONE = "alone", _("rules alone")
        SHADOW = "shadow", _("model in shadow")
        WARNS = "warns", _("model warns too")

    id = models.BigAutoField(primary_key=True)
    model = models.ForeignKey(WarningModel, models.PROTECT, null=True, related_name="choices")
    part = models.CharField(max_length=6, choices=Part.choices)
    at = models.DateTimeField()
    by = models.UUIDField(null=True, help_text=_("account; empty: the console"))
    why = models.CharField(max_length=200)

    model_id: int | None

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="prepaid_model_has_a_part",
                condition=models.Q(part="alone", model=None)
                | (~models.Q(part="alone") & models.Q(model__isnull=False)),
            ),
            models.CheckConstraint(name="prepaid_model_choice_says_why", condition=models.Q(why__gt="")),
        ]


class Outlook(models.Model):
    """What a model said of a shop on a day, and why. Of a shop, never of a person."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    shop = models.ForeignKey(Shop, models.PROTECT, related_name="+")
    model = models.ForeignKey(WarningModel, models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    probability = models.FloatField()
    reasons = models.JSONField()

    shop_id: UUID
    model_id: int

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shop", "model", "day"], name="prepaid_outlook_once_a_day")]


class ModelNight(models.Model):
    """A night in which a model looked at every shop, and of how many it would warn."""

    day = models.DateField(primary_key=True)
    model = models.ForeignKey(WarningModel, models.PROTECT, related_name="nights", db_index=False)
    at = models.DateTimeField()
    found = models.PositiveIntegerField()

    model_id: int
