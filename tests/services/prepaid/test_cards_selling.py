"""What a merchant may sell ahead, to whom, and in which words: the rules of 4.3 to 4.5."""

from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from anlan.ledger.queries import balance
from anlan.loop import clock
from anlan.loop.refusals import BadInput, NotAllowed, NotPossible
from anlan.services.prepaid.access import Counter
from anlan.services.prepaid.cards import buying, capacity
from anlan.services.prepaid.cards.buying import Bought
from anlan.services.prepaid.cards.capacity import Capacity
from anlan.services.prepaid.cards.models import Card, Lot
from anlan.services.prepaid.cards.schemas import Buying, Consent
from anlan.services.prepaid.merchants import actions as merchants
from anlan.services.prepaid.merchants.schemas import EntryIn
from anlan.services.prepaid.offers import actions as offers
from anlan.services.prepaid.offers.limits import Sale, Seller, breaches
from anlan.services.prepaid.offers.schemas import OfferIn
from anlan.services.prepaid.offers.terms import void_terms
from tests.services.prepaid.market import TERMS, Market, key, merchant_in, valid_code

TODAY = date(2026, 7, 1)
YUAN = 100


def broken(seller: dict[str, Any] | None = None, **sale: Any) -> list[str]:
    """The ids of the rules that a sale breaks."""
    of: dict[str, Any] = {
        "kind": "enterprise",
        "trade": "fitness",
        "licensed_on": date(2024, 1, 10),
        "third_party_custody": False,
        **(seller or {}),
    }
    given: dict[str, Any] = {"price": 1_000 * YUAN, "named": True, "kind": "stored", **sale}
    found = breaches(Seller(**of), Sale(**given), on=TODAY)
    return [each.rule.id.removeprefix("prepaid.") for each in found]


class TestLimits:
    @pytest.mark.parametrize(
        ("kind", "named", "limit", "rule"),
        [
            ("enterprise", True, 5_000, "named_limit_enterprise"),
            ("enterprise", False, 1_000, "bearer_limit_enterprise"),
            ("other", True, 2_000, "named_limit_other"),
            ("other", False, 500, "bearer_limit_other"),
        ],
    )
    def test_the_limit_itself_may_be_sold_and_a_fen_more_may_not(
        self, kind: str, named: bool, limit: int, rule: str
    ) -> None:
        assert broken({"kind": kind}, named=named, price=limit * YUAN) == []
        assert broken({"kind": kind}, named=named, price=limit * YUAN + 1) == [rule]

    def test_third_party_custody_lifts_the_limits(self) -> None:
        assert broken({"third_party_custody": True}, price=20_000 * YUAN) == []

    def test_for_another_operator_what_the_consumer_holds_counts(self) -> None:
        assert broken({"kind": "other"}, price=1_500 * YUAN, held=600 * YUAN) == ["named_limit_other"]
        assert broken({"kind": "enterprise"}, price=1_500 * YUAN, held=4_000 * YUAN) == []

    def test_cards_may_first_be_sold_six_months_after_the_licence(self) -> None:
        assert broken({"licensed_on": date(2026, 1, 2)}) == ["licence_age"]
        assert broken({"licensed_on": date(2025, 12, 31)}) == []

    def test_a_bearer_card_of_a_single_purpose_trade_is_good_for_three_years(self) -> None:
        assert broken({"trade": "hair"}, named=False, price=500 * YUAN, valid_days=365) == ["bearer_validity"]
        assert broken({"trade": "hair"}, named=False, price=500 * YUAN, valid_days=1_096) == []
        assert broken({"trade": "fitness"}, named=False, price=500 * YUAN, valid_days=365) == []

    @pytest.mark.parametrize(
        ("sale", "rule"),
        [
            ({"kind": "sessions", "sessions": 61}, "tutoring_classes"),
            ({"kind": "term", "days": 100}, "tutoring_term"),
            ({"price": 5_000 * YUAN + 1}, "tutoring_limit"),
        ],
    )
    def test_tutoring_of_pupils_takes_no_more_than_three_months_or_sixty_classes(
        self, sale: dict[str, Any], rule: str
    ) -> None:
        assert broken({"trade": "tutoring", "third_party_custody": True}, **sale) == [rule]

    def test_much_money_for_bearer_cards_needs_a_name(self) -> None:
        given = {"named": False, "price": 10_000 * YUAN}
        assert broken({"third_party_custody": True}, real_name=False, **given) == ["real_name_from"]
        assert broken({"third_party_custody": True}, real_name=True, **given) == []

    def test_fifty_thousand_yuan_are_paid_by_transfer(self) -> None:
        given = {"price": 50_000 * YUAN}
        assert broken({"third_party_custody": True}, **given) == ["transfer_from"]
        assert broken({"third_party_custody": True}, transferred=True, **given) == []

    def test_an_offer_above_the_limit_is_refused_with_its_rule(self, market: Market) -> None:
        with pytest.raises(BadInput, match="Zhejiang") as refused:
            market.offer(price=500_001)
        assert refused.value.field == "price"


