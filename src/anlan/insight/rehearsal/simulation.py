"""The play: arrivals, desks, units and residents as processes on one clock, all through the real actions."""

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf
from random import Random
from typing import Any
from uuid import UUID

import simpy
from django.db import connection
from django.db.models import Min
from pydantic import ValidationError

from anlan.city.areas.atlas import atlas
from anlan.city.areas.geometry import distance_m
from anlan.city.people import access
from anlan.city.people.access import Actor, scope_of, scoped
from anlan.city.people.models import Account, Unit
from anlan.foundation.rules import rulebook
from anlan.foundation.sealing.fields import blind_index
from anlan.insight.rehearsal.arrivals import Arrival
from anlan.insight.rehearsal.behaviour import Behaviour
from anlan.loop import clock, engine, terms, verbs
from anlan.loop.models import Channel, Deadline, Matter, Notice
from anlan.loop.refusals import NotPossible, Refused
from anlan.loop.suggestions import Klass, offered_categories
from anlan.loop.sweeps import sweep_deadlines
from anlan.services.dispatch import actions as dispatch
from anlan.services.dispatch.queries import suggestions
from anlan.services.intake import actions as intake
from anlan.services.intake.schemas import Contact, ReportIn

Steps = Generator[Any, Any, None]
SETTLED = ("closed", "with_police")
FIRST_CLOCK = {"routed": "dispatch.close", "assigned": "dispatch.respond", "resolved": "dispatch.rating_window"}
"""The clock that runs out first of those a state starts, by its rule."""


class SimulationClock:
    """The loop's clock, driven by the simulation's."""

    def __init__(self, env: simpy.Environment, start: datetime) -> None:
        self._env = env
        self._start = start

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._env.now)


