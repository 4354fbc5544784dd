"""What may be read: the shapes in which every door shows a matter, its clocks and its history."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel

from anlan.city.areas.atlas import atlas
from anlan.city.people.models import Posting
from anlan.foundation.language import said
from anlan.foundation.rules import Evidence
from anlan.loop import clock
from anlan.loop.change import rule_of
from anlan.loop.models import Attachment, Deadline, Event, Look, Matter
from anlan.loop.procedures import Named, Procedure, Transition
from anlan.loop.suggestions import KLASS_LABELS, Klass, categories

VERBS = {
    "opened": ("已收到", "Received"),
    "noted": ("补充说明", "Note"),
    "about": ("注明涉及对象", "Said what it is about"),
    "reclassified": ("调整分类", "Reclassified"),
    "placed": ("确认地点", "Place confirmed"),
    "handed_over": ("移交其他地区", "Handed over to another area"),
    "share_redrawn": ("网格调整，由新网格协同办理", "The grids were redrawn; another grid helps with it now"),
    "area_redrawn": ("网格调整，随之归入新网格", "The grids were redrawn; it now lies in another"),
    "shared": ("邀请协同处置", "Shared with another area"),
    "suspended": ("中止", "Suspended"),
    "resumed": ("恢复", "Resumed"),
    "extended": ("延长期限", "Deadline extended"),
    "escalated": ("已上报上级", "Escalated to the next level"),
    "deadline_missed": ("期限已过", "Deadline missed"),
    "merged": ("并入同一事件", "Joined with the same matter"),
    "unmerged": ("取消合并", "Parted again"),
    "absorbed": ("并入另一事件", "Took in a duplicate"),
    "released": ("分出一事件", "Released a duplicate"),
    "joined": ("您选择与已有事项一并办理", "Joined with an earlier report, as you chose"),
    "was_joined": ("有居民一并反映", "A resident's report joined this one"),
    "left": ("您要求单独办理", "Handled on its own again, as you asked"),
    "was_left": ("一并反映的居民改为单独办理", "A joined report is handled on its own again"),
    "settled_with": ("随一并办理的事件办结", "Settled together with the other report"),
    "reopened_with": ("一并办理的事件已重办", "Open again together with the other report"),
    "claimed": ("已归入账号", "Put under an account"),
    "child_opened": ("开立子事件", "Child matter opened"),
    "child_closed": ("子事件已结", "Child matter closed"),
    "looked": ("查看个人信息", "Personal data opened"),
    "evidence_opened": ("打开证据原件", "Evidence opened"),
    "party_added": ("登记当事人", "Person added"),
    "invited": ("邀请当事人参与", "Person invited to take part"),
}
"""The engine's own verbs, as a reader calls them; the transitions bring their own labels."""


def name_events(names: Mapping[str, tuple[str, str]]) -> None:
    """Say what the lines are called that a service adds to a history besides its steps: Chinese, English."""
    VERBS.update(names)


def label(named: Named) -> str:
    """A declared name in the reader's language."""
    return said(named.label, named.label_en)


def event_label(rules: type[Procedure], kind: str) -> str:
    """What a line of the history is called."""
    transition = rules.transitions.get(kind)
    return label(transition) if transition else said(*VERBS.get(kind, (kind, kind)))


def klass_label(klass: str) -> str:
    return str(KLASS_LABELS[Klass(klass)])


def category_label(slug: str) -> str:
    found = categories().get(slug)
    return said(found.zh, found.en) if found else slug


