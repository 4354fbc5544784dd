"""What one verb does to one matter: worked out here in memory, written by `store` in one statement.

Nothing in this module reads or writes the database.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from anlan.city.people.access import REPORTER, RESPONDER, Actor, Role
from anlan.foundation.rules import Rule, rulebook
from anlan.foundation.sealing import active_suite
from anlan.loop import clock, terms
from anlan.loop.calendar import chinese as calendar
from anlan.loop.history import link
from anlan.loop.models import Announcement, Deadline, Event, Matter, Notice
from anlan.loop.procedures import Deadline as DeclaredDeadline
from anlan.loop.procedures import State, Transition


@dataclass
class Change:
    """One matter under lock, its running clocks, and what the verb adds to them."""

    matter: Matter
    running: list[Deadline]
    actor: Actor
    role: Role | None
    at: datetime = field(default_factory=clock.now)
    events: list[Event] = field(default_factory=list)
    deadlines: list[Deadline] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    moved: bool = False
    shared: bool = False

    def __post_init__(self) -> None:
        self._areas_before = {self.matter.area, *self.matter.shared_with}
        self._unit_before = self.matter.unit_id

    def record(self, kind: str, data: Mapping[str, Any] | None = None, *, to: State | None = None) -> Event:
        """Add one line to the history, and with `to` move the matter into that state."""
        matter, suite, previous = self.matter, active_suite().suite_id, bytes(self.matter.head)
        actor = (self.actor.kind, self.actor.account_id, (self.role and self.role.name) or "")
        line: dict[str, Any] = {
            "matter_id": matter.id,
            "seq": matter.version + 1,
            "at": self.at,
            "kind": kind,
            "from_state": matter.state,
            "to_state": to.name if to else matter.state,
            "area": matter.area,
            "data": dict(data or {}),
        }
        matter.head = link(suite, previous, actor=actor, **line)
        matter.version += 1
        event = Event(
            **line,
            actor_kind=actor[0],
            actor_id=actor[1],
            actor_role=actor[2],
            suite=suite,
            previous=previous,
            hash=matter.head,
        )
        self.events.append(event)
        if to:
            matter.state, matter.state_since = to.name, self.at
        return event

    def make(self, transition: Transition, told: Mapping[str, Any]) -> None:
        """Make a transition that has been found allowed: history, state, clocks, notices."""
        matter, target = self.matter, transition.target
        self.record(transition.name, told, to=target)
        if transition.tells:
            self.tell(transition.tells)
        for name in transition.clears:
            setattr(matter, name, None)
        matter.returns += transition.returns
        if transition.raises:
            matter.escalation = matter.level + 1
            self.tell_desk(matter.desk_path)
        matter.reopened += transition.reopens
        matter.closed_at = self.at if target.final else None
        self.turn_clocks(target, transition)

    def turn_clocks(self, entered: State, transition: Transition | None = None) -> None:
        """End the clocks this step fulfils (in a done state also those no longer owed) and start those it begins."""
        declared = self.matter.rules.deadlines
        for deadline in self.running:
            met = transition is not None and declared[deadline.name].met_by(transition)
            if met or entered.done:
                deadline.ended_at, deadline.met = self.at, met
                self._touch(deadline)
        self.running = [deadline for deadline in self.running if deadline.ended_at is None]
        going = {deadline.name for deadline in self.running}
        for each in declared.values():
            if entered in each.since and each.name not in going:
                self._touch(self._started(each))

    def end_clocks(self) -> None:
        """Let every running clock end as no longer owed."""
        for deadline in self.running:
            deadline.ended_at, deadline.met = self.at, False
            self._touch(deadline)
        self.running = []

    def begin_clocks(self, names: Iterable[str]) -> None:
        """Start these clocks anew, each under the rule of today."""
        for name in names:
            self._touch(self._started(self.matter.rules.deadlines[name]))

    def hold_clocks(self) -> None:
        """Let every running clock stand still."""
        for deadline in self.running:
            if deadline.held_since is None:
                deadline.held_since = self.at
                self._touch(deadline)

    def release_clocks(self) -> None:
        """Let the clocks run again; the time they stood is not counted, by each one's own counting rules."""
        for deadline in self.running:
            if deadline.held_since is None:
                continue
            term = terms.term_of(rule_of(deadline))
            deadline.due_at = terms.resume(deadline.due_at, deadline.held_since, self.at, term, calendar())
            deadline.held_since = None
            self._touch(deadline)

    def extend(self, deadline: Deadline) -> datetime:
        """Put a clock's end off by what its rule allows; returns the new end."""
        extension = terms.extension_of(rule_of(deadline))
        deadline.due_at = terms.extended(deadline.due_at, extension, calendar())
        deadline.extensions += 1
        # A clock that was found overdue runs again once it has lawfully been extended past now.
        deadline.missed_at = None if deadline.due_at > self.at else deadline.missed_at
        self._touch(deadline)
        return deadline.due_at

    def move(self, area: str) -> None:
        """Put the matter and its running clocks into another area; `store` takes the rest of its rows along."""
        self.matter.area, self.moved = area, True
        for deadline in self.running:
            deadline.area = area
            self._touch(deadline)

    def share(self, area: str) -> None:
        """Let an area handle the matter together with its own; `store` lets it find the clocks by themselves."""
        self.share_anew([*self.matter.shared_with, area])

    def share_anew(self, areas: list[str]) -> None:
        """Let these areas, in place of those so far, handle the matter together with its own."""
        self.matter.shared_with, self.shared = areas, True
        for deadline in self.running:
            deadline.shared_with = self.matter.shared_with
            self._touch(deadline)

    def miss(self, deadline: Deadline) -> None:
        """Mark a clock as found overdue, so that it is found once."""
        deadline.missed_at = self.at
        self._touch(deadline)

    def tell(self, whom: Role) -> None:
        """Queue a notice about the latest event for the reporters and/or the assigned unit."""
        if REPORTER in whom:
            self.notices.append(self._notice(Notice.To.REPORTERS))
        if RESPONDER in whom and self.matter.unit_id is not None:
            self.notices.append(self._notice(Notice.To.UNIT, unit_id=self.matter.unit_id))

    def tell_desk(self, area: str) -> None:
        """Queue a notice about the latest event for the command centre of an area."""
        self.notices.append(self._notice(Notice.To.DESK, desk=area))

    def announcement(self) -> Announcement:
        """What live pages hear of it: how the matter stands after the latest event, and who has lost it."""
        matter, event = self.matter, self.events[-1]
        unit = self._unit_before
        return Announcement(
            matter_id=matter.id,
            version=matter.version,
            area=matter.area,
            shared_with=matter.shared_with,
            unit_id=matter.unit_id,
            reporter_id=matter.reporter_id,
            tracking_index=matter.tracking_index,
            left_areas=sorted(self._areas_before - {matter.area, *matter.shared_with}),
            left_unit_id=unit if unit != matter.unit_id else None,
            kind=event.kind,
            state=matter.state,
        )

    def _notice(self, to: Notice.To, **whom: Any) -> Notice:
        event = self.events[-1]
        return Notice(
            matter_id=self.matter.id,
            area=self.matter.area,
            to=to,
            kind=event.kind,
            event_seq=event.seq,
            due_at=self.at,
            **whom,
        )

    def _started(self, declared: DeclaredDeadline) -> Deadline:
        rule = rulebook().at(declared.rule, clock.local(self.at).date())
        term = terms.term_of(rule)
        due = terms.due(self.at, term, calendar())
        deadline = Deadline(
            matter_id=self.matter.id,
            area=self.matter.area,
            shared_with=self.matter.shared_with,
            name=declared.name,
            rule=rule.id,
            kind=rule.kind,
            source=rule.source,
            started_at=self.at,
            due_at=due,
            provisional=terms.is_provisional(due, term, calendar()),
        )
        self.running.append(deadline)
        return deadline

    def _touch(self, deadline: Deadline) -> None:
        if deadline not in self.deadlines:
            self.deadlines.append(deadline)


def rule_of(deadline: Deadline) -> Rule:
    """The rule a clock was started under: that of its first day, not of today."""
    return rulebook().at(deadline.rule, clock.local(deadline.started_at).date())


def running_by_name(running: Sequence[Deadline], name: str) -> Deadline | None:
    return next((deadline for deadline in running if deadline.name == name), None)
