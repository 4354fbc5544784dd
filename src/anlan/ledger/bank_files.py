"""Reading a bank's file: CSV, or ISO 20022 camt.053. What can't be read is told with its row, the rest is."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from anlan.ledger.limits import LARGEST_AMOUNT, TEXT_LENGTH

COLUMNS = {
    "date": ("date", "日期"),
    "amount": ("amount", "金额"),
    "currency": ("currency", "币种"),
    "reference": ("reference", "参考号"),
    "text": ("text", "摘要"),
}
"""What each column of a CSV file may be called. Amounts are in yuan; what went out has a minus."""
_CAMT_DAY = ("{*}BookgDt/{*}Dt", "{*}BookgDt/{*}DtTm", "{*}ValDt/{*}Dt")
_CAMT_REFERENCE = (".//{*}EndToEndId", ".//{*}AcctSvcrRef", "{*}NtryRef")
_CAMT_TEXT = (".//{*}RmtInf/{*}Ustrd", "{*}AddtlNtryInf")


class Unreadable(Exception):
    """The file as a whole is neither."""

    def __init__(self, message: "str | Promise") -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True)
class BankRow:
    """One booking at the bank; `amount` in fen, above zero for what came in."""

    number: int
    day: date
    amount: int
    currency: str
    reference: str
    text: str


@dataclass(frozen=True)
class Rejected:
    """A row that can't be read: which, and which field of it."""

    number: int
    field: str
    message: "str | Promise"


class _Wrong(Exception):
    def __init__(self, field: str, message: "str | Promise") -> None:
        super().__init__(field)
        self.field, self.message = field, message


def read(content: bytes) -> tuple[list[BankRow], list[Rejected]]:
    """The rows, and what was wrong with others. Raises Unreadable."""
    raw = _camt(content) if content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") else _csv(content)
    rows, rejected = [], []
    for number, values in raw:
        try:
            rows.append(_row(number, values))
        except _Wrong as wrong:
            rejected.append(Rejected(number, wrong.field, wrong.message))
    return rows, rejected


def _row(number: int, values: dict[str, str]) -> BankRow:
    text = {field: values[field].strip() for field in ("currency", "reference", "text")}
    for field, said in text.items():
        if "\x00" in said or len(said) > TEXT_LENGTH:
            raise _Wrong(field, _("must be a text of at most %(longest)d characters") % {"longest": TEXT_LENGTH})
    return BankRow(number, _day(values["date"]), _fen(values["amount"]), **text)


def _day(said: str) -> date:
    try:
        return date.fromisoformat(said.strip()[:10])
    except ValueError:
        raise _Wrong("date", _("must be a date, such as 2026-07-01")) from None


def _fen(said: str) -> int:
    """Exactly, by decimal arithmetic."""
    try:
        fen = Decimal(said.strip().replace(",", "")) * 100
        if fen != fen.to_integral_value() or not 0 < abs(fen) <= LARGEST_AMOUNT:
            raise ValueError(said)
    except (InvalidOperation, ValueError):
        raise _Wrong("amount", _("must be an amount in yuan with at most two decimal places, and not zero")) from None
    return int(fen)


def _csv(content: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        table = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), restval="", strict=True)
        heads = [head.strip().lower() for head in table.fieldnames or ()]
        table.fieldnames = heads
        named = {field: next((name for name in names if name in heads), "") for field, names in COLUMNS.items()}
        missing = [field for field in ("date", "amount", "reference") if not named[field]]
        if missing:
            raise Unreadable(_("the file has no column “%(column)s”") % {"column": missing[0]})
        rows = list(table)
    except (UnicodeDecodeError, csv.Error) as error:
        raise Unreadable(_("the file is neither CSV in UTF-8 nor camt.053")) from error
    for number, row in enumerate(rows, start=2):
        yield number, {field: row.get(name) or "" for field, name in named.items()} | _currency(row, named["currency"])


def _currency(row: dict[str, str], column: str) -> dict[str, str]:
    return {"currency": (row.get(column) or "").strip() or "CNY"}


def _camt(content: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        root = ElementTree.fromstring(content)
    except (ElementTree.ParseError, DefusedXmlException, ValueError) as error:
        raise Unreadable(_("the file is neither CSV in UTF-8 nor camt.053")) from error
    if root.find("{*}BkToCstmrStmt") is None:
        raise Unreadable(_("the file is neither CSV in UTF-8 nor camt.053"))
    for number, entry in enumerate(root.iterfind(".//{*}Ntry"), start=1):
        amount = entry.find("{*}Amt")
        sign = "-" if _said(entry, ["{*}CdtDbtInd"]) == "DBIT" else ""
        yield (
            number,
            {
                "date": _said(entry, _CAMT_DAY),
                "amount": sign + ((amount.text or "") if amount is not None else ""),
                "currency": amount.get("Ccy", "") if amount is not None else "",
                "reference": _said(entry, _CAMT_REFERENCE),
                "text": _said(entry, _CAMT_TEXT)[:TEXT_LENGTH],
            },
        )


def _said(entry: Any, paths: Iterable[str]) -> str:
    """The first of these that is there."""
    return next((found.text.strip() for path in paths if (found := entry.find(path)) is not None and found.text), "")
