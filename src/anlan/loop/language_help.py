"""Help with the words of a report: its gist, and what is still to be asked.

A service that can help registers itself here, as it does for suggestions (`loop.suggestions`); whoever shows a report
asks by this name. Without a service there is no help and nothing else changes.
"""

from dataclasses import dataclass
from typing import Protocol

from anlan.loop.suggestions import Klass


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a report: its words, what it counts as, and what was told beside the words.

    `placed`: a position, an address or an area was given. `reachable`: so was a way to ask back.
    """

    text: str
    klass: Klass
    triggers: tuple[str, ...] = ()
    placed: bool = False
    reachable: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """A fact to ask for, `where`, `when`, `since`, `hurt` or `contact`: the question, and why it is worth asking."""

    fact: str
    question: str
    question_en: str
    why: str
    why_en: str


class LanguageHelp(Protocol):
    """What a service offers. Neither raises on any text, and neither sends it anywhere."""

    @property
    def page(self) -> str:
        """The name of the address, made with a matter's id, where staff may ask for more; empty where there is none."""
        ...

    def gist(self, text: str) -> tuple[str, ...]:
        """A long text in at most two of its own sentences; empty where it is short."""
        ...

    def missing(self, known: Known) -> tuple[Missing, ...]:
        """What to ask for, the most pressing first."""
        ...


class _NoHelp:
    page = ""

    def gist(self, text: str) -> tuple[str, ...]:
        return ()

    def missing(self, known: Known) -> tuple[Missing, ...]:
        return ()


_help: LanguageHelp = _NoHelp()


def provide(given: LanguageHelp) -> None:
    """Make `given` the city's help; the last one provided serves."""
    global _help
    _help = given


def language_help() -> LanguageHelp:
    """The city's help."""
    return _help
