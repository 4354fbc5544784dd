"""The grade of a dispute: red, orange, yellow or blue, with the facts that speak for it.

It reads what is known of this one dispute: what happened in it, how often it was raised, what was tried. What a person
did elsewhere, or how ill somebody is, is no part of it. A grade calls somebody's attention; it decides nothing, and
whoever is responsible sets another with a reason (`verbs.reclassify`). The weights are settings of the platform.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from anlan.foundation.rules import rulebook
from anlan.loop.suggestions import Reason, Severity
from anlan.services.mediation.disputes.kinds import CLOSE, Fact, Kind

EXTREME_WORDS = ("同归于尽", "拼命", "弄死", "杀了", "跳楼", "自焚", "不想活", "报复", "血债")
"""Words of a text that call for somebody to read it."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one dispute."""

    kind: Kind
    text: str
    facts: Collection[str] = ()
    people: int = 2
    amount_fen: int | None = None
    raised: int = 1
    failed_before: int = 0


@dataclass(frozen=True, slots=True)
class Grade:
    """A suggested grade with what it rests on."""

    severity: Severity
    points: int
    reasons: tuple[Reason, ...]


def grade(known: Known, *, on: date) -> Grade:
    """The grade that the settings of that day suggest."""
    found = list(_weighed(known, on))
    points = sum(weight for weight, _reason in found)
    levels = ((Severity.RED, "red"), (Severity.ORANGE, "orange"), (Severity.YELLOW, "yellow"))
    severity = next((level for level, name in levels if points >= _value(f"from_{name}", on)), Severity.BLUE)
    return Grade(severity, points, tuple(reason for _weight, reason in found))


def _weighed(known: Known, on: date) -> Iterator[tuple[int, Reason]]:
    for name, times, words in (
        ("violence", Fact.VIOLENCE in known.facts, ()),
        ("threat", Fact.THREAT in known.facts, ()),
        ("extreme_words", any(word in known.text for word in EXTREME_WORDS), _extreme(known.text)),
        ("repeated", max(known.raised - 1, 0), ()),
        ("failed_before", known.failed_before, ()),
        ("many_people", known.people >= _value("many_people_from", on), ()),
        ("close", known.kind in CLOSE, ()),
        ("money", (known.amount_fen or 0) >= _value("large_sum_fen", on), ()),
        ("elsewhere", len({Fact.PETITIONED, Fact.SUED} & set(known.facts)), ()),
    ):
        if times:
            rule = rulebook().at(f"mediation.risk.{name}", on)
            weight = int(rule.value or 0) * int(times)
            zh, en = rule.title.partition("：")[2], rule.title_en.partition(": ")[2]
            yield weight, Reason("grade", words, f"{zh}（{weight}分）", f"{en} ({weight})")


def _extreme(text: str) -> tuple[str, ...]:
    return tuple(word for word in EXTREME_WORDS if word in text)


def _value(name: str, on: date) -> int:
    return int(rulebook().at(f"mediation.risk.{name}", on).value or 0)
