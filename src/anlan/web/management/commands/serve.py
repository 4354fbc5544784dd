from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from anlan.settings import ENVIRONMENT
from anlan.web.server import CannotServe, Serving, serve


class Command(BaseCommand):
    help = "Serves pages and API, with live streams and the worker beside them, until it is stopped."
    # The migrations are checked with an answer of our own.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=ENVIRONMENT.host, help="the address to listen on (%(default)s)")
        parser.add_argument("--port", type=int, default=ENVIRONMENT.port, help="(%(default)s)")
        parser.add_argument("--workers", type=int, default=ENVIRONMENT.workers, help="web processes (%(default)s)")
        parser.add_argument(
            "--threads", type=int, default=ENVIRONMENT.threads, help="threads in each; at least 4 (%(default)s)"
        )
        parser.add_argument(
            "--live-port",
            type=int,
            default=ENVIRONMENT.live_port,
            help="where the live streams are (one after --port)",
        )
        parser.add_argument(
            "--no-live", action="store_true", help="the live streams run elsewhere (anlan live), or nowhere"
        )
        parser.add_argument("--no-worker", action="store_true", help="the worker runs elsewhere (anlan worker)")

    def handle(
        self,
        *,
        host: str,
        port: int,
        workers: int,
        threads: int,
        live_port: int | None,
        no_live: bool,
        no_worker: bool,
        **options: Any,
    ) -> None:
        live = None if no_live else port + 1 if live_port is None else live_port
        for name, value, most in (
            ("--port", port, 65535),
            ("--live-port", 1 if live is None else live, 65535),
            ("--workers", workers, 64),
            ("--threads", threads, 256),
        ):
            if not 1 <= value <= most:
                raise CommandError(f"{name}: a number from 1 to {most} is expected, not {value}")
        if live == port:
            raise CommandError(f"--live-port: the pages are on {port} already; choose another")
        try:
            serve(Serving(host, port, workers, threads, worker=not no_worker, live_port=live), self._announce)
        except CannotServe as error:
            raise CommandError(str(error)) from error

    def _announce(self, address: str) -> None:
        self.stdout.write(f"安澜 Anlan: {address}")
        self.stdout.flush()
