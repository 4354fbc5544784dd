"""`anlan addresses train FILE`: learn to read addresses as a city writes them."""

import json
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, OutputWrapper

from anlan.city.addresses import tagging
from anlan.city.addresses.subcommands import reading
from anlan.settings import ENVIRONMENT

HELP = "Learn from labelled addresses (a line `characters label` each unit, an empty line between addresses)."


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")


def run(out: OutputWrapper, *, file: Path, as_json: bool, **options: Any) -> None:
    """The reader is kept in the home's folder, with a card that says what it was made from and how good it is."""
    addresses = reading.labelled_addresses(file)
    try:
        with reading.progress() as told:
            trained = tagging.train(addresses, progress=told)
    except tagging.TooFew as error:
        raise CommandError(f"{file}: {error}", returncode=reading.UNREADABLE) from error
    trained.card["data"] = {"file": file.name, "sha256": tagging.file_hash(file)}
    trained.card["trained_at"] = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    where = tagging.model_file(ENVIRONMENT.home)
    trained.save(where)
    out.write(_as_json(trained.card, where) if as_json else _as_text(trained.card, where))


def _as_json(card: dict[str, Any], where: Path) -> str:
    shown = {name: value for name, value in card.items() if name != "calibration"}
    return json.dumps({**shown, "written": str(where)}, ensure_ascii=False)


def _as_text(card: dict[str, Any], where: Path) -> str:
    measured = card["held_out"]
    return (
        f"learnt from {card['addresses']} addresses; F1 {measured['f1']:.4f} on {measured['addresses']} of them that "
        f"were held out\nwritten: {where}"
    )
