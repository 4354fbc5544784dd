"""What the subcommands share: labelled files opened with clear errors, and a progress bar on standard error."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management.base import CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from anlan.city.addresses import labelled, matching
from anlan.city.addresses.matching import Query
from anlan.city.addresses.parts import Parsed
from anlan.city.addresses.tagging import Progress as Told

UNREADABLE = 2
PAIRS = ".jsonl"
"""How a file of judged pairs ends; any other holds labelled addresses."""


def labelled_addresses(file: Path) -> list[Parsed]:
    """All addresses of a labelled file; CommandError names the file, and the line that cannot be read."""
    try:
        with file.open(encoding="utf-8") as lines:
            addresses = list(labelled.read(lines))
    except (OSError, ValueError) as error:
        raise CommandError(f"{file}: {error}", returncode=UNREADABLE) from error
    if not addresses:
        raise CommandError(f"{file}: holds no address", returncode=UNREADABLE)
    return addresses


def judged_queries(file: Path) -> list[Query]:
    """All queries of a file of judged pairs; CommandError names the file, and the line that cannot be read."""
    try:
        with file.open(encoding="utf-8") as lines:
            queries = list(matching.read_pairs(lines))
    except (OSError, ValueError) as error:
        raise CommandError(f"{file}: {error}", returncode=UNREADABLE) from error
    if not queries:
        raise CommandError(f"{file}: holds no pair", returncode=UNREADABLE)
    return queries


@contextmanager
def progress() -> Iterator[Told]:
    """A bar on standard error for each step, shown only on a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        tasks = {}

        def told(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total)
            bars.update(tasks[step], completed=done)

        yield told
