"""The demo's cards are real ones: bought, used, refused and given back, and the books balance."""

import pytest

from anlan.city.people.access import scope_of, scoped, system
from anlan.city.people.models import Account
from anlan.ledger.queries import trial_balance
from anlan.loop import clock
from anlan.services.prepaid import demo
from anlan.services.prepaid.cards.models import Card, Use
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


def test_built_again_it_adds_nothing(built: list[tuple[int, int]]) -> None:
    demo.build(seed=7, at=clock.now(), progress=lambda done, of: None)
    with scoped(scope_of(system())):
        assert Card.objects.count() == 2 * len(demo.MADE)
