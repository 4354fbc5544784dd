"""What every procedure can do besides its own transitions: the rest of the engine's verbs.

Each is one transaction, like `engine.advance`, and refuses with a `Refused`. With `version` it is refused if the
matter has moved on since. `possible` says which of them an actor may do now, by the same rule that each verb obeys.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Annotated, Any
from uuid import UUID

from django.utils.translation import gettext as _
from pydantic import AfterValidator

from anlan.city.areas.atlas import atlas
from anlan.city.people.access import (
    DISPATCHER,
    REPORTER,
    SUPERVISOR,
    SYSTEM,
    Actor,
    Role,
    covers,
    role_for,
    scope_of,
    scoped,
)
from anlan.loop import store
from anlan.loop.change import Change, rule_of, running_by_name
from anlan.loop.engine import ON_DUTY, answers, changing, locked, obstacle
from anlan.loop.joining import part
from anlan.loop.models import Deadline, Matter
from anlan.loop.procedures import Escalate, Transition
from anlan.loop.refusals import BadInput, NotPossible, Stale, Unknown
from anlan.loop.schemas import Reason, Said
from anlan.loop.suggestions import Klass, Severity, categories

HIGHEST_ESCALATION = 3
"""Town to district to city: above the city nobody is left to tell."""


def _known_category(slug: str) -> str:
    if slug not in categories():
        raise ValueError("is not a category of this city")
    return slug


class _Classification(Reason):
    klass: Klass | None = None
    category: Annotated[str, AfterValidator(_known_category)] | None = None
    severity: Severity | None = None


class _Approved(Reason):
    approver: Said


Obstacle = Callable[[Matter, Sequence[Deadline]], str | None]
"""Why nobody may do it now, by the matter and its running clocks; None if nothing stands against it."""


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb: who may, what stands against it, and whether an area that only helps may too."""

    name: str
    by: Role
    obstacle: Obstacle
    helping: bool = True


def _nothing(matter: Matter, running: Sequence[Deadline]) -> str | None:
    return None


def _closed(matter: Matter, running: Sequence[Deadline]) -> str | None:
    return _("it is closed") if matter.stands.final else None


def _in_a_units_hand(matter: Matter, running: Sequence[Deadline]) -> str | None:
    if matter.unit_id is not None:
        return _("a unit has it in hand; take it back first")
    return _closed(matter, running)


def _suspended_or_closed(matter: Matter, running: Sequence[Deadline]) -> str | None:
    if matter.suspended_at is not None:
        return _("it is suspended already")
    return _closed(matter, running)


def _not_suspended(matter: Matter, running: Sequence[Deadline]) -> str | None:
    return _("it is not suspended") if matter.suspended_at is None else None


def _nothing_to_extend(matter: Matter, running: Sequence[Deadline]) -> str | None:
    return None if extensible(running) else _("no running deadline may be extended")


def _merged_or_closed(matter: Matter, running: Sequence[Deadline]) -> str | None:
    if matter.merged_into_id is not None:
        return _("one of them has been merged already")
    return _closed(matter, running)


def _not_merged(matter: Matter, running: Sequence[Deadline]) -> str | None:
    return _("it has not been merged") if matter.merged_into_id is None else None


DESK = DISPATCHER | SUPERVISOR
VERBS = {
    verb.name: verb
    for verb in (
        Verb("reclassify", DESK, _nothing),
        Verb("place", DESK | SYSTEM, _closed, helping=False),
        Verb("hand_over", DESK | SYSTEM, _in_a_units_hand, helping=False),
        Verb("share", DESK | SYSTEM, _closed, helping=False),
        Verb("suspend", SUPERVISOR, _suspended_or_closed),
        Verb("resume", SUPERVISOR | SYSTEM, _not_suspended),
        Verb("extend", SUPERVISOR, _nothing_to_extend),
        Verb("escalate", ON_DUTY | SYSTEM, _closed),
        Verb("merge", DESK | SYSTEM, _merged_or_closed),
        Verb("unmerge", DESK | SYSTEM, _not_merged),
    )
}


def possible(matter: Matter, actor: Actor, running: Sequence[Deadline]) -> list[Verb]:
    """The verbs this actor may do now; `running` are the matter's clocks that have not ended."""
    return [
        verb
        for verb in VERBS.values()
        if role_for(actor, verb.by, matter, helping=verb.helping) and verb.obstacle(matter, running) is None
    ]


def extensible(running: Sequence[Deadline]) -> list[Deadline]:
    """The clocks that may still be extended: those whose rule allows it, once each."""
    return [each for each in running if rule_of(each).extension is not None and not each.extensions]