class TestTerms:
    @pytest.mark.parametrize(
        ("wording", "item"),
        [
            ("本卡一经售出，概不退款。", "一"),
            ("会员卡仅限本人使用，不得转让", "二"),
            ("卡片遗失不补", "三"),
            ("本店有权随时调整服务项目和价格", "四"),
            ("因此造成损失的，本店不承担任何责任", "五"),
            ("发生争议只能在本店所在地起诉", "六"),
            ("本活动最终解释权归商家所有", "七"),
            ("逾期余额清零", "七"),
            ("This card is non-refundable.", "一"),
        ],
    )
    def test_a_void_wording_is_found_with_its_item(self, wording: str, item: str) -> None:
        assert {found.item for found in void_terms({"further_terms": [wording]})} == {item}

    @pytest.mark.parametrize(
        "wording",
        [
            "七日内可以无理由退款",
            "消费者可以转让，告知本店即可",
            "记名卡遗失可以挂失补办",
            "价格调整不影响已售卡",
            "未消费余额按实际价格退回原付款账户",
            "过期后可以免费激活或者退款",
        ],
    )
    def test_a_fair_wording_is_left_alone(self, wording: str) -> None:
        assert void_terms({"refund_way": [wording]}) == []

    def test_an_offer_with_a_void_term_is_refused_naming_the_field(self, market: Market) -> None:
        with pytest.raises(BadInput, match="art 9") as refused:
            market.offer(refund_way="特价卡概不退款")
        assert refused.value.field == "refund_way"

    @pytest.mark.parametrize("field", ["content", "price", "refund_way", "breach_liability"])
    def test_a_contract_without_what_the_law_asks_is_refused(self, field: str) -> None:
        given = {name: value for name, value in TERMS.items() if name != field}
        with pytest.raises(ValidationError) as refused:
            OfferIn.model_validate(given)
        assert refused.value.errors()[0]["loc"] == (field,)

    def test_what_does_not_belong_to_the_kind_of_card_is_refused(self) -> None:
        with pytest.raises(ValidationError, match="does not belong"):
            OfferIn.model_validate({**TERMS, "kind": "stored", "gift": 100})

    def test_a_withdrawn_offer_is_sold_no_more(self, market: Market) -> None:
        offer = market.offer()
        offers.withdraw(market.counter, offer.id)
        with pytest.raises(NotPossible):
            buying.buy(Buying(offer=offer.id, shop=market.shop.id), by=market.cast.wang, key=key())


