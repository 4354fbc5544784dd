"""The progress of a backup or a restore, where somebody is looking."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from anlan.foundation.archive import Progress


@contextmanager
def shown(what: str, total: int | None = None) -> Iterator[Progress]:
    """A bar on the terminal, counting bytes of `total` (unknown: None); silent anywhere else."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda member, size: bar.update(task, advance=size, description=f"{what}: {member[:40]}")
