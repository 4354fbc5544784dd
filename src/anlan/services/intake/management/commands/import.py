# ruff: noqa: N999  (the file is named as the command is, and nobody imports it by name)
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from anlan.city.people.access import system
from anlan.foundation.tables.columns import Columns
from anlan.foundation.tables.files import opened
from anlan.foundation.tables.rejects import rejects_file
from anlan.foundation.tables.rows import Unreadable
from anlan.loop.models import Channel
from anlan.services.intake.importing import Outcome, columns, fits, take_in

SOME_REFUSED = 1
UNREADABLE = 2
MOST_REASONS = 20


class Command(BaseCommand):
    help = (
        "Read reports from a CSV, XLSX or JSON file (also .gz). Exit code 0: all landed, 1: some rows were refused "
        "and stand in the rejects file, 2: the file could not be read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--map", nargs="+", default=[], metavar="OURS=THEIRS", help="which column is what, as in title=事由"
        )
        parser.add_argument("--channel", choices=Channel.values, default=Channel.FILE.value, help="(%(default)s)")
        parser.add_argument("--rejects", type=Path, metavar="FILE", help="(FILE.rejects.csv)")
        parser.add_argument("--dry-run", action="store_true", help="check every row and keep nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, file: Path, rejects: Path | None, **options: Any) -> None:
        begun, given = time.monotonic(), dict(map(_pair, options["map"]))
        path = rejects or file.with_name(f"{file.name}.rejects.csv")
        if file.exists() and (path.is_dir() or not path.parent.is_dir() or (path.exists() and path.samefile(file))):
            raise CommandError(
                _("%(path)s: the rejects can't be written there") % {"path": path}, returncode=UNREADABLE
            )
        try:
            with opened(file, lambda headings: fits(headings, given)) as table:
                found = columns(table.headings, given)
                with rejects_file(path, table.headings) as refused, _progress(table.total) as after_row:
                    outcome = take_in(
                        table,
                        found,
                        channel=Channel(options["channel"]),
                        by=system(),
                        rejects=refused,
                        dry_run=options["dry_run"],
                        after_row=after_row,
                    )
        except Unreadable as unreadable:
            raise CommandError(f"{file}: {unreadable}", returncode=UNREADABLE) from unreadable
        written = path if refused.written else None
        if options["json"]:
            result = _as_json(outcome, found, written) | {"dry_run": options["dry_run"]}
            result["seconds"] = round(time.monotonic() - begun, 3)
            self.stdout.write(json.dumps(result, ensure_ascii=False))
        else:
            self._tell(outcome, found, written, options["dry_run"])
        if outcome.refused:
            sys.exit(SOME_REFUSED)

    def _tell(self, outcome: Outcome, found: Columns, rejects: Path | None, dry_run: bool) -> None:
        if found.unused:
            self.stdout.write(_("not used: %(headings)s") % {"headings": "、".join(found.unused)})
        counts = {"landed": outcome.landed, "there": outcome.already_there, "refused": outcome.refused}
        summary = _("%(landed)d landed, %(there)d were already there, %(refused)d refused")
        if dry_run:
            summary = _("%(landed)d would land, %(refused)d would be refused; nothing was kept")
        self.stdout.write(summary % counts)
        for (field, why), count in outcome.reasons.most_common(MOST_REASONS):
            self.stdout.write(f"{count:>8}  {field}: {why}" if field else f"{count:>8}  {why}")
        if rejects:
            self.stdout.write(_("refused rows: %(path)s") % {"path": rejects})


def _pair(text: str) -> tuple[str, str]:
    ours, equals, theirs = text.partition("=")
    if not (ours and equals and theirs):
        raise CommandError(_("--map takes OURS=THEIRS, not “%(text)s”") % {"text": text}, returncode=UNREADABLE)
    return ours, theirs


@contextmanager
def _progress(total: int | None) -> Iterator[Callable[[], None]]:
    """A bar on the terminal, where somebody is looking."""
    console = Console(stderr=True)
    shown = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*shown, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(_("rows"), total=total)
        yield lambda: progress.advance(task)


def _as_json(outcome: Outcome, found: Columns, rejects: Path | None) -> dict[str, Any]:
    return {
        "landed": outcome.landed,
        "already_there": outcome.already_there,
        "refused": outcome.refused,
        "reasons": [{"field": field, "why": why, "count": n} for (field, why), n in outcome.reasons.most_common()],
        "unused": list(found.unused),
        "rejects": str(rejects) if rejects else None,
    }
