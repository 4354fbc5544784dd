from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from anlan.foundation.sealing.turning import count_rows, reseal

MOST_NAMED = 20


class Command(BaseCommand):
    help = (
        "Seal every personal field with the current key, and make every blind index with the index key. "
        "May be interrupted and run again. Exit code 1 if something could not be opened."
    )

    def handle(self, **options: Any) -> None:
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            try:
                task = progress.add_task("reseal", total=count_rows())
                turned = reseal(lambda rows: progress.advance(task, rows))
            except ProgrammingError as error:
                raise CommandError("the database lacks tables or columns: run `anlan migrate` first") from error
        self.stdout.write(f"{turned.rows} rows, {turned.changed} changed, {len(turned.shut)} could not be opened")
        for line in turned.shut[:MOST_NAMED]:
            self.stderr.write(line)
        if turned.shut:
            raise CommandError("the keys of what could not be opened are still needed: put them back, and run it again")
