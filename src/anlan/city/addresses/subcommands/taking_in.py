"""`anlan addresses import FILE`: addresses out of a table, GeoJSON or an extract of OpenStreetMap."""

import json
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, OutputWrapper
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.city.addresses.codes import SequenceExhausted
from anlan.city.addresses.importing import Coordinates, Outcome, columns_of, fits, take_in
from anlan.city.addresses.sources import opened
from anlan.city.addresses.subcommands.counting import counting
from anlan.city.people.access import system
from anlan.foundation.tables.rejects import rejects_file
from anlan.foundation.tables.rows import Unreadable

HELP = (
    "Read addresses from CSV, XLSX, JSON, GeoJSON or OpenStreetMap XML. Exit code 0: all landed, 1: some rows were "
    "refused and stand in the rejects file, 2: the file could not be read."
)
SOME_REFUSED = 1
UNREADABLE = 2
MOST_REASONS = 20


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument(
        "--map", nargs="+", default=[], metavar="OURS=THEIRS", help="which column is what, as in road=道路名称"
    )
    parser.add_argument(
        "--coordinates",
        choices=[each.value for each in Coordinates],
        default=Coordinates.WGS84.value,
        help="the system of the positions (%(default)s)",
    )
    parser.add_argument("--source", default="", help="where the addresses come from (the file's name)")
    parser.add_argument(
        "--strict", action="store_true", help="refuse what breaks a field rule instead of correcting it"
    )
    parser.add_argument("--rejects", type=Path, metavar="FILE", help="(FILE.rejects.csv)")
    parser.add_argument("--dry-run", action="store_true", help="check every row and keep nothing")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")


def run(out: OutputWrapper, *, file: Path, as_json: bool, dry_run: bool, **options: Any) -> None:
    begun, given = time.monotonic(), dict(map(_pair, options["map"]))
    path = options["rejects"] or file.with_name(f"{file.name}.rejects.csv")
    if file.exists() and (path.is_dir() or not path.parent.is_dir() or (path.exists() and path.samefile(file))):
        raise CommandError(_("%(path)s: the rejects can't be written there") % {"path": path}, returncode=UNREADABLE)
    try:
        with opened(file, lambda headings: fits(headings, given)) as table:
            found = columns_of(table.headings, given)
            with rejects_file(path, table.headings) as refused, counting(table.total) as after_row:
                outcome = take_in(
                    table,
                    found,
                    by=system(),
                    source=(options["source"] or file.name)[:100],
                    on=timezone.localdate(),
                    rejects=refused,
                    coordinates=Coordinates(options["coordinates"]),
                    strict=options["strict"],
                    dry_run=dry_run,
                    after_row=after_row,
                )
    except SequenceExhausted as full:
        refusal = _(
            "area %(area)s has no codes left for addresses of the level “%(level)s”; what came before has landed"
        )
        raise CommandError(refusal % {"area": full.area, "level": full.level.label}, returncode=UNREADABLE) from full
    except Unreadable as unreadable:
        raise CommandError(f"{file}: {unreadable}", returncode=UNREADABLE) from unreadable
    written = path if refused.written else None
    if as_json:
        told = _as_json(outcome, found.unused, written) | {"dry_run": dry_run}
        out.write(json.dumps(told | {"seconds": round(time.monotonic() - begun, 3)}, ensure_ascii=False))
    else:
        _tell(out, outcome, found.unused, written, dry_run=dry_run)
    if outcome.refused:
        sys.exit(SOME_REFUSED)


def _pair(text: str) -> tuple[str, str]:
    ours, equals, theirs = text.partition("=")
    if not (ours and equals and theirs):
        raise CommandError(_("--map takes OURS=THEIRS, not “%(text)s”") % {"text": text}, returncode=UNREADABLE)
    return ours, theirs


def _tell(
    out: OutputWrapper, outcome: Outcome, unused: tuple[str, ...], rejects: Path | None, *, dry_run: bool
) -> None:
    if unused:
        out.write(_("not used: %(headings)s") % {"headings": "、".join(unused)})
    landed = outcome.landed
    counts = {
        "rows": landed.rows,
        "addresses": landed.addresses,
        "moved": landed.moved,
        "there": landed.already_there,
        "refused": outcome.refused,
    }
    summary = _(
        "%(rows)d landed (with the levels above them %(addresses)d addresses), %(moved)d brought up to date, "
        "%(there)d were already there, %(refused)d refused"
    )
    out.write(summary % counts)
    if dry_run:
        out.write(_("a dry run: nothing was kept"))
    for title, counted in ((_("written in the official form"), outcome.findings), (_("refused"), outcome.reasons)):
        for (field, why), count in counted.most_common(MOST_REASONS):
            out.write(f"{count:>8}  {title}: {f'{field}: ' if field else ''}{why}")
    if rejects:
        out.write(_("refused rows: %(path)s") % {"path": rejects})


def _as_json(outcome: Outcome, unused: tuple[str, ...], rejects: Path | None) -> dict[str, Any]:
    landed = outcome.landed
    return {
        "landed": landed.rows,
        "addresses": landed.addresses,
        "moved": landed.moved,
        "already_there": landed.already_there,
        "refused": outcome.refused,
        "reasons": [{"field": field, "why": why, "count": n} for (field, why), n in outcome.reasons.most_common()],
        "findings": [{"field": field, "why": why, "count": n} for (field, why), n in outcome.findings.most_common()],
        "unused": list(unused),
        "rejects": str(rejects) if rejects else None,
    }
