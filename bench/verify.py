"""Events checked per second by `anlan verify`; against a bare SHA-256 chain in Python."""

import hashlib
import time
from itertools import cycle, islice

from django.db import connections, transaction
from psycopg import sql

from anlan.city.people import access
from anlan.foundation.database import OWNER
from anlan.foundation.sealing import active_suite
from anlan.loop import clock, history
from anlan.loop.change import Change
from anlan.loop.history import GENESIS, digest_of_words
from anlan.loop.models import Event, Matter
from anlan.loop.verification import verify
from anlan.services.dispatch.procedure import Dispatching
from bench.measuring import limits
from bench.measuring.crew import LIFE, Crew, crews
from bench.measuring.ground import Ground
from bench.measuring.limits import Pace, together
from bench.measuring.result import Result

BATCH = 1_000


def run(ground: Ground, *, small: bool) -> Result:
    rounds, lives = (1, 100) if small else (4, 25_000)
    ground.build_city(small=True)
    write_histories(lives)
    ground.as_owner("VACUUM ANALYZE loop_event, loop_matter")
    body = _mean_body()
    events = lives * (1 + len(LIFE))
    limit, found = limits.by_turns(rounds, lambda: bare_chain(body, events), checked)
    return Result(
        value=together(found),
        unit="events/s",
        limit=together(limit),
        limit_name=f"SHA-256 over the hash before and {len(body)} bytes, chained in Python: no database, no JSON",
        more={
            "events": events,
            "chains": lives,
            "rounds": [pace.rate for pace in found],
            "limit_rounds": [pace.rate for pace in limit],
        },
        notes=("the histories are full lives, hashed by the loop itself and written straight into the tables",),
    )


def checked() -> Pace:
    """One run over everything. Raises AssertionError where a chain does not hold: then the figure means nothing."""
    begun = time.perf_counter()
    found = verify()
    seconds = time.perf_counter() - begun
    assert found.broken == 0, found.breaks
    return Pace(found.events, seconds)


def bare_chain(body: bytes, links: int) -> Pace:
    """What of it is hashing."""
    head, begun = GENESIS, time.perf_counter()
    for _ in range(links):
        head = hashlib.sha256(head + body).digest()
    return Pace(links, time.perf_counter() - begun)


def write_histories(lives: int) -> None:
    """So many closed matters, without the engine's transactions."""
    here = cycle(crews(50))
    for start in range(0, lives, BATCH):
        changes = [_lived(crew) for crew in islice(here, min(BATCH, lives - start))]
        with transaction.atomic(using=OWNER):
            Matter.objects.using(OWNER).bulk_create([change.matter for change in changes])
            _copy([event for change in changes for event in change.events])


def _lived(crew: Crew) -> Change:
    at = clock.now()
    matter = Matter(
        procedure=Dispatching.slug,
        state=Dispatching.initial().name,
        version=0,
        head=GENESIS,
        channel="web",
        title="路灯不亮",
        klass="ordinary",
        category="city.lighting",
        severity=1,
        area=crew.area,
        opened_at=at,
        state_since=at,
    )
    change = Change(matter, [], access.anonymous(), access.REPORTER, at)
    said = digest_of_words(active_suite().suite_id, matter)
    change.record("opened", {"triage": {"source": "bench"}, "said": said}, to=Dispatching.initial())
    actors = {
        "dispatcher": (crew.dispatcher, access.DISPATCHER),
        "responder": (crew.responder, access.RESPONDER),
        "reporter": (access.anonymous(), access.REPORTER),
    }
    for name, actor, told in LIFE:
        change.actor, change.role = actors[actor]
        change.record(name, told, to=Dispatching.transitions[name].target)
    return change


def _copy(events: list[Event]) -> None:
    fields = [field for field in Event._meta.concrete_fields if field.column]
    table, columns = Event._meta.db_table, [sql.Identifier(str(field.column)) for field in fields]
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), sql.SQL(", ").join(columns))
    with connections[OWNER].cursor() as cursor, cursor.cursor.copy(statement) as copy:
        for event in events:
            copy.write_row(
                [field.get_db_prep_save(getattr(event, field.attname), connections[OWNER]) for field in fields]
            )


def _mean_body() -> bytes:
    """As many bytes as an event has on average in the form that is hashed."""
    lines = Event.objects.using(OWNER)[:BATCH]
    sizes = [len(history.canonical([*_hashed(line)])) for line in lines]
    return b"x" * (sum(sizes) // len(sizes))


def _hashed(line: Event) -> tuple[object, ...]:
    actor = (line.actor_kind, str(line.actor_id or ""), line.actor_role)
    at = history.microseconds(line.at)
    return str(line.matter_id), line.seq, at, line.kind, line.from_state, line.to_state, *actor, line.area, line.data