class TestMinors:
    @pytest.mark.parametrize(
        ("born", "expected"),
        [
            (None, Capacity.FULL),
            (date(2018, 7, 2), Capacity.NONE),
            (date(2018, 7, 1), Capacity.LIMITED),
            (date(2008, 7, 2), Capacity.LIMITED),
            (date(2008, 7, 1), Capacity.FULL),
        ],
    )
    def test_capacity_changes_on_the_eighth_and_the_eighteenth_birthday(
        self, born: date | None, expected: Capacity
    ) -> None:
        assert capacity.of(born, on=TODAY) is expected

    def buy(self, market: Market, **changes: Any) -> Bought:
        given = {
            "born": clock.today() - timedelta(days=12 * 365),
            "guardian_name": "王建国",
            "guardian_phone": "13500001111",
            **changes,
        }
        offer = market.offer()
        return buying.buy(Buying(offer=offer.id, shop=market.shop.id, **given), by=market.cast.wang, key=key())

    def test_a_child_under_eight_can_not_buy(self, market: Market) -> None:
        with pytest.raises(NotPossible) as refused:
            self.buy(market, born=clock.today() - timedelta(days=6 * 365))
        assert refused.value.field == "born"

    def test_under_eighteen_a_guardian_has_to_be_named(self, market: Market) -> None:
        with pytest.raises(BadInput) as refused:
            self.buy(market, guardian_phone="")
        assert refused.value.field == "guardian_phone"

    def test_the_money_is_only_held_until_the_guardian_agrees(self, market: Market, texts: list[str]) -> None:
        bought = self.buy(market)
        assert (bought.card.state, balance(bought.card.escrow).posted) == (Card.State.WAITING, 0)
        with pytest.raises(NotPossible):
            market.proposed(bought)
        capacity.answer(Consent(token=texts[0].rpartition("/")[2], consents=True))
        assert balance(bought.card.escrow).posted == 100_000
        assert market.used(bought).money == 8_800

    def test_the_guardians_no_makes_it_void(self, market: Market, texts: list[str]) -> None:
        bought = self.buy(market)
        token = texts[0].rpartition("/")[2]
        assert capacity.answer(Consent(token=token, consents=False)).standing == Lot.Standing.VOID
        assert balance(bought.card.escrow).posted == 0
        with pytest.raises(NotPossible):
            capacity.answer(Consent(token=token, consents=True))

    def test_no_answer_in_time_makes_it_void(self, market: Market, texts: list[str]) -> None:
        bought = self.buy(market)
        assert capacity.let_unanswered_go() == 0
        with clock.use(clock.ManualClock(clock.now() + timedelta(days=45))):
            assert capacity.let_unanswered_go() == 1
        assert balance(bought.card.escrow).posted == 0
        assert balance(bought.card.escrow).reserved == 0

    def test_a_forged_link_is_refused(self, market: Market, texts: list[str]) -> None:
        self.buy(market)
        with pytest.raises(NotAllowed):
            capacity.answer(Consent(token="forged", consents=True))


class TestMerchants:
    def test_a_credit_code_with_a_wrong_check_character_is_refused(self) -> None:
        wrong = valid_code(1)[:-1] + ("0" if valid_code(1)[-1] != "0" else "1")
        with pytest.raises(ValidationError) as refused:
            merchant_in(credit_code=wrong)
        assert refused.value.errors()[0]["loc"] == ("credit_code",)

    def test_the_same_merchant_is_entered_once(self, market: Market) -> None:
        merchants.register(merchant_in(), by=market.cast.wu)
        with pytest.raises(BadInput) as refused:
            merchants.register(merchant_in(), by=market.cast.wu)
        assert refused.value.field == "credit_code"

    def test_nobody_enters_a_merchant_outside_their_area(self, market: Market) -> None:
        with pytest.raises(NotAllowed):
            merchants.register(merchant_in(), by=market.cast.zhou)

    def test_a_register_read_again_changes_only_what_is_new(self, market: Market) -> None:
        given = {
            "register_name": "abnormal",
            "reference": "2026-17",
            "entered_on": date(2026, 3, 1),
            "source": "经营异常名录 2026-07",
        }
        first = merchants.enter(market.merchant, EntryIn(**given))
        again = merchants.enter(market.merchant, EntryIn(**given, removed_on=date(2026, 6, 1)))
        assert (first.id, again.removed_on) == (again.id, date(2026, 6, 1))

    def test_a_shop_that_announces_its_closing_takes_no_money_ahead(self, market: Market) -> None:
        offer = market.offer()
        last = clock.today() + timedelta(days=30)
        merchants.announce_closing(market.shop, last, by=market.cast.wu, reason="租约到期")
        with pytest.raises(NotPossible):
            buying.buy(Buying(offer=offer.id, shop=market.shop.id), by=market.cast.wang, key=key())

    def test_the_last_owner_can_not_be_dismissed(self, market: Market) -> None:
        owner = market.actor("owner").account_id if market.merchant else None
        assert owner
        with pytest.raises(NotPossible):
            merchants.dismiss(market.merchant, owner)

    def test_whoever_was_dismissed_stands_at_no_counter(self, market: Market) -> None:
        counter: Counter = market.counter
        merchants.dismiss(market.merchant, counter.by)
        with pytest.raises(NotAllowed):
            market.counter_of("cashier", market.merchant)
