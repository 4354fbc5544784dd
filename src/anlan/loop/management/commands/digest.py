import json
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from anlan.loop import digests
from anlan.loop.refusals import Refused


class Command(BaseCommand):
    help = "Make the digest of all histories at the end of a day, to be kept or published elsewhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--day", type=date.fromisoformat, metavar="YYYY-MM-DD", help="default: the last day that is over"
        )
        parser.add_argument("--out", type=Path, metavar="FILE", help="write it to a file instead of printing it")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            digest = digests.publish(options["day"] or digests.last_day())
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        text = json.dumps(digest.as_json())
        if options["out"] is None:
            self.stdout.write(text)
            return
        try:
            options["out"].write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise CommandError(str(error)) from error
