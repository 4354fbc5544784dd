"""Following what has changed: announcements are written by `store` with every change and read here, by position.

A position is a snapshot of the database. What has been committed since is exactly what that snapshot could not see,
in whatever order the transactions began and ended: nothing is skipped, nothing waits for a transaction that is still
open, and a reader that lost its connection goes on from where it was. What is read twice does no harm.

Only within one life of the server: after a crash it gives the numbers of transactions that left nothing on the disk
(a NOTIFY, one rolled back) once more, and an old snapshot takes the new bearer for one it has seen. So a position
names the life it belongs to, and is unknown in any other.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.db import connection

from anlan.city.people.access import Actor, covers, scope_of, scoped, sees, system
from anlan.loop import clock

KEPT_FOR = timedelta(days=1)
# A line is dated when it is written, and committed later: positions are good for less than the lines.
RESUMABLE_FOR = timedelta(hours=23)
MOST_AT_ONCE = 5_000
"""Whoever has missed more than this starts over instead."""


class UnknownPosition(Exception):
    """Not a position that was given out, or too old a one: what was missed can't be told any more."""


@dataclass(frozen=True, slots=True)
class Position:
    """Up to where a reader has heard everything; on the wire `LIFE.SECONDS.XMIN:XMAX:XIP,…`."""

    life: int
    """Since when the server counts, in microseconds: it starts over after a crash, and not after an orderly stop."""
    seconds: int
    snapshot: str

    FORM: ClassVar = re.compile(r"(\d{1,19})\.(\d{1,12})\.(\d{1,19}:\d{1,19}:(?:\d{1,19}(?:,\d{1,19})*)?)", re.ASCII)

    def __str__(self) -> str:
        return f"{self.life}.{self.seconds}.{self.snapshot}"

    @classmethod
    def read(cls, text: str) -> "Position":
        """Raises UnknownPosition."""
        found = cls.FORM.fullmatch(text)
        if found is None:
            raise UnknownPosition(text[:80])
        return cls(int(found[1]), int(found[2]), found[3])

    @property
    def bounds(self) -> tuple[int, int]:
        """Every transaction before the first number was over, none from the second on had ended."""
        oldest, end, _open = self.snapshot.split(":")
        return int(oldest), int(end)

    def refuse_unless_before(self, now: "Position") -> None:
        """Raises UnknownPosition where it is too old, of another life, or lies in the future as after a restore."""
        age = now.seconds - self.seconds
        if self.life != now.life or not -60 <= age <= RESUMABLE_FOR.total_seconds() or self.bounds[1] > now.bounds[1]:
            raise UnknownPosition(str(self))


@dataclass(slots=True)
class Heard:
    """An announcement as it is read back; `access.sees` can be asked about it."""

    matter_id: UUID
    version: int
    kind: str
    state: str
    area: str
    shared_with: list[str]
    unit_id: UUID | None
    reporter_id: UUID | None
    tracking_index: bytes | memoryview | None
    left_areas: list[str]
    left_unit_id: UUID | None

    @property
    def id(self) -> UUID:
        """The matter's, as `access.sees` asks for it."""
        return self.matter_id

    def concerns(self, actor: Actor) -> bool:
        """May this actor see the matter, or could they until this change took it from them?"""
        if sees(actor, self):
            return True
        lost = any(covers(area, left) for area in actor.areas for left in self.left_areas)
        return lost or (self.left_unit_id is not None and self.left_unit_id in actor.units)


WHERE_SQL = """
    SELECT (extract(epoch FROM stats_reset) * 1e6)::bigint, extract(epoch FROM clock_timestamp())::bigint,
        pg_current_snapshot()::text
    FROM pg_stat_bgwriter
"""
"""The position now: the three values of a Position. Ask before NEWS_SQL, or in the same snapshot."""
NEWS_SQL = f"""
    SELECT matter_id, version, kind, state, area::text, shared_with::text[], unit_id, reporter_id, tracking_index,
        left_areas::text[], left_unit_id
    FROM loop_announcement
    WHERE transaction >= %s::text::xid8
        AND NOT pg_visible_in_snapshot(transaction, %s::text::pg_snapshot)
        -- A restored table may hold numbers that this server has not reached yet.
        AND transaction < pg_snapshot_xmax(pg_current_snapshot())
    ORDER BY transaction, matter_id, version
    LIMIT {MOST_AT_ONCE + 1}
"""
"""What was committed since a position, in the scope of whoever asks; takes `news_since(position)`."""


def news_since(position: Position) -> list[str]:
    """The parameters of NEWS_SQL."""
    return [str(position.bounds[0]), position.snapshot]


def heard(rows: Sequence[Sequence[Any]]) -> list[Heard]:
    """Raises UnknownPosition for more than can be told at once."""
    if len(rows) > MOST_AT_ONCE:
        raise UnknownPosition(f"more than {MOST_AT_ONCE} changes since")
    return [Heard(*row) for row in rows]


def missed(actor: Actor, since: Position, follows: UUID | None = None) -> tuple[list[Heard], Position]:
    """What concerns this actor, or the matter they follow, and was committed after `since`, and where that leads.
    Raises UnknownPosition."""
    with scoped(replace(scope_of(actor), matter=follows)), connection.cursor() as cursor:
        here = Position(*cursor.execute(WHERE_SQL).fetchone())
        since.refuse_unless_before(here)
        return heard(cursor.execute(NEWS_SQL, news_since(since)).fetchall()), here


def purge() -> int:
    """Remove the announcements of more than a day ago; returns how many there were."""
    with scoped(scope_of(system())), connection.cursor() as cursor:
        cursor.execute("DELETE FROM loop_announcement WHERE at < %s", [clock.now() - KEPT_FOR])
        return int(cursor.rowcount)
