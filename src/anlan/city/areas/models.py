"""The administrative tree: city, district, town or street, community or village, grid."""

from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from anlan.foundation.identifiers import new_id
from anlan.foundation.ltree import LTreeField


def _label(position: int) -> Func:
    """One label of the path, counted from its end."""
    return Func(
        F("path"),
        Value(position),
        Value(1),
        template="ltree2text(subpath(%(expressions)s))",
        output_field=models.CharField(),
    )


class Area(models.Model):
    """One node of the tree, known by its official code.

    A grid belongs to exactly one community: the path's last two labels are the parent's and the area's own
    code, and its depth is the level, all held by constraint.
    """

    class Level(models.IntegerChoices):
        CITY = 1, _("city")
        DISTRICT = 2, _("district")
        TOWN = 3, _("town or street")
        COMMUNITY = 4, _("community or village")
        GRID = 5, _("grid")

    code = models.CharField(primary_key=True, max_length=17)
    path = LTreeField(unique=True)
    level = models.PositiveSmallIntegerField(choices=Level.choices)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=10, help_text=_("街道, 镇, 乡, 社区, 村, 网格 …"))
    households = models.PositiveIntegerField(null=True, blank=True)
    lon = models.FloatField(null=True, blank=True, help_text=_("a point inside, WGS-84"))
    lat = models.FloatField(null=True, blank=True)
    boundary = models.JSONField(null=True, blank=True, help_text=_("one closed ring of [lon, lat], WGS-84"))
    synthetic = models.BooleanField(default=False, help_text=_("boundary and households are not real data"))
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["parent", "code"], name="area_children"),
            models.Index(fields=["level"], name="area_level"),
            # For `path__within`: a town's areas among the 30,000 of a city.
            GistIndex(fields=["path"], name="area_path_tree"),
        ]
        constraints = [
            models.CheckConstraint(
                name="area_level_is_depth",
                condition=Q(level=Func(F("path"), function="nlevel", output_field=models.IntegerField())),
            ),
            models.CheckConstraint(name="area_path_ends_in_code", condition=Q(code=_label(-1))),
            models.CheckConstraint(
                name="area_path_goes_through_parent",
                condition=Q(level=1, parent=None)
                # Said outright, because a CHECK over NULL passes.
                | Q(level__gt=1, parent__isnull=False, parent=_label(-2)),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AreaChange(models.Model):
    """History of the tree: who changed what, from when. Append-only."""

    class Kind(models.TextChoices):
        CREATED = "created", _("created")
        RENAMED = "renamed", _("renamed")
        REDRAWN = "redrawn", _("redrawn")
        MERGED = "merged", _("merged")
        SPLIT = "split", _("split")
        CLOSED = "closed", _("closed")

    area = models.ForeignKey(Area, models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    effective_on = models.DateField()
    recorded_at = models.DateTimeField()
    recorded_by = models.UUIDField(null=True, help_text=_("account; empty for the first load"))
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.CharField(max_length=200)

    class Meta:
        ordering = ["area", "effective_on", "id"]


class GridPlan(models.Model):
    """Several changes to the grids of one community, drawn together, checked as a whole, in force from one day.

    `base` are the grids as they were when the plan began, `drawing` as they shall be (`grid_changes.stored`); `past`
    and `future` are the drawings that undo and redo lead to. A community has one open plan at a time.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("being drawn")
        DECIDED = "decided", _("decided")
        IN_FORCE = "in_force", _("in force (plan)")
        WITHDRAWN = "withdrawn", _("withdrawn (plan)")

    OPEN = (State.DRAFT, State.DECIDED)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    community = models.ForeignKey(Area, models.PROTECT, related_name="grid_plans")
    reason = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    base = models.JSONField(default=list)
    drawing = models.JSONField(default=list)
    past = models.JSONField(default=list)
    future = models.JSONField(default=list)
    made_at = models.DateTimeField()
    made_by = models.UUIDField(null=True)
    effective_on = models.DateField(null=True)
    decided_by = models.UUIDField(null=True)
    in_force_at = models.DateTimeField(null=True)
    outdated = models.BooleanField(default=False, help_text=_("the areas were changed in another way on its day"))
    followed_at = models.DateTimeField(null=True, help_text=_("when matters, units and postings had followed"))
    moved = models.JSONField(default=dict, help_text=_("how many followed, by kind"))

    class Meta:
        indexes = [models.Index(fields=["state", "effective_on"], name="grid_plan_due")]
        constraints = [
            models.UniqueConstraint(
                fields=["community"], condition=Q(state__in=("draft", "decided")), name="one_open_grid_plan"
            ),
            models.CheckConstraint(
                name="grid_plan_has_its_day",
                condition=Q(state__in=("draft", "withdrawn")) | Q(effective_on__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.community.name} {self.made_at:%Y-%m-%d}"
