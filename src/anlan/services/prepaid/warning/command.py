"""`anlan prepaid model`: keep a failure model, let it serve in shadow or warn, go back, and see what serves."""

from argparse import ArgumentParser
from dataclasses import asdict
from json import dumps
from pathlib import Path
from typing import Any, Final

from django.core.management.base import CommandError, OutputWrapper

from anlan.loop.refusals import Refused
from anlan.services.prepaid.warning.models import WarningModel
from anlan.services.prepaid.warning.registry import Part, choose, current, keep

HELP: Final = "keep a model that warns, let it serve in shadow or beside the rules, or go back"


def add_arguments(parser: ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("--add", type=Path, help="a model file to keep; it serves as nothing yet")
    parser.add_argument("--part", choices=Part.values, help="what is to serve from now on")
    parser.add_argument("--id", type=int, help="the model's number, for the part shadow or warns")
    parser.add_argument("--why", default="", help="the reason, kept beside the choice")


def run(
    out: OutputWrapper, *, add: Path | None, part: str | None, id: int | None, why: str, json: bool, **options: Any
) -> None:
    """Do what is asked, then say which models there are and what serves."""
    kept = _kept(add) if add else None
    if part:
        try:
            choose(Part(part), id if id is not None else kept, why=why, by=None)
        except Refused as refused:
            raise CommandError(f"{refused.field or 'part'}: {refused.message}") from refused
    choice = current()
    told = {
        "part": choice.part if choice else Part.ALONE.value,
        "model": choice.model_id if choice else None,
        "models": [{"id": each.id, "card": each.card} for each in WarningModel.objects.order_by("id")],
    }
    out.write(dumps(told, ensure_ascii=False, indent=None if json else 1))


def _kept(file: Path) -> int:
    from anlan.services.prepaid.warning.model import BadModel, FailureModel

    try:
        content = file.read_bytes()
        return keep(content, asdict(FailureModel.from_bytes(content).card)).id
    except (OSError, BadModel) as error:
        raise CommandError(f"add: {error}") from error
