"""`anlan prepaid simulate`: a market that never was, as sums, as a table of its shops or as one of their days."""

import csv as tables
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from json import dumps
from typing import IO, Any, Final, cast

from django.core.management.base import CommandError, OutputWrapper
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from anlan.foundation.language import said
from anlan.services.prepaid.merchants.models import Merchant
from anlan.services.prepaid.refunds.sheet import yuan
from anlan.services.prepaid.simulation.market import Market, simulate
from anlan.services.prepaid.simulation.telling import (
    DAY_COLUMNS,
    NOTE,
    NOTE_EN,
    SHOP_COLUMNS,
    day_rows,
    shop_rows,
    tallied,
)

HELP: Final = "a market that never was, with the truth about who fails; no figure of it is about a real merchant"
FIRST_DAY: Final = date(2025, 1, 1)
"""It decides on weekdays and seasons, so it is the same whenever the command runs."""
MERCHANTS, DAYS, DISTRICTS = 74_000, 365, 13
WIDTH: Final = 120
"""Of the table where nobody's terminal sets one."""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--merchants", type=_whole(1, 1_000_000), default=MERCHANTS, metavar="N")
    # Nobody fails within two months of opening; over four years too few shops would be left.
    parser.add_argument("--days", type=_whole(70, 1_460), default=DAYS, metavar="D")
    parser.add_argument("--seed", type=_whole(0, 2**32 - 1), default=7, metavar="S", help="the same, the same market")
    parser.add_argument(
        "--csv", choices=("days", "shops"), nargs="?", const="days", help="the shops' days, or what becomes of each"
    )


def run(
    out: OutputWrapper, *, merchants: int, days: int, seed: int, csv: str | None, json: bool, **options: Any
) -> None:
    """Write what was asked for; that it is simulated stands in each of the forms. Raises CommandError."""
    if csv and json:
        raise CommandError("--csv, --json: only one of them")
    with _watched(
        simulate(shops=merchants, days=days, seed=seed, first_day=FIRST_DAY, districts=DISTRICTS), merchants
    ) as parts:
        if csv:
            columns, rows = (DAY_COLUMNS, day_rows(parts)) if csv == "days" else (SHOP_COLUMNS, shop_rows(parts))
            writer = tables.writer(cast(IO[str], out), lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(rows)
            return
        sums = tallied(parts, DISTRICTS).as_json()
    settings = {"seed": seed, "first_day": FIRST_DAY.isoformat(), "days": days}
    if json:
        told = {"simulated": True, "note": NOTE, "note_en": NOTE_EN, **settings, **sums}
        out.write(dumps(told, ensure_ascii=False))
    else:
        _show(Console(file=cast(IO[str], out), width=None if out.isatty() else WIDTH), sums)


def _whole(least: int, most: int) -> Callable[[str], int]:
    def number(given: str) -> int:
        if not given.isdecimal() or not least <= int(given) <= most:
            raise ArgumentTypeError(f"must be a whole number from {least} to {most}")
        return int(given)

    return number


@contextmanager
def _watched(parts: Iterable[Market], shops: int) -> Iterator[Iterator[Market]]:
    """The parts as they are asked for, with a bar on the error stream."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(said("模拟商户", "simulating shops"), total=shops)

        def each() -> Iterator[Market]:
            for part in parts:
                yield part
                progress.advance(task, part.shops)

        yield each()


def _show(console: Console, sums: dict[str, Any]) -> None:
    titles = (
        said("行业", "Trade"),
        said("商户", "Shops"),
        said("经营失败", "Failed"),
        said("卷款跑路", "Vanished"),
        said("预收（元）", "Paid ahead, yuan"),
        said("消费（元）", "Used, yuan"),
        said("其中终止时未消费（元）", "Of it unused where a shop ended, yuan"),
    )
    table = Table(*titles, caption=said(NOTE, NOTE_EN))
    for column in table.columns[1:]:
        column.justify = "right"
    for row in sums["trades"]:
        table.add_row(str(Merchant.Trade(row["trade"]).label), *_cells(row))
    table.add_section()
    table.add_row(said("合计", "All"), *_cells(sums))
    console.print(table)


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    lost = row["left_at_failed_fen"] + row["left_at_vanished_fen"]
    counts = (f"{row[name]:,}" for name in ("merchants", "failed", "vanished"))
    return *counts, *(yuan(fen) for fen in (row["paid_in_fen"], row["used_fen"], lost))
