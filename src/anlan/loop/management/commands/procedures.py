from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from anlan.foundation.environment import REPOSITORY
from anlan.loop.diagrams import document

DOCUMENT = REPOSITORY / "docs" / "procedures.md"


class Command(BaseCommand):
    help = "Show every procedure: a diagram, its states, steps and deadlines."

    def add_arguments(self, parser: CommandParser) -> None:
        choice = parser.add_mutually_exclusive_group()
        choice.add_argument("--write", type=Path, metavar="FILE", help="write it to a file")
        choice.add_argument("--check", action="store_true", help="fail if docs/procedures.md is out of date")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["write"]:
            options["write"].write_text(document(), encoding="utf-8")
        elif not options["check"]:
            self.stdout.write(document(), ending="")
        elif not DOCUMENT.exists() or DOCUMENT.read_text(encoding="utf-8") != document():
            raise CommandError(f"{DOCUMENT.name} is out of date: anlan procedures --write docs/procedures.md")
