"""What the map component of a page has to know."""

import json
from collections.abc import Iterable

from django import template
from django.conf import settings

from anlan.city.areas.marks import Mark

register = template.Library()

TOWN_LABELS = 3  # of a path: city, district, town


@register.simple_tag
def base_map() -> dict[str, str]:
    """What lies beneath the points: the city, and its tiles where it uses any (with the word on their source)."""
    return {
        "city": settings.ANLAN_CITY,
        "tiles": settings.ANLAN_MAP_TILES or "",
        "attribution": settings.ANLAN_MAP_ATTRIBUTION,
    }


@register.simple_tag
def mark_at(lon: float | None, lat: float | None, label: str, tone: str) -> list[Mark]:
    """The one point of a matter, where it has a position."""
    if lon is None or lat is None:
        return []
    return [Mark(id="matter", lon=lon, lat=lat, label=label, shape="matter", tone=tone)]


@register.filter
def as_json(points: Iterable[Mark]) -> str:
    """Points as a data attribute carries them."""
    return json.dumps(list(points), ensure_ascii=False)


@register.filter
def town_of(path: str) -> str:
    """The code of the town an area lies in; its own where it is wider than a town."""
    return path.split(".")[:TOWN_LABELS][-1]
