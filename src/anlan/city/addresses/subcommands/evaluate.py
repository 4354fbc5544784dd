"""`anlan addresses evaluate FILE`: how well addresses are read, or pairs of them compared, against what people said."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, OutputWrapper

from anlan.city.addresses import comparing, matching, tagging
from anlan.city.addresses.evaluation import macro_f1, parse_scores
from anlan.city.addresses.parsing import parse
from anlan.city.addresses.subcommands import reading

HELP = "Measure the reading of labelled addresses, or (FILE.jsonl) the comparing of labelled pairs."


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument(
        "--train", type=Path, metavar="FILE", help="learn from this file first, only to measure: nothing is kept"
    )
    parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")


def run(out: OutputWrapper, *, file: Path, train: Path | None, as_json: bool, **options: Any) -> None:
    """The figures at the top are the trained one's where something was learnt, and else those of the rules."""
    found = _pairs(file, train) if file.suffix == reading.PAIRS else _addresses(file, train)
    out.write(_as_json(found) if as_json else _as_text(found))


def _addresses(file: Path, train: Path | None) -> dict[str, Any]:
    wanted = reading.labelled_addresses(file)
    rules = parse_scores(wanted, parse).as_json()
    if train is None:
        return {**rules, "rules": rules, "trained": None}
    labelled = reading.labelled_addresses(train)
    try:
        with reading.progress() as told:
            tagger = tagging.train(labelled, progress=told).tagger()
    except tagging.TooFew as error:
        raise CommandError(f"{train}: {error}", returncode=reading.UNREADABLE) from error
    trained = parse_scores(wanted, tagger.read).as_json()
    return {**trained, "rules": rules, "trained": trained}


def _pairs(file: Path, train: Path | None) -> dict[str, Any]:
    wanted = reading.judged_queries(file)
    decide = comparing.verdicts
    if train is not None:
        labelled = reading.judged_queries(train)
        try:
            with reading.progress() as told:
                decide = matching.train(labelled, progress=told).verdicts
        except matching.TooFew as error:
            raise CommandError(f"{train}: {error}", returncode=reading.UNREADABLE) from error
    given = [verdict for query in wanted for verdict in query.verdicts]
    decided = [verdict for query in wanted for verdict in decide(query.text, query.candidates)]
    return {**macro_f1(given, decided), "by": "rules" if train is None else "trained", "queries": len(wanted)}


def _as_json(found: dict[str, Any]) -> str:
    return json.dumps(found, ensure_ascii=False)


def _as_text(found: dict[str, Any]) -> str:
    lines = [f"{name:<20}{value}" for name, value in found.items() if not isinstance(value, dict)]
    for label, figures in {**found.get("per_label", {}), **found.get("per_class", {})}.items():
        lines.append(f"  {label:<18}" + "  ".join(f"{name} {value:.4f}" for name, value in figures.items()))
    return "\n".join(lines)
