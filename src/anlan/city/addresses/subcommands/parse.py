"""`anlan addresses parse TEXT…`: the parts of an address."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import OutputWrapper

from anlan.city.addresses.tagging import reader

HELP = "Read addresses into their parts."


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("texts", nargs="+", metavar="TEXT")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")


def run(out: OutputWrapper, *, texts: list[str], as_json: bool, **options: Any) -> None:
    read = reader()
    parsed = [read(text) for text in texts]
    if as_json:
        found = [
            {"text": each.text, "parts": [{"label": part.label, "text": part.text} for part in each.parts]}
            for each in parsed
        ]
        out.write(json.dumps({"addresses": found}, ensure_ascii=False))
        return
    for each in parsed:
        out.write("  ".join(f"{part.text} {part.label}" for part in each.parts))
