"""The topics of many messages: groups of those that report the same issue, each with its title, place and heat."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from anlan.foundation.rules import RuleBook

from . import titles
from .grouping import groups, tighter
from .heat import HeatRule, heat, heat_rule
from .reading import Message
from .similarity import likeness, what_besides_where
from .stages import At, Stage, silent

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
    messages: Sequence[Message],
    *,
    now: datetime,
    rules: RuleBook,
    on: date,
    smallest: int = 2,
    one_desk: bool = False,
    at: At = silent,
) -> list[Topic]:
    """The topics with at least `smallest` messages, the loudest at `now` first, by the rules in force on the day `on`:
    old messages are looked at as they were then, but by rules of today.

    All but the large groups are held tighter than those and must agree in what is said besides the place. With
    `one_desk` more of them and tighter still, so that most are what one desk would work as one matter; fewer are found.
    """
    where = "" if one_desk else "_in_file"
    threshold, for_few, few = (
        float(rules.at(f"topics.{name}", on).value or 0)
        for name in ("same_issue", f"same_issue_of_few{where}", f"few{where}")
    )
    rule = heat_rule(rules, on)
    said = [each.title for each in messages], [each.text for each in messages], [each.at for each in messages]
    at(Stage.COMPARING)
    rows = likeness(*said)
    at(Stage.GROUPING)
    together: defaultdict[int, list[Message]] = defaultdict(list)
    loosely = groups(rows, threshold / 100)
    grouped = tighter(what_besides_where(rows, *said), loosely, for_few / 100, below=int(few))
    for message, group in zip(messages, grouped.tolist(), strict=True):
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
        ).total,
        members=[each.id for each in members],
        people=people,
        votes=votes,
        since=since,
        until=until,
        place=titles.place(named),
    )
