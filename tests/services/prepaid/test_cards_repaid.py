"""A card that ends is paid back by the rules, to the fen, and what was paid in is always accounted for."""

from datetime import timedelta

import pytest

from anlan.city.people.access import scope_of, scoped, system
from anlan.ledger.actions import Order, transfer
from anlan.ledger.queries import balance, trial_balance
from anlan.loop import clock
from anlan.loop.refusals import KeyReused, NotAllowed, NotPossible
from anlan.services.prepaid.access import at_counter
from anlan.services.prepaid.cards import repaying
from anlan.services.prepaid.cards.facts import facts_of
from anlan.services.prepaid.cards.models import Card, Lot
from anlan.services.prepaid.cards.repayment_models import Repayment
from anlan.services.prepaid.merchants.actions import treasury
from anlan.services.prepaid.refunds.schemas import Cause
from tests.services.prepaid.market import Market, key

CONSUMER, OPERATOR, SEVEN_DAYS = Repayment.Cause.CONSUMER, Repayment.Cause.OPERATOR, Repayment.Cause.SEVEN_DAYS


def repaid(market: Market, card: Card, cause: Repayment.Cause) -> Repayment:
    """Ended by the office, as when a shop has closed."""
    with scoped(scope_of(system())):
        found = repaying.quote(facts_of(card), cause, on=clock.today())
        return repaying.repay(card, cause, by=None, key=key(), agreed=found)


def test_the_facts_of_a_card_are_its_payments_and_its_uses_with_u_d_and_f(market: Market) -> None:
    bought = market.bought(kind="discount", discount_percent=80)
    for _n in range(3):
        market.used(bought, 20_000)
    (claim,) = facts_of(bought.card).claims(Cause.CONSUMER, ended_on=clock.today(), repaid_on=clock.today())
    assert [top_up.paid_fen for top_up in claim.top_ups] == [100_000]
    assert [(use.list_fen, use.price_fen, use.deducted_fen) for use in claim.uses] == [(20_000, 16_000, 16_000)] * 3


@pytest.mark.parametrize(("cause", "back", "rest"), [(OPERATOR, 52_000, 0), (CONSUMER, 40_000, 12_000)])
def test_a_discount_card_is_repaid_by_who_caused_its_end(
    market: Market, cause: Repayment.Cause, back: int, rest: int
) -> None:
    bought = market.bought(kind="discount", discount_percent=80)
    for _n in range(3):
        market.used(bought, 20_000)
    made = repaid(market, bought.card, cause)
    assert (made.principal, made.from_escrow, made.shortfall) == (back, back, 0)
    assert balance(bought.card.escrow).posted == 0
    assert balance(treasury().refunds).posted == back
    assert balance(market.merchant.payable).posted == 48_000 + rest
    assert sum(row.posted for row in trial_balance()) == 0


def test_a_gift_card_whose_merchant_failed_gives_back_exactly_what_lies_in_escrow(market: Market) -> None:
    bought = market.bought(price=300_000, kind="gift", gift=100_000)
    market.used(bought, 359_400)
    assert repaid(market, bought.card, OPERATOR).principal == 30_450


def test_an_agreement_to_refund_at_used_prices_wins_for_the_consumer(market: Market) -> None:
    bought = market.bought(kind="discount", discount_percent=80, refund_at_used_price=True)
    market.used(bought, 20_000)
    assert repaid(market, bought.card, CONSUMER).principal == 84_000


def test_an_unused_card_is_given_back_whole_within_the_seven_days(market: Market) -> None:
    bought = market.bought()
    made = repaying.give_back(bought.card.id, SEVEN_DAYS, by=market.cast.wang, key=key())
    assert (made.principal, made.from_escrow) == (100_000, 100_000)
    with at_counter(market.merchant.id):
        assert Card.objects.get(id=bought.card.id).state == Card.State.CLOSED
        assert Lot.objects.get(card=bought.card).refunded == 100_000


def test_a_closed_card_can_neither_be_used_nor_given_back_again(market: Market) -> None:
    bought = market.bought()
    repaying.give_back(bought.card.id, SEVEN_DAYS, by=market.cast.wang, key=key())
    with pytest.raises(NotPossible):
        market.proposed(bought)
    with pytest.raises(NotPossible):
        repaying.give_back(bought.card.id, SEVEN_DAYS, by=market.cast.wang, key=key())


def test_the_same_key_pays_back_once_and_is_no_key_for_another_card(market: Market) -> None:
    bought, other = market.bought(), market.bought()
    first, again = (repaying.give_back(bought.card.id, SEVEN_DAYS, by=market.cast.wang, key="once") for _n in range(2))
    assert first.id == again.id
    assert balance(treasury().refunds).posted == 100_000
    with pytest.raises(KeyReused):
        repaying.give_back(other.card.id, SEVEN_DAYS, by=market.cast.wang, key="once")


def test_a_holder_alone_does_not_say_that_the_merchant_was_the_cause(market: Market) -> None:
    bought = market.bought()
    with pytest.raises(NotAllowed) as refused:
        repaying.give_back(bought.card.id, OPERATOR, by=market.cast.wang, key=key())
    assert refused.value.field == "cause"


@pytest.mark.parametrize(("paid_out", "from_merchant", "shortfall"), [(0, 8_800, 0), (8_000, 800, 8_000)])
def test_what_the_escrow_does_not_cover_comes_from_the_merchant_and_the_rest_is_a_claim(
    market: Market, paid_out: int, from_merchant: int, shortfall: int
) -> None:
    bought = market.bought()
    market.used(bought, 8_800)
    if paid_out:
        transfer(Order(debit=market.merchant.payable, credit=treasury().bank, amount=paid_out, key=key()))
    owed = repaying.Quote(principal=100_000, interest=0, refunds=[])
    with scoped(scope_of(system())):
        made = repaying.repay(bought.card, Repayment.Cause.VOID, by=None, key=key(), agreed=owed)
    assert (made.from_escrow, made.from_merchant, made.shortfall) == (91_200, from_merchant, shortfall)
    assert sum(row.posted for row in trial_balance()) == 0


def test_a_term_card_gives_back_the_days_that_are_left(market: Market) -> None:
    bought = market.bought(kind="term", price=365_000, days=365)
    with clock.use(clock.ManualClock(clock.now() + timedelta(days=100))):
        made = repaid(market, bought.card, OPERATOR)
    assert abs(made.principal - 265_000) <= 1_000
    assert balance(bought.card.escrow).posted == 0
