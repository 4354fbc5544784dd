"""Dated rules: every deadline, limit and threshold that drives behaviour, as data with its source.

A rule file is TOML with `[[rule]]` entries. One id may occur several times, each with its own dates, so that
a matter of last year is judged by last year's rule. A number that nobody has verified may be a setting or a
service target of the platform; it can never pose as law.
"""

from __future__ import annotations

import functools
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import pairwise
from operator import attrgetter
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, Strict, ValidationError, model_validator

__all__ = [
    "KIND_WORDS",
    "BadRuleFile",
    "Counting",
    "Evidence",
    "Extension",
    "Kind",
    "Rule",
    "RuleBook",
    "RuleNotInForce",
    "Unit",
    "UnknownRule",
    "declared",
    "provide",
    "register",
    "rulebook",
]


class Kind(StrEnum):
    """How binding a rule is. Only a statutory one may be shown to a resident as a legal right."""

    STATUTORY = "statutory"
    LOCAL_POLICY = "local_policy"
    SERVICE_TARGET = "service_target"
    SETTING = "setting"


KIND_WORDS = {
    Kind.STATUTORY: ("法定", "statutory"),
    Kind.LOCAL_POLICY: ("地方规定", "local policy"),
    Kind.SERVICE_TARGET: ("服务目标", "service target"),
    Kind.SETTING: ("平台设定", "setting"),
}
"""How each kind is called, in Chinese and in English."""


class Evidence(StrEnum):
    """How the project came to know a rule."""

    LAW = "law"  # the text of the law was read in full (an unofficial copy of April 2025)
    PAGE = "page"  # read in an excerpt of a public page
    SEED = "seed"  # stated in one of the two newspaper articles the project began with
    RECALLED = "recalled"  # general knowledge, not verified
    DESIGN = "design"  # the project's own proposal
    CITY = "city"  # entered by a city's administrator, who names the source; the project has not seen it


UNVERIFIED = {Evidence.RECALLED, Evidence.DESIGN}
BINDING = {Kind.STATUTORY, Kind.LOCAL_POLICY}


class Unit(StrEnum):
    """What a term is counted in."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"  # calendar day (日), unless the regime says otherwise
    WORKING_DAY = "working_day"  # 工作日
    MONTH = "month"
    YEAR = "year"


class Counting(StrEnum):
    """The regime by which a term is counted; `anlan.loop.terms` holds what each one means."""

    ELAPSED = "elapsed"
    CIVIL = "civil"
    CIVIL_PROCEDURE = "civil_procedure"
    CRIMINAL = "criminal"
    CUSTODY = "custody"
    RECONSIDERATION = "reconsideration"
    PETITION = "petition"
    CONSUMER = "consumer"

    def counts(self, unit: Unit) -> bool:
        """Whether the regime can count this unit: exact elapsed time knows no working day, month or year."""
        return self is not Counting.ELAPSED or unit in {Unit.MINUTE, Unit.HOUR, Unit.DAY}


class BadRuleFile(ValueError):
    """A rule file can't be used; the message names the file, the rule and the field."""


class UnknownRule(LookupError):
    """No rule has this id."""


class RuleNotInForce(LookupError):
    """The rule exists, but not on the day asked for."""


# An integer stays an integer; anything with a point becomes a Decimal, never a float.
Number = Annotated[int, Strict()] | Decimal


class Extension(BaseModel):
    """By how much a term may be extended at most, and who has to approve; counted like the term itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    amount: PositiveInt
    unit: Unit
    approver: str = Field(min_length=1)


class Rule(BaseModel):
    """One rule in force from `effective_from` to `effective_until`, both days included.

    It holds exactly one of: a term (`amount`, `unit`, `counting`), a plain `value`, or a range (`minimum`
    and/or `maximum`, both included).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$")
    kind: Kind
    title: str = Field(min_length=1)
    title_en: str = Field(min_length=1)
    amount: PositiveInt | None = None
    unit: Unit | None = None
    counting: Counting | None = None
    value: Number | None = None
    minimum: Number | None = None
    maximum: Number | None = None
    extension: Extension | None = None
    source: str = Field(min_length=1)
    source_en: str = Field(min_length=1)
    evidence: Evidence
    note: str = ""
    effective_from: date = Field(alias="from")
    effective_until: date | None = Field(default=None, alias="until")

    def in_force(self, on: date) -> bool:
        """Whether the rule holds on that day."""
        return self.effective_from <= on and (self.effective_until is None or on <= self.effective_until)

    @property
    def is_term(self) -> bool:
        """Whether the rule is a length of time."""
        return self.amount is not None

    @model_validator(mode="after")
    def _holds_one_kind_of_value(self) -> Self:
        term = [self.amount, self.unit, self.counting]
        limits = [self.minimum, self.maximum]
        is_term, is_value, is_range = (any(x is not None for x in xs) for xs in (term, [self.value], limits))
        if is_term + is_value + is_range != 1:
            raise ValueError("value: give either amount + unit + counting, or value, or minimum/maximum")
        if is_term and None in term:
            raise ValueError("amount: a term needs all of amount, unit and counting")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError("minimum: is greater than maximum")
        if self.extension and not is_term:
            raise ValueError("extension: only a term can be extended")
        return self

    @model_validator(mode="after")
    def _can_be_counted(self) -> Self:
        units = [("unit", self.unit), ("extension.unit", self.extension.unit if self.extension else None)]
        for field, unit in units:
            if self.counting and unit and not self.counting.counts(unit):
                raise ValueError(f"{field}: {self.counting} time can't be counted in {unit}s")
        return self

    @model_validator(mode="after")
    def _says_no_more_than_is_known(self) -> Self:
        if self.evidence in UNVERIFIED and self.kind in BINDING:
            raise ValueError(
                f"evidence: what is only {self.evidence} can't be {self.kind}; make it a setting or a service_target"
            )
        if self.effective_until is not None and self.effective_until < self.effective_from:
            raise ValueError("until: lies before from")
        return self


