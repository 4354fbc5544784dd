"""What becomes of the rules' suggestion where a learned model has something to say.

The rule: the category follows the model where the model is sure, or where no keyword was found and it holds its guess
more likely than not. Class and severity follow the model where it is sure, and only upwards: what the rules ask for is
the least that is suggested, whatever any model says. And no model makes a matter a police matter: such a one is handed
to 110 with nobody looking, so what reads like one becomes urgent, with a reason for a person to look at.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from anlan.loop.suggestions import Klass, Reason, Report, Severity, Triage
from anlan.services.triage.catalogue import Catalogue, Category
from anlan.services.triage.learning.features import joined
from anlan.services.triage.learning.linear import Guess, LinearModel
from anlan.services.triage.learning.words import heaviest
from anlan.services.triage.rules import GRAVITY

CATEGORY, KLASS, SEVERITY = "category", "klass", "severity"
HEADS = (CATEGORY, KLASS, SEVERITY)
_LIKELIER_THAN_NOT = 0.5
_KLASSES = {klass.value for klass in Klass}
_SEVERITIES = {severity.name.lower() for severity in Severity}


@dataclass(frozen=True, slots=True)
class Learned:
    """The heads of one model in force, by what they choose, and the model's name."""

    heads: Mapping[str, LinearModel]
    name: str


def combined(suggested: Triage, report: Report, learned: Learned, rules: Catalogue) -> Triage:
    """The rules' suggestion with what the model knows better; the same answer to the same report and model.

    A label that is no category, class or severity of this city is passed over. Never raises on any text.
    """
    text = joined(report.title, report.text)
    guesses = {name: head.guess(text) for name, head in learned.heads.items()}
    found = suggested
    if (guess := guesses.get(CATEGORY)) and (category := rules.categories.category.get(guess.label)):
        found = _in_category(found, guess, category, learned.heads[CATEGORY], text)
    wanted = guesses.get(KLASS)
    if wanted and wanted.sure and wanted.label in _KLASSES:
        found = replace(found, klass=Klass(wanted.label))
    if (guess := guesses.get(SEVERITY)) and guess.sure and guess.label in _SEVERITIES:
        found = replace(found, severity=Severity[guess.label.upper()])
    found = _no_lower(found, suggested)
    if found.klass is Klass.POLICE is not suggested.klass:
        head = KLASS if wanted and wanted.label == Klass.POLICE else CATEGORY
        found = _for_a_person(found, heaviest(learned.heads[head], text, guesses[head].label))
    return found if found == suggested else replace(found, source=f"{suggested.source}+{learned.name}")


def _in_category(found: Triage, guess: Guess, category: Category, head: LinearModel, text: str) -> Triage:
    if guess.label == found.category:
        return replace(found, confidence=guess.probability)
    by_keyword = any(reason.kind == "category" and reason.words for reason in found.reasons)
    if not guess.sure and (by_keyword or guess.probability < _LIKELIER_THAN_NOT):
        return found
    words = heaviest(head, text, guess.label)
    kept = tuple(reason for reason in found.reasons if reason.kind != "category")
    at = sum(reason.kind == "trigger" for reason in kept)
    reasons = (*kept[:at], _reason(guess, category, words), *kept[at:])
    found = replace(found, category=guess.label, confidence=guess.probability, reasons=reasons)
    if any(reason.kind == "inquiry" for reason in reasons):
        return found
    return replace(found, klass=category.klass, severity=category.severity)


def _reason(guess: Guess, category: Category, words: tuple[str, ...]) -> Reason:
    share = f"{guess.probability:.0%}"
    return Reason(
        "category",
        words,
        f"{f'从{_quoted(words)}看，' if words else ''}像以往归入“{category.zh}”的来件（{share}）",
        f"{f'by {_quoted_en(words)}: ' if words else ''}like earlier reports filed under {category.en} ({share})",
    )


def _no_lower(found: Triage, suggested: Triage) -> Triage:
    """Class and severity are at least what the rules made of it."""
    return replace(
        found,
        klass=max(found.klass, suggested.klass, key=GRAVITY.index),
        severity=max(found.severity, suggested.severity),
    )


def _for_a_person(found: Triage, words: tuple[str, ...]) -> Triage:
    """A model's wish for the police, made an urgent matter that says why it should be looked at."""
    reason = Reason(
        "police",
        words,
        f"{f'从{_quoted(words)}看，' if words else ''}像是应由公安处理的事项，请人工判断是否移交110",
        f"{f'by {_quoted_en(words)}: ' if words else ''}reads like a police matter; a person decides about 110",
    )
    return replace(found, klass=Klass.URGENT, reasons=(reason, *found.reasons))


def _quoted(words: tuple[str, ...]) -> str:
    return "、".join(f"“{word}”" for word in words)


def _quoted_en(words: tuple[str, ...]) -> str:
    return ", ".join(f'"{word}"' for word in words)
