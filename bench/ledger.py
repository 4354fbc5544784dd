"""Transfers booked by 8 clients, one by one and 500 at once; beside pgbench's tpcb-like, with more and more rows.

Both sides run by turns on the same server. pgbench changes a balance of ten branches at random; the clients here move
money between a thousand accounts at random, with everything a transfer has: the check that nobody is overdrawn, the
idempotency key, the journal, both accounts' lines and their chains. Beside them pgbench's own clients send the very
statement that books one transfer: what is left to the server alone.
"""

import multiprocessing
import os
import random
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from uuid import UUID

from django.core.management.base import CommandError
from django.db import connections
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from anlan.foundation.identifiers import new_id
from anlan.ledger.actions import Order, transfer, transfer_many
from anlan.ledger.models import Account
from anlan.ledger.queries import trial_balance
from anlan.ledger.store import MOVE_ALONE
from bench.measuring import limits
from bench.measuring.ground import Ground, embedded, owner_parameters
from bench.measuring.limits import CLIENTS, Pace, together
from bench.measuring.result import Goal, Result

TPCB = f"pgbench's tpcb-like, {CLIENTS} clients, prepared"
SCALE = 10
ACCOUNTS = 1_000
BATCH = 500
FEW, MANY = 1_000_000, 5_000_000
"""Lines in the ledger; LEDGER_MILLIONS in the environment sets another end."""
PATIENCE_SECONDS = 120
"""Only so that it ends where a client can't begin."""
SMALL_FEW, SMALL_MANY = 2_000, 4_000
_PIECE = 500_000

# A fen from each account to the next, turn by turn. The hashes are filled in, not chained: nothing here verifies them,
# and they weigh what they weigh. The numbers are below zero, out of the way of what the clients book.
_LOAD = """
    WITH purse AS (
        SELECT id, row_number() OVER (ORDER BY id) - 1 AS nth FROM ledger_account
    ), made AS (
        SELECT n, {id} AS id, debit.id AS debit, credit.id AS credit, n / {accounts} AS turn,
            now() AS at
        FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
        JOIN purse debit ON debit.nth = n %% {accounts} JOIN purse credit ON credit.nth = (n + 1) %% {accounts}
    ), entry AS (
        INSERT INTO ledger_entry (key, id, at, kind, debit, credit, amount, currency, reason, about, digest)
        SELECT 'load:' || id, id, at, 'moved', debit, credit, 1, 'CNY', '', '', sha256(uuid_send(id)) FROM made
    )
    INSERT INTO ledger_line (account, seq, entry, at, posted, reserved, posted_after, reserved_after, hash)
    SELECT CASE side WHEN 0 THEN debit ELSE credit END, -(2 * turn + side + 1), id, at, 2 * side - 1, 0, 0, 0,
        sha256(uuid_send(id))
    FROM made, generate_series(0, 1) side
"""
# As the program makes them (UUIDv7): the moment first, so that what is made together lies together.
_ID = """(lpad(to_hex((1000 * extract(epoch FROM clock_timestamp()))::bigint), 12, '0')
    || '7' || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid"""
# Accounts by number; the ids of transfers go up, as those that the program makes.
_ID_OF = "lpad(to_hex(:{}::bigint), {}, '0')"
_NEW_ID = f"({_ID_OF.format('number', 16)} || {_ID_OF.format('client_id', 16)})::uuid"
_BY_PGBENCH = {
    "id": _NEW_ID,
    "key": f"('pgbench:' || {_NEW_ID})",
    "digest": "sha256('')",
    "debit": f"{_ID_OF.format('debit', 32)}::uuid",
    "credit": f"{_ID_OF.format('credit', 32)}::uuid",
    "amount": "1",
    "currency": "'CNY'",
    "reason": "'购买一次'",
    "about": "''",
    "pending_until": "null",
    "now": "now()",
}
_SCRIPT = f"""
\\set number :number + 1
\\set debit random(1, {ACCOUNTS})
\\set credit 1 + (:debit + random(0, {ACCOUNTS - 2})) % {ACCOUNTS}
{re.sub(r"%[(]([a-z_]+)[)]b", lambda name: _BY_PGBENCH[name[1]], MOVE_ALONE)};
"""


