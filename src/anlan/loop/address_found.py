"""What the city's base makes of a matter's address, as those read it who work on it; and what is still to be asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from anlan.city.addresses.models import Address
from anlan.city.addresses.queries import area_in_force
from anlan.city.addresses.resolving.questions import question_between
from anlan.city.addresses.resolving.resolver import MOST_SHOWN, resolve
from anlan.city.addresses.tagging import reader
from anlan.city.areas.atlas import atlas
from anlan.loop.answers import EventOut
from anlan.loop.models import Event, Matter
from anlan.loop.placing import PLACED

_VERDICTS = {
    "exact": (_("found as written"), "green"),
    "resolved": (_("found"), "green"),
    "ambiguous": (_("fits several alike"), "yellow"),
    "unknown": (_("not in the city's list"), "orange"),
    "outside": (_("in another city"), "orange"),
}
_CHOSEN = (_("confirmed by a person"), "green")


@dataclass(frozen=True, slots=True)
class AddressFound:
    """The verdict, the official texts of the addresses it names, whether the position comes from it, and where the one
    address lies (WGS-84)."""

    verdict: str
    tone: str
    texts: list[str]
    gave_position: bool
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of the addresses that fit alike, where it lies, and why it fits."""

    code: str
    text: str
    place: str
    reasons: list[str]


@dataclass(frozen=True, slots=True)
class AskedWhere:
    """The one question that would settle where a matter is, and what there is to choose."""

    question: str
    candidates: list[Candidate]


def address_found(events: Sequence[Event | EventOut]) -> AddressFound | None:
    """What a person has confirmed, or else what stands in the first line of a history; None where no address was told
    and none confirmed, or none was looked up."""
    told: dict[str, Any] = (events[0].data.get("address") or {}) if events else {}
    if chosen := _chosen(events):
        verdict, told = _CHOSEN, {"codes": [chosen], "gave_position": False}
    elif told.get("verdict") in _VERDICTS:
        verdict = _VERDICTS[told["verdict"]]
    else:
        return None
    rows = {each.code: each for each in Address.objects.filter(code__in=told["codes"])}
    found = [rows[code] for code in told["codes"] if code in rows]
    one = found[0] if len(told["codes"]) == 1 and found else None
    return AddressFound(
        str(verdict[0]),
        verdict[1],
        [each.text for each in found],
        bool(told["gave_position"]),
        lon=one.lon if one else None,
        lat=one.lat if one else None,
    )


def asked_where(matter: Matter, events: Sequence[Event | EventOut]) -> AskedWhere | None:
    """What is to be asked of a matter whose address fits several alike; None once somebody has said where it is.

    The words are looked up again, for the history keeps codes and no reasons; words that were erased ask nothing.
    """
    told = (events[0].data.get("address") or {}) if events else {}
    if told.get("verdict") != "ambiguous" or not matter.address or any(each.kind == PLACED for each in events):
        return None
    found = resolve(matter.address, limit=MOST_SHOWN, reader=reader(fast=True)).candidates
    equals = [each for each in found if each.address.code in told["codes"] and each.address.in_use]
    if len(equals) < 2:
        return None
    known = atlas()
    return AskedWhere(
        str(question_between([each.address for each in equals])),
        [
            Candidate(
                each.address.code,
                each.address.text,
                known.full_name(known.path(area_in_force(each.address.area, each.address.grid))),
                list(map(str, each.reasons)),
            )
            for each in equals
        ],
    )


def _chosen(events: Sequence[Event | EventOut]) -> str:
    """The code that the latest confirmation of the place names; "" for none."""
    latest = next((each for each in reversed(events) if each.kind == PLACED), None)
    return str(latest.data["to"]["address_code"]) if latest else ""
