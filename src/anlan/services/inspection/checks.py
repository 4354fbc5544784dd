"""One address that was looked at: the answer, the reviewer's word, and what is done to the base.

The base is changed by its own actions (`city.addresses.changes`), which ask for the area's administrator. A supervisor
who reviews leaves the correction to one; what is right as it is needs none and is done with the review.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _

from anlan.city.addresses import changes
from anlan.city.addresses.access import CannotChange, NotYours, administers
from anlan.city.addresses.models import Address
from anlan.city.people.access import Actor, scope_of, scoped, system
from anlan.loop import clock, engine
from anlan.loop.models import Event
from anlan.loop.refusals import BadInput, NotAllowed, NotPossible, Refused, Unknown
from anlan.services.inspection.access import within_own
from anlan.services.inspection.models import Check, Finding, Round
from anlan.services.inspection.schemas import Act, Correction, Judgement, Seen

ANSWERS: Final = ("check", "review", "close")


@dataclass(frozen=True)
class Looked:
    """A check with what was said of it, step by step; a step not made yet is an empty dictionary."""

    check: Check
    answer: dict[str, Any]
    judgement: dict[str, Any]
    correction: dict[str, Any]

    @property
    def state(self) -> str:
        """Where its matter stands; empty while it waits to be opened."""
        return self.check.matter.state if self.check.matter else ""

    @property
    def found(self) -> str:
        """What is known: the reviewer's word before the worker's."""
        return str(self.judgement.get("found") or self.answer.get("found") or "")


def check_of(actor: Actor, id: UUID) -> Looked:
    """A check of one's own areas. Raises Unknown."""
    with scoped(scope_of(actor)):
        known = Check.objects.select_related("address", "matter", "finding", "round")
        check = known.filter(within_own(actor), id=id).first()
        if check is None:
            raise Unknown(_("there is no such check, or it is not yours"))
        return _looked([check])[0]


def checks_of(actor: Actor, round: Round) -> list[Looked]:
    """The checks of a round, by address."""
    with scoped(scope_of(actor)):
        rows = Check.objects.filter(round=round).select_related("address", "matter", "round").order_by("address__code")
        return _looked(list(rows))


def review(id: UUID, given: Judgement, *, by: Actor, version: int | None = None) -> Looked:
    """Say how the address compares, after reading the answer. What is right is noted in the base and done with.

    Raises Unknown, NotAllowed, NotPossible, Stale.
    """
    looked = check_of(by, id)
    told = given.model_dump(mode="json")
    with scoped(scope_of(by)):
        engine.advance(_matter(looked), "review", by=by, told=told, version=version)
        if given.found is Seen.RIGHT:
            Address.objects.filter(id=looked.check.address_id).update(checked_on=clock.today())
            done = {"act": Act.NOTHING, "reason": _("right as it is")}
            engine.advance(_matter(looked), "close", by=system(), told=done)
    return check_of(by, id)


def confirm_right(round: Round, *, by: Actor) -> int:
    """Agree with every answer of a round that found an address right; returns how many."""
    waiting = [each for each in checks_of(by, round) if each.state == "checked" and each.found == Seen.RIGHT]
    done = 0
    for each in waiting:
        try:
            review(each.check.id, Judgement(found=Seen.RIGHT), by=by)
        except Refused:
            # Somebody else has judged it in the meantime.
            continue
        done += 1
    return done


def correct(id: UUID, given: Correction, *, by: Actor, version: int | None = None) -> Looked:
    """Put the base right and close the matter, in one transaction.

    Raises Unknown, NotAllowed for who doesn't administer the area, BadInput and NotPossible where the base refuses.
    """
    looked = check_of(by, id)
    address = looked.check.address
    if not administers(by, address.area):
        raise NotAllowed(_("the base is changed by the administrator of the area"))
    decision = changes.Decision(by=by, on=clock.today(), today=clock.today(), reason=given.reason)
    with scoped(scope_of(by)):
        engine.advance(_matter(looked), "close", by=by, told=given.model_dump(mode="json"), version=version)
        try:
            if given.act is Act.RENAME:
                changes.rename(address, given.name, decision)
            elif given.act is Act.END:
                changes.demolish(address, decision)
        except NotYours as refused:
            raise NotAllowed(refused.message) from refused
        except CannotChange as refused:
            if refused.field in Correction.model_fields:
                raise BadInput(refused.message, field=refused.field) from refused
            raise NotPossible(refused.message) from refused
        if given.act is not Act.END:
            Address.objects.filter(id=address.id).update(checked_on=clock.today())
        if looked.check.finding is not None and given.act is Act.NOTHING:
            _is_fine(looked.check.finding, given.reason, by)
    return check_of(by, id)


def give_up(round: Round, *, reason: str, by: Actor) -> int:
    """Cancel what of a round has not been reviewed; returns how many. The round stays, and what it has seen counts."""
    given_up = 0
    for each in checks_of(by, round):
        if each.state in ("drawn", "sent", "checked"):
            engine.advance(_matter(each), "cancel", by=by, told={"reason": reason})
            given_up += 1
    with scoped(scope_of(by)):
        never_sent, _by_model = Check.objects.filter(round=round, matter=None).delete()
    return given_up + never_sent


def _is_fine(finding: Finding, reason: str, by: Actor) -> None:
    Finding.objects.filter(id=finding.id, settled_at=None).update(
        settled_at=clock.now(), settled_how=Finding.Settled.FINE, settled_by=by.account_id, reason=reason
    )


def _matter(looked: Looked) -> UUID:
    if looked.check.matter_id is None:
        raise NotPossible(_("it has not been sent yet"))
    return looked.check.matter_id


def _looked(checks: Sequence[Check]) -> list[Looked]:
    said: dict[UUID, dict[str, dict[str, Any]]] = {}
    matters = [check.matter_id for check in checks if check.matter_id]
    for matter, kind, data in (
        Event.objects.filter(matter_id__in=matters, kind__in=ANSWERS)
        .order_by("seq")
        .values_list("matter_id", "kind", "data")
    ):
        said.setdefault(matter, {})[kind] = data
    return [
        Looked(check, *(said.get(check.matter_id, {}).get(kind, {}) if check.matter_id else {} for kind in ANSWERS))
        for check in checks
    ]
