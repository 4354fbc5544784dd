import json
import time
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console

from anlan.city.areas.models import Area
from anlan.insight.indicators import figures
from anlan.insight.rehearsal.addresses import with_addresses
from anlan.insight.rehearsal.arrivals import generate
from anlan.insight.rehearsal.run import CAUGHT_UP, rehearsed, report_unsettled
from anlan.insight.tables import as_json, show
from anlan.loop import clock


class Command(BaseCommand):
    help = "Run the city's days in minutes, with its own rules and units and simulated people (needs a demo city)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=30, help="(%(default)s)")
        parser.add_argument("--scale", type=float, default=1.0, help="share of the real daily rates (%(default)s)")
        parser.add_argument("--seed", type=int, default=7, help="same seed, same report (%(default)s)")
        parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")

    def handle(self, *, days: int, scale: float, seed: int, json: bool, **options: Any) -> None:
        if days < 1 or scale <= 0:
            raise CommandError("--days and --scale must be above zero")
        if not Area.objects.filter(level=Area.Level.GRID).exists():
            raise CommandError("there is no city yet: run `anlan demo --once` first")
        begun, console = time.monotonic(), Console(stderr=True, highlight=False)
        midnight = clock.local(clock.now() - CAUGHT_UP).replace(hour=0, minute=0, second=0, microsecond=0)
        generated = generate(start=midnight - timedelta(days=days), days=days, seed=seed, scale=scale)
        arrivals = with_addresses(generated, seed)
        if not arrivals:
            raise CommandError("nothing came in; rehearse more days or a larger share")
        run = rehearsed(arrivals, seed, console)
        result = figures(since=arrivals[0].at, until=arrivals[-1].at + timedelta(seconds=1))
        if json:
            self.stdout.write(_as_json(as_json(result), days, time.monotonic() - begun))
        else:
            show(result, Console())
        report_unsettled(run, console)


def _as_json(result: dict[str, Any], days: int, seconds: float) -> str:
    return json.dumps({**result, "days": days, "seconds": round(seconds, 1)}, ensure_ascii=False)
