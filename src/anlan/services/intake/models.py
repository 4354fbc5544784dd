"""What intake itself keeps: when somebody last looked at a report of theirs."""

from datetime import datetime
from uuid import UUID

from django.db import models

from anlan.city.people.models import Account
from anlan.foundation.identifiers import new_id
from anlan.loop.models import Matter


class Visit(models.Model):
    """When an account last opened one of its reports; what happened since is marked as new. Its own rows only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, models.CASCADE, related_name="+", db_index=False)
    matter = models.ForeignKey(Matter, models.CASCADE, related_name="+")
    at = models.DateTimeField()

    account_id: UUID
    matter_id: UUID

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "matter"], name="visit_latest")]

    @classmethod
    def note(cls, account_id: UUID, matter_id: UUID, at: datetime) -> None:
        """Remember the latest visit. For the scope of the account as a reporter."""
        cls.objects.update_or_create(account_id=account_id, matter_id=matter_id, defaults={"at": at})
