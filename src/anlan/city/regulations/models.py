"""What the city has decided about the rules: versions of its own, from a day on."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.foundation.identifiers import new_id


class RuleVersion(models.Model):
    """A rule as the city has it from a day on, in place of the version in force before.

    `body` is the rule as a rule file would have it (`foundation.rules.Rule`). One that has begun is never altered:
    another one follows it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    rule = models.CharField(max_length=120, help_text=_("the rule's name, such as dispatch.close"))
    starts = models.DateField()
    body = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule", "starts"], name="rule_version_once_a_day"),
            models.CheckConstraint(name="rule_version_named", condition=Q(rule__gt="")),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.starts}"
