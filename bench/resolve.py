"""Looking addresses up in a base of a tenth of a million and of a million: what is found of addresses that were damaged
in ten ways, how long one takes, and what the larger base costs more.

The addresses asked for are drawn from the base and damaged by `bench.measuring.damage`, which knows nothing of the
resolver. A damage may leave what several addresses fit: then "right" is the one that was drawn, and "honest" counts an
answer that asks between several with the right one among them. Peers keep no base: the share of districts that they
tell rightly of the same texts stands beside ours.

The whole takes some eight minutes, most of it for the million addresses to land.
"""

import gc
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from random import Random
from typing import Any
from unittest.mock import patch

import psutil
from django.db import connections

from anlan.city.addresses import demo, landing
from anlan.city.addresses.codes import official
from anlan.city.addresses.models import Address, Level
from anlan.city.addresses.resolving import lookups
from anlan.city.addresses.resolving.resolver import Resolution, Verdict, resolve, resolve_all
from anlan.city.areas import demo as areas_demo
from anlan.city.areas.atlas import atlas
from anlan.city.areas.reference import load
from anlan.foundation.database import APPLICATION, OWNER
from anlan.loop import clock
from bench.measuring.damage import KINDS, Parts, written
from bench.measuring.ground import SEED, Ground
from bench.measuring.locating import Locator, Where
from bench.measuring.locating import locators as all_locators
from bench.measuring.result import Goal, Result

FEW, MANY = 100_000, 1_000_000
SMALL_FEW, SMALL_MANY = 1_000, 5_000
ASKED, SMALL_ASKED = 200, 20
BATCH = 2_000
OF_PEERS = 20
"""Addresses that are also asked of the peers, each with every damage: they are slow."""
_TWO_DISTRICTS = ("330105", "330106")
_COLUMNS = {level.name.lower(): level for level in (Level.ROAD, Level.NUMBER, Level.COMPOUND, Level.BUILDING)}
_COLUMNS |= {level.name.lower(): level for level in (Level.UNIT, Level.ROOM, Level.POI)}
_NAMES = (Level.ROAD, Level.COMPOUND, Level.POI)
_ASKED_FOR = (Level.NUMBER, Level.BUILDING, Level.ROOM, Level.POI)
_WITH_LANDMARK = ("district", "road", "number", "compound", "building", "poi")


def run(ground: Ground, *, small: bool) -> Result:
    few, many, asked = (SMALL_FEW, SMALL_MANY, SMALL_ASKED) if small else (FEW, MANY, ASKED)
    _build_areas(small=small)
    _fill(ground, few)
    before = _times(_drawn(asked))
    _fill(ground, many)
    # What is left of filling it is none of the resolver's memory.
    gc.collect()
    rows = _drawn(asked)
    empty = psutil.Process().memory_info().rss
    names = len(lookups.names())
    after = _times(rows)
    memory = psutil.Process().memory_info().rss
    found = {kind: _found(kind, rows) for kind in KINDS}
    rate = _batch_rate(rows)
    growth = statistics.median(after) / statistics.median(before)
    p95 = statistics.quantiles(after, n=20)[18]
    peers, missing = _districts(rows)
    return Result(
        value=1_000 / statistics.median(after),
        unit="addresses/s, one by one",
        limit=1_000 / statistics.median(before),
        limit_name=f"the same in a base of {few:,}",
        more={
            "addresses": ground.count("addresses_address"),
            "names": names,
            **{f"{kind}_right": right for kind, (right, _honest) in found.items()},
            **{f"{kind}_honest": honest for kind, (_right, honest) in found.items()},
            **peers,
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
            "memory is that of the whole process, with Django and the benchmark in it, but without the peers",
            "jionlp and cpca read an address down to town and district and keep no base, so that they can't answer with"
            " a coded address; addok needs a Redis server with a base in its own format and was not run",
            *(f"{name} is not installed, so it is not measured" for name in missing),
        ),
    )


def _build_areas(*, small: bool) -> None:
    """The areas of the demo city, or with `small` of two districts, and nothing else of it."""
    whole = load()
    rows = [row for row in whole if row.code.startswith(_TWO_DISTRICTS) or len(row.code) < len(_TWO_DISTRICTS[0])]
    with patch("anlan.city.areas.demo.load", lambda: rows if small else whole):
        areas_demo.build(seed=SEED, at=clock.now(), progress=lambda done, of: None)


def _fill(ground: Ground, addresses: int) -> None:
    """A base of so many, instead of what there was."""
    # The database is the benchmark's own, and whatever else speaks of addresses is empty.
    ground.as_owner("TRUNCATE addresses_address, addresses_sequence CASCADE")
    default = connections.databases[APPLICATION]
    connections[APPLICATION].close()
    connections.databases[APPLICATION] = connections.databases[OWNER]

    def told(done: int, of: int) -> None:
        # As autovacuum does in a base that lives longer: without figures the planner takes the wrong index.
        if (done // landing.BATCH).bit_count() == 1:
            ground.as_owner("ANALYZE addresses_address")

    try:
        demo.fill(addresses, seed=SEED, progress=told)
    finally:
        connections[APPLICATION].close()
        connections.databases[APPLICATION] = default
    ground.as_owner("VACUUM ANALYZE addresses_address")
    lookups.names.cache_clear()


def _batch_rate(rows: list[Address]) -> float:
    """Addresses a second, many at once."""
    texts = [text for kind in KINDS for _row, text in _texts(rows, kind)][:BATCH]
    begun = time.perf_counter()
    answered = sum(1 for _ in resolve_all(texts))
    return answered / (time.perf_counter() - begun)


def _districts(rows: list[Address]) -> tuple[dict[str, float], list[str]]:
    """The share of districts told rightly, ours and each peer's, over all kinds of damage; and who is not there."""
    texts = [pair for kind in KINDS for pair in _texts(rows[:OF_PEERS], kind)]
    names, shares, missing = atlas().names, dict[str, float](), list[str]()
    locators: dict[str, Locator | None] = {"our": _located, **all_locators()}
    for name, located in locators.items():
        if located is None:
            missing.append(name)
            continue
        begun = time.perf_counter()
        found = [located(text) for _row, text in texts]
        shares[f"{name}_per_s"] = len(texts) / (time.perf_counter() - begun)
        right = sum(where.district == names[row.district] for (row, _text), where in zip(texts, found, strict=True))
        shares[f"{name}_districts"] = right / len(texts)
    return shares, missing


def _located(text: str) -> Where:
    """The district of the address, or of all between which is asked; where they lie in several none is told."""
    resolution = resolve(text)
    rows = [resolution.address] if resolution.address else [each.address for each in resolution.candidates]
    found = {row.district for row in rows}
    return Where(atlas().names[found.pop()]) if len(found) == 1 else Where()


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
