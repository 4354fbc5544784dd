"""Topics as somebody sees them: drawn from those of their members that lie in the reader's scope, never from others."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from django.db.models import Case, Count, Max, Q, QuerySet, When
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _
from pydantic import Field

from anlan.city.people.access import DISPATCHER, SUPERVISOR, Actor, role_for, scope_of, scoped
from anlan.city.people.models import Account
from anlan.foundation.rules import rulebook
from anlan.insight.models import Rising, Topic, TopicMember, TopicSearch
from anlan.insight.topics import titles
from anlan.insight.topics.heat import Heat, HeatRule, heat, heat_rule
from anlan.insight.topics.trends import seen_rising
from anlan.insight.topics.words import shared_words
from anlan.loop import clock
from anlan.loop.models import Matter
from anlan.loop.queries import path_of
from anlan.loop.refusals import Unknown
from anlan.loop.schemas import Told

READERS = DISPATCHER | SUPERVISOR
PAGE = 30
A_DAY = 86_400
# An office's account that writes down what others say is not one person: without a resident's account each counts.
_RESIDENT = Account.Kind.RESIDENT
_WHO = Case(When(matter__reporter__kind=_RESIDENT, then="matter__reporter_id"), default="matter_id")


class Asked(Told):
    """Which topics: those of a state, in an area, with a category or the family of one, or with what is rising."""

    state: Literal["found", "taken_up", "dismissed"] = "found"
    area: Annotated[str, Field(pattern=r"^[0-9]{4,15}$")] | None = None
    category: Annotated[str, Field(pattern=r"^[a-z0-9_.]{1,60}$")] | None = None
    rising: Literal[True] | None = None
    page: Annotated[int, Field(ge=1, le=1_000)] = 1


@dataclass(frozen=True)
class Seen:
    """A topic by what the reader may see of it. `found_by` are the words most of its titles share."""

    id: UUID
    state: str
    title: str
    place: str
    area: str
    count: int
    open: int
    since: datetime
    until: datetime
    heat: Heat
    found_by: list[tuple[str, int]]
    rising: bool


@dataclass(frozen=True)
class Listed:
    """A page of topics, the loudest first; `last` is the last night's search, None before the first."""

    items: list[Seen]
    count: int
    page: int
    more: bool
    last: TopicSearch | None
    rising: Sequence[Rising]


@dataclass(frozen=True)
class Whole:
    """A topic with its members, the newest first. `whole` says that the reader sees all of it; only who directs or
    supervises over all of it may decide on it."""

    seen: Seen
    topic: Topic
    members: list[Matter]
    taken_out: list[Matter]
    parent: Matter | None
    whole: bool
    may_decide: bool


def listed(actor: Actor, asked: Asked) -> Listed:
    """The topics of which somebody sees enough. Raises BadInput for an unknown area."""
    rule, now = heat_rule(rulebook(), clock.today()), clock.now()
    rises = seen_rising(actor)
    with scoped(scope_of(actor)):
        members = TopicMember.objects.filter(_asked_for(asked, rises), taken_out=False, topic__state=asked.state)
        counted = (
            members.values("topic_id")
            .annotate(
                n=Count("id"),
                people=Count(_WHO, distinct=True),
                days=Count(TruncDate("matter__opened_at", tzinfo=clock.LOCAL), distinct=True),
                last=Max("matter__opened_at"),
            )
            .filter(n__gte=smallest())
            .order_by()
        )
        rows = [(_heat(row["people"], row["days"], row["last"], now, rule), row) for row in counted]
        rows.sort(key=lambda each: (-each[0].total, str(each[1]["topic_id"])))
        shown = rows[(asked.page - 1) * PAGE : asked.page * PAGE]
        said = _matters_of(members, [row["topic_id"] for _hot, row in shown])
        items = [_drawn(row["topic_id"], asked.state, said[row["topic_id"]], now, rises) for _hot, row in shown]
        last = TopicSearch.objects.order_by("-id").first()
    return Listed(items, len(rows), asked.page, len(rows) > asked.page * PAGE, last, rises)


