"""The engine: the only way a matter changes.

Every verb is one transaction in the asker's scope: lock the matter, check role and state, work out the change,
write it in one statement. `open_matter` begins a matter, `advance` makes a declared transition, `note` adds a word;
`verbs` holds what else every procedure can do. What is refused, is refused with a `Refused` and nothing is written.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from pydantic import BaseModel, ValidationError

from anlan.city.people.access import (
    DISPATCHER,
    PARTY,
    REPORTER,
    RESPONDER,
    SUPERVISOR,
    SYSTEM,
    Actor,
    Role,
    Scope,
    covers,
    role_for,
    scope_of,
    scoped,
    system,
)
from anlan.foundation.identifiers import new_code
from anlan.foundation.rules import rulebook
from anlan.foundation.sealing import active_suite
from anlan.foundation.sealing.fields import blind_index
from anlan.loop import clock, store
from anlan.loop.change import Change
from anlan.loop.history import GENESIS, digest_of_words
from anlan.loop.late import Late, assigned_at, ever_held, given_since
from anlan.loop.models import Attachment, Deadline, Matter, Party, Submission
from anlan.loop.procedures import Procedure, Transition
from anlan.loop.refusals import BadInput, NotAllowed, NotPossible, Stale, Unknown
from anlan.loop.schemas import Progress

ON_DUTY = DISPATCHER | SUPERVISOR | RESPONDER


@dataclass(frozen=True)
class Opening:
    """What a new matter starts with. `area` is a path of the tree; personal data belong in `parties`."""

    area: str
    channel: str
    title: str
    klass: str
    category: str
    severity: int
    description: str = ""
    source_id: str = ""
    address: str = ""
    lon: float | None = None
    lat: float | None = None
    responsible_id: UUID | None = None
    parties: Sequence[Party] = ()
    submission: Submission | None = None


@dataclass(frozen=True)
class Opened:
    """A new matter, the tracking code, which is shown once and can't be guessed, and the clocks that began."""

    matter: Matter
    code: str
    clocks: Sequence[Deadline]


def open_matter(
    procedure: type[Procedure],
    opening: Opening,
    *,
    by: Actor,
    parent_id: UUID | None = None,
    told: Mapping[str, Any] | None = None,
) -> Opened:
    """Begin a matter in its procedure's first state. Anybody may; `told` goes into the first line of its history.

    With `parent_id` it is a child: the parent's history says so too. Raises AlreadySubmitted for a used key.
    """
    code, at = new_code(), clock.now()
    matter = Matter(
        procedure=procedure.slug,
        state=procedure.initial().name,
        version=0,
        head=GENESIS,
        tracking=code,
        tracking_index=blind_index("code", code),
        reporter_id=by.account_id,
        parent_id=parent_id,
        opened_at=at,
        state_since=at,
        **{name: value for name, value in vars(opening).items() if name not in ("parties", "submission")},
    )
    role = role_for(by, ON_DUTY | SYSTEM, matter) or REPORTER
    change = Change(matter, [], by, role, at)
    # Whoever reports need not be able to see the area; the opening itself is written in the matter's own.
    with scoped(Scope(areas=(opening.area,))):
        said = digest_of_words(active_suite().suite_id, matter)
        change.record("opened", {**(told or {}), "said": said}, to=procedure.initial())
        change.turn_clocks(procedure.initial())
        for party in opening.parties:
            party.matter_id, party.area = matter.id, matter.area
        if opening.submission:
            opening.submission.matter_id, opening.submission.area = matter.id, matter.area
        store.insert(change, store.Additions(parties=opening.parties, submission=opening.submission))
        if parent_id is not None:
            with changing(parent_id, by, ON_DUTY | SYSTEM) as parent:
                parent.record("child_opened", {"child": str(matter.id), "procedure": procedure.slug})
    return Opened(matter, code, change.running)


