"""What the nights have found: topics with their members, and what is rising.

A topic's rows hold nothing that anybody said: title, heat, place and time are drawn at reading from those of its
members that the reader may see, so that a topic that reaches beyond somebody's areas tells them of their own part only.
"""

from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anlan.foundation.identifiers import new_id
from anlan.foundation.ltree import LTreeField
from anlan.insight.topics.stages import Stage
from anlan.loop.models import Matter


class Topic(models.Model):
    """Matters that report the same issue, the same topic from night to night while most of its members stay."""

    class State(models.TextChoices):
        FOUND = "found", _("not decided on")
        TAKEN_UP = "taken_up", _("taken up")
        DISMISSED = "dismissed", _("dismissed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.FOUND)
    found_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.UUIDField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    parent = models.ForeignKey(Matter, models.PROTECT, null=True, related_name="+", db_index=False)

    parent_id: UUID | None

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="topic_taken_up_has_a_parent", condition=~Q(state="taken_up") | Q(parent__isnull=False)
            )
        ]


class TopicMember(models.Model):
    """One matter of a topic. One that a person has taken out stays as such, so that no night puts it back."""

    id = models.BigAutoField(primary_key=True)
    topic = models.ForeignKey(Topic, models.CASCADE, related_name="members")
    matter = models.ForeignKey(Matter, models.CASCADE, related_name="+", db_index=False)
    taken_out = models.BooleanField(default=False)

    topic_id: UUID
    matter_id: UUID

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["matter"], condition=Q(taken_out=False), name="matter_is_in_one_topic"),
            models.UniqueConstraint(fields=["matter", "topic"], name="matter_is_in_a_topic_once"),
        ]


class TopicSearch(models.Model):
    """A night's look: over how many matters, opened since when, and how many topics there were then."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    since = models.DateTimeField()
    matters = models.PositiveIntegerField()
    topics = models.PositiveIntegerField()


class TopicCount(models.Model):
    """Topics counted anew because somebody asked by day: how far that is, and how it ended. One at a time."""

    id = models.BigAutoField(primary_key=True)
    asked_at = models.DateTimeField()
    asked_by = models.UUIDField()
    stage = models.PositiveSmallIntegerField(choices=Stage.choices, default=Stage.WAITING)
    moved_at = models.DateTimeField(help_text=_("when it came to this stage"))
    ended_at = models.DateTimeField(null=True)
    failed = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                models.Value(1), condition=Q(ended_at=None), name="topics_are_counted_once_at_a_time"
            )
        ]


class Rising(models.Model):
    """More came in of a category in an area than its own past explains, in the `days` days before the day `day`."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField(db_index=True)
    days = models.PositiveSmallIntegerField()
    area = LTreeField()
    category = models.CharField(max_length=60)
    count = models.PositiveIntegerField()
    expected = models.FloatField()
    chance = models.FloatField(help_text=_("that as many or more come where nothing has changed"))
