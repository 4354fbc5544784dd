"""What a resident may do with a report of their own besides its steps: join it to one that is already worked on, take
it out again, and put it under their account.

A joined report stays a matter of its own, with its own code; only the work is done on the other one. Joining is a
merge that the reporter asked for: the reporter need not see the other matter, so the program acts there.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from uuid import UUID

from django.utils.translation import gettext as _

from anlan.city.people.access import REPORTER, SYSTEM, Actor, scope_of, scoped, system
from anlan.city.people.models import Account
from anlan.loop import store
from anlan.loop.change import Change
from anlan.loop.engine import answers, changing, locked
from anlan.loop.models import Event, Matter
from anlan.loop.refusals import NotPossible, Stale, Unknown
from anlan.loop.schemas import Reason

JOINED, WAS_JOINED = "joined", "was_joined"
LEFT, WAS_LEFT = "left", "was_left"
CLAIMED = "claimed"


def join(matter_id: UUID, *, into: UUID, by: Actor) -> Matter:
    """Let one's own report be handled with another that is worked on; its clocks stand still. Its reporter only."""
    if matter_id == into:
        raise NotPossible(_("a matter can't be merged into itself"))
    with _both(matter_id, into, by) as (own, other):
        if own.matter.merged_into_id or other.matter.merged_into_id:
            raise NotPossible(_("one of them has been merged already"))
        if own.matter.stands.done or other.matter.stands.done:
            raise NotPossible(_("that matter is settled already; your report goes its own way"))
        if into == own.matter.parent_id or matter_id == other.matter.parent_id:
            raise NotPossible(_("one of them is part of the other"))
        own.record(JOINED, {"into": str(into)})
        own.matter.merged_into_id = into
        own.hold_clocks()
        other.record(WAS_JOINED, {"matter": str(matter_id)})
    return own.matter


def may_leave(matter: Matter, main: Matter, *, joined_by_reporter: bool) -> bool:
    """May the reporter have this merged matter handled on its own again? One they joined themselves always; one that
    an office merged once the office calls the other one settled."""
    return matter.merged_into_id is not None and (joined_by_reporter or main.stands.done)


def leave(matter_id: UUID, *, by: Actor, reason: str) -> Matter:
    """Have one's own report handled on its own again: it stands where it stood and its clocks run on."""
    told = answers(Reason, {"reason": reason})
    with scoped(scope_of(by)):
        found = store.lock(matter_id)
        if found is None:
            raise Unknown(_("there is no such matter"))
        into = found[0].merged_into_id
        if into is None:
            raise NotPossible(_("it has not been merged"))
    with _both(matter_id, into, by) as (own, other):
        if own.matter.merged_into_id != into:
            raise Stale(_("the matter was changed by someone else in the meantime"))
        last = Event.objects.filter(matter_id=matter_id, kind__in=(JOINED, "merged")).order_by("-seq").first()
        joined = last is not None and last.kind == JOINED
        if not may_leave(own.matter, other.matter, joined_by_reporter=joined):
            raise NotPossible(_("the office handles them together until the other one is settled"))
        own.matter.merged_into_id = None
        own.record(LEFT, {"from": str(into), **told})
        if own.matter.suspended_at is None:
            own.release_clocks()
        own.tell_desk(own.matter.area)
        other.record(WAS_LEFT, {"matter": str(matter_id)})
    return own.matter


def claim(matter_id: UUID, *, by: Actor) -> Matter:
    """Put a report under the account of whoever shows its code: `by` is the account with that code."""
    assert by.account_id is not None, "only an account can claim"
    with changing(matter_id, by, REPORTER) as change:
        matter = change.matter
        if matter.reporter_id == by.account_id:
            raise NotPossible(_("it is among your reports already"))
        if matter.reporter_id and Account.objects.filter(id=matter.reporter_id, is_active=True).exists():
            raise NotPossible(_("it belongs to another account"))
        change.record(CLAIMED)
        matter.reporter_id = by.account_id
    return matter


def joined_counts(matter_ids: Iterable[UUID]) -> Mapping[UUID, int]:
    """How many reports have been joined to each matter, at however many removes; for a scope that holds them."""
    mains = {id: id for id in matter_ids}
    counts = dict.fromkeys(mains, 0)
    newest = set(mains)
    while newest:
        rows = Matter.objects.filter(merged_into__in=newest).values_list("id", "merged_into_id")
        found = {id: mains[into] for id, into in rows if into is not None and id not in mains}
        for main in found.values():
            counts[main] += 1
        mains |= found
        newest = set(found)
    return counts


def worked_on(matter: Matter) -> Matter:
    """The matter that is worked on in place of a merged one; itself where it is not merged. Steps out of the asker's
    scope: whoever may see the first may read of the last what `queries.public_view` shows."""
    seen = {matter.id}
    while matter.merged_into_id is not None and matter.merged_into_id not in seen:
        seen.add(matter.merged_into_id)
        with scoped(scope_of(system())):
            matter = Matter.objects.select_related("responsible").get(id=matter.merged_into_id)
    return matter


@contextmanager
def _both(own: UUID, other: UUID, by: Actor) -> Iterator[tuple[Change, Change]]:
    """One's own matter and another, locked in the order of their identifiers as every merge locks them."""
    with scoped(scope_of(system())):
        changes = {
            id: locked(id, by, REPORTER) if id == own else locked(id, system(), SYSTEM) for id in sorted((own, other))
        }
        yield changes[own], changes[other]
        for change in changes.values():
            store.update(change, store.Additions())
