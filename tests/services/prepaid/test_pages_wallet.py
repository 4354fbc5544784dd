"""A consumer's wallet: what waits is answered in one tap, and each card says what is left, where it lies and why."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from anlan.city.people.models import Account
from anlan.loop import clock
from anlan.services.prepaid.access import at_counter
from anlan.services.prepaid.cards.models import Card, Use
from anlan.services.prepaid.cards.repayment_models import Repayment
from tests.services.administration.city import browser
from tests.services.prepaid.market import Market, key

MOST_STATEMENTS = 8


@pytest.fixture
def phone(market: Market) -> Client:
    """Grandma Wang's."""
    return browser(Account.objects.get(username="wang"))


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", str(answer.content.decode()))


def use_of(market: Market) -> Use:
    with at_counter(market.merchant.id):
        return Use.objects.get()


def card_of(market: Market) -> Card:
    with at_counter(market.merchant.id):
        return Card.objects.get()


class TestWallet:
    def test_an_empty_one_says_how_a_card_comes_here(self, phone: Client) -> None:
        assert "No card yet" in text(phone.get("/wallet"))

    def test_whoever_has_not_signed_in_is_led_to_the_residents_door_and_back(self, db: None) -> None:
        assert Client().get("/wallet")["Location"] == "/account/sign-in?next=%2Fwallet"

    def test_a_card_says_what_is_left_what_lies_in_escrow_and_the_shops_colour(
        self, market: Market, phone: Client
    ) -> None:
        market.used(market.bought())
        seen = text(phone.get("/wallet"))
        assert "¥912.00" in seen
        assert "¥912.00 of it lies in escrow" in seen
        assert "Shop&#x27;s code: green" in seen or "Shop's code: green" in seen

    @pytest.mark.parametrize("page", ["/wallet", "{card}", "{card}/refund", "{card}/statement", "{card}/code"])
    def test_a_page_takes_few_statements(self, market: Market, phone: Client, page: str) -> None:
        bought = market.bought()
        market.used(bought)
        address = page.format(card=f"/wallet/cards/{bought.card.id}")
        phone.get(address)
        with CaptureQueriesContext(connection) as captured:
            phone.get(address)
        asked = [each["sql"] for each in captured if "SAVEPOINT" not in each["sql"]]
        assert len(asked) <= MOST_STATEMENTS, "\n".join(asked)


class TestAnswering:
    def test_one_tap_confirms_and_shows_the_receipt(self, market: Market, phone: Client) -> None:
        use = market.proposed(market.bought())
        assert "Confirm ¥88.00" in text(phone.get("/wallet"))
        answered = phone.post(f"/wallet/uses/{use.id}/confirm", follow=True)
        assert "¥88.00 and nothing more" in text(answered)
        assert use_of(market).money == 8_800

    def test_tapped_twice_it_is_booked_once(self, market: Market, phone: Client) -> None:
        use = market.proposed(market.bought())
        for _n in range(2):
            assert phone.post(f"/wallet/uses/{use.id}/confirm").status_code == 302
        assert "¥912.00" in text(phone.get("/wallet"))

    def test_what_is_refused_takes_nothing(self, market: Market, phone: Client) -> None:
        use = market.proposed(market.bought())
        answered = phone.post(f"/wallet/uses/{use.id}/refuse", follow=True)
        assert "Nothing was taken off your card" in text(answered)
        assert use_of(market).state == Use.State.REFUSED

    def test_after_its_time_the_page_says_why_nothing_was_done(self, market: Market, phone: Client) -> None:
        use = market.proposed(market.bought())
        with clock.use(clock.ManualClock(use.lapses_at + timedelta(seconds=1))):
            answered = phone.post(f"/wallet/uses/{use.id}/confirm")
        assert answered.status_code == 409
        assert "the time to confirm is over" in text(answered)

    def test_nobody_answers_for_another(self, market: Market) -> None:
        use = market.proposed(market.bought())
        assert browser(Account.objects.get(username="chen")).post(f"/wallet/uses/{use.id}/confirm").status_code == 404
        assert use_of(market).state == Use.State.PROPOSED