def whole(actor: Actor, id: UUID) -> Whole:
    """One topic. Raises Unknown where the reader sees nothing of it, or too little to call it one."""
    rises = seen_rising(actor)
    topic = Topic.objects.filter(id=id).first()
    held = list(TopicMember.objects.filter(topic_id=id).values_list("matter_id", "taken_out"))
    with scoped(scope_of(actor)):
        found = _for_a_topic().select_related("unit").in_bulk([matter for matter, _out in held])
        parent = Matter.objects.filter(id=topic.parent_id).first() if topic and topic.parent_id else None
    members = [found[matter] for matter, out in held if not out and matter in found]
    # Once decided on, a topic stays to be seen however few are left in it.
    if topic is None or not members or (len(members) < smallest() and topic.state == Topic.State.FOUND):
        raise Unknown(_("there is no such topic"))
    members.sort(key=lambda each: (each.opened_at, each.id), reverse=True)
    sees_all = len(found) == len(held)
    return Whole(
        seen=_drawn(id, topic.state, members, clock.now(), rises),
        topic=topic,
        members=members,
        taken_out=sorted((found[m] for m, out in held if out and m in found), key=lambda each: each.opened_at),
        parent=parent,
        whole=sees_all,
        may_decide=sees_all and all(role_for(actor, READERS, each) for each in members),
    )


def _drawn(id: UUID, state: str, members: Sequence[Matter], now: datetime, rises: Sequence[Rising]) -> Seen:
    """A topic out of these members of it."""
    said, moments = [each.title for each in members], [each.opened_at for each in members]
    people = len({_who(each) for each in members})
    days = len({clock.local(moment).date() for moment in moments})
    return Seen(
        id=id,
        state=state,
        title=titles.title(said),
        place=titles.place(said),
        area=common_area(each.area for each in members),
        count=len(members),
        open=sum(each.closed_at is None for each in members),
        since=min(moments),
        until=max(moments),
        heat=_heat(people, days, max(moments), now, heat_rule(rulebook(), clock.today())),
        found_by=shared_words(said),
        rising=is_rising(members, rises),
    )


def _who(matter: Matter) -> UUID:
    reporter = matter.reporter
    return reporter.id if reporter is not None and reporter.kind == _RESIDENT else matter.id


def _heat(people: int, days: int, last: datetime, now: datetime, rule: HeatRule) -> Heat:
    return heat(people=people, votes=0, days=days, silent_days=(now - last).total_seconds() / A_DAY, rule=rule)


def common_area(paths: Iterable[str]) -> str:
    """The path of the smallest area that holds them all; there is one at least."""
    labels = [path.split(".") for path in paths]
    shared = []
    for level in zip(*labels, strict=False):
        if len(set(level)) > 1:
            break
        shared.append(level[0])
    return ".".join(shared)


def is_rising(members: Iterable[Matter], rises: Sequence[Rising]) -> bool:
    """Was one of them reported in what is rising now?"""
    if not rises:
        return False
    since, until = _window(rises[0])
    where = {(each.area, each.category) for each in rises}
    return any(
        since <= clock.local(each.opened_at).date() < until
        and any((".".join(each.area.split(".")[:level]), each.category) in where for level in (1, 2, 3))
        for each in members
    )


def smallest() -> int:
    """How many matters make a topic."""
    return int(rulebook().at("topics.smallest", clock.today()).value or 0)


def _for_a_topic() -> QuerySet[Matter]:
    return Matter.objects.select_related("reporter").defer("description", "tracking", "head")


def _matters_of(members: QuerySet[TopicMember], ids: Sequence[UUID]) -> dict[UUID, list[Matter]]:
    found: defaultdict[UUID, list[Matter]] = defaultdict(list)
    rows = members.filter(topic_id__in=ids).order_by("matter_id")
    of = dict(rows.values_list("matter_id", "topic_id"))
    for matter in _for_a_topic().filter(id__in=of).order_by("opened_at", "id"):
        found[of[matter.id]].append(matter)
    return found


def _asked_for(asked: Asked, rises: Sequence[Rising]) -> Q:
    condition = Q()
    if asked.area is not None:
        path = path_of(asked.area, "area")
        condition &= Q(matter__area__within=path)
    if asked.category is not None:
        condition &= Q(matter__category=asked.category) | Q(matter__category__startswith=f"{asked.category}.")
    if asked.rising:
        condition &= Q(topic__in=_with_rising(rises))
    return condition


def _with_rising(rises: Sequence[Rising]) -> QuerySet[Topic]:
    """The topics with a member that was reported in what is rising."""
    within = Q(pk=None)
    for each in rises:
        since, until = _window(each)
        within |= Q(
            matter__category=each.category,
            matter__area__within=each.area,
            matter__opened_at__date__gte=since,
            matter__opened_at__date__lt=until,
        )
    return Topic.objects.filter(id__in=TopicMember.objects.filter(within, taken_out=False).values("topic_id"))


def _window(rise: Rising) -> tuple[date, date]:
    """The days looked at: from the first to before the second."""
    return rise.day - timedelta(days=rise.days), rise.day
