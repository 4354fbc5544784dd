"""What was learned, with its card, and what has served when. Both append-only: going back is one more choice."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class TriageModel(models.Model):
    """One trained head and its card: what it learned from, when, and how it did on what was held back.

    `content` is `LinearModel.to_bytes()`; `digest` its SHA-256.
    """

    class Source(models.TextChoices):
        DECISIONS = "decisions", _("decisions of dispatchers")
        FILE = "file", _("a file")

    id = models.BigAutoField(primary_key=True)
    head = models.CharField(max_length=10, help_text=_("what it chooses: category, klass or severity"))
    made_at = models.DateTimeField()
    source = models.CharField(max_length=10, choices=Source.choices)
    digest = models.CharField(max_length=64)
    card = models.JSONField()
    content = models.BinaryField()

    class Meta:
        app_label = "triage"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"model/{self.pk}"


class TriageModelChoice(models.Model):
    """From `at` on this model serves its head; None: the rules alone do. The last choice of a head holds."""

    id = models.BigAutoField(primary_key=True)
    head = models.CharField(max_length=10)
    model = models.ForeignKey(TriageModel, models.PROTECT, null=True, related_name="choices")
    at = models.DateTimeField()
    why = models.CharField(max_length=200)

    model_id: int | None

    class Meta:
        app_label = "triage"
        ordering = ["-id"]
        indexes = [models.Index(fields=["head", "-id"], name="triage_choice_latest")]


class SecondLook(models.Model):
    """What the last night would file elsewhere; the one row there is.

    `read` open reports; `right` of the `judged` held-back texts on which it was sure, it read as people had. `found`
    holds for each matter `matter`, `was`, `category`, `probability` and `words`, the surest first.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    read = models.PositiveIntegerField()
    right = models.PositiveIntegerField()
    judged = models.PositiveIntegerField()
    found = models.JSONField()

    class Meta:
        app_label = "triage"
