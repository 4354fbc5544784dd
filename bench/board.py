"""The first page of a town's board and a search that fills it, in a city with 10,000 matters and with a million.

The town looked at has the same work in hand both times, as towns do; what grows is the rest of the city and all that
was ever closed. So the ratio says what a million matters cost a desk that has nothing to do with most of them.
"""

import statistics
import time
from dataclasses import dataclass

from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings

from anlan.city.people.models import Account, Posting
from anlan.loop import clock
from anlan.services.dispatch.procedure import Dispatching
from bench.measuring.ground import Ground
from bench.measuring.result import Goal, Result

FEW, MANY = 10_000, 1_000_000
SMALL_FEW, SMALL_MANY = 300, 3_000
IN_HAND = 50
"""What is open in the town looked at, and as many rows as a page holds."""
OPEN_SHARE = 100
"""One in so many matters is open."""
WORD = "路灯"
WARM_UP, ROUNDS, SMALL_ROUNDS = 10, 100, 5
PAGES = {"first": {"lane": "to_assign"}, "search": {"lane": "to_assign", "q": WORD}}

# A matter with the history and the clocks that it has at the end, or, where it is open, after it was routed. The
# hashes are filled in, not chained: nothing here verifies them, and they weigh what they weigh.
_LOAD = """
    WITH towns AS (
        SELECT row_number() OVER (ORDER BY code) - 1 AS nth, path FROM areas_area WHERE level = 3
    ), places AS (
        SELECT DISTINCT ON (t.nth) t.nth, g.path, g.lon, g.lat FROM towns t
        JOIN areas_area g ON g.path <@ t.path AND g.level = 5 ORDER BY t.nth, g.code
    ), made AS (
        SELECT n, p.*, {open} AS is_open, {id} AS id,
            %(now)s::timestamptz - interval '1 minute' * (n %% {minutes}) AS at
        FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
        JOIN places p ON {place}
    ), matter AS (
        INSERT INTO loop_matter (id, number, procedure, state, version, head, channel, source_id, title, description,
            klass, category, severity, area, shared_with, lon, lat, address, returns, reopened, escalation, rating,
            outcome, opened_at, state_since, closed_at)
        SELECT id, nextval('loop_matter_number'), %(procedure)s,
            CASE WHEN is_open THEN 'routed' ELSE 'closed' END, CASE WHEN is_open THEN 2 ELSE 7 END,
            decode(md5(n::text) || md5(n::text), 'hex'), 'web', '',
            CASE WHEN is_open OR n %% 7 = 0 THEN '{word}不亮 ' ELSE '井盖松动 ' END || n,
            '小区门口的设施坏了好几天，晚上经过很不方便，请派人来看一下。' || n, 'ordinary', 'city.lighting',
            1 + (n %% 3), path, '{{}}', lon, lat, '文二西路' || n %% 900 || '号', 0, 0, 0,
            CASE WHEN is_open THEN NULL ELSE 4 END, CASE WHEN is_open THEN '' ELSE 'solved' END, at, at,
            CASE WHEN is_open THEN NULL ELSE at + interval '5 hours' END
        FROM made RETURNING id
    ), event AS (
        INSERT INTO loop_event (matter_id, seq, at, kind, from_state, to_state, actor_kind, actor_role, area, data,
            suite, previous, hash)
        SELECT id, seq, at + interval '9 minutes' * seq, CASE seq WHEN 1 THEN 'opened' ELSE 'noted' END, 'received',
            'routed', 'system', 'SYSTEM', path, '{{"triage": {{"reasons": []}}}}', 1,
            decode(md5(n::text) || md5(seq::text), 'hex'), decode(md5(seq::text) || md5(n::text), 'hex')
        FROM made, generate_series(1, CASE WHEN is_open THEN 2 ELSE {events} END) seq
    )
    INSERT INTO loop_deadline (id, matter_id, area, shared_with, name, rule, kind, source, started_at, due_at,
        provisional, extensions, ended_at, met)
    SELECT {id}, id, path, '{{}}', name, rule, 'service_target', '杭州“小脑+手脚”公开报道', at, at + span, false, 0,
        CASE WHEN is_open THEN NULL ELSE at + span / 2 END, CASE WHEN is_open THEN NULL ELSE true END
    FROM made, (VALUES ('settle', 'dispatch.close', interval '24 hours'),
        ('respond', 'dispatch.respond', interval '1 minute'),
        ('arrive_in_time', 'dispatch.arrive', interval '8 minutes')) clock(name, rule, span)
    WHERE NOT is_open OR name = 'settle'
"""
# As the program makes them (UUIDv7): the moment first, so that what is made together lies together.
_ID = """(lpad(to_hex((1000 * extract(epoch FROM clock_timestamp()))::bigint), 12, '0')
    || '7' || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid"""
