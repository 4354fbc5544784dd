"""A bank to try things with: it keeps one file for each pay-out, and sometimes its answers get lost."""

import csv
import io
import json
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

from anlan.ledger.payouts import Answer


class NoAnswer(Exception):
    """The line went dead; whether the bank has paid, nobody knows."""


class BankSimulator:
    """Pays everybody but those whose token begins with “closed”. `loses` says whether the next answer gets lost."""

    def __init__(self, folder: Path, loses: Callable[[], bool] = lambda: False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._loses = loses

    def ask(self, reference: str) -> Answer | None:
        file = self._folder / f"{reference}.json"
        if not file.exists():
            return None
        kept = json.loads(file.read_text(encoding="utf-8"))
        return Answer(paid=kept["paid"], said=kept["said"])

    def pay(self, reference: str, amount: int, currency: str, to: str) -> Answer:
        known = self.ask(reference)
        if known is None:
            known = Answer(paid=False, said="account closed") if to.startswith("closed") else Answer(paid=True)
            kept = {"amount": amount, "currency": currency, "to": to, "paid": known.paid, "said": known.said}
            draft = self._folder / f"{reference}.{os.getpid()}"
            draft.write_text(json.dumps(kept), encoding="utf-8")
            # Whole or not at all, and refused where another process was faster: the first one counts.
            os.link(draft, self._folder / f"{reference}.json")
            draft.unlink()
        if self._loses():
            raise NoAnswer(reference)
        return known

    def paid(self) -> dict[str, int]:
        """What it has paid, by reference."""
        found = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in self._folder.glob("*.json")}
        return {reference: kept["amount"] for reference, kept in found.items() if kept["paid"]}

    def statement(self, day: date) -> bytes:
        """The file it would send of that day, as CSV."""
        text = io.StringIO()
        table = csv.writer(text)
        table.writerow(["date", "amount", "currency", "reference", "text"])
        for reference, amount in sorted(self.paid().items()):
            table.writerow([day.isoformat(), f"-{amount // 100}.{amount % 100:02}", "CNY", reference, "pay-out"])
        return text.getvalue().encode()
