"""A shop that closes: its holders told and paid back, the rest listed as claims, no fen lost."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from anlan.city.people.access import scope_of, scoped, system
from anlan.ledger.queries import trial_balance
from anlan.loop import clock, engine
from anlan.loop.models import Matter
from anlan.loop.refusals import BadInput, NotAllowed, NotPossible
from anlan.services.prepaid.cards import repaying
from anlan.services.prepaid.cards.models import Card
from anlan.services.prepaid.cards.repayment_models import Repayment
from anlan.services.prepaid.merchants.models import Shop
from anlan.services.prepaid.supervision import closings
from anlan.services.prepaid.supervision.carrying_out import carry_out_due
from anlan.services.prepaid.supervision.claims import claims
from anlan.services.prepaid.supervision.funnel import funnel
from anlan.services.prepaid.supervision.holders import send_due
from anlan.services.prepaid.supervision.models import HolderNotice, ShopMatter
from tests.services.prepaid.market import Market

pytestmark = pytest.mark.django_db


def confirmed(market: Market) -> ShopMatter:
    """Found shut, and confirmed by the regulator."""
    opened = closings.found_shut(market.shop, by=market.cast.wu, reason="现场已搬空")
    told = {"closed_on": clock.today().isoformat(), "reason": "现场核实"}
    engine.advance(opened.matter.id, "confirm", by=market.cast.wu, told=told)
    carry_out_due()
    with scoped(scope_of(system())):
        return ShopMatter.objects.get(matter_id=opened.matter.id)


def repayments() -> list[Repayment]:
    with scoped(scope_of(system())):
        return list(Repayment.objects.order_by("principal", "id"))


def test_every_card_is_paid_back_and_the_books_balance(market: Market, texts: list[str]) -> None:
    stored, gift = market.bought(), market.bought(kind="gift", gift=20_000)
    market.used(stored, 30_000)
    closing = confirmed(market)
    seen: list[tuple[int, int]] = []
    told = closings.settle(closing, progress=lambda done, of: seen.append((done, of)))
    assert (told.cards, told.left) == (2, 0)
    assert told.paid == sum(each.from_escrow + each.from_merchant for each in repayments())
    assert told.paid + told.shortfall == sum(each.principal + each.interest for each in repayments())
    assert seen == [(0, 2), (1, 2), (2, 2)]
    with scoped(scope_of(system())):
        assert {card.state for card in Card.objects.filter(id__in=[stored.card.id, gift.card.id])} == {"closed"}
        assert Matter.objects.get(id=closing.matter_id).state == "settled"
    assert sum(row.posted for row in trial_balance()) == 0


def test_a_run_that_was_broken_off_goes_on_and_pays_nobody_twice(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _card in range(3):
        market.bought()
    confirmed(market)
    done: list[UUID] = []

    def breaks_off(card: Card, *args: Any, **told: Any) -> Repayment:
        if len(done) == 1:
            raise RuntimeError("killed")
        done.append(card.id)
        return repaying.repay(card, *args, **told)

    with monkeypatch.context() as patched:
        patched.setattr(closings, "repay", breaks_off)
        with pytest.raises(RuntimeError):
            closings.repay_due()
    assert len(repayments()) == 1
    closings.repay_due()
    assert closings.repay_due() == 0
    assert len({each.card_id for each in repayments()}) == len(repayments()) == 3
    assert sum(row.posted for row in trial_balance()) == 0


def test_what_escrow_and_merchant_do_not_cover_is_a_claim(market: Market) -> None:
    bought = market.bought(kind="gift", gift=20_000)
    market.used(bought, 60_000)
    closings.settle(confirmed(market))
    [made] = repayments()
    listed = claims(market.cast.sun)
    assert [each.claim for each in listed] == ([made.shortfall] if made.shortfall else [])
    assert claims(market.cast.li) == []
    assert claims(market.cast.zhou) == []


def test_holders_are_told_of_the_closing_and_of_what_they_get(market: Market, texts: list[str]) -> None:
    bought = market.sold(phone="13922223333")
    last_day = clock.today() + timedelta(days=40)
    opened = closings.announce(market.shop, last_day, by=market.cast.wu, reason="租约到期")
    assert send_due() == 1
    assert str(last_day) in texts[-1]
    told = {"closed_on": clock.today().isoformat(), "reason": "已停业"}
    engine.advance(opened.matter.id, "confirm", by=market.cast.wu, told=told)
    carry_out_due()
    closings.repay_due()
    assert send_due() == 1
    assert str(bought.card) in texts[-1]
    assert "1000.00" in texts[-1]
    assert send_due() == 0


def test_a_holder_without_a_telephone_is_tried_no_further(market: Market, texts: list[str]) -> None:
    market.sold()
    closings.settle(confirmed(market))
    send_due()
    with scoped(scope_of(system())):
        notice = HolderNotice.objects.get()
    assert (notice.sent_at, notice.due_at) == (None, None)


def test_a_short_notice_is_said_in_the_matter(market: Market) -> None:
    opened = closings.announce(market.shop, clock.today(), by=market.cast.wu, reason="急停")
    assert "未按规定提前公告" in opened.matter.description
    assert Shop.objects.get(id=market.shop.id).closes_on == clock.today()


def test_an_unannounced_closing_counts_as_a_failure(market: Market) -> None:
    market.bought()
    closings.settle(confirmed(market))
    window = {"since": clock.now() - timedelta(days=1), "until": clock.now() + timedelta(days=1)}
    assert funnel(market.cast.sun, **window)[0].all_failed == 1


def test_only_the_areas_regulator_begins_a_closing_with_a_reason_and_once(market: Market) -> None:
    with pytest.raises(NotAllowed):
        closings.found_shut(market.shop, by=market.cast.zhou, reason="?")
    with pytest.raises(BadInput):
        closings.found_shut(market.shop, by=market.cast.wu, reason=" ")
    closings.found_shut(market.shop, by=market.cast.wu, reason="搬空")
    with pytest.raises(NotPossible):
        closings.found_shut(market.shop, by=market.cast.wu, reason="搬空")
