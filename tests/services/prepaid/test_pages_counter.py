"""A merchant's counter: staff propose and wait for the consumer's word; the owner sees the money and the colour."""

import re
from typing import Any

import pytest
from django.test import Client

from anlan.city.people.access import scope_of, scoped, system
from anlan.city.people.models import Account
from anlan.ledger.actions import Order
from anlan.ledger.payouts import pay_out
from anlan.loop import clock
from anlan.services.prepaid.access import at_counter
from anlan.services.prepaid.cards.models import Use
from anlan.services.prepaid.cards.queries import qr
from anlan.services.prepaid.colour.models import ColourChange
from anlan.services.prepaid.merchants.actions import treasury
from anlan.services.prepaid.merchants.colours import NewColour, set_colours
from anlan.services.prepaid.merchants.models import Colour
from tests.services.administration.city import browser
from tests.services.prepaid.market import Market, key


@pytest.fixture
def till(market: Market) -> Client:
    """The cashier's browser."""
    _ = market.counter
    return browser(Account.objects.get(username="cashier"))


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", str(answer.content.decode()))


def address(market: Market, rest: str = "") -> str:
    return f"/counter/{market.shop.code}{rest}"


def uses(market: Market) -> list[Use]:
    with at_counter(market.merchant.id):
        return list(Use.objects.order_by("proposed_at"))


class TestWhoWorksHere:
    def test_the_only_counter_opens_at_once(self, market: Market, till: Client) -> None:
        assert till.get("/counter")["Location"] == address(market)

    def test_whoever_works_nowhere_is_told_so(self, db: None, market: Market) -> None:
        assert "You work at no shop" in text(browser(Account.objects.get(username="wang")).get("/counter"))

    def test_another_merchants_staff_is_refused(self, market: Market) -> None:
        market.another_merchant()
        rival = browser(Account.objects.get(username="rival"))
        for page in ("", "/colour", "/money"):
            assert rival.get(address(market, page)).status_code == 403

    def test_the_money_is_the_owners_to_see(self, market: Market, till: Client) -> None:
        assert till.get(address(market, "/money")).status_code == 403
        assert browser(Account.objects.get(username="owner")).get(address(market, "/money")).status_code == 200


class TestProposing:
    def test_a_proposal_by_number_waits_and_stands_in_todays_list(self, market: Market, till: Client) -> None:
        card = market.bought().card
        told = {"key": key(), "card": card.number, "item": "剪发", "price": "88.00"}
        answered = till.post(address(market, "/proposals"), told, follow=True)
        assert "Waiting for the consumer" in text(answered)
        (use,) = uses(market)
        assert (use.price, use.state) == (8_800, Use.State.PROPOSED)
        assert "剪发" in text(till.get(address(market)))

    def test_sent_twice_it_is_proposed_once(self, market: Market, till: Client) -> None:
        told = {"key": key(), "card": market.bought().card.number, "item": "剪发", "price": "88"}
        for _n in range(2):
            till.post(address(market, "/proposals"), told)
        assert len(uses(market)) == 1

    def test_a_code_read_from_the_telephone_proposes_too(self, market: Market, till: Client) -> None:
        shown = qr(market.bought().card.id, by=market.cast.wang)
        told = {"key": key(), "card": shown.token, "item": "剪发", "price": "88"}
        assert till.post(address(market, "/proposals"), told).status_code == 302

    @pytest.mark.parametrize("price", ["0.001", "-5", "1e99", "NaN", "八十八"])
    def test_a_price_that_is_none_is_refused_beside_its_field(self, market: Market, till: Client, price: str) -> None:
        told = {"key": key(), "card": market.bought().card.number, "item": "剪发", "price": price}
        answered = till.post(address(market, "/proposals"), told)
        assert answered.status_code == 422
        assert 'id="price-error"' in text(answered)
        assert uses(market) == []

    def test_a_forged_code_is_refused_with_what_was_typed_kept(self, market: Market, till: Client) -> None:
        _ = market.bought()
        answered = till.post(
            address(market, "/proposals"), {"key": key(), "card": "forged", "item": "剪发", "price": "88"}
        )
        assert answered.status_code == 403
        assert "this is not a code of a card" in text(answered)
        assert 'value="剪发"' in text(answered)

    def test_it_is_taken_back(self, market: Market, till: Client) -> None:
        use = market.proposed(market.bought())
        assert "Taken back." in text(till.post(address(market, f"/uses/{use.id}/withdraw"), follow=True))
        assert uses(market)[0].state == Use.State.WITHDRAWN


