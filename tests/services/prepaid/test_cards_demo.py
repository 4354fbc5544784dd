"""The demo's cards are real ones: bought, used, refused and given back, and the books balance."""

import pytest

from anlan.city.people.access import scope_of, scoped, system
from anlan.city.people.models import Account
from anlan.ledger.queries import trial_balance
from anlan.loop import clock
from anlan.services.prepaid import demo
from anlan.services.prepaid.cards.models import Card, Use
from anlan.services.prepaid.cards.repayment_models import Repayment
from anlan.services.prepaid.merchants.models import Shop
from anlan.services.prepaid.supervision.models import ShopMatter
from anlan.services.prepaid.supervision.procedures import Forewarning
from tests.cast import WENXIN, Cast, post


@pytest.fixture
def built(cast: Cast) -> list[tuple[int, int]]:
    post(Account.objects.create_user("supervisor", name="吴主任"), "SUPERVISOR", WENXIN)
    Account.objects.create_user("resident", name="王秀英", phone="13800002222")
    told: list[tuple[int, int]] = []
    demo.build(seed=7, at=clock.now(), progress=lambda done, of: told.append((done, of)))
    return told


def test_the_demo_shows_every_state_of_a_use_and_a_card_given_back(built: list[tuple[int, int]]) -> None:
    assert built[-1] == (demo.STEPS, demo.STEPS)
    with scoped(scope_of(system())):
        assert set(Use.objects.values_list("state", flat=True)) == {"confirmed", "refused", "proposed"}
        assert set(Card.objects.values_list("state", flat=True)) == {"active", "closed"}
    assert sum(row.posted for row in trial_balance()) == 0


def test_a_shop_was_found_shut_and_all_its_holders_are_paid_back(built: list[tuple[int, int]]) -> None:
    with scoped(scope_of(system())):
        shop = Shop.objects.get(merchant__credit_code=demo.FAILING.code)
        repaid = Repayment.objects.filter(card__shop=shop)
        assert shop.closed_at is not None
        assert {each.cause for each in repaid} == {Repayment.Cause.CLOSED}
        # Three uses of 60 yuan by one of the four, who had paid 1,200 each.
        assert sum(each.principal for each in repaid) == 4 * 120_000 - 3 * 6_000
        assert sum(each.shortfall for each in repaid) == 0
        assert not Card.objects.filter(shop=shop).exclude(state=Card.State.CLOSED).exists()


def test_a_warning_was_looked_at_on_the_spot_and_dealt_with(built: list[tuple[int, int]]) -> None:
    with scoped(scope_of(system())):
        warned = ShopMatter.objects.select_related("matter", "shop").get(kind=ShopMatter.Kind.WARNING)
        assert warned.shop.merchant.credit_code == demo.WARNED
        assert (warned.shop.colour, warned.matter.state) == ("yellow", Forewarning.in_hand.name)


def test_built_again_it_adds_nothing(built: list[tuple[int, int]]) -> None:
    demo.build(seed=7, at=clock.now(), progress=lambda done, of: None)
    with scoped(scope_of(system())):
        assert Card.objects.count() == 2 * len(demo.MADE) + len(demo.HOLDERS) + 1
