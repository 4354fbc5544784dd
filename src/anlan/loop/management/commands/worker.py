import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from anlan.foundation import freshness
from anlan.loop import worker


class Command(BaseCommand):
    help = "Runs deadlines, notices and nightly jobs until it is stopped; any number may run at once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="do what is due now, say how much that was, and end")

    def handle(self, *, once: bool, **options: Any) -> None:
        if once:
            for job, done in worker.run_once(worker.jobs()).items():
                self.stdout.write(f"{job:<12}{done:>8}")
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        freshness.keep_looking()
        worker.run_until(stop, worker.jobs())