@dataclass
class Rehearsal:
    """One run. `progress(settled, at)` is called whenever a matter reaches its end."""

    arrivals: list[Arrival]
    seed: int
    progress: Callable[[int, datetime], None] = lambda settled, at: None
    behaviour: Behaviour = field(default_factory=Behaviour)
    opened: list[UUID] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    settled: int = 0

    def run(self) -> None:
        """Play until everything has been settled."""
        self._env = simpy.Environment()
        self._start = self.arrivals[0].at if self.arrivals else clock.now()
        self._wake, self._next_sweep = self._env.event(), 0.0
        self._desks: dict[str, simpy.Resource] = {}
        self._actors: dict[str, Actor] = {}
        self._left = len(self.arrivals)
        with clock.use(SimulationClock(self._env, self._start)), _fast_commits():
            self._env.process(self._arrive())
            self._env.process(self._sweep())
            self._env.run()
            self._tell_nobody()

    def _arrive(self) -> Steps:
        for index, arrival in enumerate(self.arrivals):
            due = (arrival.at - self._start).total_seconds()
            yield self._env.timeout(max(0.0, due - self._env.now))
            self._env.process(self._live(arrival, Random(f"{self.seed}:{index}")))

    def _live(self, arrival: Arrival, random: Random) -> Steps:
        """One matter, from the first word to its end."""
        town = arrival.area[:9]
        by = access.anonymous() if arrival.channel in (Channel.WEB, Channel.CODE) else self._dispatcher(town)
        try:
            taken = intake.report(self._said(arrival, random), by=by)
        except (ValidationError, Refused) as refused:
            self.refused.append((arrival.source_id, str(refused)))
            self._left -= 1
            return
        self.opened.append(taken.matter.id)
        reporter = access.bearer(blind_index("code", taken.code))
        matter = dispatch.direct(taken.matter.id)
        self._expect_clocks(matter)
        while matter.state not in SETTLED:
            if matter.state in ("received", "routed"):
                matter = yield from self._at_the_desk(matter, town, random)
            elif matter.state == "assigned":
                matter = yield from self._at_the_unit(matter, random)
            elif matter.state == "accepted":
                matter = yield from self._on_the_way(matter, random)
            elif matter.state == "on_scene":
                matter = yield from self._on_the_scene(matter, random)
            else:
                matter = yield from self._at_the_resident(matter, reporter, random)
        self._left -= 1
        self.settled += 1
        self.progress(self.settled, clock.now())
        if not self._left:
            self._sweep_by(0.0)

    def _said(self, arrival: Arrival, random: Random) -> ReportIn:
        # An invented number in a range that is nobody's, so that notices have somewhere to go.
        phone = f"1990000{random.randrange(10_000):04}" if random.random() < self.behaviour.leaves_a_number else None
        return ReportIn(
            title=arrival.title[:200],
            text=arrival.text,
            channel=Channel(arrival.channel),
            area=arrival.area,
            address=arrival.address,
            source_id=arrival.source_id,
            contact=Contact(phone=phone) if phone else None,
        )

    def _at_the_desk(self, matter: Matter, town: str, random: Random) -> Generator[Any, Any, Matter]:
        behaviour, dispatcher = self.behaviour, self._dispatcher(town)
        with self._desk(town).request() as seat:
            yield seat
            yield self._env.timeout(behaviour.delay(random, behaviour.desk_reads))
        matter = self._sort_anew(matter, dispatcher)
        if matter.klass == Klass.POLICE and matter.channel == Channel.POLICE:
            return self._step(matter, "return_to_police", dispatcher, {"reason": "属警务，退回110"})
        if matter.klass == Klass.INQUIRY and not matter.reopened:
            yield self._env.timeout(behaviour.delay(random, behaviour.desk_answers))
            return self._step(matter, "answer", dispatcher, {"outcome": "explained", "text": "已电话答复"})
        while True:
            with scoped(scope_of(dispatcher)):
                best = suggestions(matter)
            if best:
                break
            yield self._env.timeout(behaviour.waits_for_a_unit)
        chosen = best[0] if random.random() < behaviour.takes_first_suggestion else best[-1]
        told = {"unit_id": str(chosen.unit.id), "reason": chosen.reasons[0].text}
        return self._step(matter, "assign", dispatcher, told)

    def _sort_anew(self, matter: Matter, dispatcher: Actor) -> Matter:
        """Now and then a desk finds another category beside the suggested one; which ones is drawn, not judged."""
        # A stream of its own, so that whatever else is drawn for this matter stays as it is.
        random = Random(f"{self.seed}:{matter.opened_at.isoformat()}:{matter.title}")
        branch = matter.category.partition(".")[0]
        beside = sorted(slug for slug in offered_categories() if slug.startswith(f"{branch}."))
        if not beside or random.random() >= self.behaviour.sorts_anew:
            return matter
        category = random.choice(beside)
        if category == matter.category:
            return matter
        return verbs.reclassify(matter.id, by=dispatcher, category=category, reason="按内容调整分类")

    def _at_the_unit(self, matter: Matter, random: Random) -> Generator[Any, Any, Matter]:
        behaviour, responder = self.behaviour, self._responder(matter)
        yield self._env.timeout(behaviour.delay(random, behaviour.unit_accepts, 0.8))
        if random.random() < behaviour.unit_declines:
            try:
                return self._step(matter, "decline", responder, {"reason": "正在处置其他事件"})
            except NotPossible:
                pass  # The designation is binding: it has to go.
        return self._step(matter, "accept", responder)

    def _on_the_way(self, matter: Matter, random: Random) -> Generator[Any, Any, Matter]:
        behaviour, unit = self.behaviour, self._unit(matter)
        lon, lat = atlas().points[matter.area.rsplit(".", 1)[-1]]
        metres = distance_m(unit.lon or lon, unit.lat or lat, lon, lat)
        travel = behaviour.setting_off + metres / behaviour.metres_a_second
        yield self._env.timeout(behaviour.delay(random, travel, 0.3))
        position = {"lon": f"{lon:.6f}", "lat": f"{lat:.6f}"}
        return self._step(matter, "arrive", self._responder(matter), position)

    def _on_the_scene(self, matter: Matter, random: Random) -> Generator[Any, Any, Matter]:
        behaviour, responder = self.behaviour, self._responder(matter)
        work = behaviour.delay(random, behaviour.works, behaviour.works_spread)
        first = min(work, behaviour.delay(random, behaviour.feeds_back))
        yield self._env.timeout(first)
        if random.random() < behaviour.finds_a_crime:
            return self._step(matter, "call_police", responder, {"reason": "现场发现违法嫌疑"})
        matter = self._step(matter, "feed_back", responder, {"text": "已到场，正在处置"})
        yield self._env.timeout(work - first)
        outcome = random.choices(
            ("solved", "explained", "unsolved"),
            (behaviour.solves, behaviour.explains, 1 - behaviour.solves - behaviour.explains),
        )[0]
        return self._step(matter, "resolve", responder, {"outcome": outcome, "text": "处置完毕"})

    def _at_the_resident(self, matter: Matter, reporter: Actor, random: Random) -> Generator[Any, Any, Matter]:
        behaviour = self.behaviour
        if random.random() >= behaviour.resident_rates:
            # Silent: when the rating window ends, the sweep closes the matter, without a rating.
            yield self._env.timeout(self._left_of(matter, "rating_window"))
            while (matter := self._look(matter)).state == "resolved":
                yield self._swept
            return matter
        yield self._env.timeout(behaviour.delay(random, behaviour.resident_rates_after))
        matter = self._look(matter)
        if matter.state != "resolved":
            return matter
        solved = matter.outcome != "unsolved"
        if not matter.reopened and random.random() < behaviour.resident_reopens * (1 if solved else 5):
            return self._step(matter, "reopen", reporter, {"reason": "问题没有解决"})
        late = matter.escalation > 0
        return self._step(matter, "rate", reporter, {"rating": behaviour.rating(random, solved=solved, late=late)})

    def _sweep(self) -> Steps:
        """The worker: at each moment a clock runs out, do what its procedure says."""
        self._swept = self._env.event()
        while self._left:
            if self._env.now < self._next_sweep:
                wait = self._next_sweep - self._env.now
                yield self._wake if wait == inf else self._wake | self._env.timeout(wait)
                continue
            sweep_deadlines()
            self._swept.succeed()
            self._swept = self._env.event()
            self._next_sweep = self._env.now + self._until_next_deadline()

    def _until_next_deadline(self) -> float:
        with scoped(scope_of(access.system())):
            running = Deadline.objects.filter(ended_at=None, held_since=None, missed_at=None)
            due: datetime | None = running.aggregate(first=Min("due_at"))["first"]
        return inf if due is None else max(0.0, (due - clock.now()).total_seconds())

    def _expect_clocks(self, matter: Matter) -> None:
        """See to it that the sweep is there when the first of the clocks just started runs out."""
        if rule := FIRST_CLOCK.get(matter.state):
            term = terms.term_of(rulebook().at(rule, clock.today()))
            self._sweep_by(self._env.now + term.span.total_seconds())

    def _sweep_by(self, moment: float) -> None:
        if moment < self._next_sweep:
            self._next_sweep = moment
            self._wake.succeed()
            self._wake = self._env.event()

    @staticmethod
    def _tell_nobody() -> None:
        """The reporters are invented: what waits to be sent to them is put down as sent, and goes nowhere."""
        with scoped(scope_of(access.system())):
            waiting = Notice.objects.filter(state=Notice.State.WAITING)
            waiting.update(state=Notice.State.SENT, sent_at=clock.now())

    def _left_of(self, matter: Matter, name: str) -> float:
        with scoped(scope_of(access.system())):
            due: datetime = Deadline.objects.values_list("due_at", flat=True).get(
                matter=matter, name=name, ended_at=None
            )
        return max(0.0, (due - clock.now()).total_seconds())

    def _step(self, matter: Matter, name: str, by: Actor, told: dict[str, Any] | None = None) -> Matter:
        moved = engine.advance(matter.id, name, by=by, told=told)
        self._expect_clocks(moved)
        return moved

    def _look(self, matter: Matter) -> Matter:
        with scoped(scope_of(access.system())):
            return Matter.objects.get(id=matter.id)

    def _desk(self, town: str) -> simpy.Resource:
        if town not in self._desks:
            self._desks[town] = simpy.Resource(self._env, capacity=self.behaviour.desk_seats)
        return self._desks[town]

    def _dispatcher(self, town: str) -> Actor:
        return self._actor(f"desk {town}", postings__role="DISPATCHER", postings__area_id=town)

    def _responder(self, matter: Matter) -> Actor:
        return self._actor(f"unit {matter.unit_id}", postings__role="RESPONDER", postings__unit_id=matter.unit_id)

    def _actor(self, name: str, **found_by: Any) -> Actor:
        if name not in self._actors:
            account = Account.objects.filter(**found_by).order_by("username")[0]
            self._actors[name] = access.actor_of(account, on=clock.today())
        return self._actors[name]

    @staticmethod
    def _unit(matter: Matter) -> Unit:
        assert matter.unit_id is not None
        return Unit.objects.get(id=matter.unit_id)


@contextmanager
def _fast_commits() -> Generator[None, None, None]:
    """A rehearsal need not survive a power cut: its commits do not wait for the disk."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO off")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET synchronous_commit")


def unsettled(opened: Iterable[UUID]) -> list[Matter]:
    """The matters of a run that have not reached an end, oldest first."""
    with scoped(scope_of(access.system())):
        return list(Matter.objects.filter(id__in=list(opened), closed_at=None).order_by("opened_at"))
