"""The page behind the code on a shop's door."""

import pytest
from django.test import Client

from anlan.services.prepaid.colour.explaining import explained, public_colour
from anlan.services.prepaid.colour.models import ColourChange
from anlan.services.prepaid.colour.recolouring import judge_stale
from anlan.services.prepaid.merchants.models import RegisterEntry
from tests.services.prepaid.market import Market
from tests.services.prepaid.test_colour_trading import listed

pytestmark = pytest.mark.django_db
ENGLISH = {"accept-language": "en"}


def test_everybody_sees_the_colour_in_a_word_and_how_much_lies_in_escrow(market: Market) -> None:
    market.used(market.bought(), 40_000)
    page = Client(headers=ENGLISH).get(f"/prepaid/shops/{market.shop.code}").content.decode()
    assert "Green code" in page
    assert "100%" in page
    assert market.merchant.credit_code in page


def test_the_reasons_are_not_for_everybody(market: Market) -> None:
    listed(market, RegisterEntry.Register.ABNORMAL, RegisterEntry.Register.DISHONEST)
    market.bought()
    judge_stale()
    page = Client().get(f"/prepaid/shops/{market.shop.code}").content.decode()
    assert "红码" in page
    assert "公开名录" not in page
    assert not public_colour(market.shop.code).takes_prepayments


def test_a_shop_without_unused_money_says_so(market: Market) -> None:
    assert public_colour(market.shop.code).held is None


@pytest.mark.parametrize("code", ["FORGED2345", "%27--", "%E7%A0%81", "x" * 300])
def test_a_forged_code_gets_a_page_that_says_what_to_do(market: Market, code: str) -> None:
    for path in (f"/prepaid/shops/{code}", f"/prepaid/shops/{code}/qr.svg"):
        answer = Client(headers=ENGLISH).get(path)
        assert answer.status_code == 404
        assert "Pay nothing ahead" in answer.content.decode()


def test_the_code_for_the_door_is_a_picture(market: Market) -> None:
    answer = Client().get(f"/prepaid/shops/{market.shop.code}/qr.svg")
    assert answer["Content-Type"] == "image/svg+xml"
    assert answer.content.startswith(b"<?xml")


def test_a_reason_names_its_number_its_threshold_and_what_would_turn_it_green(market: Market) -> None:
    listed(market, RegisterEntry.Register.ABNORMAL)
    market.bought()
    judge_stale()
    [told] = explained(ColourChange.objects.get().reasons, chinese=True)
    assert (told.value, told.threshold, told.green) == ("1条", "1条", "低于1条")
    assert told.mend == "依法移出名录"
    assert explained([{"indicator": "of old", "level": "red", "value": 1, "threshold": 1, "green_from": 1}]) == []


def test_a_closed_shop_shows_that_it_has_closed_and_no_colour(market: Market) -> None:
    market.shop.closed_at = market.shop.colour_since
    market.shop.save()
    page = Client(headers=ENGLISH).get(f"/prepaid/shops/{market.shop.code}").content.decode()
    assert "This shop has closed." in page
    assert 'id="colour"' not in page
    assert "See the cards it sells" not in page
