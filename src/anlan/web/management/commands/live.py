from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from anlan.settings import ENVIRONMENT
from anlan.web.live.serving import serve_live


class Command(BaseCommand):
    help = "Serves the live streams alone, until it is stopped; `serve` runs it beside the pages."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=ENVIRONMENT.host, help="the address to listen on (%(default)s)")
        parser.add_argument(
            "--port", type=int, default=ENVIRONMENT.live_port or ENVIRONMENT.port + 1, help="(%(default)s)"
        )

    def handle(self, *, host: str, port: int, **options: Any) -> None:
        serve_live(host, port)
