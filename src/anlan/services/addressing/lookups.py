"""Looking addresses up for whoever asks: what every door of this service shares, with its clear refusals."""

from django.utils.translation import gettext as _

from anlan.city.addresses.resolving.resolver import Resolution, resolve
from anlan.city.addresses.resolving.reverse import Problem, Reversed, reverse
from anlan.city.addresses.tagging import reader
from anlan.city.areas.atlas import atlas
from anlan.city.areas.geometry import valid_position
from anlan.loop.refusals import BadInput

FARTHEST = 5_000
MOST = 20


def resolved(text: str, *, lon: float | None = None, lat: float | None = None, area: str = "") -> Resolution:
    """Which address a text means. Raises BadInput for no text, half a position and an area that is none."""
    if not text.strip():
        raise BadInput(_("write an address"), field="text")
    return resolve(text, near=_near(lon, lat), area=path_of(area), limit=MOST, reader=reader(fast=True))


def path_of(area: str) -> str:
    """The path of an area's code; "" for none. Raises BadInput for a code that is none."""
    if area and area not in atlas().paths:
        raise BadInput(_("there is no area with this code"), field="area")
    return atlas().paths[area] if area else ""


def stood_at(lon: float, lat: float, within: int) -> Reversed:
    """What stands at a position. Raises BadInput for what is none, naming an exchange of the two numbers."""
    found = reverse(lon, lat, within=min(max(within, 1), FARTHEST))
    if found.problem is Problem.SWAPPED:
        raise BadInput(_("longitude and latitude are exchanged: lon comes first, as in 120.1, 30.3"), field="lon")
    if found.problem is Problem.NO_POSITION:
        raise BadInput(_("this is not a position"), field="lon")
    return found


def _near(lon: float | None, lat: float | None) -> tuple[float, float] | None:
    if lon is None and lat is None:
        return None
    if lon is None or lat is None:
        raise BadInput(_("a position has a longitude and a latitude"), field="lon" if lon is None else "lat")
    if not valid_position(lon, lat):
        raise BadInput(_("this is not a position"), field="lon")
    return lon, lat