class TestBuying:
    def test_the_contract_is_shown_and_sent_twice_it_is_bought_once(self, market: Market, phone: Client) -> None:
        offer = market.offer()
        address = f"/wallet/buy/{market.shop.code}/{offer.id}"
        seen = text(phone.get(address))
        assert "洗剪吹及护理" in seen
        assert "按民法典承担违约责任" in seen
        told = {"key": key()}
        first, second = (phone.post(address, told)["Location"] for _n in range(2))
        assert first == second == f"/wallet/cards/{card_of(market).id}?done=buy"

    def test_a_minor_without_a_guardian_is_told_beside_the_field(self, market: Market, phone: Client) -> None:
        address = f"/wallet/buy/{market.shop.code}/{market.offer().id}"
        answered = phone.post(address, {"key": key(), "born": clock.today() - timedelta(days=365 * 12)})
        assert answered.status_code == 422
        assert 'aria-invalid="true"' in text(answered)

    def test_a_form_without_its_key_buys_nothing(self, market: Market, phone: Client) -> None:
        address = f"/wallet/buy/{market.shop.code}/{market.offer().id}"
        assert phone.post(address, {}).status_code == 422
        assert "No card yet" in text(phone.get("/wallet"))


class TestRefund:
    def test_the_preview_names_the_article_of_each_line_and_does_nothing(self, market: Market, phone: Client) -> None:
        bought = market.bought()
        seen = text(phone.get(f"/wallet/cards/{bought.card.id}/refund"))
        assert "Fa Shi [2025] No. 4, art. 14" in seen
        assert "¥1,000.00" in seen
        assert card_of(market).state == Card.State.ACTIVE

    def test_asked_for_it_is_paid_back_once(self, market: Market, phone: Client) -> None:
        bought = market.bought()
        told = {"key": key(), "cause": "seven_days"}
        for _n in range(2):
            assert phone.post(f"/wallet/cards/{bought.card.id}/refund", told).status_code == 302
        with at_counter(market.merchant.id):
            assert [each.principal for each in Repayment.objects.all()] == [100_000]
        assert "within seven days, without a reason" in text(phone.get(f"/wallet/cards/{bought.card.id}"))

    def test_the_seven_days_are_shown_while_they_run(self, market: Market, phone: Client) -> None:
        address = f"/wallet/cards/{market.bought().card.id}"
        assert "Seven days to think it over" in text(phone.get(address))
        with clock.use(clock.ManualClock(clock.now() + timedelta(days=9))):
            seen = text(browser(Account.objects.get(username="wang")).get(address))
            assert "Seven days to think it over" not in seen

    def test_a_cause_that_is_not_a_holders_to_say_is_refused(self, market: Market, phone: Client) -> None:
        address = f"/wallet/cards/{market.bought().card.id}/refund"
        assert phone.get(f"{address}?cause=closed").status_code == 422


class TestKeeping:
    def test_a_lost_card_is_frozen_and_replaced_with_a_new_number(self, market: Market, phone: Client) -> None:
        before = market.bought().card
        address = f"/wallet/cards/{before.id}"
        assert "nobody can use the card now" in text(phone.post(f"{address}/lost", follow=True))
        phone.post(f"{address}/reissue")
        after = card_of(market)
        assert (after.state, after.generation) == (Card.State.ACTIVE, 1)
        assert after.number != before.number

    def test_a_pin_that_is_easy_to_guess_is_refused_beside_its_field(self, market: Market, phone: Client) -> None:
        address = f"/wallet/cards/{market.bought().card.id}"
        answered = phone.post(f"{address}/pin", {"pin": "123456"})
        assert answered.status_code == 422
        assert 'id="pin-pin-error"' in text(answered)

    def test_a_card_handed_on_is_gone_from_here(self, market: Market, phone: Client) -> None:
        address = f"/wallet/cards/{market.bought().card.id}"
        phone.post(f"{address}/transfer", {"name": "孙女", "phone": "13622223333"})
        assert phone.get(address).status_code == 404

    def test_the_code_is_shown_as_a_picture_with_the_number_beside_it(self, market: Market, phone: Client) -> None:
        card = market.bought().card
        seen = text(phone.get(f"/wallet/cards/{card.id}/code"))
        assert "<svg" in seen
        assert card.number in seen

    def test_the_statement_lists_payments_and_uses(self, market: Market, phone: Client) -> None:
        bought = market.bought()
        market.used(bought)
        seen = text(phone.get(f"/wallet/cards/{bought.card.id}/statement"))
        assert "剪发" in seen
        assert "¥1,000.00" in seen

    @pytest.mark.parametrize("page", ["", "/code", "/statement", "/refund"])
    def test_another_persons_card_is_unknown(self, market: Market, page: str) -> None:
        card = market.bought().card
        assert browser(Account.objects.get(username="chen")).get(f"/wallet/cards/{card.id}{page}").status_code == 404
