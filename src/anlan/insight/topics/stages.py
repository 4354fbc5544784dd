"""How far the search for topics is, for whoever waits."""

from collections.abc import Callable

from django.db import models
from django.utils.translation import gettext_lazy as _


class Stage(models.IntegerChoices):
    """What is being done, in this order."""

    WAITING = 0, _("waiting its turn")
    RISING = 1, _("counting what is rising")
    READING = 2, _("reading the matters")
    COMPARING = 3, _("comparing them")
    GROUPING = 4, _("grouping what is alike")
    KEEPING = 5, _("keeping the topics")


At = Callable[[Stage], object]
"""Told what is done next."""


def silent(stage: Stage) -> None:
    """Nobody waits."""
