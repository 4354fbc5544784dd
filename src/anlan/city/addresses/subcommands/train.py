"""`anlan addresses train FILE`: learn to read addresses as a city writes them, or to tell which are the same."""

import json
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, OutputWrapper

from anlan.city.addresses import matching, model_files, tagging
from anlan.city.addresses.subcommands import reading
from anlan.settings import ENVIRONMENT

HELP = (
    "Learn to read from labelled addresses (a line `characters label` each unit, an empty line between addresses), or "
    "(FILE.jsonl) to compare from judged pairs."
)


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")


def run(out: OutputWrapper, *, file: Path, as_json: bool, **options: Any) -> None:
    """What was learnt is kept in the home's folder and serves from the next address on."""
    learn = _to_compare if file.suffix == reading.PAIRS else _to_read
    try:
        found, words = learn(file)
    except (tagging.TooFew, matching.TooFew) as error:
        raise CommandError(f"{file}: {error}", returncode=reading.UNREADABLE) from error
    out.write(json.dumps(found, ensure_ascii=False) if as_json else f"{words}\nwritten: {found['written']}")


def _to_read(file: Path) -> tuple[dict[str, Any], str]:
    """The card (without its long lists) and what is said of it: what it was made from and how good it is."""
    addresses = reading.labelled_addresses(file)
    with reading.progress() as told:
        trained = tagging.train(addresses, progress=told)
    trained.card["data"] = {"file": file.name, "sha256": model_files.file_hash(file)}
    trained.card["trained_at"] = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    where = tagging.model_file(ENVIRONMENT.home)
    trained.save(where)
    measured = trained.card["held_out"]
    words = (
        f"learnt from {len(addresses)} addresses; F1 {measured['f1']:.4f} on {measured['addresses']} of them that "
        "were held out"
    )
    shown = {name: value for name, value in trained.card.items() if not name.endswith("calibration")}
    return {**shown, "written": str(where)}, words


def _to_compare(file: Path) -> tuple[dict[str, Any], str]:
    queries = reading.judged_queries(file)
    with reading.progress() as told:
        matcher = matching.train(queries, progress=told)
    where = matching.model_file(ENVIRONMENT.home)
    matcher.save(where)
    return {"queries": len(queries), "written": str(where)}, f"learnt from {len(queries)} judged queries"
