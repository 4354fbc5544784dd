import json
import sys
import time
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from anlan.foundation.database import OWNER
from anlan.ledger.queries import trial_balance
from anlan.ledger.verification import Verification, count_lines, snapshot, verify


class Command(BaseCommand):
    help = (
        "The money: `verify` proves that no booking was changed (exit code 1 if one was), `trial` sums up the accounts."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=("verify", "trial"))
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *, what: str, json: bool, **options: Any) -> None:
        if what == "trial":
            self._trial(as_json=json)
        else:
            self._verify(as_json=json)

    def _trial(self, *, as_json: bool) -> None:
        rows = trial_balance()
        if as_json:
            self.stdout.write(json.dumps({"rows": [asdict(row) for row in rows], "total": sum(r.posted for r in rows)}))
            return
        for row in rows:
            self.stdout.write(f"{row.kind:<24}{row.currency:<5}{row.accounts:>10,}{row.posted:>22,}{row.reserved:>18,}")

    def _verify(self, *, as_json: bool) -> None:
        begun = time.monotonic()
        found = _verified()
        if as_json:
            told = asdict(found) | {"holds": found.holds, "seconds": round(time.monotonic() - begun, 3)}
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        else:
            self._tell(found)
        if not found.holds:
            sys.exit(1)

    def _tell(self, found: Verification) -> None:
        for each in found.breaks:
            line = _("account %(account)s, line %(seq)d: %(what)s")
            self.stdout.write(line % {"account": each.account, "seq": each.seq, "what": each.what})
        for currency in found.unbalanced:
            self.stdout.write(_("the accounts in %(currency)s do not sum up to zero") % {"currency": currency})
        summary = _("%(accounts)d accounts, %(lines)d lines, %(broken)d broken, %(loose)d entries without their lines")
        counts = {"accounts": found.accounts, "lines": found.lines, "broken": found.broken, "loose": found.loose}
        self.stdout.write(summary % counts)


def _verified() -> Verification:
    """With a progress bar where somebody is looking."""
    console = Console(stderr=True)
    with snapshot(OWNER):
        if not console.is_terminal:
            return verify(using=OWNER)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task(_("lines"), total=count_lines(OWNER))
            return verify(lambda lines: progress.advance(task, lines), using=OWNER)