_EVENTS = 4
_PIECE = 100_000
_BRACKETS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


@dataclass(frozen=True)
class Found:
    """How long each page took, in milliseconds and in the order asked, and how many statements it sent."""

    times: dict[str, list[float]]
    statements: dict[str, int]

    def middle(self, page: str) -> float:
        return statistics.median(self.times[page])

    def p95(self, page: str) -> float:
        return statistics.quantiles(self.times[page], n=20)[18]


def run(ground: Ground, *, small: bool) -> Result:
    ground.build_city(small=small)
    few, many, rounds = (SMALL_FEW, SMALL_MANY, SMALL_ROUNDS) if small else (FEW, MANY, ROUNDS)
    begun = time.perf_counter()
    _load(ground, 1, IN_HAND, in_the_town=True)
    _load(ground, IN_HAND + 1, few)
    ground.as_owner("VACUUM ANALYZE")
    before = asked(rounds)
    _load(ground, few + 1, many)
    ground.as_owner("VACUUM ANALYZE")
    loaded = time.perf_counter() - begun
    after = asked(rounds)
    growth = max(after.middle(page) / before.middle(page) for page in PAGES)
    p95 = max(after.p95(page) for page in PAGES)
    statements = max(max(each.statements.values()) for each in (before, after))
    return Result(
        value=1_000 / after.middle("first"),
        unit="pages/s",
        limit=1_000 / before.middle("first"),
        limit_name=f"the same page with {few:,} matters",
        more={
            "matters": ground.count("loop_matter"),
            "events": ground.count("loop_event"),
            "deadlines": ground.count("loop_deadline"),
            "statements": statements,
            "growth": growth,
            "p95_ms": p95,
            **{f"{page}_p50_ms": after.middle(page) for page in PAGES},
            **{f"{page}_p50_ms_few": before.middle(page) for page in PAGES},
            "load_s": loaded,
        },
        goals=(
            Goal("statements", statements, "at most", 8),
            Goal("growth", growth, "at most", 1.5),
            Goal("p95_ms", p95, "at most", 200),
        ),
        notes=(
            f"the town has {IN_HAND} matters in hand both times; of all others one in {OPEN_SHARE} is open",
            "statements are those that ask or write; the BEGIN and COMMIT of two transactions come besides",
            "one reader, through the whole program without the network; the search fills the page",
        ),
    )


def asked(rounds: int) -> Found:
    """A dispatcher of the first town asks for each page in turn."""
    client = Client()
    client.force_login(_dispatcher())
    times: dict[str, list[float]] = {page: [] for page in PAGES}
    statements = {}
    with override_settings(ALLOWED_HOSTS=["testserver"]):
        for page, query in PAGES.items():
            for _ in range(WARM_UP):
                _rows(client, query)
            with CaptureQueriesContext(connection) as captured:
                _rows(client, query)
            statements[page] = sum(not each["sql"].startswith(_BRACKETS) for each in captured)
        for _ in range(rounds):
            for page, query in PAGES.items():
                begun = time.perf_counter()
                _rows(client, query)
                times[page].append(1_000 * (time.perf_counter() - begun))
    return Found(times, statements)


def _rows(client: Client, query: dict[str, str]) -> None:
    """Raises CommandError where the page is not full."""
    answer = client.get("/board", query)
    shown = answer.content.count(b" data-row")
    if answer.status_code != 200 or shown != IN_HAND:
        raise CommandError(f"the board answered {answer.status_code} with {shown} rows")


def _dispatcher() -> Account:
    """Who directs the first town."""
    postings = Posting.objects.filter(role=Posting.RoleName.DISPATCHER, area__level=3).order_by("area_id")
    return postings.select_related("account")[0].account


def _load(ground: Ground, first: int, last: int, *, in_the_town: bool = False) -> None:
    """Matters `first` to `last` with their events and clocks: the town's own work, or everybody's."""
    parts = {"id": _ID, "word": WORD, "events": _EVENTS, "minutes": 1_000_000}
    parts |= (
        {"open": "true", "place": "p.nth = 0"}
        if in_the_town
        else {
            # The town looked at gets its share of what is closed and nothing more in hand.
            "open": f"n %% {OPEN_SHARE} = 0 AND p.nth <> 0",
            "place": "p.nth = (n / 7) %% (SELECT count(*) FROM places)",
        }
    )
    for start in range(first, last + 1, _PIECE):
        ground.as_owner(
            _LOAD.format(**parts),
            {
                "first": start,
                "last": min(last, start + _PIECE - 1),
                "now": clock.now(),
                "procedure": Dispatching.slug,
            },
        )
