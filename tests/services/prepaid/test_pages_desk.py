"""The regulator's desk: shops of one's own areas by colour, what is to be decided, the funnel and the claims."""

import re
from typing import Any

import pytest
from django.test import Client

from anlan.city.people.access import scope_of, scoped, system
from anlan.city.people.models import Account
from anlan.loop import clock
from anlan.services.prepaid.cards.repayment_models import Repayment
from anlan.services.prepaid.merchants.models import Colour
from anlan.services.prepaid.supervision.warnings import raise_due
from tests.services.administration.city import browser
from tests.services.prepaid.market import Market, key
from tests.services.prepaid.test_pages_counter import turn

PAGES = (
    *("/prepaid", "/prepaid/shops.csv", "/prepaid/matters", "/prepaid/funnel", "/prepaid/funnel.csv"),
    *("/prepaid/claims", "/prepaid/claims.csv"),
)


@pytest.fixture
def desk(market: Market) -> Client:
    """The supervisor's of Wenxin."""
    _ = market.shop
    return browser(Account.objects.get(username="wu"))


@pytest.fixture
def elsewhere(market: Market) -> Client:
    """The dispatcher's of Cuiyuan."""
    _ = market.shop
    return browser(Account.objects.get(username="zhou"))


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", str(answer.content.decode()))


@pytest.mark.parametrize("page", PAGES)
def test_who_watches_over_an_area_sees_them_and_nobody_else(desk: Client, page: str) -> None:
    assert desk.get(page).status_code == 200
    for username in ("li", "wang"):
        assert browser(Account.objects.get(username=username)).get(page).status_code == 403


class TestShops:
    def test_a_shop_stands_with_its_cards_and_their_escrow(self, market: Market, desk: Client) -> None:
        market.used(market.bought())
        seen = text(desk.get("/prepaid"))
        assert "青丝美发文新店" in seen
        assert "¥912.00" in seen

    def test_another_areas_shops_are_not_shown(self, elsewhere: Client, market: Market) -> None:
        assert "青丝美发文新店" not in text(elsewhere.get("/prepaid"))
        assert elsewhere.get(f"/prepaid/watched/{market.shop.code}").status_code == 403

    def test_the_list_narrows_to_a_colour_and_counts_all(self, market: Market, desk: Client) -> None:
        assert "青丝美发文新店" not in text(desk.get("/prepaid?colour=red"))
        turn(market, Colour.RED, "listed")
        seen = text(desk.get("/prepaid?colour=red"))
        assert "青丝美发文新店" in seen

    def test_an_area_of_others_is_refused(self, desk: Client) -> None:
        assert desk.get("/prepaid?area=330106004").status_code == 422

    def test_the_file_has_a_row_for_each_shop(self, market: Market, desk: Client) -> None:
        rows = text(desk.get("/prepaid/shops.csv"))
        assert market.shop.code in rows

    def test_a_shops_page_says_why_and_what_registers_say(self, market: Market, desk: Client) -> None:
        turn(market, Colour.YELLOW, "listed")
        seen = text(desk.get(f"/prepaid/watched/{market.shop.code}"))
        assert "Why, and what would turn it green" in seen
        assert "Public registers" in seen


class TestMatters:
    def test_a_warning_waits_with_its_reasons_and_leads_to_its_matter(
        self, market: Market, desk: Client, texts: list[str]
    ) -> None:
        turn(market, Colour.YELLOW, "listed")
        raise_due()
        seen = text(desk.get("/prepaid/matters"))
        assert "青丝美发文新店转为黄码" in seen
        assert re.search(r'href="/matters/[0-9a-f-]{36}"', seen)

    def test_nothing_of_another_area_is_shown(self, market: Market, elsewhere: Client, texts: list[str]) -> None:
        turn(market, Colour.YELLOW, "listed")
        raise_due()
        assert "Nothing waits here." in text(elsewhere.get("/prepaid/matters"))

    def test_warned_merchants_stand_in_the_funnel(self, market: Market, desk: Client, texts: list[str]) -> None:
        turn(market, Colour.YELLOW, "listed")
        raise_due()
        assert re.search(r'<span>warned</span> <meter[^>]*value="1"', text(desk.get("/prepaid/funnel")))

    def test_days_that_run_backwards_are_refused(self, desk: Client) -> None:
        assert desk.get("/prepaid/funnel?since=2026-03-02&until=2026-03-01").status_code == 422
        assert desk.get("/prepaid/funnel.csv?since=2026-03-02&until=2026-03-01").status_code == 422


class TestClaims:
    def test_what_nobody_covered_is_listed_with_the_holder_masked(
        self, market: Market, desk: Client, elsewhere: Client
    ) -> None:
        card = market.bought().card
        with scoped(scope_of(system())):
            Repayment.objects.create(
                card=card,
                merchant_id=card.merchant_id,
                area=card.area,
                cause=Repayment.Cause.CLOSED,
                principal=5_000,
                from_escrow=0,
                shortfall=5_000,
                working=[],
                at=clock.now(),
                key=key(),
            )
        seen = text(desk.get("/prepaid/claims"))
        assert "1 claims, ¥50.00 together" in seen
        assert "wang 名" not in seen
        assert "5000" in text(desk.get("/prepaid/claims.csv"))
        assert "No holder of your area is owed anything." in text(elsewhere.get("/prepaid/claims"))
