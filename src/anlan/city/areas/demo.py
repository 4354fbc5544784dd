"""The reference city: Hangzhou's real tree of names and codes, with synthetic grids, borders and households."""

from collections.abc import Callable
from datetime import date, datetime

from anlan.city.areas.atlas import atlas
from anlan.city.areas.layout import SYNTHETIC_NOTE_ZH, GridSizes, SyntheticArea, lay_out
from anlan.city.areas.models import Area, AreaChange
from anlan.city.areas.reference import Level, kind_of, level_of, load, parent_code, path_of
from anlan.foundation.rules import rulebook

LISTED_ON = date(2023, 6, 30)
"""The day up to which the published list of codes counts."""
BATCH = 2_000


def build(*, seed: int, at: datetime, progress: Callable[[int, int], None]) -> None:
    """Write the whole tree, once: a city that is there already is left alone."""
    if Area.objects.exists():
        return
    drawn = lay_out(load(), grid_sizes(at.date()), seed)
    for start in range(0, len(drawn), BATCH):
        areas = [_area(each) for each in drawn[start : start + BATCH]]
        Area.objects.bulk_create(areas)
        AreaChange.objects.bulk_create(_first_entry(area, at) for area in areas)
        progress(start + len(areas), len(drawn))
    atlas.cache_clear()


def grid_sizes(on: date) -> GridSizes:
    """How many households a grid has, by the rules in force on a day (`rules.toml`)."""
    book = rulebook()
    usual = book.at("areas.grid_households", on)
    large = book.at("areas.grid_households_large", on)
    return GridSizes(
        smallest=int(usual.minimum or 0),
        largest=int(usual.maximum or 0),
        large_community_above=int(book.at("areas.large_community_households", on).value or 0),
        large_community_smallest=int(large.minimum or 0),
        large_community_largest=int(large.maximum or 0),
    )


def _area(drawn: SyntheticArea) -> Area:
    kind = kind_of(drawn.code)
    return Area(
        code=drawn.code,
        path=path_of(drawn.code),
        level=int(level_of(drawn.code)),
        parent_id=parent_code(drawn.code) if level_of(drawn.code) > Level.CITY else None,
        name=drawn.name,
        kind=kind.value if kind else "网格",
        households=drawn.households,
        lon=drawn.lon,
        lat=drawn.lat,
        boundary=[list(corner) for corner in drawn.polygon],
        synthetic=drawn.synthetic,
        valid_from=LISTED_ON,
    )


def _first_entry(area: Area, at: datetime) -> AreaChange:
    return AreaChange(
        area=area,
        kind=AreaChange.Kind.CREATED,
        effective_on=area.valid_from,
        recorded_at=at,
        after={"name": area.name, "path": area.path},
        reason=SYNTHETIC_NOTE_ZH if area.level == Level.GRID else "国家公布的区划代码",
    )
