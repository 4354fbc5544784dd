"""Procedures as every door shows them: states, steps and deadlines, with the rules in force behind them."""

from typing import Self

from pydantic import BaseModel

from anlan.foundation.language import said
from anlan.foundation.rules import Rule
from anlan.loop.answers import StepOut, label
from anlan.loop.procedures import Procedure


class StateOut(BaseModel):
    name: str
    label: str
    final: bool


class TransitionOut(StepOut):
    """A declared transition. `by` are the roles that may make it."""

    sources: list[str]
    by: list[str]
    reopens: bool
    returns: bool


class DeadlineOut(BaseModel):
    """A declared deadline with the rule in force today: how long, counted how, by which source."""

    name: str
    label: str
    since: list[str]
    until: list[str]
    rule: str
    kind: str
    amount: int
    unit: str
    counting: str
    source: str
    evidence: str


class ProcedureOut(BaseModel):
    """A procedure as it is declared."""

    slug: str
    label: str
    states: list[StateOut]
    transitions: list[TransitionOut]
    deadlines: list[DeadlineOut]

    @classmethod
    def of(cls, rules: type[Procedure], in_force: dict[str, Rule]) -> Self:
        return cls(
            slug=rules.slug,
            label=said(rules.label, rules.__name__),
            states=[StateOut(name=s.name, label=label(s), final=s.final) for s in rules.states.values()],
            transitions=[
                TransitionOut(
                    **StepOut.of(transition).model_dump(),
                    sources=[state.name for state in transition.sources],
                    by=[role.name or "" for role in transition.by],
                    reopens=transition.reopens,
                    returns=transition.returns,
                )
                for transition in rules.transitions.values()
            ],
            deadlines=[
                DeadlineOut(
                    name=deadline.name,
                    label=label(deadline),
                    since=[state.name for state in deadline.since],
                    until=[each.name for each in deadline.until],
                    rule=rule.id,
                    kind=rule.kind,
                    amount=rule.amount or 0,
                    unit=rule.unit or "",
                    counting=rule.counting or "",
                    source=said(rule.source, rule.source_en),
                    evidence=rule.evidence,
                )
                for deadline, rule in ((each, in_force[each.rule]) for each in rules.deadlines.values())
            ],
        )
