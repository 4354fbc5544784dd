"""What public registers say of merchants, read from a file: the adapter of every city that has no connection to them.

A CSV file in UTF-8 with a heading. Columns: `credit_code`, `register` (dishonest, abnormal, deregistering, penalty,
other), `reference` (the register's own number of the entry), `entered_on` and `removed_on` (YYYY-MM-DD, the latter may
be empty), `of_representative` (yes or no, may be left out). Lines about businesses that are not here are counted and
left out: a register lists a whole province.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from anlan.city.people.access import scope_of, scoped, system
from anlan.loop.faults import faults
from anlan.loop.refusals import BadInput
from anlan.services.prepaid.colour.models import Stale
from anlan.services.prepaid.merchants.actions import enter
from anlan.services.prepaid.merchants.models import Merchant, Shop
from anlan.services.prepaid.merchants.schemas import EntryIn

COLUMNS: Final = ("credit_code", "register", "reference", "entered_on", "removed_on")
MOST_FAULTS: Final = 20
_YES: Final = ("yes", "true", "1", "是")


class BadRegister(ValueError):
    """The file can't be read; the message names each line and field at fault."""


@dataclass(frozen=True, slots=True)
class Read:
    """What came of a file: entries kept, the merchants they are about, and lines about businesses that are not here."""

    entries: int
    merchants: int
    unknown: int


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    credit_code: str
    entry: EntryIn


def read_register(file: Path, *, source: str) -> Read:
    """Keep what a file of a register says, all of it or nothing, and have the shops concerned judged anew.

    `source` is said beside every entry. The same file again changes nothing. Raises BadRegister.
    """
    lines = list(_lines(file, source))
    with scoped(scope_of(system())):
        known = {
            each.credit_code: each for each in Merchant.objects.filter(credit_code__in={e.credit_code for e in lines})
        }
        here = [line for line in lines if line.credit_code in known]
        for line in here:
            try:
                enter(known[line.credit_code], line.entry)
            except BadInput as error:
                raise BadRegister(f"line {line.number}: {error.field}: {error.message}") from error
        concerned = {known[line.credit_code].id for line in here}
        shops = Shop.objects.filter(merchant_id__in=concerned).values_list("id", flat=True)
        Stale.objects.bulk_create(Stale(shop_id=shop) for shop in shops)
    return Read(entries=len(here), merchants=len(concerned), unknown=len(lines) - len(here))


def _lines(file: Path, source: str) -> Iterator[_Line]:
    """The lines of a file. Raises BadRegister with all that is wrong, up to `MOST_FAULTS`."""
    wrong: list[str] = []
    found: list[_Line] = []
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            rows = csv.DictReader(opened)
            missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
            if missing:
                raise BadRegister(f"the heading lacks: {', '.join(missing)}")
            for row in rows:
                try:
                    found.append(_Line(rows.line_num, (row["credit_code"] or "").strip().upper(), _entry(row, source)))
                except ValidationError as error:
                    wrong += [
                        f"line {rows.line_num}: {each.field.removesuffix('_name')}: {each.message}"
                        for each in faults(error.errors())
                    ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadRegister(f"{file.name}: {error}") from error
    if wrong:
        raise BadRegister("\n".join(wrong[:MOST_FAULTS]))
    yield from found


def _entry(row: dict[str, str], source: str) -> EntryIn:
    return EntryIn.model_validate(
        {
            "register_name": row["register"],
            "reference": row["reference"],
            "of_representative": (row.get("of_representative") or "").strip().lower() in _YES,
            "entered_on": row["entered_on"],
            "removed_on": row["removed_on"] or None,
            "source": source,
        }
    )
