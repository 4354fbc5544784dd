"""What becomes of addresses when the areas around them change: they are written with the new name of an area, and lie
in the grid that has their position now. Whole tables in one statement each; doing it twice changes nothing more.

A grid that goes to another community takes no address along: which community an address is written with is decided
by whoever administers it.
"""

from collections.abc import Mapping
from typing import Final

from django.db import connection

from anlan.city.areas.grid_changes import Redrawn
from anlan.city.areas.models import Area
from anlan.city.areas.reference import Level as AreaLevel
from anlan.city.areas.reference import place_name
from anlan.foundation import freshness

TOPIC: Final = "addresses"
_COLUMNS: Final[Mapping[int, str]] = {
    AreaLevel.DISTRICT: "district",
    AreaLevel.TOWN: "town",
    AreaLevel.COMMUNITY: "community",
}
"""The column of an address that holds the code of the area; all addresses are in the city, none is named by a grid."""


def follow_rename(area: Area, before: str, after: str) -> int:
    """Write every address in an area with its new name; returns how many were."""
    if area.level not in (AreaLevel.CITY, *_COLUMNS):
        return 0
    old, new = (_written(area, name) for name in (before, after))
    # The column is one of three words of this program, never something told.
    inside = f"{_COLUMNS[area.level]} = %s AND" if area.level in _COLUMNS else ""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE addresses_address SET text = %s::text || substr(text, length(%s::text) + 1), "
            "name = CASE WHEN code = %s THEN %s ELSE name END "
            f"WHERE {inside} starts_with(text, %s::text)",
            [new, old, area.code, place_name(after), *([area.code] if inside else []), old],
        )
        written: int = cursor.rowcount
    if written:
        freshness.changed(TOPIC)
    return written


def follow_grids(redrawn: Redrawn) -> dict[str, int]:
    """Let the addresses of a community lie in the grids that have their positions now."""
    grids = {grid.key: grid.ring for grid in redrawn.after.values() if grid.ring}
    touched = sorted({*grids, *(grid.key for grid in redrawn.before.values())})
    rings = ["(" + ",".join(f"({lon},{lat})" for lon, lat in ring) + ")" for ring in grids.values()]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH grids AS (SELECT code, ring::polygon FROM unnest(%s::text[], %s::text[]) AS g(code, ring)),
            placed AS (
                SELECT id, coalesce((SELECT min(code) FROM grids WHERE ring @> point(lon, lat)), '') AS grid
                FROM addresses_address
                WHERE lon IS NOT NULL AND (grid = ANY(%s::text[]) OR (community = %s AND grid = ''))
            )
            UPDATE addresses_address AS own SET grid = placed.grid FROM placed
            WHERE own.id = placed.id AND own.grid <> placed.grid
            """,
            [list(grids), rings, touched, redrawn.plan.community_id],
        )
        moved: int = cursor.rowcount
    if moved:
        freshness.changed(TOPIC)
    return {"addresses": moved}


def _written(area: Area, name: str) -> str:
    """How the addresses in an area begin if it has this name: city, district, town, community."""
    names = dict(Area.objects.filter(code__in=area.path.split(".")).values_list("code", "name")) | {area.code: name}
    return "".join(place_name(names.get(label, label)) for label in area.path.split("."))
