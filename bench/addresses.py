"""Reading addresses and comparing two of them: how right and how fast, beside jionlp, cpca and a rapidfuzz threshold.

Needs the labelled addresses and pairs (../shared/data/addresses). The peers answer from province to town (jionlp) or to
the district (cpca) only, so each is compared on the labels it can answer. They are installed for the benchmark alone
(`pip install jionlp cpca`, or a folder of theirs on PYTHONPATH); one that is not there is named in the notes.
"""

import random
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

import numpy as np
import psutil
from django.core.management.base import CommandError
from rapidfuzz import fuzz

from anlan.city.addresses import labelled, matching, tagging
from anlan.city.addresses.comparing import Verdict
from anlan.city.addresses.evaluation import Tally, macro_f1, parse_scores
from anlan.city.addresses.matching import Query
from anlan.city.addresses.parsing import parse
from anlan.city.addresses.parts import Parsed
from anlan.foundation.environment import REPOSITORY
from bench.measuring.ground import Ground
from bench.measuring.result import Goal, Result

DATA = REPOSITORY.parent / "shared" / "data" / "addresses"
FOLDS = 5
SMALL = 120
AREAS = ("prov", "city", "district", "town")
Areas = dict[str, str]
"""What a peer finds: the name of each of these levels."""


def run(ground: Ground, *, small: bool) -> Result:
    train, dev = _labelled(DATA / "train.txt", small), _labelled(DATA / "dev.txt", small)
    texts = [each.text for each in dev]
    before = psutil.Process().memory_info().rss
    tagger = tagging.train(train, rounds=5 if small else None).tagger()
    rules, trained = parse_scores(dev, parse).as_json(), parse_scores(dev, tagger.read).as_json()
    found: dict[str, object] = {
        "rules_f1": rules["f1"],
        "trained_exact_at_95": trained["exact_at_95"],
        **{f"trained_{name}": trained[name] for name in ("province_to_town", "road_with_number", "house_to_room")},
        "rules_per_s": _rate(parse, texts),
        "trained_per_s": _rate(tagger.read, texts),
        "fast_f1": parse_scores(dev, tagger.read_fast).as_json()["f1"],
        "fast_per_s": _rate(tagger.read_fast, texts),
        "training_mib": (psutil.Process().memory_info().rss - before) / 2**20,
    }
    missing = []
    for name, (levels, peer) in _peers().items():
        if peer is None:
            missing.append(f"{name} is not installed here and was not measured")
            continue
        found[f"{name}_f1"] = _names_found(dev, peer, levels).f1
        found[f"rules_f1_beside_{name}"] = _names_found(dev, lambda text: _areas(parse(text)), levels).f1
        found[f"{name}_per_s"] = rate = _rate(peer, texts[:SMALL] if name == "jionlp" else texts)
        found[f"rules_times_{name}"] = _rate(parse, texts) / rate
    match, threshold = _match_scores(small)
    return Result(
        value=trained["f1"],
        unit="entity F1, trained",
        limit=0.8993,
        limit_name="a neural parser as published on the test part (NAACL 2019)",
        more={**found, "match_macro_f1": match, "rapidfuzz_macro_f1": threshold},
        goals=(Goal("trained F1", trained["f1"], "at least", 0.895), Goal("match macro-F1", match, "at least", 0.71)),
        notes=(
            "F1 on dev.txt, learnt from train.txt; peers by the names of the levels they know, as written or without "
            "the kind of area",
            f"the match decision is cross-validated, {FOLDS} parts by query, candidates shuffled",
            *missing,
        ),
    )


def _labelled(file: Path, small: bool) -> list[Parsed]:
    try:
        with file.open(encoding="utf-8") as lines:
            addresses = list(labelled.read(lines))
    except OSError as error:
        raise CommandError(f"the labelled addresses are needed: {error}") from error
    return addresses[:SMALL] if small else addresses


