from json import dumps
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import override
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from anlan.foundation.rules import declared
from anlan.insight.topics.finding import Topic, find_topics
from anlan.insight.topics.reading import COLUMNS, BadFile, Read, read
from anlan.insight.topics.stages import Stage
from anlan.loop import clock

SHOWN = 20
NAMED = 10
PROGRESS = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())


class Command(BaseCommand):
    help = (
        "Find what the city talks about, or many messages in a CSV file (also gzipped): same issues in one topic, "
        "loudest first."
    )
    # With a file it reads that and nothing of the city.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        columns = ", ".join(f"{key}={name}" for key, name in COLUMNS.items())
        parser.add_argument("file", type=Path, nargs="?", help="without one: the city's own matters, counted anew now")
        parser.add_argument(
            "--column", action="append", default=[], metavar="WHAT=NAME", help=f"another column; as is: {columns}"
        )
        parser.add_argument("--json", action="store_true", help="print every topic with its members as one JSON object")

    def handle(self, *, file: Path | None, column: list[str], json: bool, **options: Any) -> None:
        console = Console(stderr=True, highlight=False)
        if file is None:
            if column:
                raise CommandError("--column: there is no file")
            found_here = _count_anew(console)
            self.stdout.write(dumps(found_here) if json else _in_a_line(found_here))
            return
        with console.status("reading") as status:
            try:
                found = read(file, COLUMNS | _columns(column))
            except BadFile as error:
                raise CommandError(str(error)) from None
            status.update(f"looking for topics in {len(found.messages):,} messages")
            # Without a database: by the rules as the program declares them.
            # The file's own last day, not today: an old file is looked at as it was then.
            now = max((message.at for message in found.messages), default=None)
            topics = find_topics(found.messages, now=now, rules=declared(), on=clock.today()) if now else []
        _name_refused(found, console)
        if json:
            self.stdout.write(_as_json(topics, found))
        else:
            _show(topics, Console())


def _count_anew(console: Console) -> dict[str, int]:
    """What the night does, now, over the city's open and recent matters."""
    # Of files alone nothing of the city is needed.
    from anlan.insight.topics.night import look
    from anlan.insight.topics.trends import look_for_rising

    with Progress(*PROGRESS, console=console) as progress, override("en"):
        task = progress.add_task(str(Stage.RISING.label), total=Stage.KEEPING + 1, completed=Stage.RISING)
        rising = len(look_for_rising())
        search = look(at=lambda stage: progress.update(task, completed=stage, description=str(stage.label)))
        progress.update(task, completed=Stage.KEEPING + 1)
    return {"matters": search.matters, "topics": search.topics, "rising": rising}


def _in_a_line(found: dict[str, int]) -> str:
    return f"{found['topics']:,} topics not decided on, in {found['matters']:,} matters; {found['rising']:,} rising"


def _columns(told: list[str]) -> dict[str, str]:
    columns = dict(each.partition("=")[::2] for each in told)
    for key, name in columns.items():
        if key not in COLUMNS or not name:
            raise CommandError(f"--column: “{key}={name}” is not one of {', '.join(COLUMNS)} with a column's name")
    return columns


def _as_json(topics: list[Topic], found: Read) -> str:
    answer = {
        "topics": [topic.as_json() for topic in topics],
        "messages": len(found.messages),
        "refused": found.refused,
    }
    return dumps(answer, ensure_ascii=False)


def _name_refused(found: Read, console: Console) -> None:
    for why in found.refused[:NAMED]:
        console.print(escape(f"left out: {why}"))
    if len(found.refused) > NAMED:
        console.print(f"left out: {len(found.refused) - NAMED} more; --json names them all")


def _show(topics: list[Topic], console: Console) -> None:
    table = Table("热度 heat", "人 people", "件 messages", "票 votes", "话题 topic", "地点 place", "从 from", "到 to")
    for topic in topics[:SHOWN]:
        figures = (f"{topic.heat:.1f}", topic.people, len(topic.members), topic.votes)
        span = (f"{topic.since:%Y-%m-%d}", f"{topic.until:%Y-%m-%d}")
        table.add_row(*map(str, figures), escape(topic.title), escape(topic.place), *span)
    console.print(table)
    console.print(f"{len(topics):,} topics of two messages or more")
