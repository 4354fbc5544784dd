"""Who changed what in the city's own tables: areas, offices, units, accounts, postings, routes, categories, rules."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.foundation.ltree import LTreeField


class AuditEntry(models.Model):
    """One administrative change. Append-only by privilege; each entry's hash covers the one before it.

    `area` is where the thing changed lies (the row policy reads it), `acted_in` where the role was held. `difference`
    has the values before and after of each field that changed; of a sealed one only that it changed. The account has
    no foreign key: an entry outlives everything it speaks of.
    """

    seq = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    account_id = models.UUIDField(null=True, help_text=_("empty: the program"))
    account = models.CharField(max_length=60, blank=True, help_text=_("user name"))
    role = models.CharField(max_length=16)
    acted_in = LTreeField()
    area = LTreeField()
    what = models.CharField(max_length=60, help_text=_("the model, such as people.unit"))
    object_id = models.CharField(max_length=80)
    label = models.CharField(max_length=200)
    verb = models.CharField(max_length=30)
    difference = models.JSONField()
    reason = models.CharField(max_length=1000, blank=True)
    suite = models.PositiveSmallIntegerField(help_text=_("hash function"))
    hash = models.BinaryField(max_length=32)

    class Meta:
        indexes = [
            models.Index(fields=["what", "object_id", "-seq"], name="audit_of_object"),
            models.Index(fields=["account", "-seq"], name="audit_by_account"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.label}"


class AuditHead(models.Model):
    """The chain's last link, in one row: who adds an entry locks it, so that entries come one after the other."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField(default=0)
    hash = models.BinaryField(max_length=32)