def reclassify(
    matter_id: UUID,
    *,
    by: Actor,
    reason: str,
    klass: str | None = None,
    category: str | None = None,
    severity: int | None = None,
    version: int | None = None,
) -> Matter:
    """Override what triage suggested; what it was and what it became stand in the history, to learn from."""
    with _doing("reclassify", matter_id, by, version) as change:
        given = {"klass": klass, "category": category, "severity": severity, "reason": reason}
        wanted = answers(_Classification, {name: value for name, value in given.items() if value is not None})
        why = wanted.pop("reason")
        if not wanted:
            raise BadInput(_("give a class, a category or a severity"), field="klass")
        before = {name: getattr(change.matter, name) for name in wanted}
        changed = {name: value for name, value in wanted.items() if value != before[name]}
        if not changed:
            raise BadInput(_("it is classified so already"), field=next(iter(wanted)))
        for name, value in changed.items():
            setattr(change.matter, name, value)
        was = {name: before[name] for name in changed}
        change.record("reclassified", {"from": was, "to": changed, "reason": why})
    return change.matter


def hand_over(matter_id: UUID, *, to_area: str, by: Actor, reason: str, version: int | None = None) -> Matter:
    """Move the matter to another area's command centre. Whoever is responsible stays so until they accept."""
    _require_area(to_area, "to_area")
    with _doing("hand_over", matter_id, by, version, also=(to_area,)) as change:
        matter, before = change.matter, change.matter.area
        if before == to_area:
            raise NotPossible(_("it is already there"), field="to_area")
        change.record("handed_over", {"from": before, "to": to_area, "reason": _said(reason)})
        change.move(to_area)
        change.tell_desk(to_area)
    return matter


def share(matter_id: UUID, *, with_area: str, by: Actor, reason: str, version: int | None = None) -> Matter:
    """Let another area handle it together with this one: it sees and may act, the first stays responsible."""
    _require_area(with_area, "with_area")
    with _doing("share", matter_id, by, version, also=(with_area,)) as change:
        matter = change.matter
        if any(covers(area, with_area) for area in (matter.area, *matter.shared_with)):
            raise NotPossible(_("that area handles it already"), field="with_area")
        change.record("shared", {"with": with_area, "reason": _said(reason)})
        change.share(with_area)
        change.tell_desk(with_area)
    return matter


def suspend(matter_id: UUID, *, by: Actor, reason: str, approver: str, version: int | None = None) -> Matter:
    """Stop the clocks, for a reason that is told and by somebody who may (中止). No clock stops otherwise."""
    with _doing("suspend", matter_id, by, version) as change:
        change.record("suspended", answers(_Approved, {"reason": reason, "approver": approver}))
        change.matter.suspended_at = change.at
        change.hold_clocks()
        change.tell(REPORTER)
    return change.matter


def resume(matter_id: UUID, *, by: Actor, reason: str, version: int | None = None) -> Matter:
    """Let the clocks run again; the suspended time is not counted."""
    with _doing("resume", matter_id, by, version) as change:
        change.record("resumed", {"reason": _said(reason)})
        change.matter.suspended_at = None
        if change.matter.merged_into_id is None:
            change.release_clocks()
        change.tell(REPORTER)
    return change.matter


def extend(
    matter_id: UUID, deadline: str, *, by: Actor, reason: str, approver: str, version: int | None = None
) -> Matter:
    """Extend one running deadline, once, by what its rule allows; the reporter is told the reason."""
    # Which clock is asked for says more about why not than that none may be.
    with changing(matter_id, by, VERBS["extend"].by, version=version) as change:
        running = running_by_name(change.running, deadline)
        if running is None:
            raise Unknown(_("no such deadline is running"), field="deadline")
        rule = rule_of(running)
        if rule.extension is None:
            raise NotPossible(_("its rule allows no extension: %(source)s") % {"source": running.source})
        if running.extensions:
            raise NotPossible(_("it has been extended already"))
        told = answers(_Approved, {"reason": reason, "approver": approver})
        change.record("extended", {"deadline": deadline, **told, "by": rule.source})
        change.extend(running)
        change.tell(REPORTER)
    return change.matter


def escalate(matter_id: UUID, *, by: Actor, reason: str, version: int | None = None) -> Matter:
    """Tell the next level up (town, district, city). The matter stays where it is and whose it is."""
    with _doing("escalate", matter_id, by, version) as change:
        _escalate(change, {"reason": _said(reason)})
    return change.matter


def miss_deadline(matter_id: UUID, name: str, *, by: Actor) -> Matter:
    """Record that a deadline has passed unfulfilled and do what its procedure declares. For the sweep."""
    with changing(matter_id, by, SYSTEM) as change:
        matter, deadline = change.matter, running_by_name(change.running, name)
        if deadline is None or deadline.missed_at is not None or not deadline.late_at(change.at):
            raise NotPossible(_("that deadline is not overdue"))
        then = matter.rules.deadlines[name].then
        told = {"deadline": name, "rule": deadline.rule, "due_at": deadline.due_at.isoformat()}
        change.miss(deadline)
        if isinstance(then, Transition) and obstacle(matter, then) is None:
            change.make(then, told)
        elif isinstance(then, Escalate):
            _escalate(change, told)
        else:
            change.record("deadline_missed", told)
    return matter


