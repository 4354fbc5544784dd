"""The one table of the foundation."""

from django.db import models


class Topic(models.Model):
    """How often something that processes keep in memory has changed; see `freshness`."""

    name = models.CharField(primary_key=True, max_length=40)
    changes = models.PositiveBigIntegerField(default=1)
