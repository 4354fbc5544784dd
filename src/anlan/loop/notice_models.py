"""What people on duty have read of the notices to their command centre or unit."""

from django.db import models

from anlan.city.people.models import Account
from anlan.foundation.identifiers import new_id


class NoticesRead(models.Model):
    """Up to when somebody has read what one addressee was told. Nobody else's business: read by account only.

    `addressee` is the path of a command centre's area or the identifier of a unit: whoever changes their posting
    finds each desk's notices as they left them.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, models.CASCADE, related_name="+", db_index=False)
    addressee = models.CharField(max_length=80)
    until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "addressee"], name="notices_read_by_addressee")]