def _rate(read: Callable[[str], object], texts: Sequence[str]) -> float:
    begun = time.process_time()
    for text in texts:
        read(text)
    return len(texts) / (time.process_time() - begun)


def _peers() -> dict[str, tuple[tuple[str, ...], Callable[[str], Areas] | None]]:
    return {"jionlp": (AREAS, _jionlp()), "cpca": (AREAS[:3], _cpca())}


def _jionlp() -> Callable[[str], Areas] | None:
    try:
        jionlp = import_module("jionlp")
    except ImportError:
        return None

    def read(text: str) -> Areas:
        found = jionlp.parse_location(text, town_village=True)
        names = {"prov": "province", "city": "city", "district": "county", "town": "town"}
        return {label: found[name] for label, name in names.items() if found.get(name)}

    return read


def _cpca() -> Callable[[str], Areas] | None:
    try:
        cpca = import_module("cpca")
    except ImportError:
        return None

    def read(text: str) -> Areas:
        row = cpca.transform([text]).iloc[0]
        return {label: row[name] for label, name in zip(AREAS, ("省", "市", "区"), strict=False) if row[name]}

    return read


def _areas(parsed: Parsed) -> Areas:
    return {label: name for label in AREAS if (name := parsed.first(label))}


def _names_found(addresses: Sequence[Parsed], read: Callable[[str], Areas], levels: Sequence[str]) -> Tally:
    """Names only where the address has the level: a peer that adds the province a city lies in is not wrong."""
    tally = Tally()
    for address in addresses:
        wanted, found = _areas(address), read(address.text)
        for level in levels:
            if level in wanted:
                same = level in found and wanted[level][:2] == found[level][:2]
                tally += Tally(right=int(same), read=int(level in found), there=1)
    return tally


def _match_scores(small: bool) -> tuple[float, float]:
    """Macro-F1 of the trained decision and of two thresholds on rapidfuzz's ratio, each cross-validated."""
    with (DATA / "pairs.jsonl").open(encoding="utf-8") as lines:
        queries = list(matching.read_pairs(lines))[: SMALL if small else None]
    chance = random.Random(3)
    chance.shuffle(queries)
    queries = [_shuffled(query, chance) for query in queries]
    wanted: list[Verdict] = []
    decided: list[Verdict] = []
    by_threshold: list[Verdict] = []
    for fold in range(FOLDS):
        held_out = queries[fold::FOLDS]
        rest = [query for i, query in enumerate(queries) if i % FOLDS != fold]
        matcher, threshold = matching.train(rest), _thresholds(rest)
        for query in held_out:
            wanted += query.verdicts
            decided += matcher.verdicts(query.text, query.candidates)
            by_threshold += [threshold(fuzz.ratio(query.text, each)) for each in query.candidates]
    return macro_f1(wanted, decided)["macro_f1"], macro_f1(wanted, by_threshold)["macro_f1"]


def _shuffled(query: Query, chance: random.Random) -> Query:
    order = list(range(len(query.candidates)))
    chance.shuffle(order)
    return Query(query.text, tuple(query.candidates[i] for i in order), tuple(query.verdicts[i] for i in order))


def _thresholds(queries: Sequence[Query]) -> Callable[[float], Verdict]:
    """The two ratios that part these queries' verdicts best."""
    ratios = np.array([fuzz.ratio(query.text, each) for query in queries for each in query.candidates])
    wanted = [verdict for query in queries for verdict in query.verdicts]

    def decided(low: float, high: float) -> list[Verdict]:
        return [_by(ratio, low, high) for ratio in ratios]

    steps = range(30, 100, 8)
    _, low, high = max(
        (macro_f1(wanted, decided(low, high))["macro_f1"], low, high) for low in steps for high in steps if low < high
    )
    return lambda ratio: _by(ratio, low, high)


def _by(ratio: float, low: float, high: float) -> Verdict:
    return Verdict.EXACT if ratio >= high else Verdict.PARTIAL if ratio >= low else Verdict.NONE
