"""The forum guide: a few questions that lead to the way that is open, as data beside this module.

No term is typed into it: a way names the dated rules that it is bound by, and the page tells what they say today.
"""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.resources import files
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from anlan.foundation.language import said

Text = Annotated[str, Field(min_length=1)]


class _Declared(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(_Declared):
    """What a page says, in both languages; as a string in the reader's."""

    zh: Text
    en: Text

    def __str__(self) -> str:
        return said(self.zh, self.en)


class Choice(_Declared):
    """An answer to a question, and the question or the way that it leads to."""

    words: Words
    to: str


class Question(_Declared):
    """What is asked, one question a page."""

    ask: Words
    choices: tuple[Choice, ...] = Field(min_length=2)


class Way(_Declared):
    """A way that is open. Where `cost` or `terms` are not there, none was found in the texts that were read, and the
    page says so. `also` are other ways that stay open beside it; `here`: it can be begun with a report to the platform;
    `call` is the number to telephone at once, before anything is read about terms and papers.
    """

    name: Words
    what: Words
    begins: Words
    cost: Words | None = None
    bring: tuple[Words, ...] = ()
    terms: tuple[str, ...] = ()
    mind: tuple[Words, ...] = ()
    law: Words
    also: tuple[str, ...] = ()
    here: bool = False
    call: str = Field(default="", pattern=r"^\d*$")

    @model_validator(mode="after")
    def _says_what_to_bring(self) -> Self:
        if not self.bring and not self.call:
            raise ValueError("bring: say what to bring")
        return self


class Guide(_Declared):
    """All questions and ways by their names, reviewed as a whole on a day. Every path from the first question ends at a
    way, and everything in it can be reached."""

    reviewed: date
    first: str
    question: Mapping[str, Question]
    way: Mapping[str, Way]

    def asked_before(self, name: str) -> list[str]:
        """The questions, or for a way the questions and ways, that lead to this one."""
        return [each for each in (*self.question, *self.way) if name in self.leads_to(each)]

    def leads_to(self, name: str) -> list[str]:
        """The names that can be reached from this one with one step."""
        if name in self.question:
            return [choice.to for choice in self.question[name].choices]
        return list(self.way[name].also)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if twice := self.question.keys() & self.way.keys():
            raise ValueError(f"{min(twice)}: is both a question and a way")
        if self.first not in self.question:
            raise ValueError(f"first: there is no question {self.first!r}")
        for name in (*self.question, *self.way):
            for other in self.leads_to(name):
                if other not in self.way and (other not in self.question or name in self.way):
                    raise ValueError(f"{name}: leads to {other!r}, which is not there")
        asked = {name: set(self.leads_to(name)) & self.question.keys() for name in self.question}
        try:
            TopologicalSorter(asked).prepare()
        except CycleError as error:
            raise ValueError(f"{error.args[1][0]}: its answers lead back to it") from None
        reached, waiting = set[str](), [self.first]
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += self.leads_to(name)
        if lost := (self.question.keys() | self.way.keys()) - reached:
            raise ValueError(f"{min(lost)}: nothing leads to it")
        return self


@cache
def guide() -> Guide:
    """The guide, read once."""
    content = files(__package__).joinpath("content.toml").read_text(encoding="utf-8")
    return Guide.model_validate(tomllib.loads(content))
