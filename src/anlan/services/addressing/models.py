"""Files of addresses that people on duty have given in to be looked up."""

from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.city.people.models import Account
from anlan.foundation.identifiers import new_id


class Batch(models.Model):
    """One file of addresses: who gave it in, how far its answers are, and how many of each kind.

    The addresses and their answers lie in `ANLAN_HOME/address-batches` for a day; the row stays and holds none of them.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting its turn")
        RUNNING = "running", _("being looked up")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")
        EXPIRED = "expired", _("removed")

    UNDER_WAY = (State.WAITING, State.RUNNING)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    asked_at = models.DateTimeField()
    language = models.CharField(max_length=10)
    name = models.CharField(max_length=120, help_text=_("what the file was called"))
    rows = models.PositiveIntegerField()

    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    rows_done = models.PositiveIntegerField(default=0)
    bytes_done = models.PositiveBigIntegerField(default=0, help_text=_("how much of the file counts"))
    resolved = models.PositiveIntegerField(default=0)
    ambiguous = models.PositiveIntegerField(default=0)
    unknown = models.PositiveIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["account", "-asked_at"], name="batch_of_account"),
            models.Index(fields=["asked_at"], name="batch_under_way", condition=Q(state__in=("waiting", "running"))),
            models.Index(fields=["ended_at"], name="batch_kept", condition=Q(state="ready")),
        ]
        constraints = [
            # Looked for before one is taken in; two sent in the same moment are told apart here.
            models.UniqueConstraint(
                fields=["account"], name="batch_one_at_a_time", condition=Q(state__in=("waiting", "running"))
            ),
        ]

    account_id: UUID

    @property
    def is_under_way(self) -> bool:
        return self.state in self.UNDER_WAY
