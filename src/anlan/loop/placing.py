"""Saying where a matter is: one of the engine's verbs, in general form, for any procedure.

What somebody said and where they said it was stay as they are, for the first line of the history vouches for them.
What is corrected is the area it lies in, and which coded address it means; the history keeps the codes of before and
after.
"""

from uuid import UUID

from django.utils.translation import gettext as _

from anlan.city.addresses.models import Address
from anlan.city.addresses.queries import area_in_force, by_code
from anlan.city.areas.atlas import atlas
from anlan.city.people.access import Actor, covers
from anlan.city.people.queries import desk_of
from anlan.loop.engine import answers, changing
from anlan.loop.models import Event, Matter
from anlan.loop.refusals import BadInput, NotPossible, Unknown
from anlan.loop.schemas import Reason
from anlan.loop.verbs import VERBS

PLACED = "placed"
"""The line of the history: the area and the address code before and after."""


def place(
    matter_id: UUID,
    *,
    by: Actor,
    reason: str,
    address_code: str | None = None,
    in_area: str | None = None,
    version: int | None = None,
) -> Matter:
    """Put a matter where it is: at a coded address of the base, in an area (a path), or both.

    With an address alone its area follows from it, down to the grid. Another desk is told when it becomes theirs.
    Raises BadInput for neither and for a pair that contradicts itself, Unknown for a code that is none, and NotPossible
    where it lies there already or a unit would lose it.
    """
    address = _address(address_code) if address_code else None
    area = _area(address, in_area)
    verb = VERBS["place"]
    with changing(matter_id, by, verb.by, version=version, helping=verb.helping, also=(area,)) as change:
        if why := verb.obstacle(change.matter, change.running):
            raise NotPossible(why)
        matter, was = change.matter, change.matter.area
        before = {"area": was, "address_code": code_of(matter.id)}
        # A correction of the area alone leaves no address behind that lies elsewhere.
        after = {"area": area, "address_code": address.code if address else ""}
        if before == after or (address is None and area == was):
            raise NotPossible(_("it lies there already"), field="address_code" if address else "in_area")
        town = ".".join(area.split(".")[:3])
        if matter.unit_id is not None and not covers(matter.town_path, town):
            raise NotPossible(_("a unit has it in hand; take it back first"))
        why_so = answers(Reason, {"reason": reason})["reason"]
        change.record(PLACED, {"from": before, "to": after, "reason": why_so})
        if area != was:
            change.move(area)
        if desk_of(area) != desk_of(was):
            change.tell_desk(area)
    return matter


def code_of(matter_id: UUID) -> str:
    """The code of the address a matter is known to be at, "" for none; for a scope that holds it."""
    lines = Event.objects.filter(matter_id=matter_id, kind__in=("opened", PLACED)).order_by("-seq")
    latest = lines.values_list("kind", "data").first()
    if latest is None:
        return ""
    kind, data = latest
    if kind == PLACED:
        return str(data["to"]["address_code"])
    told = data.get("address") or {}
    return str(told["codes"][0]) if told.get("verdict") in ("exact", "resolved") else ""


def _address(code: str) -> Address:
    found = by_code(code)
    if found is None:
        raise Unknown(_("there is no address with this code"), field="address_code")
    if found.status != Address.Status.IN_USE:
        raise BadInput(_("this address is no longer in use"), field="address_code")
    return found


def _area(address: Address | None, told: str | None) -> str:
    known = atlas()
    if told is not None and known.paths.get(told.rpartition(".")[2]) != told:
        raise BadInput(_("there is no such area"), field="in_area")
    if address is None:
        if told is None:
            raise BadInput(_("give the code of an address or an area"), field="address_code")
        return told
    own = known.path(area_in_force(address.area, address.grid))
    if told is not None and not covers(told, own):
        raise BadInput(_("the address does not lie in this area"), field="in_area")
    return own