class ClockOut(BaseModel):
    """A deadline with the rule it came from. `remaining_seconds` is negative once it is overdue, empty once it ended
    or while it stands still. `met` says how it ended; one that fell away was neither kept nor missed."""

    name: str
    label: str
    kind: str
    rule: str
    source: str
    started_at: datetime
    due_at: datetime
    provisional: bool
    remaining_seconds: int | None
    overdue: bool
    suspended: bool
    ended_at: datetime | None
    met: bool | None
    in_time: bool | None

    @classmethod
    def of(cls, deadline: Deadline, rules: type[Procedure]) -> Self:
        now = clock.now()
        runs = deadline.ended_at is None and deadline.held_since is None
        return cls(
            name=deadline.name,
            label=label(rules.deadlines[deadline.name]),
            kind=deadline.kind,
            rule=deadline.rule,
            source=_source(deadline),
            started_at=deadline.started_at,
            due_at=deadline.due_at,
            provisional=deadline.provisional,
            remaining_seconds=int((deadline.due_at - now).total_seconds()) if runs else None,
            overdue=deadline.late_at(now),
            suspended=deadline.ended_at is None and deadline.held_since is not None,
            ended_at=deadline.ended_at,
            met=deadline.met,
            in_time=deadline.in_time,
        )


def _source(deadline: Deadline) -> str:
    """Where a clock's rule comes from; where the city says so by itself, that it does."""
    rule = rule_of(deadline)
    by_the_city = said("（据本市录入）", " (as entered by the city)") if rule.evidence is Evidence.CITY else ""
    return said(deadline.source, rule.source_en) + by_the_city


class StepOut(BaseModel):
    """A transition that may be made; `asks` is the JSON schema of what must be told with it, empty for nothing."""

    name: str
    label: str
    to: str
    asks: dict[str, Any]

    @classmethod
    def of(cls, transition: Transition) -> Self:
        asks = transition.asks.model_json_schema() if transition.asks else {}
        return cls(name=transition.name, label=label(transition), to=transition.target.name, asks=asks)


class FileOut(BaseModel):
    """A file of a matter, with the line of the history it came with. What is `evidence` was kept as it came and is
    for those who work on the matter."""

    id: UUID
    name: str
    media_type: str
    size: int
    evidence: bool
    added_at: datetime
    event_seq: int

    @property
    def is_photo(self) -> bool:
        """A picture that may be shown in place; evidence is opened by itself, since each opening is written down."""
        return self.media_type.startswith("image/") and not self.evidence

    @classmethod
    def of(cls, attachment: Attachment) -> Self:
        return cls(**{name: getattr(attachment, name) for name in cls.model_fields})


class LookOut(BaseModel):
    """Somebody on duty has opened a person's data: in which role, for which office, when and why; not their name."""

    at: datetime
    role: str
    role_label: str
    office: str
    purpose: str

    @classmethod
    def of(cls, look: Look, office: str) -> Self:
        role_label = Posting.RoleName(look.role).label
        return cls(at=look.at, role=look.role, role_label=str(role_label), office=office, purpose=look.purpose)


class PartyOut(BaseModel):
    """A person in a matter, masked; what is not known is empty."""

    id: UUID
    part: str
    part_label: str
    name: str
    phone: str
    address: str
    language: str
    looks: list[LookOut] = []


class Revealed(BaseModel):
    """A person's data as they are, given out once under the look that was written down."""

    id: UUID
    name: str
    phone: str
    address: str
    look: UUID


class Standing(BaseModel):
    """Where a matter stands after a step; `version` guards the next one (If-Match)."""

    id: UUID
    number: str
    version: int
    state: str
    state_label: str

    @classmethod
    def of(cls, matter: Matter) -> Self:
        return cls(**_standing(matter))


class MatterRow(Standing):
    """A matter in a list. `due_at` is the nearest end of a running clock."""

    procedure: str
    title: str
    channel: str
    klass: str
    klass_label: str
    category: str
    category_label: str
    severity: int
    area: str
    place: str
    office: str
    unit: str
    opened_at: datetime
    state_since: datetime
    closed_at: datetime | None
    suspended: bool
    due_at: datetime | None
    overdue: bool

    @classmethod
    def row(cls, matter: Matter, due_at: datetime | None) -> Self:
        return cls(**_row(matter, due_at))


