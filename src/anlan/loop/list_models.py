"""What people on duty keep beside the matters: the filters they use, and the lists they have taken out."""

from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.city.people.models import Account
from anlan.foundation.identifiers import new_id


class SavedFilter(models.Model):
    """A way of looking at a list, by a name of one's own. Nobody else's business: read by account only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, models.CASCADE, related_name="+", db_index=False)
    page = models.CharField(max_length=20, help_text=_("the name of the page's address"))
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000, help_text=_("what stands behind the question mark"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "page", "name"], name="saved_filter_by_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Export(models.Model):
    """A list taken out of the program: who asked, when, and for what; that part the database lets nobody change.

    The file lies in `ANLAN_HOME/exports` for a day; the row stays.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("being written")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")
        EXPIRED = "expired", _("removed")

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "XLSX"

    UNDER_WAY = (State.WAITING, State.RUNNING)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    posting_id = models.UUIDField(null=True, help_text=_("the posting acted in; empty for all that are held"))
    asked_at = models.DateTimeField()
    format = models.CharField(max_length=4, choices=Format.choices)
    language = models.CharField(max_length=10)
    filters = models.JSONField()

    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    rows = models.PositiveIntegerField(null=True, help_text=_("how many there are to write; empty until counted"))
    rows_done = models.PositiveIntegerField(default=0)
    cursor = models.CharField(max_length=80, blank=True, help_text=_("after which matter to go on"))
    bytes_done = models.PositiveBigIntegerField(default=0, help_text=_("how much of the file counts"))
    failures = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["account", "-asked_at"], name="export_of_account"),
            models.Index(fields=["asked_at"], name="export_under_way", condition=Q(state__in=("waiting", "running"))),
            models.Index(fields=["ended_at"], name="export_kept", condition=Q(state="ready")),
        ]

    account_id: UUID

    @property
    def is_under_way(self) -> bool:
        return self.state in self.UNDER_WAY
