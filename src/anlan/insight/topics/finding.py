"""The topics of many messages: groups of those that report the same issue, each with its title, place and heat."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from anlan.foundation.rules import RuleBook

from . import titles
from .grouping import groups
from .heat import HeatRule, heat, heat_rule
from .reading import Message
from .similarity import likeness

A_DAY = 86_400


@dataclass(frozen=True)
class Topic:
    """One issue. `members` are the messages' identifiers, the oldest first; `people` counts their writers, whoever is
    not named as one each; `votes` are those in favour less those against."""

    title: str
    heat: float
    members: list[str]
    people: int
    votes: int
    since: datetime
    until: datetime
    place: str

    def as_json(self) -> dict[str, Any]:
        told = asdict(self)
        since, until = told.pop("since"), told.pop("until")
        return {**told, "heat": round(self.heat, 2), "from": since.isoformat(), "to": until.isoformat()}


def find_topics(
    messages: Sequence[Message], *, now: datetime, rules: RuleBook, on: date, smallest: int = 2
) -> list[Topic]:
    """The topics with at least `smallest` messages, the loudest at `now` first, by the rules in force on the day `on`:
    old messages are looked at as they were then, but by rules of today."""
    threshold = float(rules.at("topics.same_issue", on).value or 0) / 100
    rule = heat_rule(rules, on)
    rows = likeness([each.title for each in messages], [each.text for each in messages], [each.at for each in messages])
    together: defaultdict[int, list[Message]] = defaultdict(list)
    for message, group in zip(messages, groups(rows, threshold).tolist(), strict=True):
        together[group].append(message)
    found = [_topic(members, now, rule) for members in together.values() if len(members) >= smallest]
    return sorted(found, key=lambda topic: (-topic.heat, topic.members[0]))


def _topic(members: list[Message], now: datetime, rule: HeatRule) -> Topic:
    members = sorted(members, key=lambda each: (each.at, each.id))
    named = [each.title for each in members]
    people = len({each.writer or f"\n{each.id}" for each in members})
    votes = sum(each.votes_for - each.votes_against for each in members)
    since, until = members[0].at, members[-1].at
    return Topic(
        title=titles.title(named),
        heat=heat(
            people=people,
            votes=votes,
            days=len({each.at.date() for each in members}),
            silent_days=(now - until).total_seconds() / A_DAY,
            rule=rule,
        ),
        members=[each.id for each in members],
        people=people,
        votes=votes,
        since=since,
        until=until,
        place=titles.place(named),
    )
