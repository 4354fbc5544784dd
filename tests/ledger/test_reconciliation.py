"""The bank's file beside the ledger: what matches, what is missing, what differs, and what can't be read."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from anlan.ledger.actions import Order, transfer
from anlan.ledger.bank_files import Unreadable, read
from anlan.ledger.bank_simulator import BankSimulator
from anlan.ledger.models import Comparison
from anlan.ledger.payouts import pay_out, send_due
from anlan.ledger.reconciliation import import_file, open_ones, settle
from anlan.ledger.refusals import NotPending, UnknownAccount, WrongText
from tests.ledger.money import accounts

NOON = datetime(2026, 11, 2, 4, tzinfo=UTC)
FILE = """日期,金额,币种,参考号,摘要
2026-11-02,10.00,CNY,top-up 1,充值
2026-11-02,"1,234.56",,top-up 2,充值
2026-11-02,7,CNY,unheard of,
2026-11-02,0.001,CNY,odd,
昨天,1,CNY,odd,
2026-11-02,1,USD,odd,
"""
CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt>
<Ntry><Amt Ccy="CNY">10.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><BookgDt><Dt>2026-11-02</Dt></BookgDt>
<NtryDtls><TxDtls><Refs><EndToEndId>top-up 1</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="CNY">3.5</Amt><CdtDbtInd>DBIT</CdtDbtInd><BookgDt><DtTm>2026-11-02T09:00:00</DtTm></BookgDt>
<NtryRef>out 1</NtryRef><AddtlNtryInf>fee</AddtlNtryInf></Ntry>
</Stmt></BkToCstmrStmt></Document>"""


@pytest.fixture
def bank(db: None) -> UUID:
    """A bank account with three top-ups of one day."""
    bank, purse = accounts("bank", "purse")
    for number, amount in ((1, 1_000), (2, 123_457), (3, 300)):
        transfer(Order(bank, purse, amount, f"top-up {number}"), now=NOON)
    return bank


def kinds(bank: UUID) -> dict[str, str]:
    return dict(Comparison.objects.filter(account=bank).values_list("reference", "kind"))


def test_each_line_of_either_side_is_found_on_the_other_or_named(bank: UUID) -> None:
    found = import_file(FILE.encode(), bank)
    assert kinds(bank) == {
        "top-up 1": "matched",
        "top-up 2": "different",
        "top-up 3": "only_ledger",
        "unheard of": "only_bank",
    }
    assert [(each.number, each.field) for each in found.rejected] == [(5, "amount"), (6, "date"), (7, "currency")]


def test_a_file_imported_twice_changes_nothing(bank: UUID) -> None:
    import_file(FILE.encode(), bank)
    again = import_file(FILE.encode(), bank)
    assert (again.new, again.known, Comparison.objects.count()) == ({}, 3, 4)


def test_what_the_bank_sends_a_day_later_matches_then(bank: UUID) -> None:
    import_file(FILE.encode(), bank)
    found = import_file(b"date,amount,reference\n2026-11-03,3,top-up 3\n", bank)
    assert (found.new, kinds(bank)["top-up 3"]) == ({"matched": 1}, "matched")


def test_the_bank_having_it_twice_is_not_a_match(bank: UUID) -> None:
    import_file(b"date,amount,reference\n" + 2 * b"2026-11-02,10,top-up 1\n", bank)
    of_it = Comparison.objects.filter(reference="top-up 1").values_list("kind", flat=True)
    assert sorted(of_it) == ["matched", "only_bank"]


def test_somebody_settles_with_a_reason_what_does_not_match(bank: UUID) -> None:
    import_file(FILE.encode(), bank)
    first, *others = open_ones(bank)
    with pytest.raises(WrongText):
        settle(first.id, by=uuid4(), reason=" ")
    done = settle(first.id, by=uuid4(), reason="银行手续费", now=NOON)
    assert (done.settled_at, done.reason) == (NOON, "银行手续费")
    assert [each.id for each in open_ones(bank)] == [each.id for each in others]
    for settled in (first, Comparison.objects.get(kind="matched")):
        with pytest.raises(NotPending):
            settle(settled.id, by=uuid4(), reason="again")


def test_camt_053_is_read_too(bank: UUID) -> None:
    rows, rejected = read(CAMT.encode())
    assert [(row.amount, row.reference, row.text) for row in rows] == [(1_000, "top-up 1", ""), (-350, "out 1", "fee")]
    assert rejected == []
    import_file(CAMT.encode(), bank)
    assert kinds(bank)["top-up 1"] == "matched"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a,b\n1,2\n",
        b"\xff\xfe\x00",
        b"<html></html>",
        b"<Document",
        b'<!DOCTYPE d [<!ENTITY a "b">]><Document>&a;</Document>',
        "日期,金额\n".encode("gb18030"),
    ],
)
def test_what_is_no_bank_file_is_refused_as_a_whole(content: bytes) -> None:
    with pytest.raises(Unreadable):
        read(content)


def test_a_pay_out_meets_the_banks_line_by_its_reference(bank: UUID, tmp_path: Path) -> None:
    (purse,) = accounts("escrow")
    transfer(Order(bank, purse, 700, "top-up 4"), now=NOON)
    payout, simulator = pay_out(Order(purse, bank, 605, "refund"), to="card", now=NOON), BankSimulator(tmp_path)
    send_due(simulator, now=NOON)
    import_file(simulator.statement(NOON.date()), bank)
    assert kinds(bank)[str(payout.id)] == "matched"


@pytest.mark.django_db
def test_an_account_that_does_not_exist_is_said_not_to() -> None:
    with pytest.raises(UnknownAccount):
        import_file(FILE.encode(), uuid4())
