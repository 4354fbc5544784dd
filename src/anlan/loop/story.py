"""A matter's history in plain words: what its reporter reads, and what one reads whose report was joined to it."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from anlan.city.people.access import REPORTER, Scope, scoped
from anlan.loop.answers import ClockOut, Line, Together, event_label, label
from anlan.loop.joining import JOINED, LEFT, REOPENED_WITH, SETTLED_WITH, may_leave, worked_on
from anlan.loop.models import Deadline, Event, Matter
from anlan.loop.procedures import Procedure

# What the program itself tells the reporter of; the other verbs are office matters between desks.
PUBLIC_VERBS = (
    *("opened", "placed", "handed_over", "suspended", "resumed", "extended", "escalated", "merged", "unmerged"),
    *(JOINED, LEFT, SETTLED_WITH, REOPENED_WITH),
)
_EXPLAINED_VERBS = ("suspended", "resumed", "extended")


def story(events: Iterable[Event], rules: type[Procedure]) -> Iterator[Line]:
    """The history without what offices told each other: words are shown only where the step tells the reporter."""
    for event in events:
        if _public(event, rules):
            own = event.actor_role == "REPORTER"
            spoken = own or event.kind == "noted" or _told(event, rules)
            yield _line(event, rules, spoken=spoken)


def together(own: Matter, events: Iterable[Event]) -> Together | None:
    """How the matter stands that a merged one is handled with; None for one that is not merged.

    Another resident's words are not shown: of the notes nothing, of the steps only what an office told those who
    reported it. `events` is the merged matter's own history.
    """
    main = worked_on(own)
    if main.id == own.id:
        return None
    merges = [event for event in events if event.kind in (JOINED, "merged")]
    since = merges[-1].at
    with scoped(Scope(matter=main.id)):
        history = list(Event.objects.filter(matter_id=main.id).order_by("seq"))
        deadlines = list(Deadline.objects.filter(matter_id=main.id).order_by("started_at", "name"))
    return Together(
        state_label=label(main.stands),
        done=main.stands.done,
        closed=main.stands.final,
        office=main.responsible.name if main.responsible else "",
        since=since,
        timeline=list(_story_for_others(history, main.rules)),
        deadlines=[ClockOut.of(deadline, main.rules) for deadline in deadlines],
        may_leave=may_leave(own, main, joined_by_reporter=merges[-1].kind == JOINED),
    )


def latest_public(events: Iterable[Event], rules: type[Procedure]) -> datetime | None:
    """When something last happened that the reporter did not do themselves."""
    return max((event.at for event in events if _public(event, rules) and event.actor_role != "REPORTER"), default=None)


def _story_for_others(events: Iterable[Event], rules: type[Procedure]) -> Iterator[Line]:
    for event in events:
        if _public(event, rules) and event.kind not in ("noted", JOINED, LEFT, SETTLED_WITH, REOPENED_WITH):
            spoken = event.actor_role != "REPORTER" and _told(event, rules)
            yield _line(event, rules, spoken=spoken)


def _public(event: Event, rules: type[Procedure]) -> bool:
    return event.kind in rules.transitions or event.kind in PUBLIC_VERBS or bool(event.data.get("public"))


def _told(event: Event, rules: type[Procedure]) -> bool:
    """Were its words meant for whoever reported it?"""
    transition = rules.transitions.get(event.kind)
    if transition is None:
        return event.kind in _EXPLAINED_VERBS
    return REPORTER in transition.tells if transition.tells else False


def _line(event: Event, rules: type[Procedure], *, spoken: bool) -> Line:
    text = str(event.data.get("text") or event.data.get("reason") or "") if spoken else ""
    return Line(at=event.at, label=event_label(rules, event.kind), text=text)
