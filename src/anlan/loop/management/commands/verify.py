import json
import sys
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from anlan.city.audit.models import AuditEntry
from anlan.city.audit.recording import broken
from anlan.foundation.database import OWNER
from anlan.loop import digests
from anlan.loop.refusals import Refused
from anlan.loop.verification import NAMED, Verification, count_events, snapshot, verify


class Command(BaseCommand):
    help = "Check that no history and no audit log was changed: every hash, every link, every step. Exit code 1 if so."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--against", type=Path, nargs="+", default=[], metavar="FILE", help="compare with kept daily digests"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        days = [_kept(file) for file in options["against"]]
        begun = time.monotonic()
        found = _verified()
        with snapshot():
            entries, log_broken = AuditEntry.objects.using(OWNER).count(), broken(OWNER)
        try:
            changed = [digest.day.isoformat() for digest in days if not digests.agrees(digest)]
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        if options["json"]:
            log = {"log_entries": entries, "log_broken": log_broken}
            seconds = round(time.monotonic() - begun, 3)
            told = {**_as_json(found), **log, "days_changed": changed, "seconds": seconds}
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        else:
            self._tell(found, changed)
            self._tell_log(entries, log_broken)
        if found.broken or log_broken or changed:
            sys.exit(1)

    def _tell(self, found: Verification, changed: list[str]) -> None:
        for each in found.breaks:
            line = _("%(matter)s, line %(seq)d: %(what)s")
            self.stdout.write(line % {"matter": each.matter, "seq": each.seq, "what": each.what})
        for day in changed:
            self.stdout.write(_("%(day)s: the history is not the one of which the digest was kept") % {"day": day})
        summary = _("%(chains)d chains, %(events)d events, %(broken)d broken")
        counts = {"chains": found.chains, "events": found.events, "broken": found.broken}
        self.stdout.write(summary % counts)

    def _tell_log(self, entries: int, broken: list[int]) -> None:
        for seq in broken[:NAMED]:
            line = _("audit log, entry %(seq)d: it is not what was written, or an entry before it is missing")
            self.stdout.write(line % {"seq": seq})
        summary = _("audit log: %(entries)d entries, %(broken)d broken")
        self.stdout.write(summary % {"entries": entries, "broken": len(broken)})


def _verified() -> Verification:
    """With a progress bar where somebody is looking."""
    console = Console(stderr=True)
    if not console.is_terminal:
        return verify()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(_("events"), total=count_events())
        return verify(lambda events: progress.advance(task, events))


def _kept(file: Path) -> digests.Digest:
    try:
        return digests.kept(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise CommandError(f"{file}: {error}") from error
    except Refused as refused:
        raise CommandError(f"{file}: {refused.field}: {refused}") from refused


def _as_json(found: Verification) -> dict[str, Any]:
    return {
        "chains": found.chains,
        "events": found.events,
        "broken": found.broken,
        "breaks": [{"matter": each.matter, "seq": each.seq, "what": each.what} for each in found.breaks],
    }