def advance(
    matter_id: UUID,
    name: str,
    *,
    by: Actor,
    told: Mapping[str, Any] | None = None,
    version: int | None = None,
    late: Late | None = None,
    attachments: Sequence[Attachment] = (),
) -> Matter:
    """Make the declared transition `name`, with files or without. With `version` it is refused if the matter has
    moved on since. A `late` one was done before without network: the matter may have moved on, but not into other
    hands.

    Raises Unknown, NotAllowed, NotPossible, Stale, BadInput, or AlreadySubmitted for a `late` one told before.
    """
    submission = late.submission(by) if late else None
    with changing(matter_id, by, version=version, attachments=attachments, submission=submission) as change:
        matter = change.matter
        transition = matter.rules.transitions.get(name)
        if transition is None:
            raise Unknown(_("this procedure has no step “%(name)s”") % {"name": name}, field="transition")
        change.role = role_for(by, transition.by, matter)
        if change.role is None:
            raise NotAllowed(_("“%(step)s” is not yours to do here") % {"step": transition.label})
        if why := obstacle(matter, transition):
            raise NotPossible(why)
        if late and given_since(matter, late.seen):
            raise Stale(_("it has been assigned anew since you did this"))
        given = answers(transition.asks, told)
        moment = late.moment(assigned_at(matter), change.at) if late else {}
        for field in transition.sets:
            setattr(matter, field, _value_for(field, given))
        if transition.takes_over:
            matter.responsible_id = _organisation(by, matter) or matter.responsible_id
        change.make(transition, {**given, **moment, **_whose(change)})
        if attachments:
            _add_note(change, "", attachments, moment)
        if matter.parent_id is not None and transition.target.final:
            _tell_parent(matter.parent_id, matter)
    return matter


def obstacle(matter: Matter, transition: Transition) -> str | None:
    """Why nobody may make this transition now, or None. Role apart, this is the whole rule."""
    if matter.merged_into_id is not None:
        return _("it has been merged into another matter; act on that one")
    if matter.stands not in transition.sources:
        return _("“%(step)s” is not possible in the state “%(state)s”") % {
            "step": transition.label,
            "state": matter.stands.label,
        }
    if matter.suspended_at is not None:
        return _("it is suspended; resume it first")
    if transition.returns and matter.returns >= _returns_until_binding():
        return _("it has been returned %(n)d times; the designation is now binding") % {"n": matter.returns}
    return transition.when(matter) if transition.when else None


def possible(matter: Matter, actor: Actor) -> list[Transition]:
    """The transitions this actor may make now: the buttons of a page, the links of the API."""
    return [
        transition
        for transition in matter.rules.leaving(matter.state)
        if role_for(actor, transition.by, matter) and obstacle(matter, transition) is None
    ]


def note(
    matter_id: UUID,
    text: str,
    *,
    by: Actor,
    attachments: Sequence[Attachment] = (),
    public: bool = False,
    version: int | None = None,
) -> Matter:
    """Add a word (and files) without moving the matter. A public note is shown to the reporter."""
    allowed = ON_DUTY | SYSTEM | REPORTER
    with changing(matter_id, by, allowed, version=version, attachments=attachments) as change:
        _add_note(change, text, attachments, public=public)
    return change.matter


def note_afterwards(
    matter_id: UUID, text: str, *, by: Actor, late: Late, attachments: Sequence[Attachment] = ()
) -> Matter:
    """Add what was done without network by those whose unit held the matter then, even if it does no longer.

    Raises Unknown where no unit of theirs ever held it, BadInput, or AlreadySubmitted.
    """
    with scoped(replace(scope_of(by), matter=matter_id)):
        change = locked(matter_id, by, None)
        if not ever_held(change.matter, by):
            raise Unknown(_("there is no such matter"))
        change.role = RESPONDER
        _add_note(change, text, attachments, late.moment(assigned_at(change.matter), change.at))
        store.update(change, store.Additions(attachments=attachments, submission=_placed(late.submission(by), change)))
    return change.matter


