"""The auditor's books: they balance as of any day, a changed line is found, and what of the bank is open is settled."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client

from anlan.city.people.models import Account
from anlan.ledger.bank_models import Comparison
from anlan.ledger.queries import trial_balance
from anlan.loop import clock
from anlan.services.prepaid.audit.queries import trial
from anlan.services.prepaid.merchants.actions import treasury
from tests.cast import CITY, WENXIN, post
from tests.services.administration.city import browser
from tests.services.prepaid.market import Market

PAGES = ("/books", "/books/accounts", "/books/reconciliation", "/books/trial-balance.csv")


@pytest.fixture
def auditor(db: None) -> Client:
    account = Account.objects.create_user("jing", name="审计员")
    post(account, "AUDITOR", CITY)
    return browser(account)


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", str(answer.content.decode()))


@pytest.mark.parametrize("page", PAGES)
def test_the_books_are_for_an_auditor_of_the_whole_city(market: Market, auditor: Client, page: str) -> None:
    assert auditor.get(page).status_code == 200
    of_a_town = Account.objects.create_user("zhen", name="镇街审计员")
    post(of_a_town, "AUDITOR", WENXIN)
    for account in (of_a_town, Account.objects.get(username="wu"), Account.objects.get(username="wang")):
        assert browser(account).get(page).status_code == 403


class TestTrialBalance:
    def test_the_sum_is_zero_and_each_kind_has_its_row(self, market: Market, auditor: Client) -> None:
        market.used(market.bought())
        seen = text(auditor.get("/books"))
        assert "The books balance: the sum is zero." in seen
        for amount in ("¥912.00", "¥88.00", "−¥1,000.00"):
            assert amount in seen

    def test_as_of_a_day_it_is_what_the_lines_of_that_day_say(self, market: Market) -> None:
        market.used(market.bought())
        today = clock.today()
        with clock.use(clock.ManualClock(clock.now() + timedelta(days=3))):
            market.proposed(market.bought(name="另一张"))
            assert trial(today).balances
            sums = {row.kind: row.posted for row in trial(today).rows}
            assert sums == {"bank": -100_000, "escrow": 91_200, "merchant": 8_800, "refunds": 0}
            assert trial(clock.today()).rows == trial_balance()

    def test_before_the_first_account_there_is_nothing(self, market: Market, auditor: Client) -> None:
        _ = market.bought()
        assert "No account had been opened by then" in text(auditor.get("/books?day=2019-01-01"))

    def test_a_day_that_is_none_is_refused(self, auditor: Client) -> None:
        assert auditor.get("/books?day=yesterday").status_code == 422

    def test_the_proof_says_that_no_booking_was_changed(self, market: Market, auditor: Client) -> None:
        market.used(market.bought())
        assert "No booking was changed." in text(auditor.post("/books/prove"))

    def test_a_changed_balance_is_found(self, market: Market, auditor: Client) -> None:
        bought = market.bought()
        with connections["default"].cursor() as cursor:
            cursor.execute("UPDATE ledger_account SET posted = posted + 1 WHERE id = %s", [bought.card.escrow])
        seen = text(auditor.post("/books/prove"))
        assert "A booking was changed, or one is missing." in seen
        assert str(bought.card.escrow) in seen
        assert "The books do not balance." in seen


class TestAccounts:
    def test_a_statement_shows_each_line_with_its_balance(self, market: Market, auditor: Client) -> None:
        bought = market.bought()
        market.used(bought)
        seen = text(auditor.get(f"/books/accounts/{bought.card.escrow}"))
        assert "¥1,000.00" in seen
        assert "−¥88.00" in seen
        assert "¥912.00" in seen

    def test_an_account_is_found_by_its_number(self, market: Market, auditor: Client) -> None:
        escrow = market.bought().card.escrow
        seen = text(auditor.get(f"/books/accounts?id={escrow}"))
        assert str(escrow) in seen
        assert str(treasury().bank) not in seen

    def test_no_holder_is_named_in_the_books(self, market: Market, auditor: Client) -> None:
        escrow = market.bought().card.escrow
        assert "wang" not in text(auditor.get(f"/books/accounts/{escrow}"))

    def test_days_that_run_backwards_are_refused(self, market: Market, auditor: Client) -> None:
        escrow = market.bought().card.escrow
        answered = auditor.get(f"/books/accounts/{escrow}?since=2026-03-02&until=2026-03-01")
        assert answered.status_code == 422


class TestReconciliation:
    FILE = "日期,金额,币种,参考号,摘要\n2026-11-02,7,CNY,unheard of,来路不明\n".encode()

    def read(self, auditor: Client) -> Any:
        file = SimpleUploadedFile("bank.csv", self.FILE, content_type="text/csv")
        return auditor.post("/books/reconciliation/read", {"file": file})

    def test_what_the_ledger_lacks_is_listed_and_settled_with_a_reason(self, market: Market, auditor: Client) -> None:
        assert "unheard of" in text(self.read(auditor))
        (item,) = Comparison.objects.filter(reference="unheard of")
        address = f"/books/reconciliation/{item.id}/settle"
        assert auditor.post(address, {"reason": ""}).status_code == 422
        assert "Settled." in text(auditor.post(address, {"reason": "银行退汇"}, follow=True))
        item.refresh_from_db()
        assert item.reason == "银行退汇"
        assert auditor.post(address, {"reason": "再来"}).status_code == 409

    def test_the_same_file_again_changes_nothing(self, market: Market, auditor: Client) -> None:
        self.read(auditor)
        assert "1 rows were known already" in text(self.read(auditor))
        assert Comparison.objects.count() == 1

    def test_what_is_no_bank_file_is_refused(self, auditor: Client) -> None:
        file = SimpleUploadedFile("bank.csv", b"\x00\x01", content_type="text/csv")
        assert auditor.post("/books/reconciliation/read", {"file": file}).status_code == 422
        assert auditor.post("/books/reconciliation/read").status_code == 422
