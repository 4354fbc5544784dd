"""Cards are bought into escrow, used only on the consumer's word, and kept by whoever they belong to."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from pydantic import ValidationError

from anlan.city.people.access import anonymous, scope_of, scoped, system
from anlan.ledger.queries import balance, trial_balance
from anlan.loop import clock
from anlan.loop.refusals import BadInput, KeyReused, NotAllowed, NotPossible, Unknown
from anlan.services.prepaid.access import at_counter
from anlan.services.prepaid.cards import buying, confirming, keeping, queries, using
from anlan.services.prepaid.cards.models import Card, CardEvent, Drawn, Lot, Use
from anlan.services.prepaid.cards.schemas import Buying, CounterConfirmation, Handing, Proposal, ToppingUp
from anlan.services.prepaid.figures import share
from anlan.services.prepaid.merchants.colours import NewColour, set_colours
from anlan.services.prepaid.merchants.models import Colour, Shop, Taking
from tests.services.prepaid.market import Market, key


def lot_of(market: Market, card: Card) -> Lot:
    with at_counter(market.merchant.id):
        return Lot.objects.get(card=card)


def refusals(market: Market, card: Card) -> list[tuple[str, str]]:
    with at_counter(market.merchant.id):
        found = CardEvent.objects.filter(card=card, kind=CardEvent.Kind.REFUSED).order_by("at")
        return [(event.data["attempt"], event.data["why"]) for event in found]


class TestBuying:
    def test_what_is_paid_lies_in_the_cards_own_escrow_and_the_books_balance(self, market: Market) -> None:
        bought = market.bought()
        assert balance(bought.card.escrow).posted == 100_000
        assert balance(market.merchant.payable).posted == 0
        assert sum(row.posted for row in trial_balance()) == 0

    def test_the_contract_keeps_what_was_agreed(self, market: Market) -> None:
        contract = market.bought(refund_at_used_price=True).lot.contract
        assert contract["price"] == 100_000
        assert contract["refund_way"].startswith("未消费余额")
        assert contract["refund_at_used_price"] is True

    def test_the_same_key_buys_once(self, market: Market) -> None:
        given = Buying(offer=market.offer().id, shop=market.shop.id)
        first = buying.buy(given, by=market.cast.wang, key="k")
        again = buying.buy(given, by=market.cast.wang, key="k")
        assert (again.repeated, again.card.id) == (True, first.card.id)
        assert balance(first.card.escrow).posted == 100_000

    def test_the_same_key_for_another_offer_is_refused(self, market: Market) -> None:
        buying.buy(Buying(offer=market.offer().id, shop=market.shop.id), by=market.cast.wang, key="k")
        with pytest.raises(KeyReused):
            buying.buy(Buying(offer=market.offer().id, shop=market.shop.id), by=market.cast.wang, key="k")

    def test_nobody_buys_without_signing_in(self, market: Market) -> None:
        with pytest.raises(NotAllowed):
            market.bought(by=anonymous())

    def test_a_card_sold_at_the_counter_needs_a_pin_or_a_telephone(self, market: Market) -> None:
        given = Buying(offer=market.offer().id, shop=market.shop.id, name="李阿婆")
        with pytest.raises(BadInput) as refused:
            buying.sell(given, counter=market.counter, key=key())
        assert refused.value.field == "pin"

    def test_a_top_up_is_a_lot_of_its_own(self, market: Market) -> None:
        bought = market.bought()
        offer = market.offer(price=30_000)
        added = buying.top_up(bought.card.id, ToppingUp(offer=offer.id), by=market.cast.wang, key=key())
        assert (added.lot.number, added.lot.paid) == (2, 30_000)
        assert balance(bought.card.escrow).posted == 130_000

    def test_a_top_up_with_another_kind_of_offer_is_refused(self, market: Market) -> None:
        bought = market.bought()
        gift = market.offer(kind="gift", gift=10_000)
        with pytest.raises(BadInput) as refused:
            buying.top_up(bought.card.id, ToppingUp(offer=gift.id), by=market.cast.wang, key=key())
        assert refused.value.field == "offer"


class TestColour:
    def test_a_red_shop_takes_no_money_ahead(self, market: Market) -> None:
        offer = market.offer()
        set_colours([NewColour(market.shop.id, Colour.RED, "连续多日停业")])
        with pytest.raises(NotPossible) as refused:
            buying.buy(Buying(offer=offer.id, shop=market.shop.id), by=market.cast.wang, key=key())
        assert refused.value.field == "shop"

    def test_the_database_itself_refuses_a_payment_into_a_red_shop(self, market: Market) -> None:
        set_colours([NewColour(market.shop.id, Colour.RED, "连续多日停业")])
        now = clock.now()
        with pytest.raises(IntegrityError, match=buying.STOPPED), transaction.atomic():
            Taking.objects.create(shop=market.shop, span=(now, now), stops=0)

    def test_a_shop_painted_red_without_a_stop_is_refused(self, market: Market) -> None:
        with pytest.raises(IntegrityError, match="prepaid_red_shop_is_stopped"), transaction.atomic():
            Shop.objects.filter(id=market.shop.id).update(colour="red")

    def test_a_stop_that_was_lifted_lets_payments_in_again(self, market: Market) -> None:
        set_colours([NewColour(market.shop.id, Colour.RED, "连续多日停业")])
        assert set_colours([NewColour(market.shop.id, Colour.GREEN, "")]) == {market.shop.id}
        assert market.bought().lot.paid == 100_000

    def test_a_stop_dated_before_the_last_payment_begins_after_it(self, market: Market) -> None:
        before = clock.now() - timedelta(seconds=1)
        paid_at = market.bought().lot.paid_at
        set_colours([NewColour(market.shop.id, Colour.RED, "连续多日停业")], at=before)
        assert Taking.objects.get(shop=market.shop, stops=1).span.lower > paid_at

    def test_a_card_of_a_red_shop_can_still_be_used(self, market: Market) -> None:
        bought = market.bought()
        set_colours([NewColour(market.shop.id, Colour.RED, "连续多日停业")])
        assert market.used(bought).state == Use.State.CONFIRMED

    def test_a_colour_that_is_the_same_changes_nothing(self, market: Market) -> None:
        assert set_colours([NewColour(market.shop.id, Colour.GREEN, "")]) == set()


class TestUsing:
    def test_nothing_moves_before_the_consumer_confirms(self, market: Market) -> None:
        bought = market.bought()
        market.proposed(bought)
        assert (balance(bought.card.escrow).posted, balance(market.merchant.payable).posted) == (100_000, 0)

    def test_a_tap_sends_that_one_amount_to_the_merchant(self, market: Market) -> None:
        bought = market.bought()
        use = market.used(bought, 8_800)
        assert (use.state, use.money, use.confirmed_how) == ("confirmed", 8_800, "tap")
        assert (balance(bought.card.escrow).posted, balance(market.merchant.payable).posted) == (91_200, 8_800)

    def test_a_second_tap_is_told_again_and_not_booked_again(self, market: Market) -> None:
        bought = market.bought()
        use = market.used(bought)
        assert confirming.confirm(use.id, by=market.cast.wang).transfer == use.transfer
        assert balance(bought.card.escrow).posted == 91_200

    def test_what_nobody_confirms_in_time_is_cancelled_and_never_booked(self, market: Market) -> None:
        bought = market.bought()
        use = market.proposed(bought)
        with clock.use(clock.ManualClock(clock.now() + timedelta(minutes=31))):
            with pytest.raises(NotPossible):
                confirming.confirm(use.id, by=market.cast.wang)
            assert using.lapse_due() == 1
        with at_counter(market.merchant.id):
            assert Use.objects.get(id=use.id).state == Use.State.LAPSED
        assert balance(bought.card.escrow).posted == 100_000

    def test_a_refused_proposal_can_not_be_confirmed(self, market: Market) -> None:
        use = market.proposed(market.bought())
        confirming.decline(use.id, by=market.cast.wang)
        with pytest.raises(NotPossible):
            confirming.confirm(use.id, by=market.cast.wang)

    def test_a_withdrawn_proposal_can_not_be_confirmed(self, market: Market) -> None:
        use = market.proposed(market.bought())
        using.withdraw(use.id, counter=market.counter)
        with pytest.raises(NotPossible):
            confirming.confirm(use.id, by=market.cast.wang)

    def test_somebody_else_can_neither_confirm_nor_learn_of_it_and_the_attempt_is_kept(self, market: Market) -> None:
        bought = market.bought()
        use = market.proposed(bought)
        with pytest.raises(Unknown):
            confirming.confirm(use.id, by=market.actor("owner"))
        assert refusals(market, bought.card) == [("tap", "unknown")]

    def test_a_discount_is_reckoned_and_both_prices_are_kept(self, market: Market) -> None:
        use = market.used(market.bought(kind="discount", discount_percent=80), 20_000)
        assert (use.list_price, use.price, use.face, use.money) == (20_000, 16_000, 16_000, 16_000)

    def test_a_price_above_what_was_agreed_is_refused(self, market: Market) -> None:
        bought = market.bought(kind="discount", discount_percent=80)
        with pytest.raises(BadInput) as refused:
            market.proposed(bought, 20_000, price=16_001)
        assert refused.value.field == "price"

    def test_of_a_gift_card_only_the_paid_share_goes_to_the_merchant(self, market: Market) -> None:
        bought = market.bought(price=300_000, kind="gift", gift=100_000)
        use = market.used(bought, 359_400)
        assert use.money == 269_550
        assert balance(bought.card.escrow).posted == 30_450

    def test_the_last_use_takes_the_last_fen_however_it_was_split(self, market: Market) -> None:
        bought = market.bought(price=10_000, kind="gift", gift=3_333)
        for price in (1, 2, 3_330, 5_000, 5_000):
            market.used(bought, price)
        assert balance(bought.card.escrow).posted == 0
        assert balance(market.merchant.payable).posted == 10_000

    def test_lots_are_used_first_in_first_out(self, market: Market) -> None:
        bought = market.bought(price=10_000)
        offer = market.offer(price=5_000)
        buying.top_up(bought.card.id, ToppingUp(offer=offer.id), by=market.cast.wang, key=key())
        use = market.used(bought, 12_000)
        with at_counter(market.merchant.id):
            parts = Drawn.objects.filter(use=use).order_by("lot__number")
            assert [(part.lot.number, part.face) for part in parts] == [(1, 10_000), (2, 2_000)]

    def test_a_card_of_sessions_pays_for_each_session(self, market: Market) -> None:
        bought = market.bought(kind="sessions", price=100_000, sessions=3, session_price=40_000)
        assert [market.used(bought).money for _n in range(3)] == [33_333, 33_334, 33_333]
        with pytest.raises(NotPossible):
            market.proposed(bought)

    def test_a_visit_within_a_term_pays_for_the_days_that_have_passed(self, market: Market) -> None:
        bought = market.bought(kind="term", price=365_00, days=365, session_price=5_000)
        assert market.used(bought).money == 100
        assert market.used(bought).money == 0
        with clock.use(clock.ManualClock(clock.now() + timedelta(days=9))):
            assert market.used(bought).money == 900

    def test_more_than_is_on_the_card_is_refused(self, market: Market) -> None:
        with pytest.raises(NotPossible):
            market.proposed(market.bought(), 100_001)

    @pytest.mark.parametrize("amount", [-1, 10**12, 88.5, "88", True, float("nan")])
    def test_an_amount_that_is_none_is_refused_by_name(self, amount: object) -> None:
        with pytest.raises(ValidationError) as refused:
            Proposal.model_validate({"number": "1", "item": "剪发", "list_price": amount})
        assert refused.value.errors()[0]["loc"] == ("list_price",)

    def test_the_database_knows_no_confirmed_use_without_its_posting(self, market: Market) -> None:
        use = market.proposed(market.bought())
        with (
            pytest.raises(IntegrityError, match="prepaid_use_confirmed_is_posted"),
            at_counter(market.merchant.id),
        ):
            Use.objects.filter(id=use.id).update(
                state="confirmed", settled_at=clock.now(), confirmed_how="tap", money=8_800
            )

    def test_the_database_lets_no_lot_be_overdrawn(self, market: Market) -> None:
        lot = market.bought().lot
        with pytest.raises(IntegrityError, match="prepaid_lot_not_overdrawn"), at_counter(market.merchant.id):
            Lot.objects.filter(id=lot.id).update(drawn=lot.face + 1)

    def test_too_many_proposals_on_one_card_are_refused(self, market: Market) -> None:
        bought = market.bought()
        for _n in range(5):
            market.proposed(bought, 100)
        with pytest.raises(NotPossible):
            market.proposed(bought, 100)


class TestCodes:
    def test_a_qr_code_is_good_for_one_reading(self, market: Market) -> None:
        bought = market.bought()
        token = queries.qr(bought.card.id, by=market.cast.wang).token
        market.proposed(bought, number="", qr=token)
        with pytest.raises(NotPossible) as refused:
            market.proposed(bought, number="", qr=token)
        assert refused.value.field == "qr"

    def test_a_qr_code_runs_out(self, market: Market) -> None:
        bought = market.bought()
        token = queries.qr(bought.card.id, by=market.cast.wang).token
        with clock.use(clock.ManualClock(clock.now() + timedelta(seconds=61))), pytest.raises(NotPossible):
            market.proposed(bought, number="", qr=token)

    def test_a_forged_qr_code_is_refused(self, market: Market) -> None:
        bought = market.bought()
        token = queries.qr(bought.card.id, by=market.cast.wang).token
        with pytest.raises(NotAllowed):
            market.proposed(bought, number="", qr=token[:-2] + "xx")

    def test_another_merchants_till_gets_nothing_for_a_card(self, market: Market) -> None:
        bought = market.bought()
        rival, counter = market.another_merchant()
        shop = market.another_shop(rival)
        given = Proposal(number=bought.card.number, item="私教", list_price=100)
        with pytest.raises(NotAllowed):
            using.propose(given, shop=shop.id, counter=counter, key=key())

    def test_a_counter_proposes_for_its_own_shop_only(self, market: Market) -> None:
        bought = market.bought()
        rival, _counter = market.another_merchant()
        given = Proposal(number=bought.card.number, item="剪发", list_price=100)
        with pytest.raises(NotAllowed) as refused:
            using.propose(given, shop=market.another_shop(rival).id, counter=market.counter, key=key())
        assert refused.value.field == "shop"

    def test_the_same_key_proposes_once(self, market: Market) -> None:
        bought = market.bought()
        given = Proposal(number=bought.card.number, item="剪发", list_price=100)
        first, again = (using.propose(given, shop=market.shop.id, counter=market.counter, key="k") for _n in range(2))
        assert first.id == again.id


class TestAtTheCounter:
    def test_a_pin_confirms_for_whoever_has_no_telephone(self, market: Market) -> None:
        use = market.proposed(market.sold())
        settled = confirming.confirm_at_counter(use.id, CounterConfirmation(pin="４０２８１６"), counter=market.counter)
        assert (settled.state, settled.confirmed_how) == ("confirmed", "pin")

    def test_a_wrong_pin_moves_nothing_and_is_written_down(self, market: Market) -> None:
        bought = market.sold()
        use = market.proposed(bought)
        with pytest.raises(NotAllowed):
            confirming.confirm_at_counter(use.id, CounterConfirmation(pin="000000"), counter=market.counter)
        assert balance(bought.card.escrow).posted == 100_000
        assert refusals(market, bought.card) == [("pin", "wrong")]

    def test_after_five_wrong_pins_the_right_one_is_refused_too_until_the_pause_is_over(self, market: Market) -> None:
        use = market.proposed(market.sold())
        for _n in range(5):
            with pytest.raises(NotAllowed):
                confirming.confirm_at_counter(use.id, CounterConfirmation(pin="000000"), counter=market.counter)
        right = CounterConfirmation(pin="402816")
        with pytest.raises(NotPossible):
            confirming.confirm_at_counter(use.id, right, counter=market.counter)
        with clock.use(clock.ManualClock(clock.now() + timedelta(minutes=31))):
            later = market.proposed(market.sold())
            assert confirming.confirm_at_counter(later.id, right, counter=market.counter).money == 8_800

    @pytest.mark.parametrize("pin", ["111111", "123456", "654321", "890123"])
    def test_a_pin_that_everybody_tries_first_is_refused(self, market: Market, pin: str) -> None:
        with pytest.raises(BadInput) as refused:
            market.sold(pin=pin)
        assert refused.value.field == "pin"

    def test_a_code_sent_to_the_telephone_confirms(self, market: Market, texts: list[str]) -> None:
        use = market.proposed(market.sold(phone="13800001111"))
        confirming.send_code(use.id, counter=market.counter)
        settled = confirming.confirm_at_counter(use.id, CounterConfirmation(code=texts[-1][:6]), counter=market.counter)
        assert (settled.money, settled.confirmed_how) == (8_800, "code")

    def test_a_code_of_another_use_is_refused(self, market: Market, texts: list[str]) -> None:
        bought = market.sold(phone="13800001111")
        cheap, dear = market.proposed(bought, 100), market.proposed(bought, 90_000)
        confirming.send_code(cheap.id, counter=market.counter)
        code = texts[-1][:6]
        confirming.send_code(dear.id, counter=market.counter)
        if texts[-1][:6] != code:
            with pytest.raises(NotAllowed):
                confirming.confirm_at_counter(dear.id, CounterConfirmation(code=code), counter=market.counter)
        assert balance(bought.card.escrow).posted == 100_000

    def test_a_code_can_be_tried_five_times(self, market: Market, texts: list[str]) -> None:
        use = market.proposed(market.sold(phone="13800001111"))
        confirming.send_code(use.id, counter=market.counter)
        wrong = CounterConfirmation(code="000000" if texts[-1][:6] != "000000" else "000001")
        for _n in range(5):
            with pytest.raises(NotAllowed):
                confirming.confirm_at_counter(use.id, wrong, counter=market.counter)
        with pytest.raises(NotPossible):
            confirming.confirm_at_counter(use.id, CounterConfirmation(code=texts[-1][:6]), counter=market.counter)


class TestKeeping:
    def test_a_lost_card_can_not_be_used_and_a_reissued_one_has_the_same_money(self, market: Market) -> None:
        bought = market.bought()
        waiting = market.proposed(bought)
        keeping.report_lost(bought.card.id, who=market.cast.wang)
        with pytest.raises(NotPossible):
            confirming.confirm(waiting.id, by=market.cast.wang)
        with pytest.raises(NotPossible):
            market.proposed(bought)
        renewed = keeping.reissue(bought.card.id, who=market.cast.wang)
        assert renewed.number != bought.card.number
        with pytest.raises(NotAllowed):
            market.proposed(bought)
        assert market.proposed(bought, number=renewed.number).state == Use.State.PROPOSED
        assert balance(renewed.escrow).posted == 100_000

    def test_a_code_shown_before_the_reissue_is_worth_nothing(self, market: Market) -> None:
        bought = market.bought()
        token = queries.qr(bought.card.id, by=market.cast.wang).token
        keeping.report_lost(bought.card.id, who=market.cast.wang)
        keeping.reissue(bought.card.id, who=market.cast.wang)
        with pytest.raises(NotAllowed):
            market.proposed(bought, number="", qr=token)

    def test_a_bearer_card_without_an_account_can_not_be_reported_lost(self, market: Market) -> None:
        bought = market.sold(named=False)
        with pytest.raises(NotPossible):
            keeping.report_lost(bought.card.id, who=market.counter)

    def test_a_card_handed_on_is_the_new_holders_and_the_old_ones_no_more(self, market: Market) -> None:
        bought = market.bought()
        market.used(bought)
        keeping.hand_on(bought.card.id, Handing(name="孙女", phone="13622223333"), by=market.cast.wang)
        assert queries.wallet(market.cast.wang) == []
        with at_counter(market.merchant.id):
            card = Card.objects.get(id=bought.card.id)
        assert (card.holder_name, card.number == bought.card.number) == ("孙女", False)
        assert balance(card.escrow).posted == 91_200

    def test_a_card_that_ran_out_is_activated_again_with_all_its_money(self, market: Market) -> None:
        bought = market.bought(valid_days=365)
        with clock.use(clock.ManualClock(clock.now() + timedelta(days=400))):
            with pytest.raises(NotPossible):
                market.proposed(bought)
            keeping.activate_again(bought.card.id, who=market.cast.wang)
            assert market.used(bought).money == 8_800

    def test_the_history_can_not_be_changed(self, market: Market) -> None:
        bought = market.bought()
        with pytest.raises(Exception, match="permission denied"), at_counter(market.merchant.id):
            CardEvent.objects.filter(card=bought.card).update(kind="lost")


class TestReading:
    def test_a_holder_sees_their_cards_and_the_merchant_a_masked_name(self, market: Market) -> None:
        bought = market.bought()
        (mine,) = queries.wallet(market.cast.wang)
        theirs = queries.statement_at_counter(bought.card.id, counter=market.counter).card
        assert (mine.left, mine.escrow) == (100_000, 100_000)
        assert mine.holder == "wang 名"
        assert theirs.holder != mine.holder
        assert theirs.number.startswith("*")

    def test_somebody_elses_card_is_unknown(self, market: Market) -> None:
        bought = market.bought()
        with pytest.raises(Unknown):
            queries.statement(bought.card.id, by=market.actor("owner"))

    def test_whoever_watches_over_the_area_sees_its_cards_and_the_neighbour_none(self, market: Market) -> None:
        bought = market.bought()
        assert [card.id for card in queries.of_shop(market.shop.id, by=market.cast.wu)] == [bought.card.id]
        assert queries.of_shop(market.shop.id, by=market.cast.zhou) == []

    def test_a_query_that_forgets_its_scope_finds_no_card(self, market: Market) -> None:
        market.bought()
        assert not Card.objects.exists()

    def test_names_and_telephones_are_sealed_in_the_table(self, market: Market) -> None:
        from django.db import connection

        bought = market.sold(phone="13800001111")
        with scoped(scope_of(system())), connection.cursor() as cursor:
            cursor.execute("SELECT holder_name, holder_phone FROM prepaid_card WHERE id = %s", [bought.card.id])
            name, phone = cursor.fetchone()
        assert "李".encode() not in bytes(name)
        assert b"13800001111" not in bytes(phone)


def test_a_share_is_rounded_half_up_and_sums_to_the_whole() -> None:
    assert [share(100, part, 8) for part in range(9)] == [0, 13, 25, 38, 50, 63, 75, 88, 100]
