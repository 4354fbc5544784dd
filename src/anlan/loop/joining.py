"""What a resident may do with a report of their own besides its steps: join it to one that is already worked on, take
it out again, and put it under their account.

A joined report stays a matter of its own, with its own code; only the work is done on the other one. Joining is a
merge that the reporter asked for: the reporter need not see the other matter, so the program acts there.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from anlan.city.people.access import REPORTER, SYSTEM, Actor, scope_of, scoped, system
from anlan.city.people.models import Account
from anlan.loop import store
from anlan.loop.change import Change
from anlan.loop.engine import answers, changing, locked
from anlan.loop.models import Deadline, Event, Matter
from anlan.loop.refusals import NotPossible, Stale, Unknown
from anlan.loop.schemas import Reason

JOINED, WAS_JOINED = "joined", "was_joined"
LEFT, WAS_LEFT = "left", "was_left"
CLAIMED = "claimed"
SETTLED_WITH, REOPENED_WITH = "settled_with", "reopened_with"


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
    an office merged once the office calls the other one settled. Not later than the other one could be reopened."""
    together = matter.merged_into_id is not None and (joined_by_reporter or main.stands.done)
    return together and _too_late(main) is None


def leave(matter_id: UUID, *, by: Actor, reason: str) -> Matter:
    """Have one's own report handled on its own again: it stands where it stood and its clocks run on, or begin anew
    if the two were settled together."""
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
        if why := _too_late(other.matter):
            raise NotPossible(why)
        if not may_leave(own.matter, other.matter, joined_by_reporter=joined):
            raise NotPossible(_("the office handles them together until the other one is settled"))
        own.record(LEFT, {"from": str(into), **told})
        part(own)
        own.tell_desk(own.matter.area)
        other.record(WAS_LEFT, {"matter": str(matter_id)})
    return own.matter


def part(change: Change) -> None:
    """Let a merged matter stand for itself again. What stood still runs on; what ended with the other matter begins
    anew, as after a reopening."""
    matter = change.matter
    settled_at, matter.closed_at, matter.merged_into_id = matter.closed_at, None, None
    if settled_at is not None:
        _begin_anew(change, settled_at)
    elif matter.suspended_at is None:
        change.release_clocks()


def follow(matter_id: UUID, *, by: Actor) -> Matter:
    """Bring a merged matter to where the one it is handled with stands: settled with it, or open with it again. For
    the sweep. Raises NotPossible where there is nothing to follow."""
    with changing(matter_id, by, SYSTEM) as change:
        matter = change.matter
        if matter.merged_into_id is None:
            raise NotPossible(_("it has not been merged"))
        main = Matter.objects.get(id=matter.merged_into_id)
        told = {"matter": str(main.id), "state": main.state}
        if main.closed_at is not None and matter.closed_at is None:
            change.record(SETTLED_WITH, told)
            change.end_clocks()
            matter.closed_at = change.at
        elif main.closed_at is None and matter.closed_at is not None:
            change.record(REOPENED_WITH, told)
            settled_at, matter.closed_at = matter.closed_at, None
            _begin_anew(change, settled_at)
            change.hold_clocks()
        else:
            raise NotPossible(_("it stands as the other one does"))
    return matter


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


def _begin_anew(change: Change, ended_at: datetime) -> None:
    """Start the clocks again that ended, no longer owed, at that moment."""
    ended = Deadline.objects.filter(matter_id=change.matter.id, ended_at=ended_at, met=False)
    change.begin_clocks(ended.values_list("name", flat=True))
    if change.matter.suspended_at is not None:
        change.hold_clocks()


def _too_late(main: Matter) -> str | None:
    """Why a report can't be taken out of a settled matter any more: that one can't be reopened any more either."""
    if not main.stands.done:
        return None
    whys = [step.when(main) if step.when else None for step in main.rules.leaving(main.state) if step.reopens]
    return whys[0] if whys and all(whys) else None


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
