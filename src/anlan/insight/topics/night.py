"""Every night: what the city talks about, over its open and recent matters. A topic keeps its identity while it shares
most of its members with the group that is found."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q

from anlan.city.people.access import scope_of, scoped, system
from anlan.foundation.rules import rulebook
from anlan.foundation.shares import Share
from anlan.insight.models import Topic, TopicMember, TopicSearch
from anlan.insight.topics.finding import find_topics
from anlan.insight.topics.reading import Message
from anlan.insight.topics.stages import At, Stage, silent
from anlan.insight.topics.trends import look_for_rising
from anlan.loop import clock
from anlan.loop.models import Matter

NIGHT = range(2, 5)
"""Local hours in which topics are looked for."""
SAME_TOPIC = 0.5
"""Of the smaller of a topic and a group found, the share they must have in common to be one."""


def look_tonight() -> int:
    """Once a night: topics, and what is rising. Returns how many topics there are then."""
    now = clock.local(clock.now())
    begun = now.replace(hour=NIGHT.start, minute=0, second=0)
    if now.hour not in NIGHT or TopicSearch.objects.filter(at__gte=begun).exists():
        return 0
    look_for_rising()
    return look().topics


def look(*, since: datetime | None = None, at: At = silent) -> TopicSearch:
    """Look for topics now, over what is open and what was opened `since` (by default the days of the rule)."""
    now = clock.now()
    at(Stage.READING)
    since = since or now - timedelta(days=int(_rule("topics.days")))
    messages = _said(since)
    smallest = int(_rule("topics.smallest"))
    # The search takes seconds to minutes; nothing is locked meanwhile.
    groups = find_topics(
        messages,
        now=_naive(now),
        rules=rulebook(),
        on=clock.local(now).date(),
        smallest=smallest,
        one_desk=True,
        at=at,
    )
    at(Stage.KEEPING)
    with transaction.atomic():
        _store([{UUID(id) for id in each.members} for each in groups], {UUID(each.id) for each in messages}, smallest)
        return TopicSearch.objects.create(
            at=now, since=since, matters=len(messages), topics=Topic.objects.filter(state=Topic.State.FOUND).count()
        )


def talked_about(*, since: datetime) -> tuple[int, Share, int]:
    """Look for topics and for what is rising now. Returns how many topics there are, how many of the matters that were
    looked at are in one, and how many are in the largest."""
    look_for_rising()
    search = look(since=since)
    sizes = TopicMember.objects.filter(taken_out=False).values_list("topic").annotate(n=Count("id"))
    counted = [n for _topic, n in sizes.order_by()]
    return len(counted), Share(sum(counted), search.matters), max(counted, default=0)


def _said(since: datetime) -> list[Message]:
    """Every report, also one that is handled with another; a topic's parent matter and a check of ours are none."""
    parents = Topic.objects.exclude(parent=None).values("parent")
    with scoped(scope_of(system())):
        recent = Q(closed_at=None) | Q(opened_at__gte=since)
        found = Matter.objects.filter(recent, procedure=settings.ANLAN_INTAKE_PROCEDURE).exclude(id__in=parents)
        rows = list(found.order_by("id").values_list("id", "title", "description", "opened_at"))
    return [Message(str(id), title, text, _naive(at)) for id, title, text, at in rows]


def _store(groups: list[set[UUID]], searched: set[UUID], smallest: int) -> None:
    """Make the topics those groups: what was not searched tonight stays where it is, what a person decided too."""
    # Locked: whoever decides on a topic waits for the end of this, or this for them.
    states = dict(Topic.objects.select_for_update().order_by("id").values_list("id", "state"))
    held: dict[UUID, set[UUID]] = {id: set() for id in states}
    for topic, matter in TopicMember.objects.filter(taken_out=False).values_list("topic_id", "matter_id"):
        held[topic].add(matter)
    out: dict[UUID, set[UUID]] = {}
    for topic, matter in TopicMember.objects.filter(taken_out=True).values_list("topic_id", "matter_id"):
        out.setdefault(topic, set()).add(matter)
    decided = {id for id, state in states.items() if state != Topic.State.FOUND}
    fixed = set[UUID]().union(*(held[id] for id in decided))
    known = matched(groups, {id: members | out.get(id, set()) for id, members in held.items()})
    wanted = {id: members if id in decided else members - searched for id, members in held.items()}
    for group, same in zip(groups, known, strict=True):
        # What a person has decided on keeps its members; others of the same issue come to it.
        new = group - fixed
        if same is not None:
            wanted[same] = wanted[same] | (new - out.get(same, set()))
        elif len(new) >= smallest:
            wanted[Topic.objects.create(found_at=clock.now()).id] = new
    gone = [id for id, members in wanted.items() if id not in decided and len(members) < smallest]
    Topic.objects.filter(id__in=gone).delete()
    _write({id: members for id, members in wanted.items() if id not in gone}, held)


def matched(groups: list[set[UUID]], topics: dict[UUID, set[UUID]]) -> list[UUID | None]:
    """For each group the topic it is, None for a new one; each topic is one group at most, the most shared first."""
    topic_of: dict[UUID, list[UUID]] = {}
    for id, members in topics.items():
        for member in members:
            topic_of.setdefault(member, []).append(id)
    pairs: list[tuple[int, int, UUID]] = []
    for number, group in enumerate(groups):
        shared = Counter(id for member in group for id in topic_of.get(member, ()))
        pairs += [
            (count, number, id)
            for id, count in shared.items()
            if count >= SAME_TOPIC * min(len(group), len(topics[id]))
        ]
    result: list[UUID | None] = [None] * len(groups)
    taken = set[UUID]()
    for _count, number, id in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if result[number] is None and id not in taken:
            result[number] = id
            taken.add(id)
    return result


def _write(wanted: dict[UUID, set[UUID]], held: dict[UUID, set[UUID]]) -> None:
    """Only what has changed; first what goes, as a matter is in one topic only."""
    for id, members in held.items():
        if lost := members - wanted.get(id, set()):
            TopicMember.objects.filter(topic_id=id, matter_id__in=lost, taken_out=False).delete()
    TopicMember.objects.bulk_create(_rows(wanted, held), batch_size=2_000)


def _rows(wanted: dict[UUID, set[UUID]], held: dict[UUID, set[UUID]]) -> Iterable[TopicMember]:
    return [
        TopicMember(topic_id=id, matter_id=matter)
        for id, members in wanted.items()
        for matter in sorted(members - held.get(id, set()))
    ]


def _naive(moment: datetime) -> datetime:
    """The city's local time, as messages have it."""
    return clock.local(moment).replace(tzinfo=None)


def _rule(id: str) -> float:
    return float(rulebook().at(id, clock.today()).value or 0)
