from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from json import dumps
from pathlib import Path
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from anlan.foundation.language import said
from anlan.foundation.rules import declared, rulebook
from anlan.services.prepaid.colour.registers import BadRegister, read_register
from anlan.services.prepaid.refunds.reckoning import NotCovered, Overdrawn, refund
from anlan.services.prepaid.refunds.schemas import Claim, Refund
from anlan.services.prepaid.refunds.sheet import yuan
from anlan.services.prepaid.simulation import command as simulation
from anlan.services.prepaid.warning import command as warning_models

WIDTH = 160
"""Of the table where nobody's terminal sets one."""


class Command(BaseCommand):
    help = (
        "Prepaid money: reckon a refund line by line, try the model that warns of failing merchants, read public "
        "registers, and simulate a market to try it on."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        evaluate = actions.add_parser(
            "evaluate", help="train the failure model afresh on a file and try it, in 5 parts"
        )
        evaluate.add_argument("file", type=Path, help="ratios of companies and what became of them (.arff, .arff.gz)")
        reckon = actions.add_parser("refund", help="what is to be paid back, with the article of each line")
        reckon.add_argument("file", type=Path, help="the claim, as JSON (docs/refunds.md)")
        reckon.add_argument(
            "--city", action="store_true", help="by the city's own settings and rates; reads the database"
        )
        registers = actions.add_parser("registers", help="keep what a public register's file says of merchants")
        registers.add_argument("file", type=Path, help="a CSV file (docs/prepaid.md)")
        registers.add_argument("--source", required=True, help="whose register it is, said beside every entry")
        model = actions.add_parser("model", help=warning_models.HELP)
        warning_models.add_arguments(model)
        simulated = actions.add_parser("simulate", help=simulation.HELP)
        simulation.add_arguments(simulated)
        for action in (evaluate, reckon, registers, model, simulated):
            action.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        actions: dict[str, Callable[..., None]] = {
            "evaluate": self._evaluate,
            "refund": self._refund,
            "registers": self._registers,
            "model": lambda **given: warning_models.run(self.stdout, **given),
            "simulate": lambda **given: simulation.run(self.stdout, **given),
        }
        actions[action](**options)

    def _evaluate(self, *, file: Path, json: bool, **options: Any) -> None:
        # SciPy, scikit-learn and LightGBM take a second to load: only where they are needed.
        from anlan.services.prepaid.warning.evaluation import evaluate
        from anlan.services.prepaid.warning.reading import BadFile, read
        from anlan.services.prepaid.warning.training import TooLittle

        try:
            with _steps() as step:
                found = evaluate(read(file), step=step)
        except (BadFile, TooLittle) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(dumps(found, ensure_ascii=False, indent=None if json else 1))

    def _registers(self, *, file: Path, source: str, json: bool, **options: Any) -> None:
        try:
            read = read_register(file, source=source)
        except BadRegister as error:
            raise CommandError(str(error)) from error
        told = (
            f"{read.entries} entries kept, of {read.merchants} merchants; {read.unknown} lines are not about any here"
        )
        self.stdout.write(dumps(asdict(read)) if json else told)

    def _refund(self, *, file: Path, json: bool, city: bool, **options: Any) -> None:
        try:
            found = refund(Claim.model_validate_json(file.read_bytes()), book=rulebook() if city else declared())
        except (OSError, NotCovered, Overdrawn) as error:
            raise CommandError(str(error)) from error
        except ValidationError as error:
            raise CommandError(_explained(error)) from error
        if json:
            self.stdout.write(found.model_dump_json())
            return
        console = Console(file=cast(IO[str], self.stdout), width=None if self.stdout.isatty() else WIDTH)
        _show(console, found)


@contextmanager
def _steps() -> Iterator[Callable[[str], None]]:
    """What is being done and for how long, on the error stream; what is printed stays one object."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        doing = progress.add_task("reading the file", total=None)
        yield lambda name: progress.update(doing, description=name)
        progress.update(doing, total=1, completed=1)


def _explained(error: ValidationError) -> str:
    """Every problem with its field."""
    problems = ((".".join(map(str, each["loc"])), each["msg"].removeprefix("Value error, ")) for each in error.errors())
    return "; ".join(f"{field}: {message}" if field else message for field, message in problems)


def _show(console: Console, found: Refund) -> None:
    table = Table(
        said("规则", "Rule"), said("项目", "Item"), said("计算", "Working"), said("元", "Yuan"), said("依据", "By")
    )
    table.columns[3].justify = "right"
    for line in found.lines:
        text, article = said(line.text.zh, line.text.en), said(line.article.zh, line.article.en)
        table.add_row(line.rule, text, line.working, yuan(line.amount_fen), article)
    table.add_section()
    table.add_row("", said("应返还合计", "To be paid back"), "", yuan(found.total_fen), "")
    console.print(table)
    for decision in found.decisions:
        words = said(decision.text.zh, decision.text.en)
        console.print(said("需人工判断", "For a person"), f"[{decision.rule}]", words, markup=False)
    for assumption in found.assumptions:
        console.print(said("本次采用", "Assumed"), said(assumption.text.zh, assumption.text.en), markup=False)
