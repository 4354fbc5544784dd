"""Pictures and tables of a procedure, made from its declaration: what is drawn is what the engine runs."""

import inspect
from collections.abc import Iterable

from anlan.city.people.access import Role
from anlan.foundation.rules import KIND_WORDS, Rule, declared
from anlan.loop.procedures import Deadline, Escalate, Named, Procedure, State, Transition, procedures

ROLES = {
    Role.SYSTEM: ("系统", "the program"),
    Role.REPORTER: ("报告人", "reporter"),
    Role.RESPONDER: ("处置人员", "responder"),
    Role.DISPATCHER: ("调度员", "dispatcher"),
    Role.SUPERVISOR: ("主管", "supervisor"),
    Role.ADMINISTRATOR: ("管理员", "administrator"),
    Role.AUDITOR: ("审计员", "auditor"),
    Role.PARTY: ("当事人", "party"),
}
UNITS = {
    "minute": ("分钟", "min"),
    "hour": ("小时", "h"),
    "day": ("日", "days"),
    "working_day": ("个工作日", "working days"),
    "month": ("个月", "months"),
    "year": ("年", "years"),
}


def mermaid(procedure: type[Procedure]) -> str:
    """The procedure as a Mermaid state diagram with Chinese labels."""
    lines = ["stateDiagram-v2"]
    lines += [f'    state "{state.label}" as {name}' for name, state in procedure.states.items()]
    lines.append(f"    [*] --> {procedure.initial().name}")
    for transition in procedure.transitions.values():
        target = transition.target.name
        lines += [f"    {source.name} --> {target}: {transition.label}" for source in transition.sources]
    lines += [f"    {name} --> [*]" for name, state in procedure.states.items() if state.final]
    return "\n".join(lines)


def table(procedure: type[Procedure]) -> str:
    """States, transitions and deadlines as Markdown tables, Chinese with English."""
    return "\n\n".join(
        (
            _markdown(("State", "状态", ""), map(_state, procedure.states.values())),
            _markdown(
                ("Step", "步骤", "From", "To", "By", "Told with it", "Only if"),
                map(_transition, procedure.transitions.values()),
            ),
            _markdown(
                ("Deadline", "时限", "From", "Until", "Term", "Kind", "If missed", "Source"),
                map(_deadline, procedure.deadlines.values()),
            ),
        )
    )


def document() -> str:
    """Every installed procedure in one Markdown document."""
    parts = [
        "# Procedures 流程",
        "Made by `anlan procedures --write docs/procedures.md` from the declarations in the code; don't edit it here.",
    ]
    for each in sorted(procedures(), key=lambda procedure: procedure.slug):
        parts += [
            f"## {each.label} {each.__name__}",
            inspect.getdoc(each) or "",
            f"```mermaid\n{mermaid(each)}\n```",
            table(each),
        ]
    return "\n\n".join(parts) + "\n"


def _state(state: State) -> tuple[str, ...]:
    return f"`{state.name}`", state.label, "终态 final" if state.final else ""


def _transition(step: Transition) -> tuple[str, ...]:
    return (
        f"`{step.name}`",
        step.label,
        _labels(step.sources),
        step.target.label,
        "、".join(f"{zh} {en}" for role, (zh, en) in ROLES.items() if role in step.by),
        _asked(step),
        _first_sentence(step.when),
    )


def _asked(step: Transition) -> str:
    """The fields that must be told; those that may be left out in brackets."""
    fields = step.asks.model_fields.items() if step.asks else ()
    return ", ".join(f"`{name}`" if field.is_required() else f"(`{name}`)" for name, field in fields)


def _deadline(deadline: Deadline) -> tuple[str, ...]:
    rule = _newest(deadline.rule)
    return (
        f"`{deadline.name}`",
        deadline.label,
        _labels(deadline.since),
        _labels(deadline.until),
        _term(rule),
        " ".join(KIND_WORDS[rule.kind]),
        _consequence(deadline),
        f"{rule.source}<br>{rule.source_en}",
    )


def _term(rule: Rule) -> str:
    zh, en = UNITS[str(rule.unit)]
    return f"{rule.amount} {zh} {en}"


def _consequence(deadline: Deadline) -> str:
    match deadline.then:
        case Escalate():
            return "上报一级 the next level is told"
        case Transition() as step:
            return f"{step.label} `{step.name}`"
        case _:
            return "记录 it is recorded"


def _newest(rule_id: str) -> Rule:
    """The latest entry of a rule as declared: a document changes neither overnight nor from city to city."""
    return declared().versions(rule_id)[-1]


def _labels(named: Iterable[Named]) -> str:
    return "、".join(each.label for each in named)


def _first_sentence(function: object | None) -> str:
    return (inspect.getdoc(function) or "").partition("\n")[0] if function else ""


def _markdown(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    cells = [header, ("---",) * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |" for row in cells)
