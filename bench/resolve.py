"""Looking addresses up in a base of a tenth of a million and of a million: what is found of addresses that were damaged
in ten ways, how long one takes, and what the larger base costs more.

The addresses asked for are drawn from the base and damaged by `bench.damage`, which knows nothing of the resolver. A
damage may leave what several addresses fit: then "right" is the one that was drawn, and "honest" counts an answer that
asks between several with the right one among them.
"""

import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from random import Random
from typing import Any

import psutil
from django.db import connections

from anlan.city.addresses import demo
from anlan.city.addresses.codes import official
from anlan.city.addresses.models import Address, Level
from anlan.city.addresses.resolving import lookups
from anlan.city.addresses.resolving.resolver import Resolution, Verdict, resolve, resolve_all
from anlan.city.areas.atlas import atlas
from anlan.foundation.database import APPLICATION, OWNER
from bench.damage import KINDS, Parts, written
from bench.measuring.ground import SEED, Ground
from bench.measuring.result import Goal, Result

FEW, MANY = 100_000, 1_000_000
SMALL_FEW, SMALL_MANY = 1_000, 5_000
ASKED, SMALL_ASKED = 200, 20
BATCH = 2_000
_COLUMNS = {level.name.lower(): level for level in (Level.ROAD, Level.NUMBER, Level.COMPOUND, Level.BUILDING)}
_COLUMNS |= {level.name.lower(): level for level in (Level.UNIT, Level.ROOM, Level.POI)}
_NAMES = (Level.ROAD, Level.COMPOUND, Level.POI)
_ASKED_FOR = (Level.NUMBER, Level.BUILDING, Level.ROOM, Level.POI)
_WITH_LANDMARK = ("district", "road", "number", "compound", "building", "poi")


def run(ground: Ground, *, small: bool) -> Result:
    ground.build_city(small=small)
    few, many, asked = (SMALL_FEW, SMALL_MANY, SMALL_ASKED) if small else (FEW, MANY, ASKED)
    _fill(ground, few)
    before = _times(_drawn(asked))
    _fill(ground, many)
    rows = _drawn(asked)
    empty = psutil.Process().memory_info().rss
    lookups.names()
    after = _times(rows)
    memory = psutil.Process().memory_info().rss
    found = {kind: _found(kind, rows) for kind in KINDS}
    texts = [text for _row, text in _texts(rows)]
    batch = (texts * (BATCH // len(texts) + 1))[:BATCH]
    begun = time.perf_counter()
    answered = sum(1 for _ in resolve_all(batch))
    rate = answered / (time.perf_counter() - begun)
    growth = statistics.median(after) / statistics.median(before)
    p95 = statistics.quantiles(after, n=20)[18]
    return Result(
        value=1_000 / statistics.median(after),
        unit="addresses/s, one by one",
        limit=1_000 / statistics.median(before),
        limit_name=f"the same in a base of {few:,}",
        more={
            "addresses": ground.count("addresses_address"),
            "names": len(lookups.names()),
            **{f"{kind}_right": right for kind, (right, _honest) in found.items()},
            **{f"{kind}_honest": honest for kind, (_right, honest) in found.items()},
            "p50_ms": statistics.median(after),
            "p95_ms": p95,
            "batch_per_s": rate,
            "growth": growth,
            "names_mb": (memory - empty) / 2**20,
            "memory_mb": memory / 2**20,
        },
        goals=(
            Goal("p95_ms", p95, "at most", 5),
            Goal("batch_per_s", rate, "at least", 2_000),
            Goal("memory_mb", memory / 2**20, "at most", 600),
            Goal("growth", growth, "at most", 1.5),
        ),
        notes=(
            "right: the address that was drawn, alone; honest: right, or asked between several with it among them",
            "memory is that of the whole process, with Django and the benchmark in it",
            "jionlp and cpca read an address down to town and county and keep no base: to a coded address they can't"
            " answer; addok needs Redis and a base of its own format",
        ),
    )


def _fill(ground: Ground, addresses: int) -> None:
    """A base of so many, instead of what there was."""
    ground.as_owner("TRUNCATE addresses_address, addresses_addresschange, addresses_sequence, addresses_alias")
    default = connections.databases[APPLICATION]
    connections[APPLICATION].close()
    connections.databases[APPLICATION] = connections.databases[OWNER]
    try:
        demo.fill(addresses, seed=SEED)
    finally:
        connections[APPLICATION].close()
        connections.databases[APPLICATION] = default
    ground.as_owner("VACUUM ANALYZE addresses_address")
    lookups.names.cache_clear()


def _drawn(number: int) -> list[Address]:
    """So many addresses of the base, the same in every run."""
    ids = list(Address.objects.filter(level__in=_ASKED_FOR).order_by("code").values_list("id", flat=True))
    return list(Address.objects.filter(id__in=Random(SEED).sample(ids, min(number, len(ids)))).order_by("code"))


def _parts(row: Address) -> Parts:
    names = atlas().names
    parts: Parts = {Level.DISTRICT: names[row.district]}
    if row.town:
        parts[Level.TOWN] = names[row.town]
    for column, level in _COLUMNS.items():
        if value := getattr(row, column):
            parts[level] = value if level in _NAMES else official(level, value)
    return parts


def _texts(rows: list[Address], kind: str = "") -> Iterator[tuple[Address, str]]:
    """Each address as somebody writes it, damaged in one way or not at all."""
    random, towns = Random(f"{SEED}-{kind}"), defaultdict(list)
    for code, name in sorted(atlas().names.items()):
        if len(code) == 9:
            towns[atlas().names[code[:6]]].append(name)
    for row in rows:
        hit = KINDS[kind](_parts(row), random, towns) if kind else _parts(row)
        yield row, hit if isinstance(hit, str) else written(hit)


def _times(rows: list[Address]) -> list[float]:
    """Milliseconds for each of the damaged texts of all kinds, asked one by one."""
    texts = [text for kind in KINDS for _row, text in _texts(rows, kind)]
    for text in texts[: len(rows)]:
        resolve(text)
    times = []
    for text in texts:
        begun = time.perf_counter()
        resolve(text)
        times.append(1_000 * (time.perf_counter() - begun))
    return times


def _found(kind: str, rows: list[Address]) -> tuple[float, float]:
    """The shares of right answers, and of right or honestly ambiguous ones."""
    verdicts: Counter[str] = Counter()
    for row, text in _texts(rows, kind):
        verdicts[_judged(resolve(text, limit=20), _meant(row, kind))] += 1
    right, asked = verdicts["right"], verdicts["asked"]
    return right / len(rows), (right + asked) / len(rows)


def _meant(row: Address, kind: str) -> set[Any]:
    """A landmark stands for its building: whoever stands before it names no room."""
    if kind != "landmark":
        return {row.id}
    same = {column: getattr(row, column) for column in _WITH_LANDMARK}
    there = Address.objects.filter(**same, unit="", room="").exclude(level=Level.FLOOR)
    return set(there.values_list("id", flat=True))


def _judged(found: Resolution, meant: set[Any]) -> str:
    if found.address is not None:
        return "right" if found.address.id in meant else "wrong"
    among = any(each.address.id in meant for each in found.candidates)
    return "asked" if found.verdict is Verdict.AMBIGUOUS and among else "missed"
