"""What a person makes of a topic: take it up as one matter, give that back, take a matter out, dismiss it.

A topic taken up is worked as one parent matter. Its members are merged into that one by the loop's own verb, so each
keeps its code and its history, its reporter hears of every step and reads how the parent stands, and each can be taken
out again. Whoever decides must see all of the topic and direct or supervise all over it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.utils.translation import gettext as _

from anlan.city.people.access import Actor, role_for, scope_of, scoped, system
from anlan.city.people.queries import desk_of
from anlan.insight.models import Topic, TopicMember
from anlan.insight.topics.seen import READERS, Whole, common_area, whole
from anlan.loop import clock, engine, verbs
from anlan.loop.engine import Opening
from anlan.loop.models import Channel, Matter
from anlan.loop.refusals import NotAllowed, NotPossible, Stale, Unknown
from anlan.loop.schemas import Line, Reason

TITLE_LENGTH = 40
DISSOLVE = "dissolve"
"""The step by which a parent ends whose parts are worked on by themselves again."""


class TakingUp(Reason):
    """Why the members are one matter, and what that one is called."""

    title: Line = ""


def take_up(topic_id: UUID, *, by: Actor, reason: str, title: str = "") -> Matter:
    """Open one parent matter over the topic and merge into it each member that is still worked on; for a topic that
    has been taken up, those that have come since. Returns the parent. All of it is done, or nothing.

    Raises Unknown, NotAllowed, NotPossible, BadInput or Stale.
    """
    with scoped(scope_of(by)):
        found = _deciding(topic_id, by)
        workable = mergeable(found)
        if found.topic.state == Topic.State.DISMISSED:
            raise NotPossible(_("it has been dismissed; take that back first"))
        if not workable:
            raise NotPossible(_("none of its matters is still worked on by itself"))
        if found.topic.state == Topic.State.TAKEN_UP:
            parent = found.parent
            assert parent is not None, "a topic taken up has a parent, and whoever decides sees it"
        else:
            parent = _opened(found, workable, by, title or found.seen.title)
        for each in sorted(workable, key=lambda matter: matter.id):
            verbs.merge(each.id, into=parent.id, by=by, reason=reason)
        if found.topic.state == Topic.State.FOUND:
            _decide(found.topic, Topic.State.TAKEN_UP, by, reason, parent)
    return parent


def give_back(topic_id: UUID, *, by: Actor, reason: str) -> None:
    """Take a decision back: whatever was merged into the parent stands for itself again and its reporter is told; the
    parent ends as dissolved, and a unit on its way hears of it.

    Raises Unknown, NotAllowed, NotPossible, BadInput or Stale.
    """
    with scoped(scope_of(by)):
        found = _deciding(topic_id, by)
        if found.topic.state == Topic.State.FOUND:
            raise NotPossible(_("nothing has been decided on it yet"))
        if found.parent is not None:
            if found.parent.stands.done:
                raise NotPossible(_("its parent matter is settled already"))
            _release_all(found.parent, by, reason)
            engine.advance(found.parent.id, DISSOLVE, by=system(), told={"reason": reason})
        _decide(found.topic, Topic.State.FOUND, by, "", None)


def _release_all(parent: Matter, by: Actor, reason: str) -> None:
    """Also what the desk or a reporter joined to it since, wherever that lies: the program takes out what `by` may
    not."""
    with scoped(scope_of(system())):
        joined = list(Matter.objects.filter(merged_into=parent).order_by("id"))
    for each in joined:
        verbs.unmerge(each.id, by=by if role_for(by, READERS, each) else system(), reason=reason)


def take_out(topic_id: UUID, matter_id: UUID, *, by: Actor, reason: str) -> None:
    """Take a matter out that does not belong to it; no night puts it back."""
    with scoped(scope_of(by)):
        found = _deciding(topic_id, by)
        member = next((each for each in found.members if each.id == matter_id), None)
        if member is None:
            raise Unknown(_("there is no such matter in this topic"))
        if found.parent is not None and member.merged_into_id == found.parent.id:
            verbs.unmerge(member.id, by=by, reason=reason)
        else:
            engine.answers(Reason, {"reason": reason})
        TopicMember.objects.filter(topic_id=topic_id, matter_id=matter_id).update(taken_out=True)


def put_back(topic_id: UUID, matter_id: UUID, *, by: Actor) -> None:
    """Let a matter that was taken out belong to it again. Raises NotPossible where another topic has it."""
    with scoped(scope_of(by)):
        found = _deciding(topic_id, by)
        if matter_id not in {each.id for each in found.taken_out}:
            raise Unknown(_("there is no such matter in this topic"))
        if TopicMember.objects.filter(matter_id=matter_id, taken_out=False).exists():
            raise NotPossible(_("it belongs to another topic now"))
        TopicMember.objects.filter(topic_id=topic_id, matter_id=matter_id).update(taken_out=False)


def dismiss(topic_id: UUID, *, by: Actor, reason: str) -> None:
    """Say that it is none, or needs nothing done; it is listed among the dismissed from then on."""
    with scoped(scope_of(by)):
        found = _deciding(topic_id, by)
        if found.topic.state != Topic.State.FOUND:
            raise NotPossible(_("it has been decided on already"))
        said = str(engine.answers(Reason, {"reason": reason})["reason"])
        _decide(found.topic, Topic.State.DISMISSED, by, said, None)


def mergeable(found: Whole) -> list[Matter]:
    """The members that are still worked on by themselves."""
    return [
        each
        for each in found.members
        if each.merged_into_id is None and not each.stands.done and each.closed_at is None
    ]


def _deciding(topic_id: UUID, by: Actor) -> Whole:
    """The topic, locked and read afterwards, so that of two who decide at once the second sees what the first did."""
    if not Topic.objects.select_for_update().filter(id=topic_id).exists():
        raise Unknown(_("there is no such topic"))
    found = whole(by, topic_id)
    if not found.may_decide:
        raise NotAllowed(_("whoever directs over all of a topic decides on it"))
    return found


def _opened(found: Whole, workable: Sequence[Matter], by: Actor, title: str) -> Matter:
    """The parent: in the smallest area that holds them all, of the category and the door that most of them have, and
    as grave as the gravest. Nobody reported it: it has no party."""
    area = common_area(each.area for each in workable)
    located = {(each.lon, each.lat, each.address) for each in workable}
    lon, lat, address = located.pop() if len(located) == 1 else (None, None, "")
    first = workable[0]
    desk = desk_of(area)
    opening = Opening(
        area=area,
        # The police handed over parts of it, never the whole: their figures count hand-overs.
        channel=_most([each.channel for each in workable if each.channel != Channel.POLICE] or [Channel.WINDOW]),
        title=title[:TITLE_LENGTH],
        description=_("%(n)d reports of the same issue.") % {"n": len(workable)},
        klass=_most(each.klass for each in workable),
        category=_most(each.category for each in workable),
        severity=max(each.severity for each in workable),
        lon=lon,
        lat=lat,
        address=address,
        responsible_id=desk[1] if desk else None,
    )
    opened = engine.open_matter(first.rules, opening, by=by, told={"topic": str(found.topic.id)})
    if role_for(by, READERS, opened.matter) is None:
        raise NotAllowed(_("its parts lie in several areas; whoever directs over all of them takes it up"))
    return opened.matter


def _most(values: Iterable[str]) -> str:
    return min(Counter(values).items(), key=lambda each: (-each[1], each[0]))[0]


def _decide(topic: Topic, state: str, by: Actor, reason: str, parent: Matter | None) -> None:
    changed = Topic.objects.filter(id=topic.id, state=topic.state).update(
        state=state, decided_at=clock.now(), decided_by=by.account_id, reason=reason[:200], parent=parent
    )
    if not changed:
        raise Stale(_("somebody else has decided on it in the meantime"))
