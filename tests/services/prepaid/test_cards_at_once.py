"""Two devices at once, and a shop that turns red while somebody pays: real threads, real commits."""

import threading
from collections.abc import Callable

import pytest
from django.db import connections

from anlan.ledger.queries import balance, trial_balance
from anlan.loop.refusals import NotPossible, Refused
from anlan.services.prepaid.access import at_counter
from anlan.services.prepaid.cards import buying, confirming
from anlan.services.prepaid.cards.models import Drawn, Use
from anlan.services.prepaid.cards.schemas import Buying, CounterConfirmation
from anlan.services.prepaid.merchants.colours import NewColour, set_colours
from anlan.services.prepaid.merchants.models import Colour, Taking
from tests.cast import Cast
from tests.services.prepaid.market import Market, key


@pytest.fixture
def busy(committed: str) -> Market:
    return Market(Cast())


def at_once(*acts: Callable[[], object]) -> list[object]:
    """What each act returned or was refused with; all begin together."""
    begin, told = threading.Barrier(len(acts)), list[object]()

    def run(act: Callable[[], object]) -> None:
        begin.wait()
        try:
            told.append(act())
        except Refused as refusal:
            told.append(refusal)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def test_two_devices_that_confirm_at_once_book_once(busy: Market) -> None:
    bought = busy.sold()
    card = bought.card
    use = busy.proposed(bought)
    counter, pin = busy.counter, CounterConfirmation(pin="402816")
    told = at_once(*[lambda: confirming.confirm_at_counter(use.id, pin, counter=counter)] * 4)
    assert len([each for each in told if isinstance(each, Use)]) == 1
    assert len([each for each in told if isinstance(each, NotPossible)]) == 3
    assert balance(card.escrow).posted == 91_200
    assert balance(busy.merchant.payable).posted == 8_800
    with at_counter(busy.merchant.id):
        assert Drawn.objects.filter(use=use).count() == 1
    assert sum(row.posted for row in trial_balance()) == 0


def test_two_taps_at_once_are_both_told_of_the_one_booking(busy: Market) -> None:
    bought, by = busy.bought(), busy.cast.wang
    use = busy.proposed(bought)
    told = at_once(*[lambda: confirming.confirm(use.id, by=by)] * 4)
    assert len({each.transfer for each in told if isinstance(each, Use)}) == 1
    assert len(told) == len([each for each in told if isinstance(each, Use)]) == 4
    assert balance(bought.card.escrow).posted == 91_200


def test_proposals_confirmed_at_once_never_take_more_than_there_is(busy: Market) -> None:
    bought, by = busy.bought(), busy.cast.wang
    uses = [busy.proposed(bought, 40_000) for _n in range(4)]
    told = at_once(*[lambda use=use: confirming.confirm(use.id, by=by) for use in uses])
    assert len([each for each in told if isinstance(each, Use)]) == 2
    assert balance(bought.card.escrow).posted == 20_000


def test_no_payment_lies_within_a_stop_however_the_two_race(busy: Market) -> None:
    offer, by, shop = busy.offer(), busy.cast.wang, busy.shop.id
    given = Buying(offer=offer.id, shop=shop)
    red = NewColour(shop, Colour.RED, "连续多日停业")
    told = at_once(
        *[lambda: buying.buy(given, by=by, key=key())] * 3,
        lambda: set_colours([red]),
        *[lambda: buying.buy(given, by=by, key=key())] * 3,
    )
    assert {shop} in told
    (stop,) = Taking.objects.filter(shop_id=shop, stops=1)
    assert not Taking.objects.filter(shop_id=shop, stops=0, span__overlap=stop.span).exists()
