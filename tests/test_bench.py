"""The benchmarks run, say what they measured and against what, and leave nothing behind. Nothing here is timed."""

import json
import signal
import subprocess
import sys
import time
from typing import Any

import psycopg
import pytest

from anlan.foundation.environment import REPOSITORY
from bench.measuring.ground import owner_parameters
from bench.measuring.result import Goal, Result

COMMAND = (sys.executable, "-m", "anlan", "bench")
MACHINE = {"date", "cores", "memory_gib", "load", "python", "postgresql", "system"}
PATIENCE_SECONDS = 120


def started(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*COMMAND, *arguments], cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def bench(*arguments: str) -> tuple[int, str, str]:
    """The exit code and what was written to each stream; the database is gone in any case."""
    process = started(*arguments)
    said, errors = process.communicate()
    assert not has_database(process)
    return process.returncode, said, errors


def has_database(process: "subprocess.Popen[str]") -> bool:
    """Whether the server holds the throw-away database of a benchmark."""
    with psycopg.connect(**owner_parameters(dbname="postgres")) as connection:
        found = connection.execute(
            "SELECT FROM pg_database WHERE datname ~ ('^bench_[a-z]+_' || %s::text || '$')", [process.pid]
        )
        return found.fetchone() is not None


@pytest.mark.parametrize(
    ("name", "unit", "more"),
    [
        ("loop", "transitions/s", {"lives_per_s", "python_ms", "flush_ms", "chains_checked", "chains_broken"}),
        ("verify", "events/s", {"events", "chains"}),
        ("mediation", "searches/s", {"disputes", "search_p95_ms", "duplicate_p95_ms", "statements"}),
        ("board", "pages/s", {"statements", "growth", "p95_ms", "matters", "load_s"}),
        ("ledger", "transfers/s", {"single_ratio", "batch_ratio", "growth_ratio", "batch_growth", "lines"}),
        ("live", "ms", {"listeners", "changes", "p50_ms", "p99_ms", "worst_ms", "memory_mb", "cpu_us"}),
        ("rehearse", "events/s", {"city_days_per_minute", "share_of_day", "matters", "left_open", "chains_broken"}),
        (
            "resolve",
            "addresses/s, one by one",
            {"typo_right", "typo_honest", "p95_ms", "batch_per_s", "growth", "memory_mb"},
        ),
        ("topics", "messages/s", {"seconds", "memory_mb", "many_seconds", "growth", "all_pairs_seconds"}),
        (
            "intake",
            "creates/s",
            {
                "statements",
                "cpu_ms",
                "python_ms",
                "postgres_ms",
                "flush_ms",
                "p50_ms",
                "p95_ms",
                "rss_mb",
                "times_peer",
            },
        ),
    ],
)
def test_a_benchmark_says_what_it_measured_and_against_what(name: str, unit: str, more: set[str]) -> None:
    code, said, errors = bench(name, "--small", "--json")
    assert code == 0, errors
    found = json.loads(said)
    assert (found["name"], found["unit"]) == (name, unit)
    assert found["limit_name"]
    assert found["value"] > 0
    assert found["limit"] > 0
    assert found["ratio"] == pytest.approx(found["value"] / found["limit"], rel=0.05)
    assert more <= found.keys()
    assert found["machine"].keys() == MACHINE
    assert found.get("chains_broken", 0) == found.get("left_open", 0) == 0
    if name == "intake":
        assert found["goals"]["statements"]["met"], found["statements"]


def test_alone_it_lists_the_benchmarks() -> None:
    _, listed, _ = bench()
    assert [line.split()[0] for line in listed.splitlines()] == [
        "addresses",
        "board",
        "intake",
        "ledger",
        "live",
        "loop",
        "mediation",
        "rehearse",
        "resolve",
        "risk",
        "topics",
        "triage",
        "verify",
    ]


def test_an_unknown_benchmark_is_named_beside_those_there_are() -> None:
    code, _, errors = bench("speed")
    assert code == 1
    assert (
        "“speed”; there are: addresses, board, intake, ledger, live, loop, mediation, rehearse, resolve, risk, topics, "
        "triage, verify" in errors
    )


def test_an_interrupted_benchmark_leaves_no_database() -> None:
    running, begun = started("loop"), time.monotonic()
    while not has_database(running):
        assert running.poll() is None, running.communicate()
        assert time.monotonic() - begun < PATIENCE_SECONDS
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate()
    assert running.returncode == 130, errors
    assert not has_database(running)


def result(value: float, *goals: Goal) -> Result:
    return Result(value, "creates/s", 100.0, "the limit", goals=goals)


def test_a_ratio_falls_with_the_value() -> None:
    assert result(50.0).as_json("x", {})["ratio"] == 0.5
    assert result(200.0).as_json("x", {})["ratio"] == 2.0


@pytest.mark.parametrize(
    ("measured", "bound", "met"),
    [
        (8, "at most", True),
        (9, "at most", False),
        (8, "at least", True),
        (7, "at least", False),
        (None, "at most", False),
    ],
)
def test_a_goal_that_was_missed_is_said_to_be(measured: float | None, bound: Any, met: bool) -> None:
    found = result(1.0, Goal("statements", measured, bound, 8))
    assert found.as_json("x", {})["goals"]["statements"]["met"] is met
    assert ("MISSED" in found.as_text("x", {})) is not met