def merge(
    matter_id: UUID,
    *,
    into: UUID,
    by: Actor,
    reason: str,
    version: int | None = None,
    into_version: int | None = None,
) -> Matter:
    """Join a duplicate to the matter that is worked on; its clocks stand still and its reporter hears of both."""
    if matter_id == into:
        raise NotPossible(_("a matter can't be merged into itself"))
    with _changing_both(matter_id, into, by) as (duplicate, main):
        _require_version(duplicate.matter, version)
        _require_version(main.matter, into_version)
        if main.matter.merged_into_id is not None:
            raise NotPossible(_("one of them has been merged already"))
        if matter_id == main.matter.parent_id or into == duplicate.matter.parent_id:
            # Closing a child locks its parent: joined as well, the two could wait for each other.
            raise NotPossible(_("one of them is part of the other"))
        _require_possible("merge", duplicate)
        duplicate.record("merged", {"into": str(into), "reason": _said(reason)})
        duplicate.matter.merged_into_id = into
        duplicate.hold_clocks()
        duplicate.tell(REPORTER)
        main.record("absorbed", {"matter": str(matter_id), "reason": _said(reason)})
    return duplicate.matter


def unmerge(matter_id: UUID, *, by: Actor, reason: str, version: int | None = None) -> Matter:
    """Take a merge back: the matter stands where it stood and its clocks run on, or begin anew if the two were settled
    together."""
    with scoped(scope_of(by)):
        found = store.lock(matter_id)
        if found is None:
            raise Unknown(_("there is no such matter"))
        if found[0].merged_into_id is None:
            raise NotPossible(_("it has not been merged"))
        into = found[0].merged_into_id
    with _changing_both(matter_id, into, by) as (duplicate, main):
        _require_version(duplicate.matter, version)
        if duplicate.matter.merged_into_id != into:
            raise Stale(_("the matter was changed by someone else in the meantime"))
        duplicate.record("unmerged", {"from": str(into), "reason": _said(reason)})
        part(duplicate)
        duplicate.tell(REPORTER)
        main.record("released", {"matter": str(matter_id), "reason": _said(reason)})
    return duplicate.matter


@contextmanager
def _doing(
    name: str, matter_id: UUID, by: Actor, version: int | None, *, also: tuple[str, ...] = ()
) -> Iterator[Change]:
    """A matter under lock for one verb: refused to whoever may not, and where something stands against it."""
    verb = VERBS[name]
    with changing(matter_id, by, verb.by, version=version, helping=verb.helping, also=also) as change:
        _require_possible(name, change)
        yield change


def _require_possible(name: str, change: Change) -> None:
    if why := VERBS[name].obstacle(change.matter, change.running):
        raise NotPossible(why)


def _require_version(matter: Matter, version: int | None) -> None:
    if version is not None and version != matter.version:
        raise Stale(_("the matter has moved on since you opened it; look again"))


@contextmanager
def _changing_both(first: UUID, second: UUID, by: Actor) -> Iterator[tuple[Change, Change]]:
    """Two matters at once, locked in the order of their identifiers so that two mergers can't block each other."""
    allowed, scope, order = VERBS["merge"].by, scope_of(by), sorted((first, second))
    with scoped(scope):
        areas = [locked(id, by, allowed).matter.area for id in order]
        # An area that helps holds the matter that was shared with it, and not the area it lies in.
        with scoped(replace(scope, areas=(*scope.areas, *areas))):
            changes = {id: locked(id, by, allowed) for id in order}
            yield changes[first], changes[second]
            for change in changes.values():
                store.update(change, store.Additions())


def _said(reason: str) -> str:
    """A reason that says something and can be stored. Raises BadInput."""
    return str(answers(Reason, {"reason": reason})["reason"])


def _require_area(path: str, field: str) -> None:
    if atlas().paths.get(path.rpartition(".")[2]) != path:
        raise BadInput(_("there is no such area"), field=field)


def _escalate(change: Change, told: Mapping[str, Any]) -> None:
    """One level up: the command centre of the area above the one told last is told."""
    matter = change.matter
    level = min(matter.escalation + 1, HIGHEST_ESCALATION)
    matter.escalation = level
    change.record("escalated", {**told, "level": level})
    # The path is city.district.town…: level 1 tells the town's desk, 2 the district's, 3 the city's.
    change.tell_desk(".".join(matter.area.split(".")[: HIGHEST_ESCALATION + 1 - level]))
