from importlib import import_module
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

SUBCOMMANDS = {
    "import": "anlan.city.addresses.subcommands.taking_in",
    "export": "anlan.city.addresses.subcommands.giving_out",
    "parse": "anlan.city.addresses.subcommands.parse",
    "resolve": "anlan.city.addresses.subcommands.resolve",
    "reverse": "anlan.city.addresses.subcommands.reverse",
    "compare": "anlan.city.addresses.subcommands.compare",
    "train": "anlan.city.addresses.subcommands.train",
    "evaluate": "anlan.city.addresses.subcommands.evaluate",
}
"""The modules that do the work; see `anlan.city.addresses.subcommands` for what each has to have."""


class Command(BaseCommand):
    help = "Read, compare and keep the city's addresses, and learn from labelled ones."

    def add_arguments(self, parser: CommandParser) -> None:
        subparsers = parser.add_subparsers(dest="subcommand", required=True, metavar="SUBCOMMAND")
        for name, module in SUBCOMMANDS.items():
            about = import_module(module)
            subparser = subparsers.add_parser(name, help=about.HELP, description=about.HELP)
            about.add_arguments(subparser)

    def handle(self, *args: Any, subcommand: str, **options: Any) -> None:
        import_module(SUBCOMMANDS[subcommand]).run(self.stdout, **options)
