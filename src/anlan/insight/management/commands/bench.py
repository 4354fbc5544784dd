import ast
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from anlan.foundation.environment import REPOSITORY

FOLDER = REPOSITORY / "bench"


class Command(BaseCommand):
    help = "Run one of the benchmarks in a throw-away database of the same server; without a name, list them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", help="which one")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--small", action="store_true", help="tiny sizes, only to see that it works")

    def handle(self, *, name: str | None, json: bool, small: bool, **options: Any) -> None:
        here = benchmarks()
        if name is None:
            self.stdout.write("\n".join(f"{each:<10}{_about(file)}" for each, file in here.items()))
        elif name not in here:
            raise CommandError(f"there is no benchmark “{name}”; there are: {', '.join(here) or 'none'}")
        else:
            self.stdout.write(_measured(name, as_json=json, small=small))


def benchmarks() -> dict[str, Path]:
    """The files of `bench/`, one a benchmark, by name."""
    return {file.stem: file for file in sorted(FOLDER.glob("[a-z]*.py"))}


def _about(file: Path) -> str:
    said = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return said.partition("\n")[0]


def _measured(name: str, *, as_json: bool, small: bool) -> str:
    # The benchmarks lie beside the program, not in it.
    sys.path.insert(0, str(REPOSITORY))
    ground, result = import_module("bench.measuring.ground"), import_module("bench.measuring.result")
    benchmark = import_module(f"bench.{name}")
    with ground.throw_away(name) as place:
        machine = result.this_machine(place.postgresql())
        found = benchmark.run(place, small=small)
    if as_json:
        return json.dumps(found.as_json(name, machine), ensure_ascii=False)
    text: str = found.as_text(name, machine)
    return text
