"""Is the history what was written? Every chain is computed anew and compared with what stands there.

It reads as the owner of the tables, who sees every row, in one snapshot, so that it can run beside the city's
work. What it can't see is a history that was rewritten as a whole, all hashes with it: that takes a digest which
somebody kept (`digests`).
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from django.db import connections, transaction
from django.utils.translation import gettext as _
from psycopg.rows import args_row

from anlan.foundation.database import OWNER
from anlan.loop.history import GENESIS, WORDS, digest_of_words, link
from anlan.loop.models import Matter
from anlan.loop.procedures import procedure

BATCH = 5_000
NAMED = 20
"""So many broken chains are named; all of them are counted."""


@dataclass(frozen=True, slots=True)
class Break:
    """The first link of a chain that does not hold: which line of whose history, and what is wrong with it."""

    matter: str
    seq: int
    what: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What was checked and how many chains are broken; `breaks` names the first of them."""

    chains: int
    events: int
    broken: int
    breaks: tuple[Break, ...]


class Line(NamedTuple):
    """An event as it lies in the table."""

    matter_id: UUID
    seq: int
    at: datetime
    kind: str
    from_state: str
    to_state: str
    actor_kind: str
    actor_id: UUID | None
    actor_role: str
    area: str
    data: str
    suite: int
    previous: bytes
    hash: bytes


_LINES = (
    "SELECT matter_id, seq, at, kind, from_state, to_state, actor_kind, actor_id, actor_role, area::text, data::text, "
    "suite, previous, hash FROM loop_event ORDER BY matter_id, seq"
)


def verify(progress: Callable[[int], None] = lambda events: None) -> Verification:
    """Check every chain; `progress` hears how many events have been read since it was last called."""
    chains = events = broken = 0
    breaks: list[Break] = []

    def counted(more: int) -> None:
        nonlocal events
        events += more
        progress(more)

    with snapshot():
        for matter, lines in _histories(_matters(), _lines(counted)):
            chains += 1
            if found := _first_break(matter, lines):
                broken += 1
                breaks += [Break(matter.reference, *found)] if broken <= NAMED else []
    return Verification(chains, events, broken, tuple(breaks))


@contextmanager
def snapshot() -> Iterator[None]:
    """Read as the owner, who sees every row, all of it as of one moment."""
    with transaction.atomic(using=OWNER):
        with connections[OWNER].cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def count_events() -> int:
    """How many events there are to check."""
    with connections[OWNER].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM loop_event")
        return int(cursor.fetchone()[0])


_FACTS = ("number", "opened_at", "procedure", "state", "version", "head")


def _matters() -> Iterator[Matter]:
    facts = Matter.objects.using(OWNER).only(*_FACTS, *WORDS)
    return facts.order_by("id").iterator(chunk_size=BATCH)


def _lines(counted: Callable[[int], None]) -> Iterator[Line]:
    connection = connections[OWNER].connection
    # Binary and straight into tuples: the ORM's conversions would take twice as long as all the hashing.
    with connection.cursor("lines", binary=True, row_factory=args_row(Line)) as cursor:
        cursor.execute(_LINES)
        while batch := cursor.fetchmany(BATCH):
            counted(len(batch))
            yield from batch


def _histories(matters: Iterable[Matter], lines: Iterable[Line]) -> Iterator[tuple[Matter, Iterator[Line]]]:
    """Each matter with its lines, which may be none. No line is without a matter: a foreign key holds that."""
    nothing: tuple[UUID | None, Iterator[Line]] = (None, iter(()))
    groups = groupby(lines, key=attrgetter("matter_id"))
    id, own = next(groups, nothing)
    for matter in matters:
        if id == matter.id:
            yield matter, own
            id, own = next(groups, nothing)
        else:
            yield matter, iter(())


def _first_break(matter: Matter, lines: Iterable[Line]) -> tuple[int, str] | None:
    """The first line that does not hold and why; None where the whole chain does."""
    try:
        moves, state = _moves(matter.procedure)
    except KeyError:
        return 0, _("its procedure “%(name)s” is not installed") % {"name": matter.procedure}
    seq, previous = 0, GENESIS
    for seq, line in enumerate(lines, start=1):
        if line.seq != seq:
            return seq, _("the line is missing")
        if line.previous != previous:
            return seq, _("it does not follow the line before it")
        if _hash(line) != line.hash:
            return seq, _("its content is not what was hashed")
        if line.from_state != state or not moves(line.kind, state, line.to_state):
            move = {"kind": line.kind, "from": line.from_state, "to": line.to_state}
            return seq, _("the procedure has no step “%(kind)s” from “%(from)s” to “%(to)s”") % move
        if seq == 1 and json.loads(line.data).get("said") != digest_of_words(line.suite, matter):
            return seq, _("the words are not those that were reported")
        previous, state = line.hash, line.to_state
    if seq == 0:
        return 0, _("it has no history")
    if matter.version != seq or bytes(matter.head) != previous:
        return seq, _("the matter does not end in the last line of its history")
    if matter.state != state:
        return seq, _("the matter is in “%(state)s”, its history is not") % {"state": matter.state}
    return None


def _hash(line: Line) -> bytes | None:
    """The hash the line ought to have; None where it holds what can't have been hashed."""
    try:
        return link(
            line.suite,
            line.previous,
            matter_id=line.matter_id,
            seq=line.seq,
            at=line.at,
            kind=line.kind,
            from_state=line.from_state,
            to_state=line.to_state,
            actor=(line.actor_kind, line.actor_id, line.actor_role),
            area=line.area,
            data=json.loads(line.data),
        )
    except (TypeError, ValueError):
        return None


@cache
def _moves(slug: str) -> tuple[Callable[[str, str, str], bool], str]:
    """Whether a kind of line may lead from one state to another, and the state in which a history begins.

    A declared transition leads from its sources to its target; every other line leaves the state as it is.
    """
    declared = procedure(slug)
    steps = {
        name: ({state.name for state in step.sources}, step.target.name) for name, step in declared.transitions.items()
    }

    def moves(kind: str, before: str, after: str) -> bool:
        if kind in steps:
            sources, target = steps[kind]
            return before in sources and after == target
        return before == after and before in declared.states

    return moves, declared.initial().name
