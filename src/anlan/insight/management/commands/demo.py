import json
import os
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from anlan.city.areas.layout import SYNTHETIC_NOTE_EN, SYNTHETIC_NOTE_ZH
from anlan.city.people.access import system
from anlan.city.people.demo import PASSWORD, RESIDENT_PHONE, demo_accounts
from anlan.city.people.models import Posting
from anlan.insight import demo_city
from anlan.insight.indicators import figures
from anlan.insight.rehearsal.addresses import verdicts_on, with_addresses
from anlan.insight.rehearsal.arrivals import SAYINGS, Arrival, BadMessages, generate, place, read_messages
from anlan.insight.rehearsal.run import CAUGHT_UP, rehearsed, report_unsettled
from anlan.insight.tables import as_json, show
from anlan.insight.topics.night import talked_about
from anlan.loop import clock
from anlan.loop.models import Channel
from anlan.loop.verification import verify
from anlan.services.intake.actions import report
from anlan.services.intake.schemas import ReportIn

# By role, or kind of account: the page to open first, and what a newcomer may try there.
BEGIN_AT = {
    "DISPATCHER": ("/board", "派单 dispatch"),
    "SUPERVISOR": ("/overview", "看全局 see it all"),
    "RESPONDER": ("/tasks", "接单、到场、办结 accept, arrive, settle"),
    "ADMINISTRATOR": ("/administration", "管理 administer"),
    "RESIDENT": ("/report", "反映问题 report"),
}


class Command(BaseCommand):
    help = "A whole city to try: build it, let messages come in and be settled, print the figures, serve it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--messages", type=Path, metavar="FILE", help="a CSV file (.gz too) of residents' messages")
        parser.add_argument("--days", type=int, default=1, help="days to generate without --messages (%(default)s)")
        parser.add_argument(
            "--scale", type=float, default=0.1, help="share of the daily rates to generate (%(default)s)"
        )
        parser.add_argument("--seed", type=int, default=7, help="same seed, same city and same figures (%(default)s)")
        parser.add_argument("--once", action="store_true", help="end after the figures instead of serving")
        parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        begun = time.monotonic()
        seed, messages = options["seed"], options["messages"]
        # Standard output is the result's; everything said on the way goes beside it.
        self.console = Console(stderr=True, highlight=False)
        said = self._said(messages)
        try:
            demo_city.start_over()
        except demo_city.NotADemo as refused:
            raise CommandError(str(refused)) from refused
        self._build(seed)
        arrivals = self._arrivals(said, seed, options["days"], options["scale"])
        run = rehearsed(arrivals, seed, self.console)
        found = verify()
        result = figures(since=arrivals[0].at, until=clock.now()) if arrivals else None
        if result is None:
            raise CommandError("nothing came in; generate more days or a larger share")
        if said is not None:
            # Their grids were drawn, and so their words are not used as addresses; but they are looked up all the same.
            result.addresses = verdicts_on(f"{title}。{text}" for _, title, text, _ in said)
            self.console.print(
                "来信中的地址属于那座匿名城市，演示库里没有：查得到的只是同名。\n"
                "The addresses in the messages are of the anonymised city and not in this base: "
                "what is found has the same name."
            )
        with self.console.status("话题 topics"):
            result.topics, result.in_topics, result.largest_topic = talked_about(since=arrivals[0].at)
        seconds = time.monotonic() - begun
        if options["json"]:
            more = {
                "chains_checked": found.chains,
                "chains_broken": found.broken,
                "refused": len(run.refused),
                "seconds": round(seconds, 1),
            }
            print(json.dumps({**as_json(result), **more}, ensure_ascii=False))
        else:
            show(result, Console(width=110 if not self.console.is_terminal else None))
            print(f"验链 Chains checked {found.chains}, broken {found.broken}, events {found.events}; {seconds:.0f} s")
            print(f"模拟 Simulation: {SYNTHETIC_NOTE_ZH} {SYNTHETIC_NOTE_EN}")
        report_unsettled(run, self.console)
        if found.broken:
            raise CommandError(f"{found.broken} chains are broken")
        if not options["once"]:
            self._leave_something_to_do()
            self._introduce()
            os.environ.setdefault("ANLAN_BANK", "simulator")
            # In place of this process, which still holds the whole rehearsal in memory.
            os.execv(sys.executable, [sys.executable, "-P", "-m", "anlan", "serve"])

    def _said(self, path: Path | None) -> list[tuple[datetime, str, str, str]] | None:
        """Read before anything is emptied, so that a wrong file costs nothing."""
        try:
            return None if path is None else read_messages(path)
        except BadMessages as error:
            raise CommandError(str(error)) from error

    def _build(self, seed: int) -> None:
        with Progress(console=self.console, transient=True) as bars:
            tasks: dict[str, TaskID] = {}

            def progress(room: str, done: int, of: int) -> None:
                if room not in tasks:
                    tasks[room] = bars.add_task(room, total=of)
                bars.update(tasks[room], completed=done)

            demo_city.build(seed=seed, at=clock.now(), progress=progress)

    def _arrivals(
        self, said: list[tuple[datetime, str, str, str]] | None, seed: int, days: int, scale: float
    ) -> list[Arrival]:
        caught_up = clock.now() - CAUGHT_UP
        if said is None:
            start = clock.local(caught_up).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days)
            self.console.print(f"生成 Generated: {days} × 1 天 day(s) at {scale:g} of the daily rates, seed {seed}")
            return with_addresses(generate(start=start, days=days, seed=seed, scale=scale), seed)
        arrivals = place(said, last_before=caught_up, seed=seed)
        weeks = (arrivals[-1].at - said[-1][0]).days // 7 if arrivals else 0
        self.console.print(
            f"{len(said)} 条真实来信，来自一座匿名城市：网格与渠道按种子 {seed} 抽取，时间整体后移 {weeks} 周。\n"
            f"{len(said)} real messages of an anonymised city: grid and channel drawn by seed {seed}, "
            f"all times moved on by {weeks} weeks so that today's rules apply."
        )
        return arrivals

    def _leave_something_to_do(self) -> None:
        """A newcomer opens the board of one town: let there be something on it."""
        _, post = demo_accounts()[0]
        for channel, sayings in SAYINGS.items():
            for title, text in sayings[:2]:
                given = ReportIn(title=title, text=text, channel=Channel(channel), area=post.rpartition("-")[2])
                report(given, by=system())

    def _introduce(self) -> None:
        """Who can be played, where each is at work, and the page to begin with."""
        table = Table(title=f"演示账号 Demo accounts · 密码 password {PASSWORD}", title_style="bold")
        for heading in ("账号 Account", "在 At", "打开 Open", "试试 Try"):
            table.add_column(heading)
        named = [username for username, _ in demo_accounts()] + ["admin", "town-admin"]
        for posting in sorted(
            Posting.objects.filter(account__username__in=named).select_related("account", "area", "unit"),
            key=lambda each: named.index(each.account.username),
        ):
            page, deed = BEGIN_AT[posting.role]
            table.add_row(posting.account.username, (posting.unit or posting.area).name, page, deed)
        page, deed = BEGIN_AT["RESIDENT"]
        table.add_row("resident", RESIDENT_PHONE, page, deed)
        self.console.print(table)
        self.console.print(
            f"用手机号 {RESIDENT_PHONE} 登录时，验证码显示在此。\n"
            f"Signing in with telephone {RESIDENT_PHONE}, the code appears here."
        )
