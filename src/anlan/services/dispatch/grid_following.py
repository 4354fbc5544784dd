"""The routing table follows the grids: what was decided for a grid is decided for whatever has its ground now."""

from django.db import transaction

from anlan.city.areas.grid_changes import Redrawn
from anlan.city.audit.recording import changing
from anlan.city.people.access import system
from anlan.services.dispatch.models import Route


def follow(redrawn: Redrawn) -> dict[str, int]:
    """Let the rows for grids that ended be for the new ones; returns how many rows there were.

    Of two rows for one category that come to lie in the same grid, the one that is there first stays. It may be done
    again: a row that has followed is not for an ended grid any more.
    """
    rows = Route.objects.filter(area__in=list(redrawn.heirs)).order_by("area", "category")
    with transaction.atomic():
        return {"routes": sum(_move(row, redrawn) for row in rows.select_for_update())}


def _move(row: Route, redrawn: Redrawn) -> bool:
    ended, category, reason = row.area, row.category, redrawn.plan.reason
    taken = set(Route.objects.filter(category=category).values_list("area", flat=True))
    free = [path for path in redrawn.successors(ended) if path not in taken]
    with changing(row, verb="follow", by=system(), area=ended, reason=reason):
        if free:
            row.area = free[0]
            row.save(update_fields=["area"])
        else:
            row.delete()
    for path in free[1:]:
        copy = Route(category=category, area=path, unit_id=row.unit_id, unit_kind=row.unit_kind)
        with changing(copy, verb="follow", by=system(), area=path, reason=reason):
            copy.save(force_insert=True)
    return True
