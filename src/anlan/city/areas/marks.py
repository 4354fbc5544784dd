"""What stands on a map: the one shape in which every service hands its points to the map component."""

from typing import Literal, TypedDict


class Mark(TypedDict, total=False):
    """A point on a map, WGS-84.

    `shape` tells what it is and `tone` how grave (`red`, `orange`, `yellow`, `blue`, `green`, or nothing), so that
    colour never speaks alone; `label` is read aloud, `href` is where it leads.
    """

    id: str
    lon: float
    lat: float
    label: str
    shape: Literal["matter", "unit"]
    tone: str
    href: str
