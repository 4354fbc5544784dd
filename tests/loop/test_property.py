"""No sequence of calls, however hostile, leaves an undeclared state, a lost event, a broken chain or a half change."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anlan.city.people import access
from anlan.city.people.access import Actor
from anlan.loop import engine, verbs
from anlan.loop.clock import ManualClock
from anlan.loop.history import GENESIS, link
from anlan.loop.models import Deadline, Event, Matter, Notice
from anlan.loop.refusals import Refused
from anlan.services.dispatch.procedure import Dispatching
from tests.cast import CITY, CUIYUAN, CUIYUAN_GRID, GRID, WENXIN, Cast, lamp
from tests.loop.stories import everything, morning

ACTORS = ("system", "chen", "zhou", "wu", "sun", "li", "he", "qian", "wang", "bearer", "stranger", "anonymous")
MATTERS = 3

WORDS = ("好", "", " ", "a\x00b", "\ud800", "😀" * 3, "'; DROP TABLE loop_event; --", "\u202e", "x" * 20_001, "\x7f")
ANYTHING = (*WORDS, None, True, 0, -1, 5, 10**30, 1.5, float("nan"), [], [1], {}, {"a": 1}, str(uuid4()), "5", b"x")
AREAS = (CITY, WENXIN, GRID, CUIYUAN, CUIYUAN_GRID, "3301.1", "a,b", "'", *WORDS)

# Told as it ought to be: without these, hardly any sequence would get far.
PROPER: dict[str, Mapping[str, Any] | None] = {
    "assign": {"unit_id": "li"},
    "arrive": {"lon": "120.1", "lat": "30.2"},
    "feed_back": {"text": "到了"},
    "resolve": {"outcome": "solved", "text": "好了"},
    "answer": {"outcome": "explained", "text": "说明"},
    "rate": {"rating": 4},
    **{
        step: {"reason": "因为"}
        for step in ("decline", "withdraw", "call_police", "return_to_police", "reopen", "dissolve")
    },
}
STEPS = tuple(Dispatching.transitions)
# Left to the hostile steps: offered everywhere, they would end most stories before they begin.
RARE = {"call_police", "return_to_police", "answer", "dissolve"}

FIELDS = ("unit_id", "reason", "text", "outcome", "rating", "lon", "lat", "hash")
CLOCKS = tuple(Dispatching.deadlines)
WAITS = (1, 60, 3_600, 86_400, 8 * 86_400)
Call = tuple[Any, ...]


def any_call(random: Random) -> Call:
    """Half of the time something that somebody may really do now; else any verb by anybody, hostile or not."""
    number = random.choice((0, 0, 0, 1, 2))
    kind = random.choice(("proceed",) * 6 + ("wait",) + ("advance",) * 2 + ("verb",) * 6)
    if kind == "proceed":
        return "proceed", number, random.randrange(10)
    if kind == "wait":
        return "wait", random.choice(WAITS)
    actor = random.choice(ACTORS)
    if kind == "advance":
        told = {field: random.choice(ANYTHING) for field in random.sample(FIELDS, random.randrange(3))}
        arguments = {"name": random.choice((*STEPS, *WORDS)), "told": random.choice((None, told, told))}
        return "advance", number, actor, arguments | random.choice(({}, {}, {"version": random.randrange(-1, 12)}))
    likely = random.choice(("wu", "wu", "chen", "system", actor))
    return _verb(random, number, likely)


def _verb(random: Random, number: int, actor: str) -> Call:
    def word() -> Any:
        return random.choice(("因为",) * 30 + WORDS)

    def clock() -> Any:
        return random.choice(CLOCKS * 3 + WORDS)

    verbs: dict[str, Callable[[], dict[str, Any]]] = {
        "note": lambda: {"text": word(), "public": random.choice((True, False))},
        "reclassify": lambda: {
            "reason": word(),
            "klass": random.choice((None, "urgent") * 10 + WORDS),
            "category": random.choice((None, "city.lighting") * 10 + WORDS),
            "severity": random.choice((None, 1, 2, 3, 4, 0, 5, 2**40)),
        },
        "hand_over": lambda: {"to_area": random.choice(AREAS), "reason": word()},
        "share": lambda: {"with_area": random.choice(AREAS), "reason": word()},
        "suspend": lambda: {"reason": word(), "approver": word()},
        "resume": lambda: {"reason": word()},
        "extend": lambda: {"deadline": clock(), "reason": word(), "approver": word()},
        "escalate": lambda: {"reason": word()},
        "miss_deadline": lambda: {"name": clock()},
        "merge": lambda: {"into": random.choice((1, 2, 1, 2, 0, None)), "reason": word()},
        "unmerge": lambda: {"reason": word()},
    }
    name = random.choice(tuple(verbs))
    return name, number, actor, verbs[name]()


class Play:
    """Three matters, everybody who may or may not act on them, and what the database holds after each call."""

    def __init__(self, cast: Cast, clock: ManualClock) -> None:
        self.cast, self.clock = cast, clock
        opened = [
            engine.open_matter(Dispatching, lamp(area=area, channel=channel), by=cast.wang)
            for area, channel in ((GRID, "web"), (GRID, "police"), (CUIYUAN_GRID, "web"))
        ]
        self.ids = [each.matter.id for each in opened]
        self.bearer = access.bearer(bytes(opened[0].matter.tracking_index or b""))
        self.made = 0

    def actor(self, name: str) -> Actor:
        others = {
            "system": access.system(),
            "bearer": self.bearer,
            "anonymous": access.anonymous(),
            "stranger": Actor("resident", uuid4()),
        }
        return others.get(name) or getattr(self.cast, name)

    def call(self, name: str, *given: Any) -> None:
        if name == "wait":
            self.clock.advance(timedelta(seconds=given[0]))
        elif name == "proceed":
            self.proceed(*given)
        else:
            self.attempt(name, *given)

    def proceed(self, number: int, choice: int) -> None:
        """Make a step that is offered to somebody; what is offered must not be refused."""
        with everything():
            matter = Matter.objects.get(id=self.ids[number])
        offered = {
            step.name: who
            for who in ACTORS
            for step in engine.possible(matter, self.actor(who))
            if step.name not in RARE
        }
        if offered:
            name = sorted(offered)[choice % len(offered)]
            made = self.made
            self.attempt("advance", number, offered[name], {"name": name, "told": PROPER.get(name)})
            assert self.made == made + 1, f"{name} was offered to {offered[name]} and refused"

    def attempt(self, name: str, number: int, who: str, arguments: Mapping[str, Any]) -> None:
        before = self.snapshot()
        moved_on = self.holds_still()
        try:
            # As at a door: each call is a transaction of its own, and its deferred constraints are checked.
            with transaction.atomic():
                self._verb(name)(self.ids[number], by=self.actor(who), **self._proper(arguments))
                transaction.get_connection().check_constraints()
        except Refused:
            assert self.snapshot() == before, "a refused call has left something behind"
        else:
            self.made += 1
        for id, state in moved_on.items():
            assert self.states()[id] == state, "a merged or suspended matter has moved"

    def _verb(self, name: str) -> Callable[..., Matter]:
        found: Callable[..., Matter] = getattr(engine if name in ("advance", "note") else verbs, name)
        return found

    def _proper(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        given = dict(arguments)
        if "into" in given:
            given["into"] = uuid4() if given["into"] is None else self.ids[given["into"]]
        if (given.get("told") or {}).get("unit_id") == "li":
            given["told"] = {"unit_id": self.cast.unit(self.cast.li)}
        return given

    def snapshot(self) -> list[list[tuple[Any, ...]]]:
        with everything():
            return [
                list(model.objects.order_by("pk").values_list())  # type: ignore[attr-defined]
                for model in (Matter, Event, Deadline, Notice)
            ]

    def states(self) -> dict[UUID, str]:
        with everything():
            return dict(Matter.objects.values_list("id", "state"))

    def holds_still(self) -> dict[UUID, str]:
        with everything():
            held = Matter.objects.exclude(merged_into=None) | Matter.objects.exclude(suspended_at=None)
            return dict(held.values_list("id", "state"))

    def check(self) -> None:
        with everything():
            for matter in Matter.objects.all():
                events = list(Event.objects.filter(matter=matter))
                assert matter.state in Dispatching.states
                assert len(events) == matter.version
                self._check_chain(matter, events)
                self._check_clocks(matter, list(Deadline.objects.filter(matter=matter)))

    def _check_chain(self, matter: Matter, events: list[Event]) -> None:
        head, state = GENESIS, "received"
        for seq, event in enumerate(events, start=1):
            assert (event.seq, event.from_state, bytes(event.previous)) == (seq, state, head)
            step = Dispatching.transitions.get(event.kind)
            if step is None:
                assert event.to_state == state
            else:
                assert Dispatching.states[state] in step.sources
                assert event.to_state == step.target.name
            head, state = bytes(event.hash), event.to_state
            names = ("seq", "at", "kind", "from_state", "to_state", "area", "data")
            actor = (event.actor_kind, event.actor_id, event.actor_role)
            fields = {name: getattr(event, name) for name in names}
            assert link(event.suite, bytes(event.previous), matter_id=matter.id, actor=actor, **fields) == head
        assert (bytes(matter.head), matter.state) == (head, state)

    def _check_clocks(self, matter: Matter, clocks: list[Deadline]) -> None:
        running = [clock for clock in clocks if clock.ended_at is None]
        assert len({clock.name for clock in running}) == len(running)
        assert all((clock.ended_at is None) == (clock.met is None) for clock in clocks)
        assert {clock.area for clock in running} <= {matter.area}
        waits = matter.suspended_at is not None or matter.merged_into_id is not None
        assert all((clock.held_since is not None) == waits for clock in running)
        if matter.stands.final:
            assert not running
            assert matter.closed_at is not None


@pytest.mark.django_db
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(random=st.randoms(use_true_random=True))
def test_no_sequence_of_calls_breaks_a_promise(cast: Cast, random: Random) -> None:
    """A true random: Hypothesis' own prefers short and simple stories, and the faults are in the long ones."""
    with morning() as clock, transaction.atomic():
        play = Play(cast, clock)
        for _ in range(60):
            play.call(*any_call(random))
            play.check()
        transaction.set_rollback(True)