class MatterOut(MatterRow):
    """A matter with everything staff need to act. Nothing personal: parties are opened on their own, with a reason.

    `verbs` names what else may be done now besides the steps: `hand_over` at `POST …/hand-over`, and so on.
    """

    description: str
    source_id: str
    address: str
    lon: float | None
    lat: float | None
    shared_with: list[str]
    returns: int
    reopened: int
    escalation: int
    rating: int | None
    outcome: str
    parent: UUID | None
    merged_into: UUID | None
    deadlines: list[ClockOut]
    steps: list[StepOut]
    verbs: list[str]
    files: list[FileOut]

    @classmethod
    def whole(
        cls,
        matter: Matter,
        deadlines: list[Deadline],
        steps: Iterable[Transition],
        verbs: list[str],
        files: list[FileOut],
    ) -> Self:
        running = [deadline.due_at for deadline in deadlines if deadline.ended_at is None and not deadline.held_since]
        return cls(
            **_row(matter, min(running, default=None)),
            description=matter.description,
            source_id=matter.source_id,
            address=matter.address,
            lon=matter.lon,
            lat=matter.lat,
            shared_with=matter.shared_with,
            returns=matter.returns,
            reopened=matter.reopened,
            escalation=matter.escalation,
            rating=matter.rating,
            outcome=matter.outcome,
            parent=matter.parent_id,
            merged_into=matter.merged_into_id,
            deadlines=[ClockOut.of(deadline, matter.rules) for deadline in deadlines],
            steps=[StepOut.of(step) for step in steps],
            verbs=verbs,
            files=files,
        )


class EventOut(BaseModel):
    """One line of the history as staff read it, with its link in the chain."""

    seq: int
    at: datetime
    kind: str
    label: str
    from_state: str
    to_state: str
    actor_kind: str
    actor_role: str
    actor: UUID | None
    area: str
    data: dict[str, Any]
    hash: str

    @classmethod
    def of(cls, event: Event, rules: type[Procedure]) -> Self:
        return cls(
            seq=event.seq,
            at=event.at,
            kind=event.kind,
            label=event_label(rules, event.kind),
            from_state=event.from_state,
            to_state=event.to_state,
            actor_kind=event.actor_kind,
            actor_role=event.actor_role,
            actor=event.actor_id,
            area=event.area,
            data=event.data,
            hash=bytes(event.hash).hex(),
        )


class Line(BaseModel):
    """One line of the story as the reporter reads it."""

    at: datetime
    label: str
    text: str


class Together(BaseModel):
    """How the matter stands that one's own report is handled with: no other person, and none of their words."""

    state_label: str
    done: bool
    closed: bool
    office: str
    since: datetime
    timeline: list[Line]
    deadlines: list[ClockOut]
    may_leave: bool


class PublicView(BaseModel):
    """What the holder of a tracking code sees: no staff, no internal notes, no other person; `looks` are at their own
    data."""

    number: str
    state: str
    state_label: str
    closed: bool
    title: str
    klass: str
    klass_label: str
    category: str
    category_label: str
    place: str
    office: str
    opened_at: datetime
    rating: int | None
    outcome: str
    timeline: list[Line]
    deadlines: list[ClockOut]
    next_steps: list[StepOut]
    files: list[FileOut]
    looks: list[LookOut]
    together: Together | None = None


def _standing(matter: Matter) -> dict[str, Any]:
    return {
        "id": matter.id,
        "number": matter.reference,
        "version": matter.version,
        "state": matter.state,
        "state_label": label(matter.stands),
    }


def _row(matter: Matter, due_at: datetime | None) -> dict[str, Any]:
    return {
        **_standing(matter),
        "procedure": matter.procedure,
        "title": matter.title,
        "channel": matter.channel,
        "klass": matter.klass,
        "klass_label": klass_label(matter.klass),
        "category": matter.category,
        "category_label": category_label(matter.category),
        "severity": matter.severity,
        "area": matter.area,
        "place": atlas().full_name(matter.area),
        "office": matter.responsible.name if matter.responsible else "",
        "unit": matter.unit.name if matter.unit else "",
        "opened_at": matter.opened_at,
        "state_since": matter.state_since,
        "closed_at": matter.closed_at,
        "suspended": matter.suspended_at is not None,
        "due_at": due_at,
        "overdue": due_at is not None and due_at <= clock.now(),
    }
