"""The demo city's routing table: small matters of upkeep go straight to the worker of their grid."""

from collections.abc import Callable
from datetime import datetime

from django.conf import settings

from anlan.city.people.models import Unit
from anlan.services.dispatch.models import Route

STRAIGHT_TO_THE_GRID = ("city.cleaning", "city.greening", "environment.waste")


def build(*, seed: int, at: datetime, progress: Callable[[int, int], None]) -> None:
    """Write the table, once. It is an example; every city keeps its own."""
    if Route.objects.exists():
        return
    for number, category in enumerate(STRAIGHT_TO_THE_GRID, start=1):
        Route.objects.create(category=category, area=settings.ANLAN_CITY, unit_kind=Unit.Kind.GRID_WORKER)
        progress(number, len(STRAIGHT_TO_THE_GRID))
