"""What the city's base made of a matter's address when it was opened, as those read it who work on it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from anlan.city.addresses.models import Address
from anlan.loop.answers import EventOut

_VERDICTS = {
    "exact": (_("found as written"), "green"),
    "resolved": (_("found"), "green"),
    "ambiguous": (_("fits several alike"), "yellow"),
    "unknown": (_("not in the city's list"), "orange"),
    "outside": (_("in another city"), "orange"),
}


@dataclass(frozen=True, slots=True)
class AddressFound:
    """The verdict, the official texts of the addresses it names, and whether the position comes from it."""

    verdict: str
    tone: str
    texts: list[str]
    gave_position: bool


def address_found(events: Sequence[EventOut]) -> AddressFound | None:
    """What stands in the first line of a history; None where no address was told, or none was looked up."""
    told = (events[0].data.get("address") or {}) if events else {}
    if told.get("verdict") not in _VERDICTS:
        return None
    label, tone = _VERDICTS[told["verdict"]]
    texts = dict(Address.objects.filter(code__in=told["codes"]).values_list("code", "text"))
    return AddressFound(
        str(label), tone, [texts[code] for code in told["codes"] if code in texts], bool(told["gave_position"])
    )
