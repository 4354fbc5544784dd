"""What the city has changed in the category tree that `categories.toml` declares."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.loop.suggestions import KLASS_LABELS, SEVERITY_LABELS
from anlan.services.triage.learning.models import SecondLook as SecondLook
from anlan.services.triage.learning.models import TriageModel as TriageModel
from anlan.services.triage.learning.models import TriageModelChoice as TriageModelChoice


class CategoryChange(models.Model):
    """One category as the city has it, laid over the declared one; what is empty stays as declared.

    `own` is a category that the city has added. One that is `off` is suggested and offered no more; matters that have
    it keep it.
    """

    slug = models.CharField(primary_key=True, max_length=60)
    zh = models.CharField(max_length=40, blank=True)
    en = models.CharField(max_length=80, blank=True)
    department = models.CharField(max_length=40, blank=True)
    skills = ArrayField(models.CharField(max_length=30), null=True, blank=True)
    klass = models.CharField(
        max_length=10, blank=True, choices=[(each.value, name) for each, name in KLASS_LABELS.items()]
    )
    severity = models.PositiveSmallIntegerField(
        null=True, blank=True, choices=[(each.value, name) for each, name in SEVERITY_LABELS.items()]
    )
    keywords = ArrayField(models.CharField(max_length=40), null=True, blank=True)
    off = models.BooleanField(default=False, help_text=_("for new reports"))
    own = models.BooleanField(default=False, help_text=_("added by the city"))

    def __str__(self) -> str:
        return self.slug
