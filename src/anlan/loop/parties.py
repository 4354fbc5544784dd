"""The people of a matter: masked wherever they are shown; opened only with a purpose, and never unseen.

Whoever is looked at can see it: each look tells the reporter in which role and for which office somebody looked, when
and why. Who that was by name stays with the office, which answers for it.
"""

from collections.abc import Iterable
from typing import Annotated
from uuid import UUID

from django.utils.translation import gettext as _
from pydantic import AfterValidator, StringConstraints

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import Actor, role_for, scope_of, scoped
from anlan.city.people.queries import office_name
from anlan.foundation.masks import mask_address, mask_name, mask_phone, mask_text
from anlan.foundation.sealing.fields import blind_index
from anlan.loop import engine
from anlan.loop.answers import LookOut, PartyOut, Revealed
from anlan.loop.change import Change
from anlan.loop.models import Event, Look, Matter, Party
from anlan.loop.refusals import BadInput, Unknown
from anlan.loop.schemas import Told, storable

LOOKED = "looked"
"""The line of the history that says that somebody looked; it holds no personal data, and not the purpose either."""
MOST_FOUND = 50
LONGEST_PURPOSE = Look._meta.get_field("purpose").max_length


class Purpose(Told):
    """Why somebody's data are opened. The person concerned reads it."""

    purpose: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_PURPOSE),
        AfterValidator(storable),
    ]


def masked(party: Party) -> PartyOut:
    """A person as every ordinary display shows them."""
    return PartyOut(
        id=party.id,
        part=party.part,
        part_label=str(Party.Part(party.part).label),
        name=mask_name(party.name or ""),
        phone=mask_phone(party.phone or ""),
        address=mask_address(party.address or ""),
        language=party.language,
    )


def reveal(matter_id: UUID, party_id: UUID, *, by: Actor, purpose: str) -> Revealed:
    """Open a person's data to whoever works on the matter, and write down that they looked, in one transaction.

    Raises Unknown, NotAllowed, or BadInput for a purpose that says nothing.
    """
    # What is said here is read by the person concerned, and must not name somebody else's number to them.
    why = mask_text(engine.answers(Purpose, {"purpose": purpose})["purpose"])[:LONGEST_PURPOSE]
    with engine.changing(matter_id, by, engine.ON_DUTY) as change:
        party = Party.objects.filter(id=party_id, matter_id=matter_id).first()
        if party is None:
            raise Unknown(_("there is no such person in this matter"))
        look = _write_down(change, party, by, why)
    return Revealed(
        id=party.id, name=party.name or "", phone=party.phone or "", address=party.address or "", look=look.id
    )


def find_by_phone(by: Actor, phone: str) -> list[UUID]:
    """The matters in which somebody left this number, the newest first, at most 50; the number itself is shown to
    nobody.

    Whoever types a number learns whose matter it is, so each find is a look, written down for the person concerned.
    Only matters on which `by` works are found. Raises BadInput for what is no number.
    """
    try:
        index = blind_index("phone", phone)
    except ValueError as error:
        raise BadInput(_("this is not a telephone number"), field="phone") from error
    with scoped(scope_of(by)):
        parties = Party.objects.filter(phone_index=index).select_related("matter").order_by("-matter__opened_at", "id")
        found = [each for each in parties[:MOST_FOUND] if role_for(by, engine.ON_DUTY, each.matter)]
    for party in found:
        with engine.changing(party.matter_id, by, engine.ON_DUTY) as change:
            _write_down(change, party, by, _("search by phone"))
    return list(dict.fromkeys(party.matter_id for party in found))


def _write_down(change: Change, party: Party, by: Actor, why: str) -> Look:
    """A look, in the table that the person concerned reads and in the history."""
    assert change.role is not None
    assert by.account_id is not None, "only accounts hold these roles"
    look = Look.objects.create(
        matter_id=change.matter.id,
        area=change.matter.area,
        party=party,
        account_id=by.account_id,
        role=change.role.name or "",
        at=change.at,
        purpose=why,
    )
    told = {"party": str(party.id), "look": str(look.id), "office": office_of(by, change.matter)}
    change.record(LOOKED, told)
    return look


def office_of(by: Actor, matter: Matter) -> str:
    """For which office somebody on duty acts here, as it is called today; its area where the posting names none."""
    held = next(held for held in by.held if role_for(Actor(by.kind, held=(held,)), engine.ON_DUTY, matter))
    return office_name(held.organisation_id) if held.organisation_id else atlas().full_name(held.area)


def looks(matter_id: UUID, events: Iterable[Event]) -> dict[UUID, list[LookOut]]:
    """The looks at each person of a matter, the oldest first; `events` is its history. For a scope that holds it."""
    offices = {event.data.get("look"): event.data["office"] for event in events if event.kind == LOOKED}
    found: dict[UUID, list[LookOut]] = {}
    for look in Look.objects.filter(matter_id=matter_id).order_by("at", "id"):
        found.setdefault(look.party_id, []).append(LookOut.of(look, str(offices.get(str(look.id), ""))))
    return found
