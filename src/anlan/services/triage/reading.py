"""One pass over a report: every word of the rules that stands in it, by what the word is there for."""

from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import lru_cache
from typing import NamedTuple

from anlan.loop.suggestions import Report

from .catalogue import Catalogue, catalogue
from .matching import Hit, Lexicon, normalise


class Role(Enum):
    CATEGORY = auto()
    SIGN = auto()
    WEAK_SIGN = auto()
    HARMLESS = auto()
    INQUIRY = auto()
    COMPLAINT = auto()
    ADVICE = auto()


class Meaning(NamedTuple):
    """What a word is there for, and the category or trigger it belongs to ("" where it belongs to none)."""

    role: Role
    owner: str


Found = Hit[str]  # its value is the owner


@dataclass(frozen=True, slots=True)
class Reading:
    """A report's normalised text (title, line break, text) and what was found in it."""

    text: str
    title_end: int
    found: dict[Role, list[Found]]

    def in_title(self, hit: Found) -> bool:
        return hit.end <= self.title_end


def normalised(report: Report) -> Report:
    """The report with its words in the form in which words are looked for."""
    return replace(
        report,
        title=normalise(report.title),
        text=normalise(report.text),
        address=normalise(report.address),
    )


def read(report: Report, rules: Catalogue | None = None) -> Reading:
    """Read a normalised report, by the declared rules or by others."""
    text = f"{report.title}\n{report.text}" if report.title else report.text
    found: dict[Role, list[Found]] = {role: [] for role in Role}
    for start, end, word, meanings in _lexicon(rules or catalogue()).find(text):
        for role, owner in meanings:
            found[role].append(Hit(start, end, word, owner))
    return Reading(text, len(report.title), found)


# The declared rules, the city's, and what somebody is trying out.
@lru_cache(maxsize=3)
def _lexicon(rules: Catalogue) -> Lexicon[tuple[Meaning, ...]]:
    asking = rules.language.asking
    lists = [(Role.CATEGORY, node.slug, node.keywords) for node in rules.categories.category.values()]
    for trigger in rules.triggers.trigger.values():
        lists += [
            (Role.SIGN, trigger.slug, trigger.words),
            (Role.WEAK_SIGN, trigger.slug, trigger.weak),
            (Role.HARMLESS, "", trigger.excepted),
        ]
    lists += [
        (Role.INQUIRY, "", asking.inquiry),
        (Role.COMPLAINT, "", asking.complaint),
        (Role.ADVICE, "", asking.advice),
    ]
    meanings: dict[str, dict[Meaning, None]] = {}
    for role, owner, words in lists:
        for word in words:
            meanings.setdefault(normalise(word), {})[Meaning(role, owner)] = None
    return Lexicon({word: tuple(uses) for word, uses in meanings.items()})
