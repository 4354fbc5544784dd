"""Persons of a matter who act in it without having reported it: the other side of a dispute, a witness who was asked.

Each holds an account or a code of their own, which opens this one matter as this one person. The code is shown once;
only its blind index is kept.
"""

from dataclasses import replace
from uuid import UUID

from django.utils.translation import gettext as _

from anlan.city.people.access import SYSTEM, Actor, Scope, TakesPart, scoped
from anlan.foundation.identifiers import new_code
from anlan.foundation.sealing.fields import blind_index
from anlan.loop import engine
from anlan.loop.models import Matter, Party
from anlan.loop.refusals import NotPossible, Unknown

INVITED = "invited"
"""The line of the history that says that a person may act now; it holds no personal data."""


def add(matter_id: UUID, party: Party, *, by: Actor) -> Party:
    """Put another person into an open matter. Raises Unknown, NotAllowed or NotPossible."""
    with engine.changing(matter_id, by, engine.ON_DUTY | SYSTEM) as change:
        _require_open(change.matter)
        party.matter_id, party.area = matter_id, change.matter.area
        party.save(force_insert=True)
        change.record("party_added", {"party": str(party.id), "part": party.part})
    return party


def invite(matter_id: UUID, party_id: UUID, *, by: Actor, account_id: UUID | None = None) -> str:
    """Let a person of a matter act in it: by the code that is returned, which replaces an earlier one, and by the
    account where one is given. Raises Unknown, NotAllowed or NotPossible."""
    code = new_code()
    with engine.changing(matter_id, by, engine.ON_DUTY | SYSTEM) as change:
        _require_open(change.matter)
        party = Party.objects.filter(id=party_id, matter_id=matter_id).first()
        if party is None:
            raise Unknown(_("there is no such person in this matter"))
        party.code, party.code_index = code, blind_index("code", code)
        party.account_id = account_id or party.account_id
        party.save(update_fields=["code", "code_index", "account"])
        change.record(INVITED, {"party": str(party_id)})
    return code


def by_code(index: bytes) -> Actor:
    """Whoever shows a person's code (its blind index). Raises Unknown."""
    with scoped(Scope(tracking=index)):
        return _as(Party.objects.filter(code_index=index).first(), Actor("party"))


def by_account(actor: Actor, matter_id: UUID) -> Actor:
    """An account as a person of this matter. Raises Unknown where it is none."""
    if actor.account_id is None:
        raise Unknown(_("there is no such matter"))
    with scoped(Scope(reporter=actor.account_id)):
        return _as(Party.objects.filter(account=actor.account_id, matter_id=matter_id).first(), actor)


def _as(party: Party | None, actor: Actor) -> Actor:
    if party is None:
        raise Unknown(_("there is no such matter"))
    return replace(actor, takes_part=TakesPart(party.id, party.matter_id))


def _require_open(matter: Matter) -> None:
    if matter.stands.final:
        raise NotPossible(_("it is closed"))
