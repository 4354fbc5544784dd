"""How a procedure is declared: states, transitions, deadlines. The engine runs what stands here.

    class Lamp(Procedure):
        '''A broken lamp.'''

        reported = State("已报修")
        repaired = State("已修复", final=True)

        repair = Transition(reported, repaired, by=RESPONDER, label="修复")
        in_time = Deadline(since=reported, until=repaired, rule="lamp.repair", then=escalate, label="修复")

Procedures that share steps extend a base, a procedure without a label, which is inherited from and never followed. A
name declared again replaces what was inherited, and `None` takes it away.

The first state is where a matter opens. Pages, the API, the diagram and the docs are derived from the declaration.
"""

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from pydantic import BaseModel

from anlan.city.people.access import Role

if TYPE_CHECKING:
    from anlan.loop.models import Matter

Guard = Callable[["Matter"], str | None]
"""Why a transition is not allowed now, in the reader's language; None where nothing stands against it."""


class NotDeclaredRight(TypeError):
    """The declaration of a procedure contradicts itself."""


class Named:
    """Something declared as an attribute of a procedure: it knows its own name."""

    name: str
    label: str

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @property
    def label_en(self) -> str:
        """The attribute's name as English words."""
        return self.name.replace("_", " ").capitalize()


class State(Named):
    """Where a matter stands. In a `done` state the city owes nothing more, in a `final` one nobody does."""

    def __init__(self, label: str, *, done: bool = False, final: bool = False) -> None:
        self.label = label
        self.final = final
        self.done = done or final

    def __or__(self, other: "State | States") -> "States":
        return States((self,)) | other

    def __repr__(self) -> str:
        return f"<State {self.name}>"


class States(tuple[State, ...]):
    """Several states, written `received | routed`."""

    def __or__(self, other: "State | States") -> "States":
        return States((*self, *((other,) if isinstance(other, State) else other)))


def _states(given: State | States) -> States:
    return States((given,)) if isinstance(given, State) else given


class Transition(Named):
    """A step somebody may make.

    `by`: the roles that may make it. `asks`: what must be told with it. `sets`: which of the told fields become
    fields of the matter; `clears`: which fields are emptied. `when`: what must hold, beyond state and role.
    `tells`: who gets a notice (as things stood before it cleared anything).
    `returns`: it gives the matter back (counted; refused once the designation is binding).
    `takes_over`: the actor's organisation becomes the one responsible. `reopens`: it leaves an ending.
    `raises`: the matter goes to the next level up (`Matter.level`), whose desk is told.
    """

    def __init__(
        self,
        source: State | States,
        target: State,
        *,
        by: Role,
        label: str,
        asks: type[BaseModel] | None = None,
        sets: tuple[str, ...] = (),
        clears: tuple[str, ...] = (),
        when: Guard | None = None,
        tells: Role | None = None,
        returns: bool = False,
        takes_over: bool = False,
        reopens: bool = False,
        raises: bool = False,
    ) -> None:
        self.sources = _states(source)
        self.target = target
        self.by = by
        self.label = label
        self.asks = asks
        self.sets = sets
        self.clears = clears
        self.when = when
        self.tells = tells
        self.returns = returns
        self.takes_over = takes_over
        self.reopens = reopens
        self.raises = raises

    def also_from(self, more: State | States) -> "Transition":
        """The same step out of further states, for a procedure that has states of its own beside what it inherits."""
        wider = copy(self)
        wider.sources = States((*self.sources, *_states(more)))
        return wider


@dataclass(frozen=True, slots=True)
class Escalate:
    """What a missed deadline does by itself: the next level up is told and stays answerable."""


escalate = Escalate()


class Deadline(Named):
    """A clock that starts when a matter enters `since` and is met by `until`: states reached or steps made.

    How long, of which kind and by which law stands in the dated rule `rule`. Going back from a later state to an
    earlier one neither stops nor restarts a running clock; reaching a done state unmet ends it unowed.
    `then`: escalate, or a transition the program makes.
    """

    def __init__(
        self,
        *,
        since: State | States,
        until: "State | States | Transition | tuple[State | Transition, ...]",
        rule: str,
        label: str,
        then: Escalate | Transition | None = None,
    ) -> None:
        self.since = _states(since)
        self.until: tuple[State | Transition, ...] = until if isinstance(until, tuple) else (until,)
        self.rule = rule
        self.label = label
        self.then = then

    def met_by(self, transition: Transition) -> bool:
        """Does this transition fulfil what the clock waits for?"""
        return transition in self.until or transition.target in self.until


class Procedure:
    """What a matter follows. Subclass it, declare attributes; the class is never instantiated."""

    slug: ClassVar[str]
    label: ClassVar[str]
    states: ClassVar[Mapping[str, State]]
    transitions: ClassVar[Mapping[str, Transition]]
    deadlines: ClassVar[Mapping[str, Deadline]]

    def __init_subclass__(cls, *, label: str | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if label is None:
            return
        cls.slug, cls.label = cls.__name__.lower(), label
        cls.states = _declared(cls, State)
        cls.transitions = _declared(cls, Transition)
        cls.deadlines = _declared(cls, Deadline)
        _check(cls)
        _registry[cls.slug] = cls

    @classmethod
    def initial(cls) -> State:
        return next(iter(cls.states.values()))

    @classmethod
    def leaving(cls, state: str) -> tuple[Transition, ...]:
        """The transitions declared out of a state, in the order of declaration."""
        return tuple(t for t in cls.transitions.values() if cls.states[state] in t.sources)


_registry: dict[str, type[Procedure]] = {}
T = TypeVar("T", bound=Named)


def procedure(slug: str) -> type[Procedure]:
    """The declared procedure of that name. Raises KeyError."""
    return _registry[slug]


def procedures() -> tuple[type[Procedure], ...]:
    """Every procedure declared by an installed service."""
    return tuple(_registry.values())


def _declared(cls: type[Procedure], kind: type[T]) -> Mapping[str, T]:
    named = {name: value for base in reversed(cls.__mro__) for name, value in vars(base).items()}
    return MappingProxyType({name: value for name, value in named.items() if isinstance(value, kind)})


def _check(cls: type[Procedure]) -> None:
    """Refuse at import what could only fail later: unknown states, dead ends, states nobody reaches."""
    states = set(cls.states.values())
    if not any(state.final for state in states):
        raise NotDeclaredRight(f"{cls.__name__} has no final state")
    for transition in cls.transitions.values():
        if not {*transition.sources, transition.target} <= states:
            raise NotDeclaredRight(f"{cls.__name__}.{transition.name} uses a state of another procedure")
        if any(state.final for state in transition.sources) and not transition.reopens:
            raise NotDeclaredRight(f"{cls.__name__}.{transition.name} leaves a final state without reopens=True")
    steps = set(cls.transitions.values())
    for deadline in cls.deadlines.values():
        named = {*deadline.since, *deadline.until, *({deadline.then} - {None, escalate})}
        if not named <= states | steps:
            raise NotDeclaredRight(f"{cls.__name__}.{deadline.name} names what this procedure does not declare")
    reached, left = {cls.initial()}, set[State]()
    for transition in cls.transitions.values():
        reached.add(transition.target)
        left.update(transition.sources)
    for state in states:
        if state not in reached:
            raise NotDeclaredRight(f"{cls.__name__}.{state.name} is never reached")
        if not state.final and state not in left:
            raise NotDeclaredRight(f"{cls.__name__}.{state.name} is a dead end but not final")