class RuleBook:
    """All rules of the process, found by id and day."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Raises `BadRuleFile` where two entries of one id are in force on the same day."""
        versions: defaultdict[str, list[Rule]] = defaultdict(list)
        for rule in rules:
            versions[rule.id].append(rule)
        self._versions = {id: sorted(found, key=attrgetter("effective_from")) for id, found in sorted(versions.items())}
        for id, found in self._versions.items():
            for earlier, later in pairwise(found):
                if earlier.in_force(later.effective_from):
                    raise BadRuleFile(
                        f"rule {id}: from: the entry from {later.effective_from} overlaps the one "
                        f"from {earlier.effective_from}"
                    )

    @classmethod
    def load(cls, paths: Iterable[Traversable]) -> RuleBook:
        """The book of all rules in these TOML files. Raises `BadRuleFile`."""
        book = cls([])
        for path in paths:
            try:
                book = cls([*book.all(), *_read(path)])
            except BadRuleFile as error:
                raise BadRuleFile(f"{path}: {error}") from None
        return book

    def at(self, id: str, on: date) -> Rule:
        """The rule as in force on that day (local date). Raises `UnknownRule` or `RuleNotInForce`."""
        if id not in self._versions:
            raise UnknownRule(f"no rule is called {id!r}")
        for rule in self._versions[id]:
            if rule.in_force(on):
                return rule
        raise RuleNotInForce(f"rule {id} is not in force on {on}")

    def amended(self, versions: Iterable[Rule]) -> RuleBook:
        """The book with further versions, each in force from its first day until the next one of its id begins.

        What was in force before ends the day before; of two from the same day the further one counts. Raises
        `UnknownRule` for a version of no rule.
        """
        found = {id: {rule.effective_from: rule for rule in rules} for id, rules in self._versions.items()}
        for version in versions:
            if version.id not in found:
                raise UnknownRule(f"no rule is called {version.id!r}")
            found[version.id][version.effective_from] = version
        return RuleBook(rule for dated in found.values() for rule in _one_after_the_other(dated))

    def versions(self, id: str) -> list[Rule]:
        """Every version of a rule, the earliest first. Raises `UnknownRule`."""
        if id not in self._versions:
            raise UnknownRule(f"no rule is called {id!r}")
        return list(self._versions[id])

    def all(self) -> list[Rule]:
        """Every entry, by id and then by date."""
        return [rule for found in self._versions.values() for rule in found]


def _one_after_the_other(dated: dict[date, Rule]) -> Iterator[Rule]:
    """Each version with its end drawn in where the next one begins sooner."""
    starts = sorted(dated)
    for start, following in zip(starts, [*starts[1:], None], strict=True):
        rule = dated[start]
        last = following - timedelta(days=1) if following else None
        if last is not None and (rule.effective_until is None or rule.effective_until > last):
            rule = rule.model_copy(update={"effective_until": last})
        yield rule


def _read(path: Traversable) -> Iterator[Rule]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadRuleFile(f"not readable as TOML: {error}") from None
    entries = content.pop("rule", [])
    if content:
        raise BadRuleFile(f"{', '.join(content)}: only [[rule]] entries are allowed")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadRuleFile("rule: must be written as [[rule]]")
    for number, entry in enumerate(entries, start=1):
        name = f"rule {entry['id']}" if "id" in entry else f"rule number {number}"
        try:
            rule = Rule.model_validate(entry)
        except ValidationError as error:
            raise BadRuleFile(f"{name}: {_explained(error)}") from None
        if rule.evidence is Evidence.CITY:
            raise BadRuleFile(f"{name}: evidence: only what a city has entered by itself is known from the city")
        yield rule


def _explained(error: ValidationError) -> str:
    """Every problem with its field."""
    problems = []
    for problem in error.errors():
        # A check across fields has no location of its own: its message begins with the field's name.
        field = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        problems.append(f"{field}: {message}" if field else message)
    return "; ".join(problems)


_packages: list[str] = []
_further: Callable[[], Iterable[Rule]] = tuple


def register(package: str) -> None:
    """Add a package's `rules.toml` and `rules/*.toml` to the process's book. An app calls it in `ready()`."""
    if package not in _packages:
        _packages.append(package)
        declared.cache_clear()
        rulebook.cache_clear()


def provide(versions: Callable[[], Iterable[Rule]]) -> None:
    """Let `versions` tell what a city has decided beyond the files; the last one provided serves."""
    global _further
    _further = versions
    rulebook.cache_clear()


@functools.cache
def rulebook() -> RuleBook:
    """The rules of every registered package with the city's own versions, read once and again when they change."""
    return declared().amended(_further())


@functools.cache
def declared() -> RuleBook:
    """The rules of every registered package, as the files have them: what the program declares, without a database."""
    return RuleBook.load(path for package in _packages for path in _rule_files(package))


def _rule_files(package: str) -> list[Traversable]:
    root = resources.files(package)
    folder = root / "rules"
    found = [root / "rules.toml"]
    if folder.is_dir():
        found += sorted(folder.iterdir(), key=attrgetter("name"))
    return [path for path in found if path.is_file() and path.name.endswith(".toml")]
