"""A year of disputes in the library: how long a search and a duplicate check take, beside a city of 3,000.

Each dispute has two sides with their indexes, its words as keyed numbers, and its matter; the texts are drawn from
hundreds, so that common words are common. The program's own functions are asked as a town's, a district's and the
city's desk ask them, first in a library sixty times smaller.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from uuid import UUID

from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from anlan.city.areas.models import Area
from anlan.city.people.access import DISPATCHER, Actor, Held, scope_of, scoped
from anlan.foundation.sealing.fields import blind_index
from anlan.loop import clock
from anlan.services.mediation.disputes.duplicates import find_same
from anlan.services.mediation.disputes.models import Dispute
from anlan.services.mediation.disputes.queries import search
from anlan.services.mediation.disputes.schemas import LibraryWanted
from anlan.services.mediation.disputes.words import grams
from bench.measuring.ground import Ground
from bench.measuring.result import Goal, Result

FEW, YEAR = 3_000, 203_000
SMALL_FEW, SMALL_YEAR = 200, 1_000
ROUNDS, SMALL_ROUNDS, CHECK_ROUNDS = 30, 4, 5
NAMES = 4_000
"""Names that all sides share: in a year many have the same one."""
OPEN_SHARE = 30
"""One in so many disputes is still open."""
WHAT = (
    "卫生间漏水",
    "拖欠工资",
    "物业费",
    "借款不还",
    "噪音扰民",
    "房屋租赁",
    "交通事故赔偿",
    "宅基地边界",
    "彩礼返还",
    "医疗费用",
)
WHERE = ("德加公寓", "翠苑一区", "文二西路", "古荡新村", "三墩镇", "转塘街道", "蒋村花园", "留下小区")
HOW = ("多次协商不成", "争吵后报警", "到信访窗口反映", "要求赔偿损失", "双方各执一词")
RARE = "留下小区蒋村"
QUERIES = ("漏水", "拖欠工资", "宅基地边界", "文二西路 交通事故", "多次协商不成", RARE)
KINDS = (
    "neighbour",
    "wages",
    "property",
    "contract",
    "neighbour",
    "housing",
    "traffic",
    "housing",
    "family",
    "medical",
)
_PIECE = 50_000

_TEXTS = "CREATE TABLE bench_texts (number int PRIMARY KEY, kind text, title text, body text, grams int[])"
_NAMES = "CREATE TABLE bench_names (number int PRIMARY KEY, name_index bytea)"
_LOAD = """
    WITH places AS (
        SELECT row_number() OVER (ORDER BY code) - 1 AS nth, path, lon, lat FROM areas_area WHERE level = 5
    ), made AS (
        SELECT n, p.path, p.lon, p.lat, t.kind, t.title, t.body, t.grams, n %% %(open)s = 0 AS is_open,
            (lpad(to_hex((1000 * extract(epoch FROM clock_timestamp()))::bigint), 12, '0')
                || '7' || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid AS id,
            %(now)s::timestamptz - interval '155 seconds' * (n %% 203000) AS at
        FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
        JOIN places p ON p.nth = (n * 7919) %% (SELECT count(*) FROM places)
        JOIN bench_texts t ON t.number = (n * 104729) %% (SELECT count(*) FROM bench_texts)
    ), matter AS (
        INSERT INTO loop_matter (id, number, procedure, state, version, head, channel, source_id, title, description,
            klass, category, severity, area, shared_with, lon, lat, address, returns, reopened, escalation,
            outcome, opened_at, state_since, closed_at)
        SELECT id, nextval('loop_matter_number'), 'peoplesmediation',
            CASE WHEN is_open THEN 'mediating' ELSE 'performed' END, 1, decode(md5(n::text), 'hex'), 'window', '',
            title || n, body || n, 'ordinary', 'dispute', 1 + n %% 3, path, '{}', lon, lat, '', 0, 0, 0, '', at, at,
            CASE WHEN is_open THEN NULL ELSE at + interval '9 days' END
        FROM made
    ), dispute AS (
        INSERT INTO mediation_dispute (matter_id, area, source, kind, amount_fen, people, facts, suggested_grade,
            opened_at)
        SELECT id, path, (array['police', 'petition', 'court', 'self', 'patrol'])[1 + n %% 5], kind, n %% 900000, 2,
            '{}', 1, at FROM made
    ), words AS (
        INSERT INTO mediation_disputegrams (matter_id, area, grams) SELECT id, path, grams FROM made
    ), side AS (
        SELECT made.*, side, gen_random_uuid() AS party_id, (n * 31 + number * 17) %% %(names)s AS person, number
        FROM made, (VALUES ('applicant', 0), ('respondent', 1)) sides(side, number)
    ), party AS (
        INSERT INTO loop_party (id, matter_id, area, part, phone_index, language)
        SELECT party_id, id, path, CASE number WHEN 0 THEN 'reporter' ELSE 'affected' END, NULL, 'zh-hans' FROM side
    )
    INSERT INTO mediation_disputant (party_id, matter_id, area, side, is_organisation, is_minor, id_index, phone_index,
        name_index)
    SELECT party_id, id, path, side, false, false, decode(md5('id' || (n / 3) || side), 'hex'),
        decode(md5('phone' || (n / 2) || side), 'hex'), name_index
    FROM side JOIN bench_names names ON names.number = person
"""


@dataclass(frozen=True)
class Found:
    """How long each call took, in milliseconds, and the most statements that one of them sent."""

    times: list[float]
    statements: int

    @property
    def middle(self) -> float:
        return statistics.median(self.times)

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.times, n=20)[18]


def run(ground: Ground, *, small: bool) -> Result:
    ground.build_city(small=small)
    few, year, rounds = (SMALL_FEW, SMALL_YEAR, SMALL_ROUNDS) if small else (FEW, YEAR, ROUNDS)
    _prepare(ground)
    begun = time.perf_counter()
    _load(ground, 1, few)
    before = _searched(rounds)
    _load(ground, few + 1, year)
    loaded = time.perf_counter() - begun
    searched, checked = _searched(rounds), _checked(rounds)
    if ground.count("mediation_dispute") != year:
        raise CommandError("not every dispute was loaded")
    statements = max(searched.statements, checked.statements)
    return Result(
        value=1_000 / searched.middle,
        unit="searches/s",
        limit=1_000 / before.middle,
        limit_name=f"the same searches with {few:,} disputes",
        more={
            "disputes": year,
            "search_p50_ms": searched.middle,
            "search_p95_ms": searched.p95,
            "duplicate_p50_ms": checked.middle,
            "duplicate_p95_ms": checked.p95,
            "statements": statements,
            "load_s": loaded,
        },
        goals=(
            Goal("search_p95_ms", searched.p95, "at most", 50),
            Goal("duplicate_p95_ms", checked.p95, "at most", 50),
            Goal("statements", statements, "at most", 8),
        ),
        notes=("one reader, without the network; statements include those that set the scope",),
    )


def _searched(rounds: int) -> Found:
    asked = [(desk, LibraryWanted(q=q)) for q, desk in product(QUERIES, _desks())]
    return _measured([partial(search, desk, wanted) for desk, wanted in asked], rounds)


def _checked(rounds: int) -> Found:
    """As the program checks each new one: across the whole city."""
    desks = _desks()
    return _measured([partial(find_same, desks[-1], id) for id in _some_disputes(rounds, desks[0])], CHECK_ROUNDS)


def _measured(calls: Sequence[Callable[[], object]], rounds: int) -> Found:
    """Each call once to warm up with its statements counted, then all in turn."""
    statements = 0
    for call in calls:
        with CaptureQueriesContext(connection) as queries:
            call()
        statements = max(statements, sum("SAVEPOINT" not in query["sql"] for query in queries))
    times = []
    for _round in range(rounds):
        for call in calls:
            begun = time.perf_counter()
            call()
            times.append(1_000 * (time.perf_counter() - begun))
    return Found(times, statements)


def _desks() -> list[Actor]:
    """A town's desk, its district's, the city's."""
    labels = Area.objects.filter(level=3).order_by("code").values_list("path", flat=True)[0].split(".")
    return [Actor("staff", held=(Held(DISPATCHER, ".".join(labels[:n])),)) for n in (3, 2, 1)]


def _some_disputes(count: int, desk: Actor) -> list[UUID]:
    """Some of what a desk sees, from all of the year."""
    with scoped(scope_of(desk)):
        ids = list(Dispute.objects.order_by("opened_at").values_list("matter_id", flat=True))
    return ids[:: max(len(ids) // count, 1)][:count]


def _prepare(ground: Ground) -> None:
    """The texts with their keyed numbers, and the names; both are made by the program, as it would."""
    ground.as_owner(_TEXTS)
    ground.as_owner(_NAMES)
    texts = [
        (WHAT.index(what), f"{where}{what}纠纷", f"因{what}一事，{where}的两户{how}，请求调解。{detail}")
        for what, where, how in product(WHAT, WHERE, HOW)
        for detail in ("", "已有照片和收据。")
    ]
    for n, (kind, title, body) in enumerate(texts):
        ground.as_owner(
            "INSERT INTO bench_texts VALUES (%(n)s, %(kind)s, %(title)s, %(body)s, %(grams)s)",
            {"n": n, "kind": KINDS[kind], "title": title, "body": body, "grams": grams(f"{title}\n{body}")},
        )
    for n in range(NAMES):
        ground.as_owner(
            "INSERT INTO bench_names VALUES (%(n)s, %(index)s)", {"n": n, "index": blind_index("name", f"某{n}")}
        )


def _load(ground: Ground, first: int, last: int) -> None:
    for start in range(first, last + 1, _PIECE):
        until = min(last, start + _PIECE - 1)
        ground.as_owner(
            _LOAD,
            {"first": start, "last": until, "now": clock.now(), "open": OPEN_SHARE, "names": NAMES},
        )
    ground.as_owner("VACUUM ANALYZE")