class TestTheConsumersWord:
    def test_the_pin_of_the_card_confirms(self, market: Market, till: Client) -> None:
        use = market.proposed(market.sold(pin="402816"))
        answered = till.post(address(market, f"/uses/{use.id}/confirm"), {"pin": "402816"}, follow=True)
        assert "¥88.00 has gone to the merchant" in text(answered)

    def test_a_wrong_pin_is_refused_and_nothing_moves(self, market: Market, till: Client) -> None:
        use = market.proposed(market.sold(pin="402816"))
        answered = till.post(address(market, f"/uses/{use.id}/confirm"), {"pin": "402817"})
        assert answered.status_code == 403
        assert "This was not done." in text(answered)
        assert uses(market)[0].state == Use.State.PROPOSED

    def test_a_code_is_sent_to_the_telephone_and_confirms(self, market: Market, till: Client, texts: list[str]) -> None:
        use = market.proposed(market.sold(phone="13600000000"))
        till.post(address(market, f"/uses/{use.id}/code"))
        code = re.findall(r"\d{6}", texts[-1])[0]
        till.post(address(market, f"/uses/{use.id}/confirm"), {"code": code})
        assert uses(market)[0].confirmed_how == Use.How.CODE


class TestLookingUp:
    def test_a_card_is_shown_with_its_holder_and_number_masked(self, market: Market, till: Client) -> None:
        card = market.sold().card
        seen = text(till.post(address(market, "/look-up"), {"card": card.number}))
        assert "¥1,000.00" in seen
        assert "李阿婆" not in seen
        assert f"************{card.number[-4:]}" in seen

    def test_another_merchants_card_is_unknown(self, market: Market) -> None:
        card = market.bought().card
        _merchant, counter = market.another_merchant()
        elsewhere = market.another_shop(_merchant)
        rival = browser(Account.objects.get(username="rival"))
        assert counter.owner
        assert rival.post(f"/counter/{elsewhere.code}/look-up", {"card": card.number}).status_code == 404


class TestMoney:
    def test_only_what_was_confirmed_lies_ready(self, market: Market) -> None:
        bought = market.bought()
        owner = browser(Account.objects.get(username="owner"))
        assert "¥0.00" in text(owner.get(address(market, "/money")))
        market.used(bought)
        seen = text(owner.get(address(market, "/money")))
        assert "¥88.00" in seen
        assert "¥1,000.00" not in seen

    def test_what_is_on_its_way_to_the_merchant_is_told_apart(self, market: Market) -> None:
        market.used(market.bought())
        order = Order(market.merchant.payable, treasury().bank, 5_000, key=key())
        pay_out(order, to="merchant:salon")
        seen = text(browser(Account.objects.get(username="owner")).get(address(market, "/money")))
        assert "¥50.00 is on its way to you" in seen
        assert "¥38.00" in seen


class TestColour:
    def test_a_shop_that_is_not_green_learns_why_and_what_would_help(self, market: Market, till: Client) -> None:
        turn(market, Colour.YELLOW, "listed")
        seen = text(till.get(address(market, "/colour")))
        assert "Why, and what would turn it green" in seen
        assert "What would help" in seen

    def test_the_owner_appeals_and_gets_a_code(self, market: Market) -> None:
        turn(market, Colour.RED, "listed")
        owner = browser(Account.objects.get(username="owner"))
        answered = owner.post(address(market, "/colour"), {"text": "名单上的不是我们"})
        assert "The appeal has arrived." in text(answered)
        again = owner.post(address(market, "/colour"), {"text": "名单上的不是我们"})
        assert again.status_code == 409

    def test_a_cashier_does_not_appeal(self, market: Market, till: Client) -> None:
        turn(market, Colour.RED, "listed")
        assert "Somebody at the authority" not in text(till.get(address(market, "/colour")))
        assert till.post(address(market, "/colour"), {"text": "不服"}).status_code == 403


def turn(market: Market, colour: Colour, indicator: str) -> None:
    """Give the shop a colour for one reason, as the judging does."""
    reason = {"indicator": indicator, "level": colour.value, "value": 1.0, "threshold": 1.0, "green_from": 1.0}
    with scoped(scope_of(system())):
        set_colours([NewColour(market.shop.id, colour, "名单")], at=clock.now())
        ColourChange.objects.create(
            shop=market.shop, before=Colour.GREEN, colour=colour, reasons=[reason], at=clock.now()
        )
