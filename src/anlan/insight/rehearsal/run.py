"""A rehearsal with its progress bar, and what is told at its end."""

from datetime import datetime, timedelta

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from anlan.insight.rehearsal.arrivals import Arrival
from anlan.insight.rehearsal.simulation import Rehearsal, unsettled
from anlan.loop import clock

CAUGHT_UP = timedelta(weeks=5)
"""How long before now the last arrival lies, so that everything has been settled when the real clock takes over."""
MOST_LISTED = 20


def rehearsed(arrivals: list[Arrival], seed: int, console: Console) -> Rehearsal:
    """Play the arrivals to their end."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[day]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("办结 settled", total=len(arrivals), day="")

        def progress(settled: int, at: datetime) -> None:
            bar.update(task, completed=settled, day=f"{clock.local(at):%Y-%m-%d}")

        run = Rehearsal(arrivals, seed, progress)
        run.run()
    return run


def report_unsettled(run: Rehearsal, console: Console) -> None:
    """List what was refused at the door and what has not been settled, with the reason."""
    for source_id, why in run.refused[:MOST_LISTED]:
        console.print(f"未受理 refused {source_id}: {why}")
    left = unsettled(run.opened)
    for matter in left[:MOST_LISTED]:
        console.print(f"未办结 unsettled {matter.reference}: {matter.stands.label} {matter.state}")
    more = len(run.refused) + len(left) - 2 * MOST_LISTED
    if more > 0:
        console.print(f"… {more} more")
