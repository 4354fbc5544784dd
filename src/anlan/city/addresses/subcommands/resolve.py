"""`anlan addresses resolve TEXT…` or `--file IN.csv --out OUT.csv`: one coded address for each, or why not."""

import csv
import json
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, OutputWrapper

from anlan.city.addresses.resolving.resolver import Resolution, resolve_all
from anlan.city.addresses.subcommands.counting import counting
from anlan.city.addresses.tagging import reader

HELP = "Find the coded address that a text means; or of each row of a CSV file with a column `address`."
UNREADABLE = 2
COLUMN = "address"
ADDED = ("verdict", "code", "resolved", "score", "question", "reasons")


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("texts", nargs="*", metavar="TEXT")
    parser.add_argument("--file", type=Path, metavar="IN.csv")
    parser.add_argument("--out", type=Path, dest="written", metavar="OUT.csv")
    parser.add_argument("--column", default=COLUMN, help=f"the column that holds the addresses; {COLUMN} by default")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")


def run(
    out: OutputWrapper,
    *,
    texts: list[str],
    file: Path | None,
    written: Path | None,
    column: str,
    as_json: bool,
    **options: Any,
) -> None:
    if bool(texts) == bool(file):
        raise CommandError("give addresses, or a file with --file and --out", returncode=UNREADABLE)
    if file:
        if written is None:
            raise CommandError("--file needs --out, where the answers go", returncode=UNREADABLE)
        counts = _file(file, written, column)
        out.write(json.dumps(counts) if as_json else "  ".join(f"{name} {count}" for name, count in counts.items()))
        return
    found = list(resolve_all(texts, reader=reader(fast=True)))
    if as_json:
        out.write(json.dumps({"addresses": [_row(each) for each in found]}, ensure_ascii=False))
        return
    for text, each in zip(texts, found, strict=True):
        out.write(f"{text}: {each.verdict}")
        for candidate in each.candidates:
            out.write(f"  {candidate.score:.2f}  {candidate.address.code}  {candidate.address.text}")
            out.write("        " + "; ".join(map(str, candidate.reasons)))
        if each.question:
            out.write(f"  {each.question}  " + " / ".join(choice.label for choice in each.question.choices))


def _file(file: Path, written: Path, column: str) -> dict[str, int]:
    """Answer each row; the answers come beside what the row had. Returns how many of each verdict."""
    counts: Counter[str] = Counter()
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            total = sum(1 for _ in csv.reader(lines)) - 1
            lines.seek(0)
            rows = csv.DictReader(lines)
            if column not in (rows.fieldnames or ()):
                raise CommandError(f"{file}: has no column {column}", returncode=UNREADABLE)
            with counting(max(total, 0)) as step, written.open("w", encoding="utf-8-sig", newline="") as answers:
                into = csv.DictWriter(answers, [*(rows.fieldnames or ()), *ADDED], extrasaction="ignore")
                into.writeheader()
                for row, found in _answered(rows, column, step):
                    counts[found.verdict] += 1
                    into.writerow(row | _row(found))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CommandError(f"{file}: {error}", returncode=UNREADABLE) from error
    return dict(counts)


def _answered(
    rows: Iterable[dict[str, str]], column: str, step: Callable[[], None]
) -> Iterator[tuple[dict[str, str], Resolution]]:
    waiting: list[dict[str, str]] = []

    def texts() -> Iterator[str]:
        for row in rows:
            waiting.append(row)
            yield row[column] or ""

    for found in resolve_all(texts(), reader=reader(fast=True)):
        step()
        yield waiting.pop(0), found


def _row(found: Resolution) -> dict[str, Any]:
    best, address = (found.candidates[0] if found.candidates else None), found.address
    choices = " / ".join(choice.label for choice in found.question.choices) if found.question else ""
    return {
        "verdict": str(found.verdict),
        "code": address.code if address else "",
        "resolved": address.text if address else "",
        "score": round(best.score, 3) if best else 0,
        "question": f"{found.question} {choices}" if found.question else "",
        "reasons": "; ".join(map(str, best.reasons)) if best else "",
    }
