"""The trading days of shops and the colours that follow from them, in the database."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from anlan.city.people.access import scope_of, scoped, system
from anlan.loop import clock
from anlan.loop.refusals import NotPossible
from anlan.services.prepaid.cards import confirming, repaying
from anlan.services.prepaid.cards.facts import facts_of
from anlan.services.prepaid.cards.models import Card, Use
from anlan.services.prepaid.cards.repayment_models import Repayment
from anlan.services.prepaid.colour import trading
from anlan.services.prepaid.colour.indicators import Days
from anlan.services.prepaid.colour.models import ColourChange, Stale, TradingDay
from anlan.services.prepaid.colour.recolouring import judge_all, judge_stale
from anlan.services.prepaid.merchants.models import Colour, RegisterEntry, Shop
from tests.services.prepaid.market import Market, key

pytestmark = pytest.mark.django_db


def days_of(shop: UUID) -> list[dict[str, Any]]:
    return list(TradingDay.objects.filter(shop_id=shop).order_by("day").values("day", *trading.SUMS))


def listed(market: Market, *registers: RegisterEntry.Register) -> None:
    for register in registers:
        RegisterEntry.objects.create(
            merchant=market.merchant,
            register=register,
            reference=key(),
            entered_on=clock.today(),
            source="test",
            read_at=clock.now(),
        )


def colour_of(shop: Shop) -> str:
    return Shop.objects.values_list("colour", flat=True).get(id=shop.id)


def test_what_happens_to_cards_is_noted_in_the_shops_day(market: Market) -> None:
    card = market.bought(kind="gift", gift=20_000)
    market.used(card, 12_000)
    confirming.decline(market.proposed(card).id, by=market.cast.wang)
    [day] = days_of(market.shop.id)
    assert (day["paid_in"], day["payments"], day["promised"]) == (100_000, 1, 20_000)
    assert (day["used"], day["uses"], day["declined"]) == (10_000, 1, 1)


def test_a_proposal_that_the_merchant_takes_back_is_no_sign(market: Market) -> None:
    from anlan.services.prepaid.cards import using

    use = market.proposed(market.bought())
    using.withdraw(use.id, counter=market.counter)
    assert [day["declined"] for day in days_of(market.shop.id)] == [0]


def test_days_told_anew_from_the_ledger_are_those_that_were_kept(market: Market) -> None:
    gift, discount = market.bought(kind="gift", gift=20_000), market.bought(kind="discount", discount_percent=80)
    for price in (5_000, 7_777, 1):
        market.used(gift, price)
        market.used(discount, price)
    confirming.decline(market.proposed(gift).id, by=market.cast.wang)
    with scoped(scope_of(system())):
        card = Card.objects.get(id=discount.card.id)
        agreed = repaying.quote(facts_of(card), Repayment.Cause.CONSUMER, on=clock.today())
        repaying.repay(card, Repayment.Cause.CONSUMER, by=None, key=key(), agreed=agreed)
    trading.note(market.shop.id, at=clock.now(), complaints=2)
    kept = days_of(market.shop.id)
    assert kept[0]["paid_back"] > 0
    with scoped(scope_of(system())):
        TradingDay.objects.filter(shop=market.shop).update(paid_in=1, used=2, uses=3, declined=4, promised=5)
        trading.rebuild([market.shop.id])
        assert days_of(market.shop.id) == kept
        [(_, from_days)] = trading.laid_out([market.shop.id], clock.today())
        TradingDay.objects.filter(shop=market.shop).update(paid_back=7)
        [(_, from_ledger)] = trading.laid_out([market.shop.id], clock.today(), from_ledger=True)
        for name in Days.__slots__:
            np.testing.assert_array_equal(getattr(from_ledger, name), getattr(from_days, name))
        trading.rebuild()
        assert days_of(market.shop.id) == kept


def test_a_sum_that_nobody_knows_is_refused(market: Market) -> None:
    with pytest.raises(KeyError, match="salary"):
        trading.note(market.shop.id, at=clock.now(), salary=1)


def test_a_shop_is_judged_after_something_has_happened_to_it_and_only_then(market: Market) -> None:
    market.bought()
    assert judge_stale() == 1
    assert judge_stale() == 0
    assert not Stale.objects.exists()


def test_an_entry_in_a_register_turns_a_shop_yellow_with_its_reason(market: Market) -> None:
    listed(market, RegisterEntry.Register.ABNORMAL)
    market.bought()
    judge_stale()
    assert colour_of(market.shop) == Colour.YELLOW
    change = ColourChange.objects.get(shop=market.shop)
    assert (change.before, change.colour, change.by) == (Colour.GREEN, Colour.YELLOW, None)
    [reason] = change.reasons
    assert reason == {"indicator": "listed", "level": "yellow", "value": 1.0, "threshold": 1.0, "green_from": 1.0}


def test_a_penalty_alone_is_no_alarm(market: Market) -> None:
    listed(market, RegisterEntry.Register.PENALTY)
    market.bought()
    judge_stale()
    assert colour_of(market.shop) == Colour.GREEN


def test_a_red_shop_takes_no_money_and_a_green_one_again_does(market: Market) -> None:
    listed(market, RegisterEntry.Register.ABNORMAL, RegisterEntry.Register.DISHONEST)
    market.bought()
    judge_stale()
    assert colour_of(market.shop) == Colour.RED
    with pytest.raises(NotPossible, match=r"红|red"):
        market.bought()
    RegisterEntry.objects.update(removed_on=clock.today())
    assert judge_all() == 1
    assert colour_of(market.shop) == Colour.GREEN
    market.bought()
    assert [change.colour for change in ColourChange.objects.order_by("at")] == ["red", "green"]


def test_what_a_person_has_decided_holds_until_its_end(market: Market) -> None:
    listed(market, RegisterEntry.Register.ABNORMAL)
    market.bought()
    decision = ColourChange.objects.create(
        shop=market.shop,
        before=Colour.YELLOW,
        colour=Colour.GREEN,
        at=clock.now(),
        until=clock.now() + timedelta(days=1),
        by=market.cast.wang.account_id,
        note="核实后撤销",
    )
    judge_stale()
    assert colour_of(market.shop) == Colour.GREEN
    over = clock.ManualClock(decision.until)  # type: ignore[arg-type]  # set above
    with clock.use(over):
        judge_all()
    assert colour_of(market.shop) == Colour.YELLOW


def test_the_balance_of_all_shops_of_a_merchant_counts_for_its_limit(market: Market) -> None:
    market.merchant.revenue_last_year = 150_000
    market.merchant.save()
    market.bought()
    judge_stale()
    shops = [market.shop.id, market.another_shop(market.merchant).id]
    with scoped(scope_of(system())):
        [(ids, days)] = trading.laid_out(shops, clock.today())
    here = ids.index(market.shop.id)
    assert sorted(days.balance) == [0, 100_000]
    assert list(days.merchant_balance) == [100_000, 100_000]
    assert days.cap[here] == 150_000  # services: as much as last year's revenue
    assert days.paid_in[here, -1] == 100_000
    assert days.paid_in[:, :-1].sum() == 0


def test_a_use_at_another_shop_counts_for_the_shop_that_sold_the_card(market: Market) -> None:
    bought = market.bought()
    other = market.another_shop(market.merchant)
    from anlan.services.prepaid.cards import using
    from anlan.services.prepaid.cards.schemas import Proposal

    given = Proposal(number=bought.card.number, item="剪发", list_price=5_000)
    use: Use = using.propose(given, shop=other.id, counter=market.counter, key=key())
    confirming.confirm(use.id, by=market.cast.wang)
    assert [day["used"] for day in days_of(market.shop.id)] == [5_000]
    assert days_of(other.id) == []
