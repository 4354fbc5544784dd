"""What the procedures of a dispute have in common: where they begin and end, the way into the law, a party's own word.

Nothing here is followed by itself; `mediation`, `petition` and `confirmation` extend it.
"""

from dataclasses import dataclass
from typing import ClassVar

from anlan.city.people.access import DISPATCHER, PARTY, REPORTER, RESPONDER, SUPERVISOR
from anlan.loop.procedures import Procedure, State

DESK = DISPATCHER | SUPERVISOR
OFFICE = DESK | RESPONDER
PARTIES = PARTY | REPORTER
"""Whoever brought the dispute in, and every other person who takes part in it."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper that the file of a procedure holds at its end, and the rule that asks for it."""

    label: str
    label_en: str
    source: str


class Settling(Procedure):
    """A way of settling a dispute."""

    papers: ClassVar[tuple[Paper, ...]] = ()

    registered = State("已登记")
    led_out = State("已导入法定渠道", final=True)