@contextmanager
def changing(
    matter_id: UUID,
    by: Actor,
    allowed: Role | None = None,
    *,
    version: int | None = None,
    helping: bool = True,
    also: tuple[str, ...] = (),
    attachments: Sequence[Attachment] = (),
    submission: Submission | None = None,
) -> Iterator[Change]:
    """Lock a matter in the asker's scope, check the role, hand out a change, and write it if nothing was refused.

    `also` names areas the change reaches beyond the asker's own, as a hand-over does; with `helping=False` it is not
    for an area that only handles the matter together with its own.
    """
    scope = scope_of(by)
    with scoped(scope):
        change = locked(matter_id, by, allowed, helping=helping)
        if version is not None and version != change.matter.version:
            raise Stale(_("the matter has moved on since you opened it; look again"))
        # A reporter, or an area that helps, holds this one matter and not the area it lies in.
        if also or not any(covers(area, change.matter.area) for area in scope.areas):
            with scoped(replace(scope, areas=(*scope.areas, *also), matter=matter_id)):
                change = locked(matter_id, by, allowed, helping=helping)
                yield change
                store.update(change, store.Additions(attachments=attachments, submission=_placed(submission, change)))
        else:
            yield change
            store.update(change, store.Additions(attachments=attachments, submission=_placed(submission, change)))


def locked(matter_id: UUID, by: Actor, allowed: Role | None, *, helping: bool = True) -> Change:
    found = store.lock(matter_id)
    if found is None:
        raise Unknown(_("there is no such matter"))
    matter, running = found
    role = role_for(by, allowed, matter, helping=helping) if allowed else None
    if allowed and role is None:
        raise NotAllowed(_("that is not yours to do here"))
    return Change(matter, running, by, role)


def _add_note(
    change: Change,
    text: str,
    attachments: Sequence[Attachment],
    moment: Mapping[str, Any] = MappingProxyType({}),
    *,
    public: bool = False,
) -> None:
    """One line with a word, files, or both; the files hang on it."""
    files = [{"digest": attachment.digest, "name": attachment.name} for attachment in attachments]
    # A file may speak for itself.
    said = answers(Progress, {"text": text})["text"] if text or not files else ""
    event = change.record("noted", {"text": said, "public": public, "files": files, **moment})
    for row in attachments:
        row.matter_id, row.area = change.matter.id, change.matter.area
        row.added_at, row.event_seq = change.at, event.seq


def _placed(submission: Submission | None, change: Change) -> Submission | None:
    """A key beside the matter it was used for."""
    if submission is not None:
        submission.matter_id, submission.area = change.matter.id, change.matter.area
    return submission


def _whose(change: Change) -> dict[str, str]:
    """Which of the persons of a matter made a step that any of them may make."""
    part = change.actor.takes_part
    return {"party": str(part.party)} if change.role is PARTY and part else {}


def _tell_parent(parent_id: UUID, child: Matter) -> None:
    # The program says it: whoever closed the child need hold no role in the parent.
    with changing(parent_id, system(), SYSTEM) as parent:
        parent.record("child_closed", {"child": str(child.id), "state": child.state, "outcome": child.outcome})


def answers(asks: type[BaseModel] | None, told: Mapping[str, Any] | None) -> dict[str, Any]:
    """What was told, checked against what is asked. Raises BadInput naming the first wrong field."""
    if asks is None:
        if told:
            raise BadInput(_("nothing is asked here"), field=next(iter(told)))
        return {}
    try:
        return asks.model_validate(dict(told or {})).model_dump(mode="json", exclude_none=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise BadInput(first["msg"], field=".".join(map(str, first["loc"]))) from error


def _value_for(field: str, given: Mapping[str, Any]) -> Any:
    """What a field of the matter is set to. Raises BadInput where it refers to something that is not there."""
    value = given.get(field)
    if value is None or not field.endswith("_id"):
        return value
    # The database would notice too, but only at the commit, and could not say which field it was.
    referred = Matter._meta.get_field(field.removesuffix("_id")).related_model
    assert referred is not None
    if not referred._default_manager.filter(pk=value).exists():
        raise BadInput(_("there is nothing with this identifier"), field=field)
    return UUID(value)


def _organisation(by: Actor, matter: Matter) -> UUID | None:
    """The organisation in whose name the actor holds the role that covers this matter."""
    for held in by.held:
        if held.organisation_id and (held.unit_id == matter.unit_id or covers(held.area, matter.area)):
            return held.organisation_id
    return None


def _returns_until_binding() -> int:
    return int(rulebook().at("loop.binding_after_returns", clock.today()).value or 0)
