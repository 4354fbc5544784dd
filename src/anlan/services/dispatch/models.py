"""The routing table: which unit takes what where. It decides; a suggestion never does."""

from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.city.people.models import Unit
from anlan.foundation.identifiers import new_id
from anlan.foundation.ltree import LTreeField


class Route(models.Model):
    """Matters of a category (and below it) in an area (and below it) go to a unit without asking.

    The unit is named, or is the only one of a kind whose home is the matter's own grid. Of several rows that fit,
    the one with the longest category, then the deepest area, decides.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    category = models.CharField(max_length=60, blank=True, help_text=_("empty: every category"))
    area = LTreeField()
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True)
    unit_kind = models.CharField(max_length=16, blank=True, choices=Unit.Kind.choices)

    unit_id: UUID | None

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["category", "area"], name="route_one_answer"),
            models.CheckConstraint(
                name="route_unit_or_kind",
                condition=Q(unit__isnull=False, unit_kind="") | Q(unit=None, unit_kind__gt=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category or '*'} · {self.area.rpartition('.')[2]}"
