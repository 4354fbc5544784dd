"""Addresses over HTTP: from a text to a coded address, from a position to what stands there, and while one types."""

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router

from anlan.city.addresses.resolving.resolver import resolve_all
from anlan.city.addresses.resolving.suggesting import suggest
from anlan.city.addresses.tagging import reader
from anlan.city.areas.atlas import atlas
from anlan.foundation.rules import rulebook
from anlan.loop import clock
from anlan.loop.doors import REFUSALS, Problem, known_actor
from anlan.loop.page_door import require
from anlan.loop.refusals import BadInput
from anlan.services.addressing.limiting import not_too_often
from anlan.services.addressing.lookups import MOST, path_of, resolved, stood_at
from anlan.services.addressing.pages import READERS
from anlan.services.addressing.schemas import AddressOut, BatchIn, ResolutionOut, ReverseOut

prefix = "/v1/addresses"
router = Router(tags=["addresses"])
ASKED_TOO_OFTEN = REFUSALS | {429}


@router.get("/resolve", response={200: ResolutionOut, ASKED_TOO_OFTEN: Problem})
def resolve_one(
    request: HttpRequest, text: str, lon: float | None = None, lat: float | None = None, area: str = ""
) -> ResolutionOut:
    """Which address a text means; `lon` and `lat` (WGS-84) or the code of an `area` say what is likelier."""
    not_too_often(request)
    return ResolutionOut.of(resolved(text, lon=lon, lat=lat, area=area))


@router.get("/reverse", response={200: ReverseOut, ASKED_TOO_OFTEN: Problem})
def reverse_one(request: HttpRequest, lon: float, lat: float, within: int = 500) -> ReverseOut:
    """The addresses nearest to a position (WGS-84), at most `within` metres away, and the grid it lies in."""
    not_too_often(request)
    found = stood_at(lon, lat, within)
    return ReverseOut.of(found, atlas().full_name(found.area) if found.area else "")


@router.get("/suggest", response={200: list[AddressOut], ASKED_TOO_OFTEN: Problem})
def suggest_some(request: HttpRequest, q: str, area: str = "", limit: int = 8) -> list[AddressOut]:
    """Addresses that begin as what was typed, by characters or by pinyin."""
    not_too_often(request)
    return [AddressOut.of(row) for row in suggest(q, area=path_of(area), limit=min(max(limit, 1), MOST))]


@router.post("/batch", response={200: list[ResolutionOut], REFUSALS: Problem})
def resolve_many(request: HttpRequest, given: BatchIn) -> list[ResolutionOut]:
    """Many texts at once, answered in their order. For people on duty."""
    require(known_actor(request), READERS)
    most = int(rulebook().at("addressing.batch", clock.today()).value or 0)
    if len(given.texts) > most:
        raise BadInput(_("at most %(most)d addresses at once") % {"most": most}, field="texts")
    found = resolve_all(given.texts, area=path_of(given.area), reader=reader(fast=True))
    return [ResolutionOut.of(each) for each in found]
