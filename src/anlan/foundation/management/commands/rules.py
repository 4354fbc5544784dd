import json
from argparse import ArgumentTypeError
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import groupby
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from rich.console import Console
from rich.table import Table

from anlan.foundation.language import said
from anlan.foundation.rules import KIND_WORDS, Evidence, Rule, Unit, declared, rulebook

WIDTH = 160
"""Of the table where nobody's terminal sets one."""
UNITS: Mapping[Unit, tuple[str, str]] = {
    Unit.MINUTE: ("分钟", "min"),
    Unit.HOUR: ("小时", "h"),
    Unit.DAY: ("日", "d"),
    Unit.WORKING_DAY: ("个工作日", "working d"),
    Unit.MONTH: ("个月", "mo"),
    Unit.YEAR: ("年", "y"),
}
EVIDENCE: Mapping[Evidence, tuple[str, str]] = {
    Evidence.LAW: ("法条原文", "text of the law"),
    Evidence.PAGE: ("公开网页", "public page"),
    Evidence.SEED: ("新闻报道", "newspaper"),
    Evidence.RECALLED: ("常识，未核实", "recalled, unverified"),
    Evidence.DESIGN: ("平台自拟", "own design"),
    Evidence.CITY: ("本市管理员录入，项目未核实", "entered by the city, not verified by the project"),
}


class Command(BaseCommand):
    help = "The rules in force: deadlines, limits and thresholds, each with its source and how it came to be known."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--on", type=_day, metavar="DATE", help="in force on that day (today)")
        parser.add_argument("--all", action="store_true", help="also those no longer or not yet in force")
        parser.add_argument("--city", action="store_true", help="with the city's own versions; reads the database")
        parser.add_argument("--json", action="store_true", help="print one JSON list")

    def handle(self, *, on: date | None, **options: Any) -> None:
        day = on or timezone.localdate()
        book = rulebook() if options["city"] else declared()
        rules = [rule for rule in book.all() if options["all"] or rule.in_force(day)]
        if options["json"]:
            self.stdout.write(json.dumps([_as_json(rule, day) for rule in rules], ensure_ascii=False, indent=1))
            return
        console = Console(file=cast(IO[str], self.stdout), width=None if self.stdout.isatty() else WIDTH)
        console.print(_table(rules, dated=options["all"]))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(_("must be a date, such as 2026-07-01")) from None


def _table(rules: Iterable[Rule], *, dated: bool) -> Table:
    table = Table()
    table.add_column(_("rule"), no_wrap=True)
    for heading in (_("title"), _("value"), _("kind"), _("source"), _("evidence"), *([_("in force")] if dated else [])):
        # A source that is cut off is none.
        table.add_column(heading, overflow="fold")
    for _section, group in groupby(rules, key=lambda rule: rule.id.partition(".")[0]):
        for rule in group:
            cells = (rule.id, said(rule.title, rule.title_en), value_of(rule), said(*KIND_WORDS[rule.kind]))
            more = (said(rule.source, rule.source_en), said(*EVIDENCE[rule.evidence]))
            table.add_row(*cells, *more, *([_dates(rule)] if dated else []))
        table.add_section()
    return table


def value_of(rule: Rule) -> str:
    """`60日（可延长30日）`, `2`, `0.5–1`: what a rule sets, in the reader's language."""
    if rule.amount is not None and rule.unit is not None:
        term = _length(rule.amount, rule.unit)
        if rule.extension is None:
            return term
        more = _length(rule.extension.amount, rule.extension.unit)
        return said(f"{term}（可延长{more}）", f"{term} (+ {more})")
    if rule.value is not None:
        return str(rule.value)
    if rule.minimum is None:
        return f"≤ {rule.maximum}"
    return f"≥ {rule.minimum}" if rule.maximum is None else f"{rule.minimum}–{rule.maximum}"


def _length(amount: int, unit: Unit) -> str:
    zh, en = UNITS[unit]
    return said(f"{amount}{zh}", f"{amount} {en}")


def _dates(rule: Rule) -> str:
    return f"{rule.effective_from} – {rule.effective_until or ''}".rstrip()


def _as_json(rule: Rule, day: date) -> dict[str, Any]:
    return {**rule.model_dump(mode="json", by_alias=True, exclude_none=True), "in_force": rule.in_force(day)}