@dataclass(frozen=True)
class Turn:
    """What one stretch of each kind of booking brought."""

    single: Pace
    batch: Pace
    by_pgbench: Pace


@dataclass(frozen=True)
class Round:
    """All turns with so many lines in the ledger, and those of the limit."""

    limit: list[Pace]
    turns: list[Turn]

    @property
    def single_ratio(self) -> float:
        return together([turn.single for turn in self.turns]) / together(self.limit)

    @property
    def batch_ratio(self) -> float:
        return together([turn.batch for turn in self.turns]) / together(self.limit)

    @property
    def ratio_by_pgbench(self) -> float:
        return together([turn.by_pgbench for turn in self.turns]) / together(self.limit)


def run(ground: Ground, *, small: bool) -> Result:
    few, many = (SMALL_FEW, SMALL_MANY) if small else (FEW, _end())
    rounds, seconds = (1, 1) if small else (4, 5)
    scale = 1 if small else SCALE
    pgbench = Pgbench(scale=scale)
    purses = _open_by_number()
    flush = limits.flush_ms()

    def turn() -> Turn:
        return Turn(
            by_clients(lambda: _one(purses), seconds, batch=1),
            by_clients(lambda: _many(purses), seconds, batch=BATCH),
            pgbench.transfers(seconds),
        )

    def measured(lines: int) -> Round:
        by_clients(lambda: _one(purses), 1, batch=1)
        return Round(*limits.by_turns(rounds, lambda: pgbench.tpcb(seconds), turn))

    begun = time.perf_counter()
    _load(ground, 0, few // 2)
    at_few = measured(few)
    _load(ground, few // 2, many // 2)
    at_many = measured(many)
    total = sum(row.posted for row in trial_balance())
    if total:
        raise CommandError(f"money was made or lost: {total} fen")
    both = Round(at_few.limit + at_many.limit, at_few.turns + at_many.turns)
    singles, batches = [turn.single for turn in both.turns], [turn.batch for turn in both.turns]
    growth = at_few.single_ratio / at_many.single_ratio
    return Result(
        value=together(singles),
        unit="transfers/s",
        limit=together(both.limit),
        limit_name=TPCB,
        more={
            "single_ratio": both.single_ratio,
            "batch_ratio": both.batch_ratio,
            "single_ratio_by_pgbench": both.ratio_by_pgbench,
            "growth_ratio": growth,
            "batch_growth": at_few.batch_ratio / at_many.batch_ratio,
            "batch_per_s": together(batches),
            "batch": BATCH,
            "clients": CLIENTS,
            "accounts": ACCOUNTS,
            "limit_scale": scale,
            "lines": ground.count("ledger_line"),
            "flush_ms": flush,
            "rounds": [pace.rate for pace in singles],
            "batch_rounds": [pace.rate for pace in batches],
            "limit_rounds": [pace.rate for pace in both.limit],
            "seconds": time.perf_counter() - begun,
        },
        goals=(
            Goal("single_ratio", both.single_ratio, "at least", 1.5),
            Goal("batch_ratio", both.batch_ratio, "at least", 6),
            Goal("growth_ratio", growth, "at most", 1.3),
        ),
        notes=(
            f"growth_ratio is single_ratio with {few:,} lines over that with {many:,}",
            "the clients are Python processes on the same cores; every transfer goes through the program's own action",
            "single_ratio_by_pgbench: the same statement sent by pgbench's clients, without the program",
        ),
    )


class Pgbench:
    """Its own tables and transaction, and the ledger's statement. Raises CommandError where pgbench is missing."""

    def __init__(self, *, scale: int) -> None:
        server = embedded()
        binary = server.binary("pgbench") if server else shutil.which("pgbench")
        if binary is None:
            raise CommandError("pgbench is not on the PATH; it comes with PostgreSQL (postgresql-contrib)")
        parameters = owner_parameters()
        password = parameters.pop("password", None)
        self._surroundings = os.environ | ({"PGPASSWORD": str(password)} if password else {})
        self._binary, self._conninfo = str(binary), make_conninfo("", **parameters)
        self._pgbench("--initialize", f"--scale={scale}", "--quiet")
        self._begun = 0

    def tpcb(self, seconds: int) -> Pace:
        return self._run(seconds)

    def transfers(self, seconds: int) -> Pace:
        # No number comes twice.
        self._begun += 10**9
        with tempfile.NamedTemporaryFile("w", suffix=".sql", encoding="utf-8") as script:
            script.write(_SCRIPT)
            script.flush()
            return self._run(seconds, f"--file={script.name}", f"--define=number={self._begun}")

    def _run(self, seconds: int, *what: str) -> Pace:
        said = self._pgbench("--protocol=prepared", f"--client={CLIENTS}", "--jobs=2", f"--time={seconds}", *what)
        tps = re.search(r"^tps = ([\d.]+)", said, re.MULTILINE)
        if tps is None:
            raise CommandError(f"pgbench said: {said}")
        return Pace(float(tps[1]) * seconds, seconds)

    def _pgbench(self, *arguments: str) -> str:
        done = subprocess.run(
            [self._binary, *arguments, self._conninfo], env=self._surroundings, capture_output=True, text=True
        )
        if done.returncode != 0:
            raise CommandError(f"pgbench said: {done.stderr.strip()}")
        return done.stdout


def by_clients(book: Callable[[], None], seconds: float, *, batch: int) -> Pace:
    """Each client, a process of its own, books without pause."""
    # A connection must not be in two processes.
    connections.close_all()
    forked = multiprocessing.get_context("fork")
    ready = forked.Barrier(CLIENTS + 1)
    counts: Queue[Pace] = forked.Queue()
    clients = [forked.Process(target=_client, args=(book, seconds, ready, counts)) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    ready.wait(timeout=PATIENCE_SECONDS)
    for client in clients:
        client.join()
    if any(client.exitcode for client in clients):
        raise CommandError("a client ended with a fault")
    done = [counts.get() for _ in clients]
    # How long it took them to begin and to end is not theirs to answer for.
    return Pace(batch * seconds * sum(pace.rate for pace in done), seconds)


def _client(book: Callable[[], None], seconds: float, ready: Barrier, counts: "Queue[Pace]") -> None:
    random.seed(os.getpid())
    for _ in range(6):
        book()  # the connection is made and the statement prepared
    ready.wait(timeout=PATIENCE_SECONDS)
    begun, done = time.perf_counter(), 0
    while (took := time.perf_counter() - begun) < seconds:
        book()
        done += 1
    counts.put(Pace(done, took))
    connections.close_all()


def _open_by_number() -> list[UUID]:
    now, numbers = timezone.now(), range(1, ACCOUNTS + 1)
    made = {"kind": "purse", "currency": "CNY", "may_overdraw": True, "opened_at": now, "changed_at": now}
    Account.objects.bulk_create([Account(id=UUID(int=number), head=bytes(32), **made) for number in numbers])
    return [UUID(int=number) for number in numbers]


def _one(purses: list[UUID]) -> None:
    transfer(_order(purses))


def _many(purses: list[UUID]) -> None:
    transfer_many([_order(purses) for _ in range(BATCH)])


def _order(purses: list[UUID]) -> Order:
    debit, credit = random.sample(purses, 2)
    return Order(debit, credit, random.randint(1, 10_000), f"bench:{new_id()}", reason="购买一次")


def _end() -> int:
    return int(os.environ.get("LEDGER_MILLIONS", MANY // 10**6)) * 10**6


def _load(ground: Ground, first: int, last: int) -> None:
    """The transfers from `first` until `last`, each with two lines."""
    for start in range(first, last, _PIECE):
        values = {"first": start, "last": min(last, start + _PIECE) - 1}
        ground.as_owner(_LOAD.format(id=_ID, accounts=ACCOUNTS), values)
    ground.as_owner("VACUUM ANALYZE ledger_account, ledger_entry, ledger_line")
