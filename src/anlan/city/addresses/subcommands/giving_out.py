"""`anlan addresses export FILE`: the addresses in use as CSV or GeoJSON."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, OutputWrapper
from django.utils.translation import gettext as _

from anlan.city.addresses.exporting import FORMATS, exported, write
from anlan.city.addresses.models import Level
from anlan.city.addresses.subcommands.counting import counting
from anlan.city.areas.atlas import atlas

HELP = "Write the addresses in use as CSV or GeoJSON, by the file's name; `anlan addresses import` reads both."
_LEVELS = {level.name.lower(): level for level in Level if level >= Level.ROAD}


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="its name ends in .csv or .geojson")
    parser.add_argument("--area", default="", metavar="CODE", help="only what lies in this area")
    parser.add_argument("--level", choices=_LEVELS, help="only addresses of this level")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")


def run(out: OutputWrapper, *, file: Path, area: str, level: str | None, as_json: bool, **options: Any) -> None:
    kind = file.suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        raise CommandError(_("%(path)s: the name has to end in .csv or .geojson") % {"path": file})
    if area and area not in atlas().paths:
        raise CommandError(_("there is no area of the code %(code)s") % {"code": area})
    rows = exported(atlas().paths[area] if area else "", _LEVELS[level] if level else None)
    try:
        with counting(rows.count()) as after_row:
            written, left_out = write(rows, file, kind=kind, after_row=after_row)
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror or error}") from error
    if as_json:
        out.write(json.dumps({"written": written, "without_position": left_out, "file": str(file)}, ensure_ascii=False))
        return
    out.write(_("%(count)d addresses written: %(path)s") % {"count": written, "path": file})
    if left_out:
        out.write(_("%(count)d have no position and can't stand in GeoJSON") % {"count": left_out})
