"""The declared rules: categories, triggers and turns of phrase, read once from the TOML files beside this module."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from anlan.loop.suggestions import Klass, Severity

from .matching import normalise

OTHER = "other"
_LEVELS = 3


def _severity(value: object) -> object:
    return Severity[value.upper()] if isinstance(value, str) and value.upper() in Severity.__members__ else value


def _alternatives(patterns: object) -> object:
    return re.compile("|".join(patterns)) if isinstance(patterns, list) else patterns


Words = tuple[Annotated[str, Field(min_length=2)], ...]
SeverityName = Annotated[Severity, BeforeValidator(_severity)]
Patterns = Annotated[re.Pattern[str], BeforeValidator(_alternatives)]


class _Declared(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Label(_Declared):
    zh: str
    en: str


class Category(Label):
    """A node of the category tree.

    ``skills`` are what a unit sent there should have; ``department`` is the office that owns the substance;
    ``weight`` multiplies what its keywords count.
    """

    slug: str
    department: str
    skills: tuple[str, ...] = ()
    klass: Klass = Field(default=Klass.ORDINARY, alias="class")
    severity: SeverityName = Severity.BLUE
    weight: int = Field(default=1, gt=0)
    keywords: Words = ()


class Trigger(Label):
    """A situation that brings the police or an urgent answer; see the head of ``triggers.toml`` for its fields."""

    slug: str
    klass: Klass = Field(alias="class")
    severity: SeverityName
    words: Words
    weak: Words
    excepted: Words = Field(alias="except")
    lasting: bool = False


class Cues(_Declared):
    """How a sentence is meant; see ``language.toml`` for how far each pattern reaches."""

    denied: Patterns
    conditional: Patterns
    supposed: Patterns
    earlier: Patterns
    now: Patterns


class Asking(_Declared):
    inquiry: Words
    complaint: Words
    advice: Words


class _Dated(_Declared):
    version: str = Field(pattern=r"^\d{4}-\d{2}$")
    kind: Literal["statutory", "local_policy", "service_target", "setting"]
    source: str


class Categories(_Dated):
    department: dict[str, Label]
    category: dict[str, Category]

    @model_validator(mode="before")
    @classmethod
    def _inherit(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Give each node its slug, and its parent's department and skills where it names none."""
        nodes: dict[str, dict[str, Any]] = {}
        for slug, node in sorted(data["category"].items(), key=lambda item: str(item[0]).count(".")):
            parent, _, _ = slug.rpartition(".")
            if parent and parent not in nodes:
                raise ValueError(f"category {slug}: its parent {parent} is not declared")
            if slug.count(".") >= _LEVELS:
                raise ValueError(f"category {slug}: more than {_LEVELS} levels")
            above = nodes.get(parent, {})
            handed_down: dict[str, Any] = {key: above[key] for key in ("department", "skills") if key in above}
            nodes[slug] = {"slug": slug, **handed_down, **node}
        return {**data, "category": nodes}

    @model_validator(mode="after")
    def _check(self) -> "Categories":
        if OTHER not in self.category:
            raise ValueError(f"category {OTHER} must be declared")
        homes: dict[str, str] = {}
        for node in self.category.values():
            for keyword in node.keywords:
                if (home := homes.setdefault(normalise(keyword), node.slug)) != node.slug:
                    raise ValueError(f"keyword {keyword} stands in both {home} and {node.slug}")
            if node.department not in self.department:
                raise ValueError(f"category {node.slug}: department {node.department} is not declared")
        return self


class Triggers(_Dated):
    short_report: int = Field(gt=0)
    trigger: dict[str, Trigger]

    @model_validator(mode="before")
    @classmethod
    def _name(cls, data: dict[str, Any]) -> dict[str, Any]:
        return {**data, "trigger": {slug: {"slug": slug, **node} for slug, node in data["trigger"].items()}}


class Language(_Dated):
    cues: Cues
    asking: Asking


class Catalogue(_Declared):
    """All rules together. Two are the same only if they are one object: so what is made of one can be kept by it."""

    categories: Categories
    triggers: Triggers
    language: Language

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    @property
    def source(self) -> str:
        """The rules' version: that of the file changed last."""
        return "rules/" + max(part.version for part in (self.categories, self.triggers, self.language))


@cache
def catalogue() -> Catalogue:
    """The rules in force, read once.

    Raises ``pydantic.ValidationError`` naming the entry if a file is wrongly edited.
    """
    return Catalogue(
        categories=Categories.model_validate(_table("categories.toml")),
        triggers=Triggers.model_validate(_table("triggers.toml")),
        language=Language.model_validate(_table("language.toml")),
    )


def _table(name: str) -> Mapping[str, Any]:
    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))
